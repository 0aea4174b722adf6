from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.config.addresses import Address
from fdsim.config.errors import ConfigError
from fdsim.config.fd import Director, FileDaemon, FileDaemonConfiguration, Messages, load
from fdsim.config.lexer import tokens
from fdsim.config.messages import NOT_IN_ALL, TYPES, TYPES_OF_ALL, Destination
from fdsim.config.parser import parse
from fdsim.config.resources import RESOURCES
from fdsim.config.schema import read
from fdsim.config.values import MAXIMUM_INTEGER
from fdsim.wire.jobs import MessageType

DIRECTOR = 'Director { Name = lab-dir; Password = "fdpw" }\n'
MESSAGES = "Messages { Name = Standard; director = lab-dir = all, !skipped }\n"


def daemon(more: str = "", working: str = "/") -> str:
    return f"FileDaemon {{ Name = lab-fd; WorkingDirectory = {working}; Pid Directory = /run\n{more}\n}}\n"


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    return tmp_path / "bacula-fd.conf"


def loaded(conf: Path, text: str) -> FileDaemonConfiguration:
    conf.write_bytes(os.fsencode(text))
    return load(conf)


def test_the_smallest_configuration_has_the_defaults_of_bacula_fd(conf: Path) -> None:
    configuration = loaded(conf, DIRECTOR + MESSAGES + daemon())
    assert configuration == FileDaemonConfiguration(
        FileDaemon("lab-fd", Path("/"), Path("/run")),
        (Director("lab-dir", "fdpw"),),
        (Messages("Standard", (Destination("director", ("lab-dir",), TYPES_OF_ALL - {"skipped"}),)),),
    )
    resource = configuration.file_daemon
    assert resource.addresses == (Address("0.0.0.0", 9102),)
    assert (resource.maximum_concurrent_jobs, resource.maximum_network_buffer_size) == (20, 65536)
    assert (resource.sd_connect_timeout, resource.heartbeat_interval) == (1800.0, 300.0)
    assert resource.comm_compression is True
    assert (resource.messages, resource.fd_source_address, resource.plugin_directory) == (None, None, None)


def test_every_effective_directive_arrives(conf: Path, tmp_path: Path) -> None:
    more = """
      FD Port = 19102; FD Address = 127.0.0.1
      FDSourceAddress = 127.0.0.2
      Maximum Concurrent Jobs = 7
      SDConnectTimeout = 3 min; Heartbeat Interval = 0
      MaximumNetworkBufferSize = 32768
      CommCompression = no
      PluginDirectory = /usr/lib/bacula
      Messages = Standard
      Description = "the one"
    """
    directors = 'Director { Name = "a b"; Password = p; Monitor = yes }\n' + DIRECTOR
    configuration = loaded(conf, daemon(more, str(tmp_path)) + directors + MESSAGES)
    assert configuration.file_daemon == FileDaemon(
        name="lab-fd",
        working_directory=tmp_path,
        pid_directory=Path("/run"),
        addresses=(Address("127.0.0.1", 19102),),
        maximum_concurrent_jobs=7,
        messages="Standard",
        sd_connect_timeout=180.0,
        heartbeat_interval=0.0,
        maximum_network_buffer_size=32768,
        comm_compression=False,
        fd_source_address="127.0.0.2",
        plugin_directory=Path("/usr/lib/bacula"),
    )
    assert configuration.directors == (Director("a b", "p", monitor=True), Director("lab-dir", "fdpw"))
    assert [str(one) for one in configuration.without_effect] == [f"{conf}:9: PluginDirectory has no effect here"]


def test_addresses_may_stand_in_a_block(conf: Path) -> None:
    block = "FDAddresses = { ip = { addr = 127.0.0.1; port = 1 } ipv6 = { addr = ::1 } }"
    configuration = loaded(conf, DIRECTOR + MESSAGES + daemon(block))
    assert configuration.file_daemon.addresses == (Address("127.0.0.1", 1), Address("::1", 9102))


