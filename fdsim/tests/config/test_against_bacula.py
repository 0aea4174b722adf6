"""The same files, read by the real daemon and by us.

``bacula-fd -t`` says whether a file can be used, ``bfdjson`` what it means. The tables: what both take with the same
meaning, what both refuse, what only we refuse, and what only we accept.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fdsim.config.errors import ConfigError
from fdsim.config.fd import Director, FileDaemon, FileDaemonConfiguration, Messages, load
from fdsim.config.messages import TYPES_OF_ALL

pytestmark = pytest.mark.oracle

SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
TIMEOUT = 30
LATER_TYPES = {"verified"}
"""Types of messages that Bacula 9.6 does not have."""

DIRECTOR = 'Director { Name = d; Password = "p" }\n'
MESSAGES = "Messages { Name = m; director = d = all }\n"
DAEMON = "FileDaemon { Name = f; WorkingDirectory = /tmp; PidDirectory = /tmp }\n"


def daemon(line: str) -> str:
    """A configuration with ``line`` in its FileDaemon, whose ``}`` follows on the next line."""
    return f"{DIRECTOR}{MESSAGES}FileDaemon {{ Name = f; WorkingDirectory = /tmp; PidDirectory = /tmp\n{line}\n}}\n"


def director(line: str) -> str:
    return f"{MESSAGES}{DAEMON}Director {{ Name = d\n{line}\n}}\n"


def password(value: str) -> str:
    return director(f"Password = {value}")


def messages(line: str) -> str:
    return f"{DIRECTOR}{DAEMON}Messages {{ Name = m\n{line}\n}}\n"


def names(value: str) -> str:
    return f"{MESSAGES}{DAEMON}Director {{ Password = p; Name = {value}\n}}\n"


SAME = [
    DIRECTOR + MESSAGES + DAEMON,
    *map(
        password,
        [
            "ab cd",
            "ab\tcd",
            "a b-c d",
            "ab 12 x",
            "ab12 cd",
            "12ab",
            "12-ab",
            "12#",
            "1.2.3.4 5",
            "1:2",
            '1"2"',
            '"1" "2"',
            'ab"cd"',
            "-1",
            ".1",
            "a,b",
            "a=b",
            "a b = c",
            "a#b",
            "a@b",
            "ab @/no/such",
            "!a",
            "$HOME",
            "'a b'",
            "(a)",
            "é",
            "é\xa0è",
            '"a # { } ; = @x"',
            r'"a\\b\"c\#d"',
            '"a\nb"',
            '"a\\\nb"',
            r"a\b",
            r"ab\n",
            "\\\n ab",
            "\\  \n ab",
            "a # x",
            "a; ;",
            '""',
            '"x" }\nDirector { Name = e; Password = x',
        ],
    ),
    *map(
        director,
        ["PASSWORD=x", "P a s s word\n=\nx".replace("\nx", "x"), ";;Password = x;Monitor=yes;;", "Pass\tword = x"],
    ),
    *map(director, ["Password = x; Monitor = yes\nMonitor = no", "Password = x\r\nMonitor = True\r\n"]),
    *map(
        director, ["Password = x; TLS Enable = no; TLS Allowed CN = a, b\nTLSAllowedCN = c", "Password = x; Remote=no"]
    ),
    *map(names, ["f-x.y:z_1", '"f x"', "f x", '"12"', "12a", '" a "', "n" * 127]),
    f"{MESSAGES}{DAEMON}Director\n{{\nName = d\nPassword = p\n}};\n",
    f"{MESSAGES}{DAEMON}{DIRECTOR}Director {{ Name = D; Password = q }}\n",
    f"{DIRECTOR}{MESSAGES}{DAEMON.replace('FileDaemon', 'C l i ent')}",
    f"{DIRECTOR}{MESSAGES}{DAEMON.replace('FileDaemon', 'file DAEMON')}",
    DIRECTOR
    + MESSAGES
    + DAEMON
    + "Console { Name = c; Password = p; DirPort = 1 }\nStatistics { Name = s; Type = CSV }",
    f"\ufeff{DIRECTOR}{MESSAGES}{DAEMON}",
    *map(
        daemon,
        [f"HeartbeatInterval = {value}" for value in ("5", "0", "5min", "5 m", "5 mi", "5 n", "5 SEC", "5 qu", "1h3")]
        + [
            f"SD Connect Timeout = {value}"
            for value in ("1 h 30 min 5", "1 h, 3", "1 2 3", "1.5 h 1.9", "1. h", "5 s ec")
        ]
        + [f"MaximumConcurrentJobs = {value}" for value in ("0", "010", "+5", '"5"', "5 5", "2147483647")]
        + [f"MaximumNetworkBufferSize = {value}" for value in ("5", "64 k", "1000000")]
        + [f"CommCompression = {value}" for value in ("yes", "NO", "True", '"false"', "no, yes", "yes = no")]
        + [
            f"PluginDirectory = {value}"
            for value in ("/a b", "~", "~/x", "a/~", "$HOME/a", '"${HOME}/a b"', "$UNSET/a")
        ]
        + [f"FDPort = {value}" for value in ("1", "65534", "080", "http")]
        + [f"PKI Cipher = {value}" for value in ("AES128", "blowfish")],
    ),
    *map(
        daemon,
        [
            "FDAddress = 127.0.0.1; FDPort = 99",
            "FDPort = 1; FDPort = 2; FDAddress = 127.0.0.1; FDAddress = 127.0.0.2",
            "FDSourceAddress = 127.0.0.1",
            "FDAddresses = { ip = { addr = 127.0.0.1; port = 1234 } }",
            "FDAddresses =\n{ I P = { PORT = http; } ;\n ipv6 = { addr = ::1 } }",
            "FDAddresses = { ip = { addr = ::1\nport = 5 } ipv4 = { addr = 127.0.0.1 } } Messages = m",
            "FDAddresses = { ip = { addr = 127.0.0.1 } }; FDAddresses = { ip = { addr = 127.0.0.2 } }",
            "Messages = m",
            "DisableCommand = estimate, cancel",
            "PkiSigner = /a\nPkiSigner = /b, /c",
            "TLS Enable = no; TLS Require = no; PKI Signatures = no; PKI Encryption = no",
            "SubSys Directory = /x; Scripts Directory = /y; Snapshot Command = z; VerId = v; PKI Key Pair = /k",
            "Maximum Bandwidth Per Job = 5 kb/s",
            "Description = a",
        ],
    ),
    *map(
        messages,
        [
            "director = d = all, !skipped, !restored",
            "director = d = ALL,!Skipped",
            "director = d = !skipped, all",
            "director = d = all, !all, !error",
            "director = d = all, debug, saved",
            "director = d = error, fatal, errorterm, terminate, notsaved, alert, security, abort",
            'director = d = "all", "!skipped"',
            "director = d = all, \\\n !skipped",
            "director = d = all = error",
            "director = d, e, f = all",
            "director = d = all\ndirector = d = !error",
            "director = d = error\ndirector = d = fatal",
            "director = d = error\ndirector = e = fatal",
            "stdout = error; stderr = all, !info\nconsole = all; catalog = all\nsyslog = all",
            "mail = a@b, c = all; mail on error = a = error\nmail on success = a = info; operator = b = mount",
            'mailcommand = "/x \\"%r\\""; operatorcommand = a; mailcommand = b\nfile = /x = all; append = /z = info',
            "description = x",
            "",
        ],
    ),
]

BOTH_REFUSE = [
    "",
    DIRECTOR + MESSAGES,
    DIRECTOR + DAEMON,
    MESSAGES + DAEMON,
    DIRECTOR + MESSAGES + DAEMON + DAEMON,
    DIRECTOR + MESSAGES + DAEMON + DAEMON.replace("= f", "= g"),
    DIRECTOR + DIRECTOR + MESSAGES + DAEMON,
    DIRECTOR + MESSAGES + MESSAGES + DAEMON,
    DIRECTOR + MESSAGES + DAEMON + "}\n",
    DIRECTOR + MESSAGES + DAEMON + "Foo { }\n",
    DIRECTOR + MESSAGES + DAEMON + "Director { Name = x; Password = y\n",
    DIRECTOR + MESSAGES + DAEMON + 'Director { Name = "x; Password = y }\n',
    DIRECTOR + MESSAGES + DAEMON + 'Director { Name = x\n"Password" = y }\n',
    DIRECTOR + MESSAGES + DAEMON + "Director = { Name = x; Password = y }\n",
    DIRECTOR + MESSAGES + DAEMON + '"Director" { Name = x; Password = y }\n',
    DIRECTOR + MESSAGES + DAEMON + "Director x { Name = x; Password = y }\n",
    DIRECTOR + MESSAGES + DAEMON + "@/no/such.conf\n",
    DIRECTOR + MESSAGES + DAEMON + "Console { Name = c }\n",
    DIRECTOR + MESSAGES + DAEMON.replace("Name = f; ", ""),
    DIRECTOR + MESSAGES + DAEMON.replace("WorkingDirectory", "#"),
    DIRECTOR + MESSAGES + DAEMON.replace("PidDirectory = /tmp", ""),
    DIRECTOR + MESSAGES + DAEMON.replace("WorkingDirectory = /tmp", "WorkingDirectory = /no/such"),
    DIRECTOR + MESSAGES + DAEMON.replace("WorkingDirectory = /tmp", "WorkingDirectory = /etc/passwd"),
    DIRECTOR + MESSAGES + DAEMON.replace("WorkingDirectory = /tmp", 'WorkingDirectory = ""'),
    *map(
        password, ["1234", "", ";", "# x", ",", "=", "{", "a; Password = b", "a; Name = b", "a; Foo = b", "a;b", "a\rb"]
    ),
    *map(password, ["a; Remote = yes", "a; Console = c", "a; TLS Enable = yes", "a; TLS Require = yes"]),
    *map(
        director, ["Password x", "Password", "= x", "Pass_word = x", "Pass\nword = x", "Pass2word = x", "Pass#word = x"]
    ),
    *map(names, ["f/x", "f@x", "é", '"f,x"', '""', "12", '"a\nb"', "n" * 128]),
    *map(
        daemon,
        [
            f"HeartbeatInterval = {value}"
            for value in ('"5"', "-5", "h", "5 x", "5 hr", "5 minutess", "1e3", ".5 h", "1.5.5 h")
        ]
        + [f"MaximumConcurrentJobs = {value}" for value in ("-1", "5k", "0x10", "x", '"5 5"', '""')]
        + [f"CommCompression = {value}" for value in ("on", "1", "y", "", "no yes")]
        + [f"FDPort = {value}" for value in ("0", "65535", "65536", "-1", "0x50", "nosuch", '"99"', "99 foo", "99, 98")]
        + [f"FDAddress = {value}" for value in ('"127.0.0.1"', "127.0.0.1 foo", "")]
        + [f"Maximum Bandwidth Per Job = {value}" for value in ("5 g", "5 t", "5 mbx", "-5k", '"5 m/s"', "x")]
        + [f"DisableCommand = {value}" for value in ("estimate,", "estimate,,cancel", "1", '"a" "b"', "")]
        + [f"PKI Cipher = {value}" for value in ("des", "")],
    ),
    *map(
        daemon,
        [
            "FDPort = 1\nFDAddresses = { ip = { addr = 127.0.0.1 } }",
            "FDAddresses = { ip = { addr = 127.0.0.1 } }\nFDPort = 1",
            "FDAddresses = { ip = { addr = 127.0.0.1 } }\nFDAddress = 127.0.0.1",
            "FDAddresses { ip = { addr = 127.0.0.1 } }",
            "FDAddresses = 127.0.0.1",
            "FDAddresses = { }",
            "FDAddresses = { ip = { } }",
            "FDAddresses = { ip { addr = 127.0.0.1 } }",
            "FDAddresses = { ip = { addr 127.0.0.1 } }",
            "FDAddresses = { foo = { addr = 127.0.0.1 } }",
            "FDAddresses = { ip = { addr = 127.0.0.1; foo = 1 } }",
            "FDAddresses = { ip = { addr = 127.0.0.1; addr = 127.0.0.2 } }",
            "FDAddresses = { ip = { port = 1; port = 2 } }",
            'FDAddresses = { ip = { addr = "127.0.0.1" } }',
            "FDAddresses = { ip = { addr = 127.0.0.1; port = nosuch } }",
            "FDAddresses = { 127.0.0.1 ; 127.0.0.2:99 }",
            "FDAddresses = { ip = { addr = 127.0.0.1; port = 5",
            "Messages = M",
            "Messages = m; Messages = m",
            "VerId = a; VerId = b",
            "PluginDirectory = a; PluginDirectory = b",
            "FDAddres = x",
            "TLS Enable = yes",
            "TLS Require = yes",
            "TLS Authenticate = yes",
            "PKI Signatures = yes",
            "PKI Encryption = yes",
            "TLS Allowed CN = a",
        ],
    ),
    *(
        # A list does not end before a brace (DIR-CFG-5).
        DIRECTOR + MESSAGES + DAEMON.replace(" }", f"\n{line} }}")
        for line in ("DisableCommand = cancel", "PkiSigner = a, b", 'PkiMasterKey = "a"')
    ),
    *map(
        messages,
        [
            "director = d = foo",
            "director = d = !foo",
            "director = d = all !skipped",
            "director = d = all, ! skipped",
            'director = d = "all, !skipped"',
            "director = d = all,",
            "director = d = all,\n !skipped",
            "director = d = all, ,error",
            "director = d = 1",
            "director = d =",
            "director = d",
            "director = = all",
            "stdout = x = all",
            "syslog = daemon = all",
            "foo = all",
        ],
    ),
]

STRICTER = {
    "a number that is cut off": daemon("MaximumConcurrentJobs = 5.5"),
    "a number that wraps": daemon("MaximumConcurrentJobs = 2147483648"),
    "a time that wraps": daemon("HeartbeatInterval = 99999999999999999999"),
    "a directive after a port without a semicolon": daemon("FDPort = 99 Messages = m"),
    "a directive after an address without a semicolon": daemon("FDAddress = 127.0.0.1 Messages = m"),
    "two values in a block of addresses without a semicolon": daemon("FDAddresses = { ip = { addr = ::1 port = 5 } }"),
    "two units": daemon("MaximumBandwidthPerJob = 5 m 5 k"),
    "a backslash that joins nothing": password("\\#a"),
    "a brace within a value": password("a {"),
    "a NUL byte": password("a\0b"),
    "a shell command": daemon('PluginDirectory = "`echo /a`"'),
    "an empty directory": daemon('PluginDirectory = ""'),
    "the output of a command": daemon('PluginDirectory = @"|echo /a"'),
}

LAXER = {
    "the brace of the resource behind a time": DIRECTOR + MESSAGES + DAEMON.replace(" }", "\nHeartbeatInterval = 5 }"),
    "a host that does not exist, which fails later": daemon("FDAddress = no-such-host.invalid"),
    "a command that does not exist, as none is disabled yet": daemon("DisableCommand = foo"),
    "units of Bacula 15": daemon("MaximumBandwidthPerJob = 5 kib/s"),
    "directives of Bacula 15": director("Password = p; DirPort = 9101; Backup Job User = x"),
    "a resource of Bacula 15": DIRECTOR + MESSAGES + DAEMON + "Schedule { Name = s }\n",
    "types of messages of Bacula 15": messages("director = d = all, events, events.own, verified"),
}


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    def find(name: str) -> str:
        path = shutil.which(name, path=SEARCH_PATH)
        if path is None:
            refuse = pytest.fail if os.environ.get("FDSIM_REQUIRE_ORACLES") else pytest.skip
            refuse(f"{name} of Bacula 9.6 is not installed")
        return path

    return find


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    return tmp_path / "bacula-fd.conf"


@pytest.fixture
def accepted(program: Callable[[str], str]) -> Callable[[Path], bool]:
    """Whether the real daemon takes a file."""

    def accept(path: Path) -> bool:
        return run(program("bacula-fd"), "-t", "-c", str(path)).returncode == 0

    return accept


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        timeout=TIMEOUT,
    )


def resources(program: str, path: Path) -> list[tuple[str, dict[str, Any]]]:
    """What bfdjson says of a file: the kind of each resource and its directives."""
    output = run(program, "-c", str(path)).stdout
    # bfdjson does not escape what cannot stand in JSON.
    return [item for resource in json.loads(output, strict=False) for item in resource.items()]


def values_of(configuration: FileDaemonConfiguration) -> list[dict[str, Any]]:
    """What we read, spelled as ``values_of_json`` spells it."""
    return [
        *map(values_of_director, configuration.directors),
        values_of_daemon(configuration.file_daemon),
        *map(values_of_messages, configuration.messages),
    ]


def in_order(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By kind and name, as bfdjson does not keep the order of the file."""
    return sorted(values, key=lambda one: (sorted(one), one["Name"]))


