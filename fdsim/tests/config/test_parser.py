from __future__ import annotations

import pytest

from fdsim.config.errors import ConfigError
from fdsim.config.lexer import tokens
from fdsim.config.parser import Block, Directive, parse


def parsed(text: str) -> tuple[Block, ...]:
    return parse(tokens(text, "f"))


def outline(block: Block) -> tuple[str, list[object]]:
    """A block as plain values, so that expectations can be written down."""
    return block.name, [
        outline(one.block) if one.block else (one.name, *(token.text for token in one.words))
        for one in block.directives
    ]


@pytest.mark.parametrize(
    "text",
    [
        "R { A = 1; B = x, y }",
        "R\n{\nA = 1\nB = x, y\n}\n",
        ";;R{;A=1;;\n;B=x,y;};",
        "R { A\n= 1\n B = x, \\\n y # }\n}",
    ],
)
def test_directives_end_with_the_line_a_semicolon_or_the_block(text: str) -> None:
    assert [outline(block) for block in parsed(text)] == [("R", [("A", "1"), ("B", "x", ",", "y")])]


def test_a_value_may_hold_equals_signs() -> None:
    (block,) = parsed("Messages { director = d = all, !saved }")
    assert outline(block) == ("Messages", [("director", "d", "=", "all", ",", "!saved")])


def test_blocks_nest_with_and_without_an_equals_sign() -> None:
    text = """
    FileDaemon { FDAddresses = { ip = { addr = ::1; port = 1 } ipv4 =
      { addr = h } }
      Name = x }
    FileSet {
      Name = "All"
      Include { Options { Signature = MD5; WildFile = "*.o" }
        File = "/a b"; File = /c
      }
      Exclude { File = /d }
    }
    """
    assert [outline(block) for block in parsed(text)] == [
        (
            "FileDaemon",
            [
                ("FDAddresses", [("ip", [("addr", "::1"), ("port", "1")]), ("ipv4", [("addr", "h")])]),
                ("Name", "x"),
            ],
        ),
        (
            "FileSet",
            [
                ("Name", "All"),
                (
                    "Include",
                    [
                        ("Options", [("Signature", "MD5"), ("WildFile", "*.o")]),
                        ("File", "/a b"),
                        ("File", "/c"),
                    ],
                ),
                ("Exclude", [("File", "/d")]),
            ],
        ),
    ]


def test_a_directive_tells_how_it_was_written() -> None:
    (block,) = parsed("R { A = 1\nB = 2 }\n")
    (other,) = parsed("R { A { }\nB = { } }\n")
    assert [(one.place.line, one.closing) for one in block.directives] == [(1, False), (2, True)]
    assert [one.assigned for one in other.directives] == [False, True]


def test_an_empty_value_is_left_to_those_who_know_the_directive() -> None:
    (block,) = parsed("R { A =\n B = ; C = }")
    assert block.directives == (
        Directive("A", block.directives[0].place),
        Directive("B", block.directives[1].place),
        Directive("C", block.directives[2].place, closing=True),
    )


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("R {\nA = 1\n", 1, "R opened here is not closed"),
        ("R\n{\nA {\nB = 1\n}\n", 2, "R opened here is not closed"),
        ("R {\nA = {\nB = 1\n", 2, "A opened here is not closed"),
        ("R { }\n}\n", 2, "name of a resource is expected here, not '}'"),
        ('"R" { }', 1, "name of a resource is expected here, not a quoted text"),
        ("R = { }", 1, "has no block"),
        ("R", 1, "has no block"),
        ("R { A 1 }", 1, "'=' is missing after A1"),
        ("R { A }", 1, "'=' is missing after A"),
        ("R { A\nB = 1 }", 1, "'=' is missing after A"),
        ("R { A , }", 1, "'=' is missing after A"),
        ("R { A = b { }", 1, "within the value of A"),
        ("R { = 1 }", 1, "name of a directive of R is expected here, not '='"),
        ('R { "A" = 1 }', 1, "name of a directive of R is expected here, not a quoted text"),
        ("R { 1 = 1 }", 1, "name of a directive of R is expected here, not '1'"),
        ("a{" * 10_000, 1, "nested more than 8 deep"),
    ],
)
def test_a_misplaced_brace_or_sign_is_an_error_at_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        parsed(text)
    assert says in str(error.value)
    assert error.value.line == line
