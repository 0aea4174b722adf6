"""fdsim: a protocol simulator and conformance test suite for the Bacula File daemon."""

__version__ = "0.1.0"
