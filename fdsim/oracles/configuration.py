"""What the daemons of a lab read: values in, the text of their configuration files out.

Nothing is left to defaults that point outside the lab's directory, and everything listens on the loopback interface.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from fdsim.oracles.errors import LabError
from fdsim.oracles.ports import Endpoint
from fdsim.oracles.settings import Client, DirectorSetup, FileSet, Options

DIRECTOR = "lab-dir"
STORAGE = "lab-sd"
FILE_DAEMON = "lab-fd"
"""The name of every File daemon in its own configuration, so that what they report can be compared word for word."""
RESTORE_JOB = "Restore"
DATABASE = "lab"

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,50}")
_UNQUOTABLE = re.compile(r"[\x00-\x1f\x7f]")
_CONCURRENT_JOBS = 20
_JOB: dict[str, str | int] = {
    "Storage": "File",
    "Pool": "Default",
    "Messages": "Standard",
    "Maximum Concurrent Jobs": _CONCURRENT_JOBS,
}


def job_name(fileset: str, client: str) -> str:
    """The name of the Job that backs up a FileSet of a client."""
    return f"{fileset}-{client}"


def job_log(directory: Path) -> Path:
    """Where a Director in ``directory`` appends the messages of jobs."""
    return directory / "jobs.log"


def daemon_log(directory: Path) -> Path:
    """Where a Director in ``directory`` appends the messages that belong to no job."""
    return directory / "daemon.log"


def director_configuration(setup: DirectorSetup) -> str:
    """bacula-dir.conf.

    Raises:
        LabError: no client or no FileSet, or a name or a path that a configuration file cannot hold.
    """
    if not setup.clients or not setup.filesets:
        raise LabError("a Director needs at least one client and one FileSet")
    return _document(
        _director(setup),
        _catalog_storage(setup),
        *_messages(setup.directory),
        *(_client(client, setup) for client in setup.clients),
        *(_fileset(fileset) for fileset in setup.filesets),
        *(_backup_job(fileset, client, setup) for fileset in setup.filesets for client in setup.clients),
        _restore_job(setup),
        setup.options.extra.director_resources,
    )


def storage_configuration(listens: Endpoint, directory: Path, volumes: Path, options: Options, *, tls_psk: bool) -> str:
    """bacula-sd.conf: one device that writes files into ``volumes``; ``tls_psk``: whether the program knows TLS PSK."""
    tls = _tls(options, known=tls_psk)
    return _document(
        _resource(
            "Storage",
            {
                "Name": STORAGE,
                "SD Address": listens.host,
                "SD Port": listens.port,
                **_home(directory),
                **_line(options, compression=options.sd_compression),
                **tls,
            },
            options.extra.sd_storage,
        ),
        _resource("Director", {"Name": DIRECTOR, "Password": _quoted(options.passwords.sd), **tls}),
        _resource(
            "Device",
            {
                "Name": "FileDevice",
                "Media Type": "File",
                "Archive Device": _quoted(volumes),
                "Label Media": "yes",
                "Random Access": "yes",
                "Automatic Mount": "yes",
                "Removable Media": "no",
                "Always Open": "no",
            },
            options.extra.sd_device,
        ),
        _resource("Messages", {"Name": "Standard", "Director": f"{DIRECTOR} = all"}),
        options.extra.sd_resources,
    )


def fd_configuration(listens: Endpoint, directory: Path, options: Options, *, tls_psk: bool) -> str:
    """bacula-fd.conf; ``tls_psk``: whether the program knows TLS PSK."""
    tls = _tls(options, known=tls_psk)
    return _document(
        _resource(
            "Director",
            {"Name": DIRECTOR, "Password": _quoted(options.passwords.fd), **tls},
            options.extra.fd_director,
        ),
        _resource(
            "FileDaemon",
            {
                "Name": FILE_DAEMON,
                "FD Address": listens.host,
                "FD Port": listens.port,
                **_home(directory),
                **_line(options, compression=options.fd_compression),
                **tls,
            },
            options.extra.fd_daemon,
        ),
        _resource("Messages", {"Name": "Standard", "Director": f"{DIRECTOR} = {options.fd_messages}"}),
        options.extra.fd_resources,
    )


def console_configuration(director: Endpoint, options: Options, *, tls_psk: bool) -> str:
    """bconsole.conf; ``tls_psk``: whether the program knows TLS PSK."""
    return _resource(
        "Director",
        {
            "Name": DIRECTOR,
            "Address": director.host,
            "Dir Port": director.port,
            "Password": _quoted(options.passwords.console),
            **_tls(options, known=tls_psk),
        },
    )


def checked_word(text: str | Path) -> str:
    """``text`` if the language of configuration files and of the console can quote it.

    Raises:
        LabError: it holds a control character.
    """
    if _UNQUOTABLE.search(str(text)):
        raise LabError(f"{str(text)!r} holds a control character, which Bacula's configuration language cannot quote")
    return str(text)


def _director(setup: DirectorSetup) -> str:
    options = setup.options
    return _resource(
        "Director",
        {
            "Name": DIRECTOR,
            "Dir Address": setup.listens.host,
            "Dir Port": setup.listens.port,
            **_home(setup.directory),
            "Query File": _quoted("/dev/null"),
            "Password": _quoted(options.passwords.console),
            "Messages": "Daemon",
            **_line(options, compression=options.director_compression),
            **_tls(options, known=setup.knows_tls_psk),
        },
        options.extra.director,
    )


def _catalog_storage(setup: DirectorSetup) -> str:
    options, storage = setup.options, setup.storage_reached_at
    return _document(
        _resource("Catalog", {"Name": "Catalog", "DB Name": DATABASE, "DB User": '""', "DB Password": '""'}),
        _resource(
            "Storage",
            {
                "Name": "File",
                "Address": storage.host,
                "SD Port": storage.port,
                "Password": _quoted(options.passwords.sd),
                "Device": "FileDevice",
                "Media Type": "File",
                "Maximum Concurrent Jobs": _CONCURRENT_JOBS,
                **_tls(options, known=setup.knows_tls_psk),
            },
            options.extra.storage,
        ),
        _resource(
            "Pool",
            {"Name": "Default", "Pool Type": "Backup", "Label Format": _quoted("Vol-"), "Auto Prune": "no"},
            options.extra.pool,
        ),
    )


def _messages(directory: Path) -> tuple[str, str]:
    job, daemon = _quoted(job_log(directory)), _quoted(daemon_log(directory))
    return (
        _resource("Messages", {"Name": "Standard", "Catalog": "all", "Append": f"{job} = all"}),
        _resource("Messages", {"Name": "Daemon", "Append": f"{daemon} = all"}),
    )


def _client(client: Client, setup: DirectorSetup) -> str:
    options = setup.options
    storage = {"FD Storage Address": client.storage_host} if client.storage_host else {}
    return _resource(
        "Client",
        {
            "Name": _name(client.name),
            "Address": client.reached_at.host,
            "FD Port": client.reached_at.port,
            "Catalog": "Catalog",
            "Password": _quoted(options.passwords.fd),
            "Auto Prune": "no",
            "Maximum Concurrent Jobs": _CONCURRENT_JOBS,
            **storage,
            **_tls(options, known=setup.knows_tls_psk),
        },
        options.extra.client,
    )


def _fileset(fileset: FileSet) -> str:
    include = _document(
        fileset.more,
        _resource("Options", fileset.options),
        *(f"File = {_quoted(path)}" for path in fileset.include),
    )
    exclude = "\n".join(f"File = {_quoted(path)}" for path in fileset.exclude)
    return _resource(
        "FileSet",
        {"Name": _name(fileset.name)},
        _resource("Include", {}, include) + (_resource("Exclude", {}, exclude) if exclude else ""),
    )


def _backup_job(fileset: FileSet, client: Client, setup: DirectorSetup) -> str:
    return _resource(
        "Job",
        {
            "Name": job_name(fileset.name, client.name),
            "Type": "Backup",
            "Level": "Full",
            "Client": client.name,
            "FileSet": fileset.name,
            **_JOB,
        },
        _document(fileset.job, setup.options.extra.job),
    )


def _restore_job(setup: DirectorSetup) -> str:
    return _resource(
        "Job",
        {
            "Name": RESTORE_JOB,
            "Type": "Restore",
            "Client": setup.clients[0].name,
            "FileSet": setup.filesets[0].name,
            "Where": _quoted(setup.directory / "restored"),
            **_JOB,
        },
        setup.options.extra.restore_job,
    )


def _home(directory: Path) -> dict[str, str | int]:
    return {
        "Working Directory": _quoted(directory),
        "Pid Directory": _quoted(directory),
        "Maximum Concurrent Jobs": _CONCURRENT_JOBS,
    }


def _line(options: Options, *, compression: bool) -> dict[str, str | int]:
    heartbeat: dict[str, str | int] = {} if options.heartbeat is None else {"Heartbeat Interval": options.heartbeat}
    return {"Comm Compression": "yes" if compression else "no", **heartbeat}


def _tls(options: Options, *, known: bool) -> dict[str, str | int]:
    return {"TLS PSK Enable": "no"} if known and not options.tls_psk else {}


def _resource(kind: str, directives: Mapping[str, str | int], body: str = "") -> str:
    lines = [f"{name} = {value}" for name, value in directives.items()]
    # Not splitlines: it takes characters for line ends that may stand in the name of a file.
    lines += [line for line in body.split("\n") if line]
    return "\n".join([f"{kind} {{", *(f"  {line}" for line in lines), "}", ""])


def _document(*texts: str) -> str:
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in texts if text)


def _quoted(text: str | Path) -> str:
    return '"' + checked_word(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise LabError(
            f"{name!r} is no name for a client or a FileSet: up to 50 letters, digits and -_. without blanks"
        )
    return name