def test_a_director_is_found_by_its_exact_name(conf: Path) -> None:
    configuration = loaded(conf, DIRECTOR + 'Director { Name = LAB-DIR; Password = "x" }\n' + MESSAGES + daemon())
    assert configuration.director("lab-dir") == Director("lab-dir", "fdpw")
    assert configuration.director("LAB-DIR") == Director("LAB-DIR", "x")
    assert configuration.director("Lab-Dir") is None


def test_the_secret_is_the_hex_md5_of_the_passwords_bytes(conf: Path) -> None:
    # printf 'abc' | md5sum; printf '\xff' | md5sum
    assert Director("d", "abc").secret == b"900150983cd24fb0d6963f7d28e17f72"
    configuration = loaded(conf, 'Director { Name = d; Password = "\udcff" }\n' + MESSAGES + daemon())
    assert configuration.directors[0].secret == b"00594fd4f42ba43fc1ca0427a0576295"


def test_no_password_is_shown(conf: Path) -> None:
    text = 'Director { Name = d; Password = "top secret" "too" }\n' + MESSAGES + daemon("VerId = x")
    configuration = loaded(conf, text)
    assert "secret" not in repr(configuration)
    assert "too" not in repr(configuration)
    for bad in ("Password = 12345678", 'Password = "12345678" }\n"12345678"', 'Password = x, "12345678"; Password = y'):
        with pytest.raises(ConfigError) as error:
            loaded(conf, f"Director {{ Name = d; {bad} }}\n" + MESSAGES + daemon())
        assert "12345678" not in str(error.value)


def test_director_types_are_those_of_all_director_destinations(conf: Path) -> None:
    text = "Messages { Name = m; director = a = error\n director = b = info\n stdout = fatal; append = /x = mount }\n"
    configuration = loaded(conf, DIRECTOR + text + daemon())
    assert configuration.messages[0].director_types == {"error", "info"}
    assert [str(one) for one in configuration.without_effect] == [
        f"{conf}:4: Stdout has no effect here",
        f"{conf}:4: Append has no effect here",
    ]


def test_every_type_of_message_that_a_file_daemon_sends_can_be_named() -> None:
    spelled = {MessageType.ERROR_TERM: "errorterm", MessageType.TERM: "terminate"}
    assert {spelled.get(kind, kind.name.lower()) for kind in MessageType} <= TYPES


KNOWN = {
    "Director": """Name Password Monitor Description Remote Console Address DirPort ConnectToDirector Schedule
        ReconnectionTime MaximumBandwidthPerJob DisableCommand AllowedBackupDirectories ExcludedBackupDirectories
        AllowedScriptDirectories AllowedRestoreDirectories BackupJobUser RestoreJobUser TLSEnable TLSPSKEnable
        TLSRequire TLSVerifyPeer TLSCACertificateFile TLSCACertificateDir TLSCertificate TLSKey TLSDHFile TLSAllowedCN
        TLSAuthenticate""",
    "FileDaemon": """Name Description WorkingDirectory PidDirectory FDPort FDAddress FDAddresses FDSourceAddress
        SubSysDirectory PluginDirectory ScriptsDirectory MaximumConcurrentJobs Messages SDConnectTimeout
        HeartbeatInterval MaximumNetworkBufferSize MaximumBandwidthPerJob PKISignatures PKIEncryption PKIKeyPair
        PKISigner PKIMasterKey PKICipher PKIDigest TLSEnable TLSPSKEnable TLSRequire TLSCACertificateFile
        TLSCACertificateDir TLSCertificate TLSKey TLSAuthenticate VerId DisableCommand SnapshotCommand CommCompression
        PluginOptions MaximumJobErrorCount SDPacketCheck""",
    "Messages": """Name Description Director Stdout Stderr Console Catalog Syslog Mail MailOnError MailOnSuccess
        Operator File Append MailCommand OperatorCommand""",
    "Console": """Name Description Password Address DirPort TLSEnable TLSPSKEnable TLSRequire TLSVerifyPeer
        TLSCACertificateFile TLSCACertificateDir TLSCertificate TLSKey TLSDHFile TLSAllowedCN TLSAuthenticate""",
    "Statistics": "Name Description File Interval Metrics Port Type",
    "Schedule": "Name Description Connect Enabled",
}


