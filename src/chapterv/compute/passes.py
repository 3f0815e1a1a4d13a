"""Operations from sums over documents: what a meter adds up, and what its record is checked by.

A run processes billions of documents, so nobody keeps their lengths. The operations of a pass are
linear in a few sums: positions, and pairs of positions that meet. For causal attention without a
window the pairs follow from the sum of lengths and of squared lengths; for windows, pooled keys
and blocks they do not, so each such kind has a sum of its own. From the sums the operations follow
exactly, in whole numbers, by whoever adds them up and by whoever checks the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from chapterv.compute.architecture import Architecture, Mixing
from chapterv.compute.work import ALL, Span, Trained, Work, pairs_of, prediction_work, work_of
from chapterv.errors import InputError

__all__ = ["Term", "Terms", "terms_from", "terms_of"]

MAX_TERMS = 200
_MAX_DIGITS = 40


class Term(msgspec.Struct, frozen=True, omit_defaults=True):
    """So many operations for each of something.

    Args:
        of: "positions", or "pairs" of positions that meet.
        operations: operations for each.
        every: a position counts once for that many of the stream.
        sees: "past" for causal attention, "all" where every position meets every other.
        stride: positions pooled into one key.
        limit: most entries that one position sees.
        block: positions meet only inside blocks of this many.
    """

    of: Literal["positions", "pairs"]
    operations: int
    every: int = 1
    sees: Literal["past", "all"] = "past"
    stride: int = 1
    limit: int | None = None
    block: int | None = None

    @property
    def needs_lengths(self) -> bool:
        """The sums of lengths and of squared lengths do not settle it."""
        if self.of == "positions":
            return self.every != 1
        kind = (self.every, self.stride, self.limit, self.block)
        return kind != (1, 1, None, None)

    def amounts(self, length: int) -> tuple[int, int]:
        """Return how many there are in one document: causal, full."""
        own = -(-length // self.every)
        if self.of == "positions":
            return own, own
        mixing = Mixing(1, 1, 1, self.stride, self.limit, self.sees, self.block)
        span = Span(own)
        return pairs_of(mixing, span, span, causal=True), pairs_of(mixing, span, span, causal=False)

    def at_most(self, positions: int, squared: int) -> tuple[int, int]:
        """Return what there can be at most where only sums are known: causal, full."""
        if self.of == "positions":
            return positions, positions
        if self.sees == "all":
            return squared, squared
        seen = (squared + positions) // 2
        return min(seen, positions * self.limit) if self.limit else seen, squared


class Terms(msgspec.Struct, frozen=True):
    """The operations of one pass, as a sum of terms.

    Args:
        terms: each kind once.
    """

    terms: tuple[Term, ...]

    @property
    def by_length(self) -> tuple[Term, ...]:
        """The terms whose amounts are summed document by document."""
        return tuple(term for term in self.terms if term.needs_lengths)

    def operations(
        self, tokens: int, positions: int, squared: int, others: Iterable[tuple[int, int]]
    ) -> tuple[int, int]:
        """Return the operations of any number of documents.

        Args:
            tokens: positions that pass through the weights.
            positions: sum of the lengths of the documents that attention runs over.
            squared: sum of their squares.
            others: for each of `by_length` its amounts, causal and full.

        Returns: operations under the causal and under the full convention.

        Raises:
            InputError: the number of other amounts is not that of the terms.
        """
        causal = full = 0
        given = list(others)
        if len(given) != len(self.by_length):
            raise InputError(
                f"{len(given)} sums of pairs for {len(self.by_length)} terms", None,
                "Use the terms that the sums were made with.",
            )  # fmt: skip
        rest = iter(given)
        for term in self.terms:
            amounts = next(rest) if term.needs_lengths else _plain(term, tokens, positions, squared)
            causal += term.operations * amounts[0]
            full += term.operations * amounts[1]
        return causal, full


def terms_of(
    architecture: Architecture, trained: Trained = ALL, *, prediction: bool = False
) -> Terms:
    """Return the operations of one pass over text as a sum of terms.

    Args:
        architecture: a model whose text needs no other stream; optional ones are left out.
        trained: which weights are updated.
        prediction: count layers that predict further tokens too.

    Raises:
        InputError: the model needs another stream, or prediction layers cannot be counted.

    Source: Annex A.2.2; attention over the lengths of documents instead of the packed length.
    """
    trained.check(architecture)
    main = architecture.streams[0].name
    _check_streams(architecture, main)
    works = work_of(architecture, trained)
    if prediction:
        works += _ahead(architecture)
    sums: dict[Term, int] = {}
    for work in works:
        if work.stream == main:
            for kind, operations in _kinds(work):
                sums[kind] = sums.get(kind, 0) + operations
    found = [msgspec.structs.replace(kind, operations=sums[kind]) for kind in sums]
    return Terms(tuple(term for term in found if term.operations))


def terms_from(table: object, where: str) -> Terms:
    """Read terms as a record holds them.

    Args:
        table: a list of tables.
        where: place in the record, for messages.

    Raises:
        InputError: not terms, or beyond the bounds.
    """
    if not isinstance(table, list) or len(table) > MAX_TERMS:
        raise InputError("expected a list of terms", where, "The line was not written by a meter.")
    return Terms(tuple(_term(entry, where) for entry in table))


def _term(entry: object, where: str) -> Term:
    try:
        if not isinstance(entry, Mapping):
            raise TypeError
        values: dict[str, Any] = dict(entry)
        text = values.get("operations")
        if not isinstance(text, str) or not text.isdecimal() or len(text) > _MAX_DIGITS:
            raise TypeError
        term: Term = msgspec.convert({**values, "operations": int(text)}, Term)
        sizes = (term.every, term.stride, term.limit, term.block)
        if any(size is not None and not 1 <= size <= 2**31 for size in sizes):
            raise TypeError
        return term
    except (TypeError, ValueError, msgspec.ValidationError):
        raise InputError(
            "a term of the count cannot be read", where, "The line was not written by a meter."
        ) from None


def _plain(term: Term, tokens: int, positions: int, squared: int) -> tuple[int, int]:
    if term.of == "positions":
        return tokens, tokens
    if term.sees == "all":
        return squared, squared
    return (squared + positions) // 2, squared


def _kinds(work: Work) -> Iterable[tuple[Term, int]]:
    yield Term("positions", 0, work.every), work.products
    for times, mixing in work.mixing:
        if mixing.keys is not None:
            continue  # keys of a stream that text alone does not have
        kind = Term("pairs", 0, work.every, mixing.sees, mixing.stride, mixing.limit, mixing.block)
        yield kind, times * mixing.heads * (mixing.key_width + mixing.value_width)


def _check_streams(architecture: Architecture, main: str) -> None:
    for stream in architecture.streams[1:]:
        if not stream.optional:
            raise InputError(
                f"the family {architecture.family} works on {stream.name} too, whose lengths "
                "would be needed",
                None,
                f"Only models that work on {main} alone are covered here.",
            )


def _ahead(architecture: Architecture) -> list[Work]:
    ahead = prediction_work(architecture)
    if ahead is None:
        raise InputError(
            "the layers that predict further tokens cannot be counted from the configuration",
            None,
            "Leave them out.",
        )
    return ahead
