"""Options that several subcommands share."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from fdsim.cli import options
from fdsim.cli.exits import UsageError
from fdsim.cli.mocks import Target


def parse(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    options.add_target(parser)
    return parser.parse_args(["--director", "d", *argv])


def password(target: Target) -> str:
    return target.director._password


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("fd.example.org:9999", "fd.example.org", 9999),
        ("fd.example.org", "fd.example.org", 9102),
        ("[::1]:9999", "::1", 9999),
        ("[::1]", "::1", 9102),
    ],
)
def test_where_to_connect(text: str, host: str, port: int) -> None:
    target = options.target_of(parse("--connect", text, "--password", "p"))
    assert (target.host, target.port, target.timeout, target.director.name) == (host, port, 60.0, "d")


@pytest.mark.parametrize("text", ["", ":9102", "host:", "host:x", "host:0", "host:65536", "host:-1"])
def test_a_bad_address(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse("--connect", text)
    assert f"argument --connect: {text!r} is not of the form HOST:PORT" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["0", "-1", "soon", "inf", "nan"])
def test_a_bad_timeout(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse("--connect", "h:1", "--timeout", text)
    assert f"{text!r} is no number of seconds above 0" in capsys.readouterr().err


def test_the_password_from_each_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "password"
    file.write_bytes(b"from a file \xff\nsecond line\n")
    monkeypatch.setenv("FDSIM_PASSWORD", "from the environment")
    assert password(options.target_of(parse("--connect", "h:1"))) == "from the environment"
    assert password(options.target_of(parse("--connect", "h:1", "--password", "given"))) == "given"
    from_file = options.target_of(parse("--connect", "h:1", "--password-file", str(file)))
    assert password(from_file).encode("utf-8", "surrogateescape") == b"from a file \xff"
    monkeypatch.delenv("FDSIM_PASSWORD")
    with pytest.raises(UsageError, match="no password: use --password-file FILE"):
        options.target_of(parse("--connect", "h:1"))
    file.write_bytes(b"")
    with pytest.raises(UsageError, match="is empty: its first line should be the password"):
        options.target_of(parse("--connect", "h:1", "--password-file", str(file)))
    with pytest.raises(SystemExit):
        parse("--connect", "h:1", "--password", "x", "--password-file", str(file))
