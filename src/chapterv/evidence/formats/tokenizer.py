"""Tokenizers: how many tokens they know and of which class they are.

`tokenizer.json` is the whole tokenizer (model, vocabulary, added tokens); `tokenizer_config.json`
holds its settings. The vocabulary of a configuration is that of the embedding, often padded, so it
is another key than the tokenizer's size.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

import msgspec

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.registry import Found, reader
from chapterv.evidence.results import Note
from chapterv.evidence.strict import decode_json

__all__ = ["read_generation", "read_tokenizer", "read_tokenizer_settings"]

MAX_TOKENIZER = 64 * 1024 * 1024
MAX_VALUES = 2_000_000
MAX_SETTINGS = 16 * 1024 * 1024
MAX_GENERATION = 1024 * 1024
_FIX = "Write the tokenizer again with the program that made it."


class _Added(msgspec.Struct, frozen=True):
    id: int
    content: str


class _Model(msgspec.Struct, frozen=True):
    vocab: dict[str, int] | list[Any] = {}
    type: str | None = None


class _Tokenizer(msgspec.Struct, frozen=True):
    """The parts that are read; a decoder that skips the rest spares memory on 30 MB of merges."""

    model: _Model
    added_tokens: list[_Added] = []


@cache
def _decoder() -> msgspec.json.Decoder[_Tokenizer]:
    return msgspec.json.Decoder(_Tokenizer)


@reader("tokenizer", version="1", names=("tokenizer.json",))
def read_tokenizer(artefact: Artefact) -> Iterator[Found]:
    """Read the kind and the size of a tokenizer."""
    data = artefact.read(MAX_TOKENIZER)
    if data.count(b",") > MAX_VALUES:
        raise InputError(f"more than {MAX_VALUES} values", artefact.path, _FIX)
    try:
        tokenizer = _decoder().decode(data)
    except msgspec.ValidationError as error:
        raise InputError(str(error).replace("`", ""), artefact.path, _FIX) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not JSON in UTF-8: {error}"[:200], artefact.path, _FIX) from None
    except RecursionError:
        raise InputError("nested too deeply", artefact.path, _FIX) from None
    vocabulary: Collection[str] | list[Any] = tokenizer.model.vocab
    if isinstance(vocabulary, list):
        # Unigram models hold pairs of text and score.
        vocabulary = {item[0] for item in vocabulary if isinstance(item, list) and _is_piece(item)}
    # Added tokens may stand in the vocabulary already.
    added = {token.content for token in tokenizer.added_tokens}
    size = len(vocabulary) + sum(token not in vocabulary for token in added)
    yield artefact.fact("model.tokenizer_size", size, "/model/vocab")
    if tokenizer.model.type:
        yield artefact.fact("model.tokenizer_class", tokenizer.model.type, "/model/type")
    if added:
        yield Note(artefact.path, f"{len(added)} added tokens, counted in the size")


def _is_piece(item: list[Any]) -> bool:
    return bool(item) and isinstance(item[0], str)


@reader("tokenizer-settings", version="1", names=("tokenizer_config.json",))
def read_tokenizer_settings(artefact: Artefact) -> Iterator[Found]:
    """Read the class that a tokenizer's settings name."""
    table = _table(artefact, MAX_SETTINGS)
    name = table.get("tokenizer_class")
    if isinstance(name, str) and name and not artefact.beside("tokenizer.json"):
        yield artefact.fact("model.tokenizer_class", name, "/tokenizer_class")
    elif isinstance(name, str) and name:
        yield Note(artefact.path, f"tokenizer class {name}; the kind is taken from tokenizer.json")
    added = table.get("added_tokens_decoder")
    if isinstance(added, dict) and added:
        yield Note(artefact.path, f"{len(added)} added tokens are listed")
    longest = table.get("model_max_length")
    # Writers put 10^30 here where no length is known.
    if isinstance(longest, int) and not isinstance(longest, bool) and 0 < longest < 10**9:
        yield Note(
            artefact.path,
            f"model_max_length is {longest}: a limit of the tokenizer, which need not be the "
            "context length",
        )


@reader("generation-settings", version="1", names=("generation_config.json",))
def read_generation(artefact: Artefact) -> Iterator[Found]:
    """Read default settings of generation; none of them is a property of the model."""
    table = _table(artefact, MAX_GENERATION)
    for name in ("max_new_tokens", "max_length"):
        value = table.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**9:
            yield Note(artefact.path, f"{name} is {value}: a default, no limit of the model")


def _table(artefact: Artefact, limit: int) -> dict[str, Any]:
    table = decode_json(artefact.read(limit), artefact.path)
    if not isinstance(table, dict):
        raise InputError("expected a table of keys and values", artefact.path, "Correct the file.")
    return table
