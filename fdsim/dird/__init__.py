"""The mock Director."""