@pytest.mark.parametrize("kind", KNOWN)
def test_every_directive_of_both_versions_is_known(kind: str) -> None:
    assert {row.name for row in RESOURCES[kind.lower()].definitions.values()} == set(KNOWN[kind].split())


def test_directives_of_bacula_15_load_and_are_told_to_have_no_effect(conf: Path) -> None:
    text = (
        'Director { Name = d; Password = "p"; DirPort = 9101; Schedule = s; Connect To Director = yes\n'
        'Reconnection Time = 5 min; Allowed Backup Directories = /a, "/b c"\n'
        "Backup Job User = bk; TLS PSK Enable = no }\n"
        'Schedule { Name = s; Connect = MaxConnectTime="2 hours" at 12:05\nEnabled = yes }\n'
        "Client { Name = f; WorkingDirectory = /; PidDirectory = /; Plugin Options = a\n SD Packet Check = 5 }\n"
    )
    configuration = loaded(conf, text + MESSAGES)
    assert [(one.directive, one.place.line) for one in configuration.without_effect] == [
        ("DirPort", 1),
        ("Schedule", 1),
        ("ConnectToDirector", 1),
        ("ReconnectionTime", 2),
        ("AllowedBackupDirectories", 2),
        ("BackupJobUser", 3),
        ("TLSPSKEnable", 3),
        ("Schedule", 4),
        ("PluginOptions", 6),
        ("SDPacketCheck", 7),
    ]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (DIRECTOR + MESSAGES, 0, "there is no FileDaemon resource"),
        (MESSAGES + daemon(), 0, "there is no Director resource"),
        (DIRECTOR + daemon(), 0, "there is no Messages resource"),
        ("", 0, "there is no FileDaemon resource"),
        (DIRECTOR + MESSAGES + daemon() + daemon().replace("lab-fd", "b"), 6, "a second FileDaemon"),
        (DIRECTOR + MESSAGES + daemon() + daemon(), 6, "a second FileDaemon named 'lab-fd'"),
        (DIRECTOR + DIRECTOR + MESSAGES + daemon(), 2, "a second Director named 'lab-dir'"),
        (DIRECTOR + MESSAGES + MESSAGES + daemon(), 3, "a second Messages named 'Standard'"),
        ("Director { Name = d }\n" + MESSAGES + daemon(), 1, "no Password"),
        ("Director { Password = d }\n" + MESSAGES + daemon(), 1, "no Name"),
        (DIRECTOR + MESSAGES + "FileDaemon { Name = f; PidDirectory = / }", 3, "no WorkingDirectory"),
        (DIRECTOR + MESSAGES + "FileDaemon { Name = f; WorkingDirectory = / }", 3, "no PidDirectory"),
        (DIRECTOR + MESSAGES + daemon(working="/no/such"), 3, "'/no/such': No such file or directory; create it"),
        (DIRECTOR + MESSAGES + daemon(working="/etc/passwd"), 3, "is no directory"),
        (DIRECTOR + MESSAGES + daemon(working="/" + "n" * 300), 3, "File name too long"),
        (DIRECTOR + MESSAGES + daemon("Messages = x"), 4, "there is no Messages named 'x'"),
        (DIRECTOR + MESSAGES + daemon("FDPort = 1\nFDAddresses = { ip = { port = 2 } }"), 5, "cannot stand beside"),
        (DIRECTOR + MESSAGES + daemon("FDAddresses = { ip = { port = 2 } }\nFDPort = 1"), 5, "cannot stand beside"),
        (DIRECTOR + MESSAGES + daemon("FDAddresses = { ip = { port = 2 } }\nFDAddress = a"), 5, "cannot stand beside"),
        (DIRECTOR + MESSAGES + daemon("FDPrt = 1"), 4, "no directive FDPrt; did you mean FDPort?"),
        (DIRECTOR + MESSAGES + daemon("TLS Enable = yes"), 4, "TLSEnable = yes cannot be honoured"),
        (DIRECTOR + MESSAGES + daemon("TLS Require = yes"), 4, "TLSRequire = yes cannot be honoured"),
        (DIRECTOR + MESSAGES + daemon("TLS Authenticate = yes"), 4, "TLSAuthenticate = yes cannot be honoured"),
        (DIRECTOR + MESSAGES + daemon("PKI Signatures = yes"), 4, "PKISignatures = yes cannot be honoured"),
        (DIRECTOR + MESSAGES + daemon("PKI Encryption = yes"), 4, "PKIEncryption = yes cannot be honoured"),
        ("Director { Name = d; Password = p\nTLS Enable = yes }\n", 2, "TLSEnable = yes cannot be honoured"),
        ("Director { Name = d; Password = p\nRemote = yes }\n" + MESSAGES + daemon(), 2, "needs a Console resource"),
        ("Director { Name = d; Password = p\nConsole = c }\n" + MESSAGES + daemon(), 2, "no Console named 'c'"),
        (DIRECTOR + MESSAGES + "FileDaemon {\nName = f\n", 3, "FileDaemon opened here is not closed"),
        (DIRECTOR + MESSAGES + daemon() + "Statistics { Name = s }", 6, "no Type"),
        (DIRECTOR + "Mesages { }", 2, "did you mean Messages?"),
    ],
)
def test_an_unusable_configuration_is_refused_at_its_line(conf: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)) as error:
        loaded(conf, text)
    assert (error.value.file, error.value.line) == (str(conf), line)


