from __future__ import annotations

import pytest

from fdsim.config import messages
from fdsim.config.errors import ConfigError
from fdsim.config.lexer import tokens
from fdsim.config.messages import Destination
from fdsim.config.parser import parse
from fdsim.config.values import Words

# Written down here once more on purpose (DIR-CFG-15, DIR-CFG-16).
ALL = {
    *("abort", "alert", "error", "errorterm", "fatal", "info", "mount", "notsaved", "restored", "security"),
    *("skipped", "terminate", "verified", "volmgmt", "warning"),
}


def words(value: str, name: str = "Director") -> Words:
    (block,) = parse(tokens(f"R {{ {name} = {value}\n}}", "f"))
    return Words(block.directives[0], name)


def types(value: str) -> set[str]:
    (one,) = messages.destinations([messages.rule_with_target(words(f"d = {value}"))])
    return set(one.types)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("all", ALL),
        ("ALL, !Skipped", ALL - {"skipped"}),
        ("all,!skipped,!restored", ALL - {"skipped", "restored"}),
        ('"all", "!skipped"', ALL - {"skipped"}),
        ("all, \\\n !skipped", ALL - {"skipped"}),
        ("!skipped, all", ALL),
        ("all, debug, saved", ALL | {"debug", "saved"}),
        ("error, fatal", {"error", "fatal"}),
        ("error, !error", set()),
        ("!error", set()),
        ("all, !all, !error", ALL - {"error"}),
        ("events, Events.Custom, !events", {"events.custom"}),
    ],
)
def test_types_are_added_and_removed_from_left_to_right(written: str, expected: set[str]) -> None:
    assert types(written) == expected


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("foo", "no type of messages 'foo'"),
        ("!skiped", "'!skiped' .* did you mean skipped"),
        ("all !skipped", "'all!skipped' .a ',' stands between two"),
        ("error fatal", "'errorfatal'"),
        ("all, ! skipped", "'!'"),
        ("all,", "a type of messages is expected, not the end of the line"),
        ("all,,error", "a type of messages is expected, not ','"),
        ("1", "not a number"),
        ('"all, !skipped"', "no type"),
        ("events.", "no type"),
    ],
)
def test_unknown_types_are_refused(written: str, says: str) -> None:
    with pytest.raises(ConfigError, match=rf"^f:1: Director = .*{says}"):
        types(written)


def test_a_rule_knows_its_targets() -> None:
    rule = messages.rule_with_target(words('d, "e f", /g = error'))
    assert messages.destinations([rule]) == (Destination("director", ("d", "e f", "/g"), frozenset({"error"})),)


@pytest.mark.parametrize("written", ["d", "= all", "d, = all", "", "d e"])
def test_a_target_is_needed_before_the_types(written: str) -> None:
    with pytest.raises(ConfigError, match=r"^f:1: Director = "):
        messages.rule_with_target(words(written))


def test_some_destinations_have_no_target() -> None:
    rule = messages.rule(words("error", "Std out"))
    assert messages.destinations([rule]) == (Destination("stdout", (), frozenset({"error"})),)


def test_later_rules_change_what_earlier_ones_of_the_same_destination_set() -> None:
    rules = [messages.rule_with_target(words(value)) for value in ("d = error, info", "e = error", "d = fatal, !info")]
    assert messages.destinations(rules) == (
        Destination("director", ("d",), frozenset({"error", "fatal"})),
        Destination("director", ("e",), frozenset({"error"})),
    )


def test_a_removal_of_all_is_noted_as_meaningless() -> None:
    value = words("d = all, !all")
    messages.rule_with_target(value)
    assert [(place.line, text) for place, text in value.notices] == [(1, "the '!' before 'all' is ignored")]
