"""The File daemon."""
