"""From what a step is given to sums over documents, in a few microseconds.

Lengths come as a list, as a table of how many documents have which length, as ready sums, or not at
all: then all sequences have the length that the meter was made with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import mul
from typing import TYPE_CHECKING, Any

from chapterv.errors import InputError
from chapterv.meter.sums import Sums

if TYPE_CHECKING:
    from chapterv.compute import Term, Terms

__all__ = ["Documents", "Lengths"]

Documents = Sequence[int] | Mapping[int, int]

_MOST_CACHED = 100_000
_MOST = 2**31


class _Amounts(dict[int, int]):
    """Amounts of one kind of pair by length of document, each computed once."""

    def __init__(self, kind: Term, convention: int) -> None:
        super().__init__()
        self._kind = kind
        self._convention = convention

    def __missing__(self, length: int) -> int:
        amount = self._kind.amounts(length)[self._convention]
        if len(self) < _MOST_CACHED:
            self[length] = amount
        return amount


class Lengths:
    """Adds documents to sums.

    Args:
        terms: the operations of a pass, or None where none are counted.
        sequence_length: length of all sequences, where steps give none.
    """

    def __init__(self, terms: Terms | None, sequence_length: int | None) -> None:
        self.terms = terms
        self.kinds = terms.by_length if terms else ()
        self.sequence_length = sequence_length
        self._amounts = [(_Amounts(kind, 0), _Amounts(kind, 1)) for kind in self.kinds]
        # Without pooling or blocks, every position meeting every other is the square of a length.
        self._square = [kind.every == kind.stride == 1 and not kind.block for kind in self.kinds]
        self._rows: dict[int, Sums] = {}

    def new(self) -> Sums:
        """Return empty sums that fit the terms."""
        return Sums(len(self.kinds))

    def add(
        self, sums: Sums, tokens: int, documents: Documents | None, squared: int | None
    ) -> None:
        """Add the documents of one step.

        Args:
            sums: where to add.
            tokens: positions processed.
            documents: lengths, or how many there are of each length.
            squared: sum of squared lengths over all tokens, in place of `documents`.

        Raises:
            InputError: lengths that cannot be.
        """
        if documents is not None:
            self._add_documents(sums, tokens, documents)
        elif squared is not None:
            self._add_sums(sums, tokens, squared)
        elif self.sequence_length is not None:
            self._add_rows(sums, tokens, self.sequence_length)
        else:
            sums.without_lengths += tokens

    def add_table(self, sums: Sums, table: Mapping[int, int]) -> None:
        """Add documents by length; a negative number takes back what is not computed again."""
        for length, count in table.items():
            if not 0 < length <= _MOST:
                raise InputError(f"a document cannot have {length} tokens", None, "Check lengths.")
            sums.documents += max(count, 0)
            sums.positions += count * length
            sums.squared += count * length * length
            for pair, (causal, full) in zip(sums.pairs, self._amounts, strict=True):
                pair[0] += count * causal[length]
                pair[1] += count * full[length]

    def _add_documents(self, sums: Sums, tokens: int, documents: Documents) -> None:
        one = self.new()
        if isinstance(documents, Mapping):
            self.add_table(one, {int(length): int(count) for length, count in documents.items()})
        else:
            self._add_list(one, documents)
        if one.positions > tokens:
            raise InputError(
                f"the documents have {one.positions} tokens, the step {tokens}", None,
                "Give the positions of all documents, padding included, as tokens.",
            )  # fmt: skip
        sums.add(one)

    def _add_list(self, sums: Sums, documents: Any) -> None:
        lengths = documents.tolist() if hasattr(documents, "tolist") else documents
        positions = sum(lengths)
        if type(positions) is not int:  # numbers of another library overflow without a word
            lengths = [int(length) for length in lengths]
            positions = sum(lengths)
        if lengths and not 0 < min(lengths) <= max(lengths) <= _MOST:
            raise InputError("a document has no or too many tokens", None, "Check the lengths.")
        sums.documents += len(lengths)
        sums.positions += positions
        squared = sum(map(mul, lengths, lengths))
        sums.squared += squared
        both = zip(sums.pairs, self._amounts, self._square, strict=True)
        for pair, (causal, full), square in both:
            pair[0] += sum(map(causal.__getitem__, lengths))
            pair[1] += squared if square else sum(map(full.__getitem__, lengths))

    def _add_sums(self, sums: Sums, tokens: int, squared: int) -> None:
        if not tokens <= squared <= tokens * tokens or (squared - tokens) % 2:
            raise InputError(
                f"squared lengths cannot sum to {squared} over {tokens} tokens", None,
                "Give the sum of squared lengths over all tokens, padding included.",
            )  # fmt: skip
        sums.positions += tokens
        sums.squared += squared
        if self.kinds:
            sums.sums_only += tokens
        for pair, kind in zip(sums.pairs, self.kinds, strict=True):
            causal, full = kind.at_most(tokens, squared)
            pair[0] += causal
            pair[1] += full

    def _add_rows(self, sums: Sums, tokens: int, length: int) -> None:
        rows = self._rows.get(tokens)
        if rows is None:
            rows = self.new()
            count, rest = divmod(tokens, length)
            self.add_table(rows, {length: count} if count else {})
            self.add_table(rows, {rest: 1} if rest else {})
            if len(self._rows) < _MOST_CACHED:
                self._rows[tokens] = rows
        sums.documents += rows.documents
        sums.positions += rows.positions
        sums.squared += rows.squared
        for pair, more in zip(sums.pairs, rows.pairs, strict=True):
            pair[0] += more[0]
            pair[1] += more[1]
