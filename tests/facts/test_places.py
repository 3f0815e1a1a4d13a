"""Line numbers of keys and tables in TOML."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.errors import InputError
from chapterv.facts.places import Path, Places, locate, path_text

TEXT = '''\
top = 1
"quoted.key" = """
[not.a.table]
x = 2
"""
[model]  # a remark
licence = { value = "a, {b", source = { file = "x" } }
list = [ # one
  { a = 1, b = [2] },
  { a = 3 },
]
dotted . name = \'\'\'a'b\'\'\'
[[run]]
tokens = 1
[run.note]
text = "#"
[[run]]
tokens = 2
'''


def test_each_key_has_the_line_it_stands_on() -> None:
    places = locate(TEXT)
    assert {path_text(path): line for path, line in places.keys.items()} == {
        "top": 1,
        "quoted.key": 2,
        "model": 6,
        "model.licence": 7,
        "model.licence.value": 7,
        "model.licence.source": 7,
        "model.licence.source.file": 7,
        "model.list": 8,
        "model.list[0].a": 9,
        "model.list[0].b": 9,
        "model.list[1].a": 10,
        "model.dotted.name": 12,
        "run": 13,
        "run[0]": 13,
        "run[0].tokens": 14,
        "run[0].note": 15,
        "run[0].note.text": 16,
        "run[1]": 17,
        "run[1].tokens": 18,
    }


def test_path_without_a_place_has_that_of_the_nearest_around_it() -> None:
    assert locate(TEXT).line(("model", "licence", "note")) == 7
    assert locate(TEXT).line(("absent",)) is None


def test_tables_reach_to_the_next_header() -> None:
    assert [(table.line, table.last) for table in locate(TEXT).tables] == [
        (6, 12),
        (13, 14),
        (15, 16),
        (17, 19),
    ]


def test_statement_covers_all_its_lines() -> None:
    statement = locate(TEXT).statement_at(10)
    assert statement is not None
    assert (statement.first, statement.last, statement.header) == (8, 11, False)


@pytest.mark.parametrize("text", ["x = " + "[" * 20, "x = " + "{a=" * 20, "[" + "a." * 9 + "a]"])
def test_nesting_is_bounded(text: str) -> None:
    with pytest.raises(InputError, match=r"^file:1: "):
        locate(text, "file")


@given(st.text(alphabet="ab.=[]{}\"'#\\\n\r ,1", max_size=80))
def test_any_text_can_be_located(text: str) -> None:
    try:
        places = locate(text)
    except InputError:
        return
    assert isinstance(places, Places)
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert _paths(tables) <= set(places.keys) | _around(places)


def _paths(value: Any, path: Path = ()) -> set[Path]:
    """The paths of all keys of a document."""
    found: set[Path] = set()
    if isinstance(value, dict):
        for key, inner in value.items():
            found |= {(*path, key)} | _paths(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            found |= _paths(inner, (*path, number))
    return found


def _around(places: Places) -> set[Path]:
    """Tables that exist only because something stands in them."""
    return {path[:length] for path in places.keys for length in range(len(path))}
