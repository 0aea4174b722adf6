"""The fdsim command, one module for each subcommand."""
