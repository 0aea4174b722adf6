"""Errors of the harness around real daemons: none of them is a verdict on a File daemon under test."""


class OracleError(Exception):
    """A real daemon could not be started, driven or stopped."""


class OracleMissing(OracleError):
    """A release of Bacula is not on this machine; the text says what is missing and how to install it."""


class DaemonError(OracleError):
    """A daemon did not start, ended by itself or did not end when told to; the text has the end of its output."""


class LabError(OracleError):
    """The Director refused a command, or a job did not end in time."""


class LabTimeout(LabError):
    """The Director did not finish a command in time."""
