"""The host's file system: system calls, walking, restoring, comparing."""
