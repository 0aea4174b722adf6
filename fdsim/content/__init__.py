"""File data between disk and wire."""
