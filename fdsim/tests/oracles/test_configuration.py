from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fdsim.oracles.configuration import (
    checked_word,
    console_configuration,
    director_configuration,
    fd_configuration,
    storage_configuration,
)
from fdsim.oracles.errors import LabError
from fdsim.oracles.ports import Endpoint
from fdsim.oracles.settings import Client, DirectorSetup, Extra, FileSet, Options, Passwords

FD = Endpoint("127.0.0.1", 20002)
OPTIONS = Options(passwords=Passwords("console-pw", "fd-pw", "sd-pw"))
SETUP = DirectorSetup(
    directory=Path("/lab/director"),
    listens=Endpoint("127.0.0.1", 20000),
    storage_reached_at=Endpoint("127.0.0.1", 20001),
    clients=(Client("real", FD), Client("ours", Endpoint("127.0.0.1", 20003), "127.0.0.2")),
    filesets=(FileSet("Tree", ("/tree", 'a "b" \\c'), ("/tree/not",), {"Signature": "SHA1", "Sparse": "yes"}),),
    options=OPTIONS,
    knows_tls_psk=False,
)


def test_file_daemon() -> None:
    assert fd_configuration(FD, Path("/lab/clients/real"), OPTIONS, tls_psk=False) == (
        "Director {\n"
        "  Name = lab-dir\n"
        '  Password = "fd-pw"\n'
        "}\n"
        "FileDaemon {\n"
        "  Name = lab-fd\n"
        "  FD Address = 127.0.0.1\n"
        "  FD Port = 20002\n"
        '  Working Directory = "/lab/clients/real"\n'
        '  Pid Directory = "/lab/clients/real"\n'
        "  Maximum Concurrent Jobs = 20\n"
        "  Comm Compression = yes\n"
        "}\n"
        "Messages {\n"
        "  Name = Standard\n"
        "  Director = lab-dir = all, !skipped, !restored, !saved\n"
        "}\n"
    )


def test_fileset_and_its_jobs() -> None:
    text = director_configuration(SETUP)

    assert (
        "FileSet {\n"
        "  Name = Tree\n"
        "  Include {\n"
        "    Options {\n"
        "      Signature = SHA1\n"
        "      Sparse = yes\n"
        "    }\n"
        '    File = "/tree"\n'
        '    File = "a \\"b\\" \\\\c"\n'
        "  }\n"
        "  Exclude {\n"
        '    File = "/tree/not"\n'
        "  }\n"
        "}\n"
    ) in text
    for client in ("real", "ours"):
        assert (
            "Job {\n"
            f"  Name = Tree-{client}\n"
            "  Type = Backup\n"
            "  Level = Full\n"
            f"  Client = {client}\n"
            "  FileSet = Tree\n"
            "  Storage = File\n"
            "  Pool = Default\n"
            "  Messages = Standard\n"
            "  Maximum Concurrent Jobs = 20\n"
            "}\n"
        ) in text
    assert text.count("  Name = Restore\n") == 1


def test_one_client_may_reach_the_storage_elsewhere() -> None:
    text = director_configuration(SETUP)

    assert text.count("  FD Storage Address = 127.0.0.2\n") == 1
    assert text.index("  FD Port = 20003\n") < text.index("  FD Storage Address = 127.0.0.2\n")


def test_options_reach_every_daemon() -> None:
    options = Options(
        director_compression=False, sd_compression=False, fd_compression=False, heartbeat=7, tls_psk=False
    )
    home = Path("/lab")

    texts = (
        director_configuration(replace(SETUP, options=options, knows_tls_psk=True)),
        storage_configuration(FD, home, home, options, tls_psk=True),
        fd_configuration(FD, home, options, tls_psk=True),
    )

    for text in texts:
        assert text.count("  Comm Compression = no\n") == 1
        assert text.count("  Heartbeat Interval = 7\n") == 1
    # Director, Storage and two Clients; Storage and Director; Director and FileDaemon
    assert [text.count("  TLS PSK Enable = no\n") for text in texts] == [4, 2, 2]
    assert "  TLS PSK Enable = no\n" in console_configuration(FD, options, tls_psk=True)


