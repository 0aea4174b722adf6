"""How a File daemon may decline what a Director wants, within the protocol."""


class OrderRefused(Exception):
    """An order was answered with an error, or with the end of the job; the text says what was due and what came."""
