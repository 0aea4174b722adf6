"""Every command and reply, defined once: a frozen class with its shape, a strict formatter and a lax parser."""
