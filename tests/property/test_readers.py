"""Properties of readers: strict decoding, and no input that a scan does not survive."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.errors import InputError
from chapterv.evidence.artefacts import printable
from chapterv.evidence.strict import decode_json, decode_yaml
from scripts.soak import MUTATIONS, mutated, samples

ROOT = Path(__file__).resolve().parents[2]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | texts
    | st.floats(allow_nan=False, width=32).filter(math.isfinite),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_what_json_writes_is_read_back(value: Any) -> None:
    assert decode_json(json.dumps(value).encode(), "x") == value


@given(plain, texts, plain, plain)
def test_a_key_that_stands_twice_is_refused_at_any_depth(
    outer: Any, key: str, one: Any, other: Any
) -> None:
    name = json.dumps(key)
    twice = f"{{{name}: {json.dumps(one)}, {name}: {json.dumps(other)}}}"
    with pytest.raises(InputError, match="stands twice"):
        decode_json(f"[{json.dumps(outer)}, {twice}]".encode(), "x")


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_an_input_error(data: bytes) -> None:
    with contextlib.suppress(InputError):
        decode_json(data, "x")


@given(st.text(max_size=200))
def test_any_text_is_yaml_or_an_input_error(text: str) -> None:
    with contextlib.suppress(InputError):
        decode_yaml(text, "x")


@given(st.dictionaries(texts.filter(bool), texts, max_size=6))
def test_json_texts_are_yaml_of_the_same_meaning(table: dict[str, str]) -> None:
    assert decode_yaml(json.dumps(table), "x") == table


@given(st.text(max_size=50))
def test_what_is_shown_is_printable(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    shown.encode("utf-8")


def test_every_format_and_every_mutation_comes_up() -> None:
    names = {mutated(number, seed=1)[0] for number in range(300)}
    assert names == set(samples())
    assert len(MUTATIONS) >= 8


def test_mutated_files_stop_no_scan() -> None:
    command = [sys.executable, "scripts/soak.py", "--count", "2000", "--seed", "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "2000 inputs" in done.stdout
    assert " 0 failed" in done.stdout
