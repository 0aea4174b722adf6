import argparse
import json
import os
import stat
from pathlib import Path

import pytest

from fdsim.cli import tree


def fdsim(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser(prog="fdsim")
    tree.add_parser(parser.add_subparsers(required=True))
    parsed = parser.parse_args(["tree", "diff", *map(str, arguments)])
    status: int = parsed.run(parsed)
    return status


def settle(*roots: Path) -> None:
    for root in roots:
        for path in (*root.iterdir(), root):
            os.utime(path, (1000, 1000), follow_symlinks=False)


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    for root in (tmp_path / "a", tmp_path / "b"):
        root.mkdir(mode=0o755)
        (root / "x").write_bytes(b"contents")
        settle(root)
    return tmp_path / "a", tmp_path / "b"


def test_equal_trees(roots: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert fdsim(*roots) == 0
    assert capsys.readouterr().out == "no difference; compared 2 entries and 8 bytes of contents\n"


def test_a_table_of_the_differences(roots: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    (roots[1] / "x").chmod(0o600)
    (roots[0] / "\x1b[2J\udcff").touch()
    (roots[0] / "0644").touch()
    settle(*roots)
    assert fdsim(*roots) == 1
    assert capsys.readouterr().out == (
        "path         aspect    A             B\n"
        "-----------  --------  ------------  -------\n"
        "\\x1b[2J\\xff  presence  regular file  missing\n"
        "0644         presence  regular file  missing\n"
        "x            mode      0644          0600\n"
        "3 differences; compared 4 entries and 8 bytes of contents\n"
    )


def test_the_summary_tells_what_was_left_out(roots: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("s", "t"):
        os.mknod(roots[0] / name, stat.S_IFSOCK | 0o600)
    settle(*roots)
    os.utime(roots[1] / "x", ns=(0, 1_000_000_000_001))
    os.setxattr(roots[1] / "x", "user.k", b"v")
    assert fdsim("--no-xattrs", *roots) == 0
    assert capsys.readouterr().out == (
        "no difference; compared 4 entries and 8 bytes of contents\n"
        "2 sockets not compared: Bacula does not save them\n"
        "1 mtime within the second not compared: Bacula keeps whole seconds\n"
        "1 extended attribute not compared: taken as not kept by the backup\n"
    )
    assert fdsim("--exact", *roots) == 1
    assert "4 differences;" in capsys.readouterr().out
    assert fdsim("--profile", "exact", "--no-xattrs", *roots) == 1
    assert "3 differences;" in capsys.readouterr().out


def test_holes_count_where_the_fileset_keeps_them(roots: tuple[Path, Path]) -> None:
    with (roots[0] / "x").open("wb") as file:
        file.truncate(2**20)
    (roots[1] / "x").write_bytes(bytes(2**20))
    settle(*roots)
    assert fdsim(*roots) == 0
    assert fdsim("--sparse", *roots) == 1


def test_a_limit_shortens_the_table_only(roots: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(120):
        (roots[1] / f"{number}").touch()
    settle(*roots)
    assert fdsim(*roots) == 1
    assert "... and 20 more (--limit 0 shows all)\n120 differences;" in capsys.readouterr().out
    assert fdsim("--limit", "0", *roots) == 1
    assert "more" not in capsys.readouterr().out


def test_json(roots: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    os.mknod(roots[0] / "s", stat.S_IFSOCK | 0o600)
    (roots[1] / "\udcff").touch()
    (roots[1] / "é").touch()
    settle(*roots)
    assert fdsim("--json", "--limit", "1", *roots) == 1
    assert json.loads(capsys.readouterr().out) == {
        "A": str(roots[0]),
        "B": str(roots[1]),
        "profile": "bacula",
        "equal": False,
        "count": 2,
        "entries": 5,
        "bytes": 8,
        "left_out": [
            {"what": "sockets", "count": 1, "text": "1 socket not compared: Bacula does not save them"},
        ],
        "differences": [{"path": "é", "aspect": "presence", "A": "missing", "B": "regular file"}],
    }


def test_a_root_that_is_missing(roots: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert fdsim(roots[0], roots[1] / "no") == 2
    output = capsys.readouterr()
    assert output.err == f"fdsim tree diff: cannot compare the tree {roots[1]}/no: there is no such directory\n"
    assert not output.out


@pytest.mark.parametrize("arguments", [["a"], ["a", "b", "--limit", "-1"], ["a", "b", "--profile", "tar"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        fdsim(*arguments)
    assert stop.value.code == 2
    assert "error: " in capsys.readouterr().err