def values_of_director(one: Director) -> dict[str, Any]:
    return {"Name": one.name, "Password": one.password, "Monitor": one.monitor}


def values_of_daemon(one: FileDaemon) -> dict[str, Any]:
    return {
        "Name": one.name,
        "FdPort": one.addresses[0].port,
        "FdAddress": one.addresses[0].host,
        "FdSourceAddress": one.fd_source_address,
        "WorkingDirectory": str(one.working_directory),
        "PidDirectory": str(one.pid_directory),
        "PluginDirectory": str(one.plugin_directory) if one.plugin_directory else None,
        "MaximumConcurrentJobs": one.maximum_concurrent_jobs,
        "Messages": one.messages,
        "SdConnectTimeout": one.sd_connect_timeout,
        "HeartbeatInterval": one.heartbeat_interval,
        "MaximumNetworkBufferSize": one.maximum_network_buffer_size,
        "CommCompression": one.comm_compression,
    }


def values_of_messages(one: Messages) -> dict[str, Any]:
    destinations = {(item.kind, item.where, item.types - LATER_TYPES) for item in one.destinations}
    return {"Name": one.name, "Destinations": destinations}


def values_of_json(kind: str, directives: dict[str, Any]) -> dict[str, Any] | None:
    """What bfdjson says of a resource, with our defaults for what it leaves out; None if we keep nothing of it."""
    match kind:
        case "Director":
            return {"Monitor": False} | {
                name: directives[name] for name in ("Name", "Password", "Monitor") if name in directives
            }
        case "FileDaemon":
            defaults = values_of_daemon(FileDaemon("", Path(), Path()))
            return defaults | {name: value for name, value in directives.items() if name in defaults}
        case "Messages":
            destinations = {destination(one) for one in directives.get("Destinations", [])}
            return {"Name": directives["Name"], "Destinations": destinations}
    return None


