"""FileSets in the lines of a real Director."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.fileset import PATTERNS, Block, FileSet, FileSetReader, Line, Options, parse_line

TREE = b"/srv/fdsim-lab/tree"
A = TREE + b"/a.txt"

# What bacula-dir 9.6.7 sent to bacula-fd 9.6.7 between "fileset vss=1" and the EOD (2026-11-24).
BASIC = ([b"I\n", b"O M\n", b"N\n", b"F " + TREE, b"N\n", b"N\n"], FileSet((Block((TREE,), (Options("M"),)),)))
MANY_LETTERS = (
    [b"I\n", b"O S2Z6fskmAXVpins5:Cmcs:cP1:\n", b"N\n", b"F " + TREE, b"N\n", b"N\n"],
    FileSet((Block((TREE,), (Options("S2Z6fskmAXVpins5:Cmcs:cP1:"),)),)),
)
NO_LETTERS = ([b"I\n", b"O \n", b"N\n", b"F " + A, b"N\n", b"N\n"], FileSet((Block((A,), (Options(),)),)))
TWO_OPTIONS = (
    [b"I\n", b"O S3000wK\n", b"N\n", b"O ae\n", b"N\n", b"F " + TREE, b"N\n", b"N\n"],
    FileSet((Block((TREE,), (Options("S3000wK"), Options("ae"))),)),
)
RULES = (
    [
        b"I\n",
        b"Z .nobackup\n",
        b"O Me\n",
        b"W *~\n",
        b"WD */cache\n",
        b"WF *.o\n",
        b"N\n",
        b"O Mi\n",
        b"R ^.*/a b$\n",
        b"RD /tmp[0-9]$\n",
        b"RF .bak$\n",
        b"WF core\n",
        b"X ext2\n",
        b"X xfs\n",
        b"N\n",
        b"F /srv/fdsim-lab/tree",
        b"F /srv/fdsim-lab/with blank",
        b"N\n",
        b"N\n",
        b"I\n",
        b"F /srv/fdsim-lab/other",
        b"N\n",
        b"N\n",
        b"E\n",
        b"F /srv/fdsim-lab/tree/sub",
        b"F /srv/fdsim-lab/tree/old",
        b"N\n",
        b"N\n",
    ],
    FileSet(
        (
            Block(
                files=(b"/srv/fdsim-lab/tree", b"/srv/fdsim-lab/with blank"),
                options=(
                    Options("Me", ((Line.WILD, b"*~"), (Line.WILD_DIRECTORY, b"*/cache"), (Line.WILD_FILE, b"*.o"))),
                    Options(
                        "Mi",
                        (
                            (Line.REGEX, b"^.*/a b$"),
                            (Line.REGEX_DIRECTORY, b"/tmp[0-9]$"),
                            (Line.REGEX_FILE, b".bak$"),
                            (Line.WILD_FILE, b"core"),
                            (Line.FILESYSTEM, b"ext2"),
                            (Line.FILESYSTEM, b"xfs"),
                        ),
                    ),
                ),
                exclude_directory_containing=(b".nobackup",),
            ),
            Block(files=(b"/srv/fdsim-lab/other",)),
        ),
        (Block(files=(b"/srv/fdsim-lab/tree/sub", b"/srv/fdsim-lab/tree/old")),),
    ),
)
PLUGIN = (
    [b"I\n", b"O M\n", b"N\n", b"F " + A, b"N\n", b"P bpipe:/fdsim/pipe:echo one two:cat", b"N\n"],
    FileSet((Block((A,), (Options("M"),), (b"bpipe:/fdsim/pipe:echo one two:cat",)),)),
)
WRITTEN = [BASIC, MANY_LETTERS, NO_LETTERS, TWO_OPTIONS, RULES, PLUGIN]
# Lines that the Director took from a file of its own end with a newline, and so does the path of ".ls", which lacks the
# last N.
LISTED = (
    [
        b"I\n",
        b"O M\n",
        b"N\n",
        b"F /srv/fdsim-lab/tree/a.txt\n",
        b"F \n",
        b"F # a comment?\n",
        b"F </srv/fdsim-lab/list",
        b"F |echo /srv/fdsim-lab/tree/a.txt",
        b"N\n",
        b"N\n",
    ],
    FileSet(
        (
            Block(
                (A, b"", b"# a comment?", b"</srv/fdsim-lab/list", b"|echo /srv/fdsim-lab/tree/a.txt"),
                (Options("M"),),
            ),
        )
    ),
)
LS = ([b"I\n", b"O h\n", b"N\n", b"F " + TREE + b"\n", b"N\n"], FileSet((Block((TREE,), (Options("h"),)),)))


def read(lines: list[bytes]) -> FileSet:
    reader = FileSetReader()
    for line in lines:
        reader.add(line)
    return reader.fileset()


@pytest.mark.parametrize(("lines", "fileset"), [*WRITTEN, LISTED, LS])
def test_lines_of_a_real_director_are_read(lines: list[bytes], fileset: FileSet) -> None:
    assert read(lines) == fileset


@pytest.mark.parametrize(("lines", "fileset"), WRITTEN)
def test_lines_are_written_as_a_real_director_does(lines: list[bytes], fileset: FileSet) -> None:
    assert list(fileset.lines()) == lines


def test_order_of_patterns() -> None:
    # DIR-FSET-19; the two orders of RULES are part of it.
    assert [line.value for line in PATTERNS] == ["R", "RD", "RF", "W", "WD", "WF", "WB", "B", "X", "XD", "G", "D", "T"]
    for options in RULES[1].includes[0].options:
        order = [PATTERNS.index(line) for line, _ in options.patterns]
        assert order == sorted(order)


@pytest.mark.parametrize(
    ("payload", "line", "item"),
    [
        (b"I\n", Line.INCLUDE, b""),
        (b"I", Line.INCLUDE, b""),
        (b"E\n", Line.EXCLUDE, b""),
        (b"N\n", Line.END_OPTIONS, b""),
        # A real bacula-fd 9.6.7 found the file of this line (probe, 2026-11-24).
        (b"F /srv/fdsim-lab/tree/a.txt \t\n", Line.FILE, A),
        (b"F /a b", Line.FILE, b"/a b"),
        (b"F  /a", Line.FILE, b" /a"),
        (b"F /a\0", Line.FILE, b"/a"),
        (b"F", Line.FILE, b""),
        (b"F caf\xe9\n", Line.FILE, b"caf\xe9"),
        (b"WB *.o\n", Line.WILD_BASE, b"*.o"),
        (b"XD fixed\n", Line.DRIVE, b"fixed"),
        (b"B Base\n", Line.BASE_JOB, b"Base"),
        (b"G plugin: x\n", Line.PLUGIN_OPTION, b"plugin: x"),
        (b"D reader\n", Line.READER, b"reader"),
        (b"T writer\n", Line.WRITER, b"writer"),
        (b"RD x\n", Line.REGEX_DIRECTORY, b"x"),
        (b"RD", Line.REGEX_DIRECTORY, b""),
    ],
)
def test_single_lines(payload: bytes, line: Line, item: bytes) -> None:
    assert parse_line(payload) == (line, item)


# To the first one a real bacula-fd 9.6.7 answered "Fatal error: Invalid FileSet command: what" (probe, 2026-11-24).
@pytest.mark.parametrize(
    "payload", [b"Q what\n", b"", b"\n", b" ", b" F /a", b"F/a", b"RX a", b"WW a", b"f /a", b"\xff x", b"\xff\xfe x"]
)
def test_unknown_lines(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match=r"unknown line b['\"].* in a FileSet"):
        FileSetReader().add(payload)


@pytest.mark.parametrize("payload", [b"F /a", b"O M\n", b"N\n", b"W *\n", b"P x", b"Z x\n"])
def test_lines_outside_a_block(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="of a FileSet outside an Include or Exclude"):
        FileSetReader().add(payload)


def test_reader_says_how_it_understood_a_line() -> None:
    reader = FileSetReader()
    assert reader.add(b"I\n") == (Line.INCLUDE, b"")
    assert reader.add(b"W *~\n") == (Line.WILD, b"*~")
    assert reader.add(b"P x") == (Line.PLUGIN, b"x")


def test_nothing_is_a_fileset_too() -> None:
    assert read([]) == FileSet()  # DIR-FSET-21
    assert list(FileSet().lines()) == []


def test_several_option_lines_of_one_block_add_up() -> None:
    fileset = read([b"I\n", b"O M\n", b"W a\n", b"O Z6\n", b"W b\n", b"N\n"])
    assert fileset.includes[0].options == (Options("MZ6", ((Line.WILD, b"a"), (Line.WILD, b"b"))),)


def test_patterns_without_option_line() -> None:
    fileset = read([b"I\n", b"W a\n", b"N\n", b"R b\n"])
    assert fileset.includes[0].options == (Options("", ((Line.WILD, b"a"),)), Options("", ((Line.REGEX, b"b"),)))


def test_new_block_ends_options_that_were_left_open() -> None:
    fileset = read([b"I\n", b"O M\n", b"E\n", b"O e\n", b"I\n", b"W x\n"])
    assert fileset == FileSet(
        (Block(options=(Options("M"),)), Block(options=(Options("", ((Line.WILD, b"x"),)),))),
        (Block(options=(Options("e"),)),),
    )


ITEMS = st.binary(max_size=12).map(lambda item: item.partition(b"\0")[0].rstrip(b" \t\r\n\v\f"))
LETTERS = st.text(st.sampled_from("MSZVCJPaefims0123:"), max_size=8)
BLOCKS = st.builds(
    Block,
    st.lists(ITEMS, max_size=3).map(tuple),
    st.lists(
        st.builds(Options, LETTERS, st.lists(st.tuples(st.sampled_from(PATTERNS), ITEMS), max_size=3).map(tuple)),
        max_size=3,
    ).map(tuple),
    st.lists(ITEMS, max_size=2).map(tuple),
    st.lists(ITEMS, max_size=2).map(tuple),
)
FILESETS = st.builds(FileSet, st.lists(BLOCKS, max_size=3).map(tuple), st.lists(BLOCKS, max_size=2).map(tuple))


@given(FILESETS)
def test_every_fileset_comes_back(fileset: FileSet) -> None:
    assert read(list(fileset.lines())) == fileset


CODES = st.sampled_from([line.value.encode() for line in Line])
LINES = st.binary(max_size=20) | st.builds(lambda code, item: code + b" " + item, CODES, st.binary(max_size=8))


@given(st.lists(LINES, max_size=12))
def test_any_lines_give_a_fileset_or_a_protocol_error(lines: list[bytes]) -> None:
    reader = FileSetReader()
    for line in lines:
        try:
            reader.add(line)
        except RemoteProtocolError:
            continue
    fileset = reader.fileset()
    assert len(fileset.includes) + len(fileset.excludes) <= len(lines)