def test_protection_that_is_switched_off_is_no_fault(conf: Path) -> None:
    off = "TLS Enable = no; TLS Require = no; TLSAuthenticate = no; PKI Signatures = no; PKI Encryption = no"
    assert loaded(conf, DIRECTOR + MESSAGES + daemon(off)).without_effect == ()


def test_an_error_in_an_included_file_names_that_file(conf: Path, tmp_path: Path) -> None:
    included = tmp_path / "directors.conf"
    included.write_text("\nDirector { Name = d; Pasword = x }\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"^{re.escape(str(included))}:2: .*did you mean Password\?"):
        loaded(conf, f"@{included}\n" + MESSAGES + daemon())


def test_a_file_that_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^/no/such\.conf: .*No such file or directory"):
        load("/no/such.conf")


FRAGMENTS = [
    *(
        "Director",
        "FileDaemon",
        "Messages",
        "Name",
        "Password",
        "FDAddresses",
        "FDPort",
        "ip",
        "addr",
        "port",
        "Monitor",
    ),
    *(
        "WorkingDirectory",
        "PidDirectory",
        "HeartbeatInterval",
        "all",
        "!skipped",
        "yes",
        "5 min",
        "9102",
        '"',
        "\\",
        "/",
    ),
    *("{", "}", "=", ",", ";", "\n", " ", "#", "@", "$", "~", "a", "é", "\udcff", "\0"),
    *("Director { Name = d; Password = p }\n", "FileDaemon { Name = f; PidDirectory = /; WorkingDirectory = / }\n"),
    "Messages { Name = m; director = d = all }\n",
]


@given(st.lists(st.sampled_from(FRAGMENTS)).map("".join))
def test_any_words_of_the_language_read_or_give_a_config_error(text: str) -> None:
    try:
        records, _ = read(parse(tokens(text, "f")), RESOURCES)
    except ConfigError as error:
        assert str(error).startswith(error.file)  # noqa: PT017 - which of both happens is up to the example
    else:
        assert all(record.values("Name") for record in records)


@pytest.fixture(scope="module")
def module_conf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("conf") / "any.conf"


@given(st.binary())
def test_any_bytes_load_or_give_a_config_error(module_conf: Path, content: bytes) -> None:
    module_conf.write_bytes(content)
    with pytest.raises(ConfigError):  # no random bytes hold all the resources that are required
        load(module_conf)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


NAMES = st.text(st.sampled_from("abcXYZ019:.-_ "), min_size=1, max_size=30)
HOSTS = st.from_regex(r"[a-z][a-z0-9-]{0,9}(\.[a-z]{1,5})?|[0-9]{1,3}\.[0-9]\.[0-9]\.[0-9]|::[1-9]", fullmatch=True)
ADDRESSES = st.builds(Address, HOSTS, st.integers(1, 65534))
SECONDS = st.integers(0, 10**9).map(float)
PASSWORDS = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]))
TYPE_SETS = st.frozensets(st.sampled_from(sorted(TYPES)), min_size=1)