def destination(one: dict[str, Any]) -> tuple[str, tuple[str, ...], frozenset[str]]:
    types = {name.lower() for name in one["MsgTypes"]}
    if "all" in types:
        # "All" stands for every type, so what is not in "all" shows up as "!Debug" unless it was added.
        removed = {name.removeprefix("!") for name in types if name.startswith("!")}
        added = {name for name in types if not name.startswith("!")} - {"all"}
        types = (set(TYPES_OF_ALL) | {"debug"} | added) - LATER_TYPES - removed
    return one["Type"].lower(), tuple(one.get("Where", ())), frozenset(types)


@pytest.mark.parametrize("text", SAME)
def test_both_read_the_same(
    text: str, conf: Path, program: Callable[[str], str], accepted: Callable[[Path], bool]
) -> None:
    conf.write_bytes(os.fsencode(text))
    ours = values_of(load(conf))
    assert accepted(conf)
    read = [values_of_json(kind, directives) for kind, directives in resources(program("bfdjson"), conf)]
    assert in_order(ours) == in_order([values for values in read if values is not None])


@pytest.mark.parametrize("text", BOTH_REFUSE)
def test_both_refuse(text: str, conf: Path, accepted: Callable[[Path], bool]) -> None:
    conf.write_bytes(os.fsencode(text))
    with pytest.raises(ConfigError):
        load(conf)
    assert not accepted(conf)


