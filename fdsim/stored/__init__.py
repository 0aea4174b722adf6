"""The mock Storage daemon."""
