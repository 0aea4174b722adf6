"""The resources of bacula-fd.conf and their directives, of Bacula 9.6 and 15.0 together (DIR-CFG-9, 12, 15, 18).

Types, and what a second directive means, were seen at real daemons of both versions.
"""

from __future__ import annotations

from functools import partial

from fdsim.config import addresses, messages, values
from fdsim.config.schema import NAME, Definition, Repeat, Type, key, table

_TEXT = Type(values.text, Repeat.REFUSED)
_NAME = Type(values.name, Repeat.REFUSED)
_DIRECTORY = Type(values.directory, Repeat.REFUSED)
_BOOLEAN = Type(values.boolean, Repeat.REPLACES)
_INTEGER = Type(values.integer, Repeat.REPLACES)
_DURATION = Type(values.duration, Repeat.REPLACES)
_SPEED = Type(values.speed, Repeat.REPLACES)
_LIST = Type(values.texts, Repeat.ADDS)
_CIPHER = Type(partial(values.keyword, allowed=("aes128", "aes192", "aes256", "blowfish")), Repeat.REPLACES)
_DIGEST = Type(partial(values.keyword, allowed=("md5", "sha1", "sha256")), Repeat.REPLACES)
_BACKEND = Type(partial(values.keyword, allowed=("csv", "graphite")), Repeat.REPLACES)
_COMMAND = Type(values.text, Repeat.REPLACES)
_ANYTHING = Type(values.anything, Repeat.ADDS)
_HOST = Type(addresses.host, Repeat.REPLACES)
_PORT = Type(addresses.port, Repeat.REPLACES)
_ADDRESSES = Type(addresses.addresses, Repeat.ADDS)
_RULE = Type(messages.rule, Repeat.ADDS)
_RULE_WITH_TARGET = Type(messages.rule_with_target, Repeat.ADDS)

_NO_TLS = "TLS is not supported yet, and without it the connection would be open to everybody"
_NO_PKI = "signing and encrypting file data are not supported yet, and the data would be stored without"


def _idle(type_: Type, *names: str) -> tuple[Definition, ...]:
    """Rows of directives that are known and do nothing here."""
    return tuple(Definition(name, type_, effective=False) for name in names)


_COMMON = (
    Definition(NAME, _NAME, "name", required=True),
    Definition("Description", _TEXT),
)
_TLS = (
    Definition("TLSEnable", _BOOLEAN, refused=_NO_TLS),
    Definition("TLSRequire", _BOOLEAN, refused=_NO_TLS),
    Definition("TLSAuthenticate", _BOOLEAN, refused=_NO_TLS),
    *_idle(_BOOLEAN, "TLSPSKEnable"),
    *_idle(_DIRECTORY, "TLSCACertificateFile", "TLSCACertificateDir", "TLSCertificate", "TLSKey"),
)
_TLS_OF_SERVER = (
    *_TLS,
    *_idle(_BOOLEAN, "TLSVerifyPeer"),
    *_idle(_DIRECTORY, "TLSDHFile"),
    *_idle(_LIST, "TLSAllowedCN"),
)

DIRECTOR = table(
    "Director",
    *_COMMON,
    *_TLS_OF_SERVER,
    Definition("Password", _TEXT, "password", required=True),
    Definition("Monitor", _BOOLEAN, "monitor"),
    Definition("Console", _NAME, effective=False, refers_to="Console"),
    Definition("Schedule", _NAME, effective=False, refers_to="Schedule"),
    *_idle(_BOOLEAN, "Remote", "ConnectToDirector"),
    *_idle(_INTEGER, "DirPort"),
    *_idle(_DURATION, "ReconnectionTime"),
    *_idle(_SPEED, "MaximumBandwidthPerJob"),
    *_idle(_TEXT, "Address", "BackupJobUser", "RestoreJobUser"),
    *_idle(
        _LIST,
        "DisableCommand",
        "AllowedBackupDirectories",
        "ExcludedBackupDirectories",
        "AllowedScriptDirectories",
        "AllowedRestoreDirectories",
    ),
)

FILE_DAEMON = table(
    "FileDaemon",
    *_COMMON,
    *_TLS,
    Definition("WorkingDirectory", _DIRECTORY, "working_directory", required=True),
    Definition("PidDirectory", _DIRECTORY, "pid_directory", required=True),
    Definition("FDPort", _PORT),
    Definition("FDAddress", _HOST),
    Definition("FDAddresses", _ADDRESSES),
    Definition("FDSourceAddress", _HOST, "fd_source_address"),
    Definition("MaximumConcurrentJobs", _INTEGER, "maximum_concurrent_jobs"),
    Definition("Messages", _NAME, "messages", refers_to="Messages"),
    Definition("SDConnectTimeout", _DURATION, "sd_connect_timeout"),
    Definition("HeartbeatInterval", _DURATION, "heartbeat_interval"),
    Definition("MaximumNetworkBufferSize", _INTEGER, "maximum_network_buffer_size"),
    Definition("CommCompression", _BOOLEAN, "comm_compression"),
    Definition("PluginDirectory", _DIRECTORY, "plugin_directory", effective=False),
    Definition("PKISignatures", _BOOLEAN, refused=_NO_PKI),
    Definition("PKIEncryption", _BOOLEAN, refused=_NO_PKI),
    *_idle(_DIRECTORY, "SubSysDirectory", "ScriptsDirectory", "PKIKeyPair"),
    *_idle(_INTEGER, "MaximumJobErrorCount", "SDPacketCheck"),
    *_idle(_SPEED, "MaximumBandwidthPerJob"),
    *_idle(_TEXT, "VerId", "SnapshotCommand"),
    *_idle(_LIST, "DisableCommand", "PluginOptions", "PKISigner", "PKIMasterKey"),
    *_idle(_CIPHER, "PKICipher"),
    *_idle(_DIGEST, "PKIDigest"),
)

MESSAGES = table(
    "Messages",
    *_COMMON,
    Definition("Director", _RULE_WITH_TARGET),
    *_idle(_RULE_WITH_TARGET, "File", "Append", "Mail", "MailOnError", "MailOnSuccess", "Operator"),
    *_idle(_RULE, "Stdout", "Stderr", "Console", "Catalog", "Syslog"),
    *_idle(_COMMAND, "MailCommand", "OperatorCommand"),
)

CONSOLE = table(
    "Console",
    *_COMMON,
    *_TLS_OF_SERVER,
    Definition("Password", _TEXT, required=True),
    *_idle(_TEXT, "Address"),
    *_idle(_INTEGER, "DirPort"),
    effective=False,
)

STATISTICS = table(
    "Statistics",
    *_COMMON,
    Definition("Type", _BACKEND, required=True),
    *_idle(_TEXT, "File"),
    *_idle(_DURATION, "Interval"),
    *_idle(_INTEGER, "Port"),
    *_idle(_LIST, "Metrics"),
    effective=False,
)

SCHEDULE = table("Schedule", *_COMMON, *_idle(_ANYTHING, "Connect"), *_idle(_BOOLEAN, "Enabled"), effective=False)

RESOURCES = {
    key(resource.name): resource for resource in (DIRECTOR, FILE_DAEMON, MESSAGES, CONSOLE, STATISTICS, SCHEDULE)
} | {"client": FILE_DAEMON}
"""Every resource by its name without case and blanks; Client is another name of FileDaemon."""