CONFIGURATIONS = st.builds(
    FileDaemonConfiguration,
    st.builds(
        FileDaemon,
        name=NAMES,
        working_directory=st.just(Path("/")),
        pid_directory=st.sampled_from([Path("/run"), Path('/a "b" \\ c;{}#')]),
        addresses=st.lists(ADDRESSES, min_size=1, unique=True).map(tuple),
        maximum_concurrent_jobs=st.integers(0, MAXIMUM_INTEGER),
        sd_connect_timeout=SECONDS,
        heartbeat_interval=SECONDS,
        maximum_network_buffer_size=st.integers(0, MAXIMUM_INTEGER),
        comm_compression=st.booleans(),
        fd_source_address=st.none() | HOSTS,
    ),
    st.lists(
        st.builds(Director, NAMES, PASSWORDS, st.booleans()), min_size=1, unique_by=lambda director: director.name
    ).map(tuple),
    st.lists(
        st.builds(
            Messages,
            NAMES,
            st.lists(
                st.builds(Destination, st.just("director"), st.tuples(NAMES), TYPE_SETS),
                unique_by=lambda destination: destination.where,
            ).map(tuple),
        ),
        min_size=1,
        unique_by=lambda messages: messages.name,
    ).map(tuple),
)


def written(configuration: FileDaemonConfiguration) -> str:
    fd = configuration.file_daemon
    lines = [
        "FileDaemon {",
        f"Name = {quoted(fd.name)}",
        f"Working Directory = {quoted(str(fd.working_directory))}",
        f"Pid Directory = {quoted(str(fd.pid_directory))}",
        "FDAddresses = {",
        *(f"ip = {{ port = {address.port}; addr = {address.host} }}" for address in fd.addresses),
        "}",
        f"Maximum Concurrent Jobs = {fd.maximum_concurrent_jobs}",
        f"SD Connect Timeout = {fd.sd_connect_timeout:.0f} seconds",
        f"Heartbeat Interval = {fd.heartbeat_interval // 60:.0f} min {fd.heartbeat_interval % 60:.0f}",
        f"Maximum Network Buffer Size = {fd.maximum_network_buffer_size}",
        f"Comm Compression = {'yes' if fd.comm_compression else 'no'}",
        *([f"FD Source Address = {fd.fd_source_address}"] if fd.fd_source_address else []),
        "}",
    ]
    for director in configuration.directors:
        monitor = "YES" if director.monitor else "false"
        lines += [
            "Director",
            f"{{ Name = {quoted(director.name)}; Password = {quoted(director.password)}; Monitor = {monitor} }}",
        ]
    for messages in configuration.messages:
        lines += [f"Messages {{ Name = {quoted(messages.name)}"]
        for one in messages.destinations:
            removed = [f"!{name}" for name in sorted(TYPES_OF_ALL - one.types)]
            added = sorted(one.types & NOT_IN_ALL)
            lines += [f"  director = {quoted(one.where[0])} = {', '.join(['all', *removed, *added])}"]
        lines += ["}"]
    return "\n".join(lines)


@given(CONFIGURATIONS)
def test_a_configuration_reads_back_as_it_was_written(
    module_conf: Path, configuration: FileDaemonConfiguration
) -> None:
    module_conf.write_text(written(configuration), encoding="utf-8", newline="\n")
    assert load(module_conf) == configuration
