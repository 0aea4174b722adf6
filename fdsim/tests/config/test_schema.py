from __future__ import annotations

import pytest

from fdsim.config import values
from fdsim.config.errors import ConfigError
from fdsim.config.lexer import tokens
from fdsim.config.parser import parse
from fdsim.config.resources import RESOURCES
from fdsim.config.schema import Definition, Ignored, Record, Repeat, Type, key, read, table

NAME = Definition("Name", Type(values.name, Repeat.REFUSED), "name", required=True)
BOX = table(
    "Box",
    NAME,
    Definition("Max Size", Type(values.size, Repeat.REPLACES), "size"),
    Definition("Item", Type(values.text, Repeat.ADDS)),
    Definition("Colour", Type(values.text, Repeat.REFUSED), effective=False),
    Definition("Lid", Type(values.name, Repeat.REFUSED), "lid", refers_to="Lid"),
    Definition("Locked", Type(values.boolean, Repeat.REPLACES), refused="there are no locks"),
)
LID = table("Lid", NAME, Definition("Colour", Type(values.text, Repeat.REFUSED), effective=False), effective=False)
TABLES = {"box": BOX, "crate": BOX, "lid": LID}


def read_text(text: str) -> tuple[tuple[Record, ...], tuple[Ignored, ...]]:
    return read(parse(tokens(text, "f")), TABLES)


def test_a_record_gives_fields_and_values() -> None:
    (record,), ignored = read_text('B O X { Name = a; maxsize = 1k; MAX SIZE = 2k; item = x\nItem = "y z" }')
    assert record.kind == "Box"
    assert record.fields() == {"name": "a", "size": 2048}
    assert record.values("Item") == ("x", "y z")
    assert [entry.value for entry in record.named("Name", "Item")] == ["a", "x", "y z"]
    assert ignored == ()


def test_another_name_of_a_resource_makes_the_same_kind() -> None:
    (record,), _ = read_text("Crate { Name = a }")
    assert record.kind == "Box"


def test_what_has_no_effect_is_told_with_its_place() -> None:
    _, ignored = read_text("\nBox { Name = a\nCol our = red }\nLid { Name = l; Colour = blue }")
    assert [str(one) for one in ignored] == ["f:3: Colour has no effect here", "f:4: Lid has no effect here"]


def test_words_behind_a_value_are_told_without_repeating_them() -> None:
    _, ignored = read_text('Box { Name = a\nItem = "x" "y"\nItem = /a b # c\n}')
    assert [str(one) for one in ignored] == [
        "f:2: Item is followed by more words, which are ignored",
        "f:3: Item is followed by more words, which are ignored",
    ]


def test_a_reference_may_point_forward() -> None:
    (record, _), _ = read_text("Box { Name = a; Lid = l }\nLid { Name = l }")
    assert record.fields()["lid"] == "l"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("\nBoxx { }", 2, "there is no resource Boxx; did you mean Box?"),
        ("Zzz { }", 1, "there is no resource Zzz; known are Box, Lid"),
        ("Box {\nName = a\nItm = x }", 3, "Box has no directive Itm; did you mean Item?"),
        ("Box {\nQ = x }", 2, "Box has no directive Q; known are Colour, Item, Lid, Locked, Max Size, Name"),
        ("Box { Name = a\nBox {\nName = b } }", 2, "a Box within the Box of f:1; is its '}' missing?"),
        ("\nBox { Item = x }", 2, "this Box has no Name; add 'Name = ...'"),
        ("Box {\nName = a\nName = b }", 3, "a second Name in one Box, the first is at f:2"),
        ("Box { Name = a }\nCrate { Name = a }", 2, "a second Box named 'a', the first is at f:1"),
        ("Box { Name = a\nLid = L }\nLid { Name = l }", 2, "Lid = there is no Lid named 'L'"),
        ("Box { Name = a\nLocked = yes }", 2, "Locked = yes cannot be honoured: there are no locks; set it to no"),
        ("Box { Name = a\nItem { x = y } }", 2, "Item = a text is expected, not a block"),
    ],
)
def test_faults_are_told_with_place_and_remedy(text: str, line: int, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_text(text)
    assert str(error.value).startswith(f"f:{line}: ")
    assert says in str(error.value)


def test_a_refused_switch_may_be_off() -> None:
    (record,), _ = read_text("Box { Name = a; Locked = no }")
    assert record.values("Locked") == (False,)


def test_names_of_resources_differ_by_case() -> None:
    records, _ = read_text("Box { Name = a }\nBox { Name = A }")
    assert [record.fields()["name"] for record in records] == ["a", "A"]


def test_the_tables_of_bacula_fd_are_sound() -> None:
    for name, resource in RESOURCES.items():
        assert name == key(name)
        for row_name, row in resource.definitions.items():
            assert row_name == key(row.name)
            assert not row.refers_to or key(row.refers_to) in RESOURCES
