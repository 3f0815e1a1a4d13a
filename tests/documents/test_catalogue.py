from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import chapterv
from chapterv.documents import texts
from chapterv.errors import RenderError

PACKAGE = Path(chapterv.__file__).parent
READERS = [
    *sorted((PACKAGE / "documents").rglob("*.html")),
    *sorted((PACKAGE / "documents").glob("*.py")),
    *sorted((PACKAGE / "dossier").glob("report*.py")),
    PACKAGE / "cli" / "report.py",
]
CALL = re.compile(r"""(?:\bt|words|\.count|\.name)\(\s*f?["']([^"']+)["']( ~ )?""")
OTHER = re.compile(r'"([a-z_]+\.[a-z_.]+)"')


def used() -> tuple[set[str], set[str]]:
    """Keys that the readers name whole, and beginnings of those that they put together."""
    whole: set[str] = set()
    begun: set[str] = set()
    for path in READERS:
        source = path.read_text("utf-8")
        for key, joined in CALL.findall(source):
            if joined or "{" in key:
                begun.add(key.partition("{")[0])
            else:
                whole.add(key)
        for group in re.findall(r"""\.name\(\s*["']([a-z_.]+)["']""", source):
            begun.add(f"{group}.")
        whole |= set(OTHER.findall(source))
    return whole, begun


def bare(key: str) -> str:
    return key.removesuffix(".one").removesuffix(".other")


def test_every_text_that_is_asked_for_is_there() -> None:
    known = {bare(key) for key in texts().words} | set(texts().words)
    groups = {key.rpartition(".")[0] for key in texts().words}
    named = set()
    for path in READERS:
        for key, joined in CALL.findall(path.read_text("utf-8")):
            if not joined and "{" not in key and "." in key:
                named.add(key)
    assert {key for key in named if key not in known and key not in groups} == set()


def test_every_text_is_used() -> None:
    whole, begun = used()
    beginnings = tuple(begun)
    idle = [
        key for key in texts().words if bare(key) not in whole and not key.startswith(beginnings)
    ]
    assert idle == []


def test_texts_that_count_have_both_forms() -> None:
    words = texts().words
    for key in words:
        if key.endswith(".one"):
            assert f"{bare(key)}.other" in words
        if key.endswith(".other"):
            assert f"{bare(key)}.one" in words


def test_texts_hold_named_values_and_no_markup() -> None:
    for key, text in texts().words.items():
        fields = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
        assert all(name.isidentifier() for name in fields), key
        assert "<" not in text, key


def test_templates_hold_no_words_of_their_own() -> None:
    for path in (PACKAGE / "documents" / "templates").rglob("*.html"):
        source = path.read_text("utf-8")
        bare_text = re.sub(r"\{[{%#].*?[}%#]\}|<[^>]*>", " ", source, flags=re.DOTALL)
        assert re.findall(r"[A-Za-z]{2,}", bare_text) == [], path.name


def test_the_right_form_goes_with_a_count() -> None:
    words = texts()
    assert words.count("left.days", 1) == "1 day left"
    assert words.count("left.days", 1_200) == "1\u202f200 days left"


def test_a_missing_text_or_value_or_language_is_told() -> None:
    with pytest.raises(RenderError, match=r"no 'verdict\.nothing'"):
        texts()("verdict.nothing")
    with pytest.raises(RenderError, match="cannot be filled"):
        texts()("law.pack", title="x")
    with pytest.raises(RenderError, match="'tlh'"):
        texts("tlh")


def test_a_word_without_a_text_is_shown_as_it_is() -> None:
    assert texts().name("document", "an_unknown_one") == "an unknown one"