@pytest.mark.parametrize("text", STRICTER.values(), ids=STRICTER)
def test_only_we_refuse(text: str, conf: Path, accepted: Callable[[Path], bool]) -> None:
    conf.write_bytes(os.fsencode(text))
    with pytest.raises(ConfigError):
        load(conf)
    assert accepted(conf)


@pytest.mark.parametrize("text", LAXER.values(), ids=LAXER)
def test_only_we_accept(text: str, conf: Path, accepted: Callable[[Path], bool]) -> None:
    conf.write_bytes(os.fsencode(text))
    load(conf)
    assert not accepted(conf)


def test_the_file_that_debian_installs_loads(program: Callable[[str], str], tmp_path: Path) -> None:
    program("bacula-fd")
    installed = Path("/etc/bacula/bacula-fd.conf")
    if not os.access(installed, os.R_OK):
        pytest.skip(f"{installed} cannot be read here")
    # Its working directory belongs to the package, which may be unpacked without it.
    text = installed.read_text(encoding="utf-8").replace("/var/lib/bacula", str(tmp_path))
    copy = tmp_path / "bacula-fd.conf"
    copy.write_text(text, encoding="utf-8")
    configuration = load(copy)
    assert [director.monitor for director in configuration.directors] == [False, True]
    assert configuration.file_daemon.addresses[0].port == 9102
    assert {"info", "error", "fatal"} <= configuration.messages[0].director_types
    assert not configuration.messages[0].director_types & {"skipped", "restored", "saved", "debug"}
    assert [one.directive for one in configuration.without_effect] == ["PluginDirectory"]


def test_included_files_are_sought_from_the_working_directory_by_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, accepted: Callable[[Path], bool]
) -> None:
    below = tmp_path / "below"
    below.mkdir()
    conf = below / "bacula-fd.conf"
    conf.write_text("@director.conf\n" + MESSAGES + DAEMON, encoding="utf-8")
    (tmp_path / "director.conf").write_text(DIRECTOR, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load(conf).directors == (Director("d", "p"),)
    assert accepted(conf)
    monkeypatch.chdir(below)
    with pytest.raises(ConfigError):
        load(conf)
    assert not accepted(conf)


def test_a_file_that_includes_itself_is_refused_by_both(conf: Path, accepted: Callable[[Path], bool]) -> None:
    conf.write_text(f"{DIRECTOR}{MESSAGES}{DAEMON}@{conf}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="within itself"):
        load(conf)
    assert not accepted(conf)
