"""What can go wrong with an archive."""


class ArchiveError(Exception):
    """An archive, or a job in it, cannot be used; the text names the file, the place in it and what is wrong there."""
