"""Connections: time-outs, taps, captures and the relay."""