@pytest.mark.parametrize(("options", "known"), [(Options(tls_psk=False), False), (Options(), True)])
def test_tls_psk_is_left_alone_where_it_is_unknown_or_wanted(options: Options, known: bool) -> None:
    assert "TLS" not in fd_configuration(FD, Path("/lab"), options, tls_psk=known)
    assert "TLS" not in director_configuration(replace(SETUP, options=options, knows_tls_psk=known))


def test_extra_text_lands_in_its_resource() -> None:
    extra = Extra(
        director="D = 1",
        client="C = 1",
        storage="S = 1",
        pool="P = 1",
        job="J = 1\nJ = 2",
        restore_job="R = 1",
        sd_storage="SS = 1",
        sd_device="SD = 1",
        fd_daemon="F = 1",
        fd_director="FD = 1",
        director_resources="Console {\n}",
        sd_resources="Autochanger {\n}",
        fd_resources="Plugin {\n}",
    )
    fileset = FileSet("Tree", ("/tree",), more="Options {\n  Exclude = yes\n}", job="Accurate = yes")
    options = replace(OPTIONS, extra=extra)

    director = director_configuration(replace(SETUP, options=options, filesets=(fileset,)))
    storage = storage_configuration(FD, Path("/lab"), Path("/lab"), options, tls_psk=False)
    fd = fd_configuration(FD, Path("/lab"), options, tls_psk=False)

    def resource_of(directive: str, text: str) -> list[str]:
        blocks = text.split("\n}\n")
        return [block.lstrip("}\n").split(" ", 1)[0] for block in blocks if f"\n  {directive}" in block]

    assert resource_of("D = 1", director) == ["Director"]
    assert resource_of("C = 1", director) == ["Client", "Client"]
    assert resource_of("S = 1", director) == ["Storage"]
    assert resource_of("P = 1", director) == ["Pool"]
    assert resource_of("Accurate = yes\n  J = 1\n  J = 2", director) == ["Job", "Job"]
    assert resource_of("R = 1", director) == ["Job"]
    assert resource_of("SS = 1", storage) == ["Storage"]
    assert resource_of("SD = 1", storage) == ["Device"]
    assert resource_of("F = 1", fd) == ["FileDaemon"]
    assert resource_of("FD = 1", fd) == ["Director"]
    assert "    Options {\n      Exclude = yes\n    }\n    Options {\n      Signature = MD5\n    }\n" in director
    assert director.endswith("\n}\nConsole {\n}\n")
    assert storage.endswith("\n}\nAutochanger {\n}\n")
    assert fd.endswith("\n}\nPlugin {\n}\n")


@pytest.mark.parametrize("name", ["", "two words", "semi;colon", "n" * 51, "brace}"])
def test_name_that_no_job_can_have_is_refused(name: str) -> None:
    with pytest.raises(LabError, match="is no name for a client or a FileSet"):
        director_configuration(replace(SETUP, filesets=(FileSet(name, ("/tree",)),)))
    with pytest.raises(LabError, match="is no name for a client or a FileSet"):
        director_configuration(replace(SETUP, clients=(Client(name, FD),)))


def test_path_with_a_control_character_is_refused() -> None:
    with pytest.raises(LabError, match=r"^'/tree/new\\nline' holds a control character"):
        director_configuration(replace(SETUP, filesets=(FileSet("Tree", (Path("/tree/new\nline"),)),)))


def test_path_with_other_odd_characters_is_kept() -> None:
    odd = "/tree/\u2028 \x85 \udce9"
    assert f'    File = "{odd}"\n' in director_configuration(replace(SETUP, filesets=(FileSet("Tree", (odd,)),)))
    assert checked_word(odd) == odd


@pytest.mark.parametrize("setup", [replace(SETUP, clients=()), replace(SETUP, filesets=())])
def test_director_without_work_is_refused(setup: DirectorSetup) -> None:
    with pytest.raises(LabError, match=r"^a Director needs at least one client and one FileSet$"):
        director_configuration(setup)


def test_every_lab_has_passwords_of_its_own() -> None:
    one, other = Passwords(), Passwords()
    assert len({one.console, one.fd, one.sd, other.console, other.fd, other.sd}) == 6
