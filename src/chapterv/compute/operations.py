"""Operations of training in closed form, from an architecture.

One token costs, forward and backward, six operations for each weight it is multiplied with, and six
for each pair of a query and a key times the widths of key and value. Two conventions exist for
attention and both are given: `full` lets every token meet every token of the sequence (the usual
utilisation denominators, and what tensor-level counters see), `causal` only those that it can see,
which is the work required.

Counted: projections, feed-forward, routed and shared experts that a token uses, router, indexer,
output head whether tied or not. Not counted, as in every published formula: table lookups, norms,
activations, softmax, the optimiser, communication, recomputation of activations. Layers that
predict further tokens are given apart.

Source: Guidelines on obligations for general-purpose AI models, Annex A.2.2; Kaplan et al. 2020,
section 2.1; Chowdhery et al. 2022 (PaLM), appendix B.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from chapterv.compute.amounts import Amount, interval
from chapterv.compute.architecture import Architecture, Component, Layer, Mixing
from chapterv.errors import InputError

__all__ = ["Estimate", "Operations", "operations_per_token", "training_compute"]

_MAX_SEQUENCE = 2**31
_MAX_TOKENS = 10**20
# A multiply-add is two operations; the backward pass costs twice the forward pass.
_PER_PRODUCT = 6
# Per cent of the operations from which attention is worth a word.
_NOTED_SHARE = 10


class Operations(msgspec.Struct, frozen=True):
    """Operations for one token, forward and backward.

    Args:
        full: every token meets every token of its sequence.
        causal: every token meets the tokens it can see, as a mean over the sequence.
        sequence_length: tokens in a sequence.
        attention_causal: the part of `causal` that is products between tokens.
        prediction_full: what layers that predict further tokens would add, not in `full`.
        prediction_causal: the same under the causal convention.
    """

    full: int
    causal: int
    sequence_length: int
    attention_causal: int
    prediction_full: int | None = 0
    prediction_causal: int | None = 0


class Estimate(msgspec.Struct, frozen=True):
    """Training compute with its interval.

    Args:
        amount: operations, causal convention.
        low: lower end of the interval, or None where no margin was given.
        high: upper end.
        full: operations under the full convention.
        tokens: tokens processed, repeats counted each time.
        operations: operations for one token.
        approximation: six times total parameters times tokens, the Annex's short form.
        notes: assumptions that the estimate rests on.
    """

    amount: int
    low: Amount | None
    high: Amount | None
    full: int
    tokens: int
    operations: Operations
    approximation: int
    notes: tuple[str, ...] = ()


def operations_per_token(architecture: Architecture, sequence_length: int) -> Operations:
    """Count the operations of one token, forward and backward.

    Where the mean number of keys seen is not whole (sliding windows, pooled keys), the causal count
    is rounded up to a whole operation, less than one part in 10^6 of any real model.

    Args:
        architecture: from `describe`.
        sequence_length: tokens in a sequence; packed documents count as sequences of their own.

    Returns: exact integers.

    Raises:
        InputError: a sequence length below 1 or absurdly long.

    Source: Annex A.2.2.
    """
    _check("the sequence length", sequence_length, _MAX_SEQUENCE)
    body = _Work.of(architecture.layers, architecture.ends)
    ahead = _prediction_work(architecture)
    return Operations(
        full=body.per_token(sequence_length, causal=False),
        causal=body.per_token(sequence_length, causal=True),
        sequence_length=sequence_length,
        attention_causal=body.attention(sequence_length, causal=True),
        prediction_full=None if ahead is None else ahead.per_token(sequence_length, causal=False),
        prediction_causal=None if ahead is None else ahead.per_token(sequence_length, causal=True),
    )


def training_compute(
    architecture: Architecture,
    tokens: int,
    sequence_length: int,
    margin: Amount | None = None,
) -> Estimate:
    """Estimate the compute of a training run in which all weights are trained.

    Args:
        architecture: from `describe`.
        tokens: tokens processed, each epoch counted.
        sequence_length: tokens in a sequence.
        margin: relative error that the law accepts, such as Decimal("0.3"); it gives the interval.

    Returns: the causal amount, its interval and the assumptions.

    Raises:
        InputError: tokens or sequence length out of range.

    Source: Annex A.2.2 (passes times operations), A.2 (margin).
    """
    _check("the number of tokens", tokens, _MAX_TOKENS)
    operations = operations_per_token(architecture, sequence_length)
    amount = tokens * operations.causal
    low, high = (None, None) if margin is None else interval(amount, margin)
    return Estimate(
        amount=amount,
        low=low,
        high=high,
        full=tokens * operations.full,
        tokens=tokens,
        operations=operations,
        approximation=6 * architecture.parameters_total * tokens,
        notes=(*_notes(architecture, operations, tokens), *architecture.notes),
    )


class _Work(msgspec.Struct, frozen=True):
    """Weights multiplied and products between tokens, summed over a model."""

    multiplied: int
    mixing: tuple[tuple[int, Mixing], ...]

    @classmethod
    def of(cls, layers: Iterable[Layer], ends: Iterable[Component]) -> _Work:
        multiplied = sum(part.multiplied for part in ends)
        counts: dict[Mixing, int] = {}
        for layer in layers:
            for part in layer.components:
                multiplied += layer.count * part.multiplied
                for mixing in part.mixing:
                    counts[mixing] = counts.get(mixing, 0) + layer.count * part.used
        return cls(multiplied, tuple((count, mixing) for mixing, count in counts.items()))

    def per_token(self, length: int, *, causal: bool) -> int:
        """Return the mean operations of a token, rounded up to a whole one."""
        return _PER_PRODUCT * self.multiplied + self.attention(length, causal=causal)

    def attention(self, length: int, *, causal: bool) -> int:
        """Return the mean operations between a token and others, rounded up to a whole one."""
        pairs = sum(
            count * mixing.heads * (mixing.key_width + mixing.value_width)
            * (keys_seen(mixing, length) if causal else length * (length // mixing.stride))
            for count, mixing in self.mixing
        )  # fmt: skip
        return -(-_PER_PRODUCT * pairs // length)


def keys_seen(mixing: Mixing, length: int) -> int:
    """Sum over a sequence the keys that each token sees.

    Args:
        mixing: stride r and limit k of the attention.
        length: tokens in the sequence.

    Returns: the sum of `min(i // r, k)` over the tokens i = 1 to `length`.

    >>> keys_seen(Mixing(1, 1, 1), 4)
    10
    >>> keys_seen(Mixing(1, 1, 1, limit=2), 4)
    7
    """
    stride, limit = mixing.stride, mixing.limit
    entries = length // stride
    if limit is None or entries <= limit:
        return stride * entries * (entries - 1) // 2 + entries * (length - stride * entries + 1)
    before = stride * limit - 1
    return stride * limit * (limit - 1) // 2 + limit * (length - before)


def _prediction_work(architecture: Architecture) -> _Work | None:
    """Return the work of layers that predict further tokens: each also runs the output head."""
    if architecture.prediction is None:
        return None
    heads = [part for part in architecture.ends if part.name == "output head"]
    count = sum(layer.count for layer in architecture.prediction)
    return _Work.of(architecture.prediction, heads * count)


def _notes(architecture: Architecture, operations: Operations, tokens: int) -> list[str]:
    notes = [
        "forward and backward pass of all weights; recomputation of activations is not counted",
        f"attention counted causally at {operations.sequence_length} tokens a sequence",
    ]
    if architecture.is_mixture:
        notes.append(
            "the short form of the Annex is for dense models: with the total parameters of a "
            "mixture of experts it overstates"
        )
    share = 100 * operations.attention_causal // operations.causal
    if share > _NOTED_SHARE:
        notes.append(f"attention is {share} % of the operations, which the short form leaves out")
    longest = architecture.context_length
    if longest is not None and operations.sequence_length > longest:
        notes.append(f"the sequences are longer than the configured context of {longest} tokens")
    if operations.prediction_causal:
        extra = tokens * operations.prediction_causal
        notes.append(
            "layers that predict further tokens are left out; trained over all tokens they would "
            f"add {extra} operations"
        )
    return notes


def _check(what: str, value: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{what} must be a whole number", None, "Give it as an integer.")
    if not 1 <= value <= most:
        raise InputError(
            f"{what} must lie between 1 and {most}", None, "Check the number of digits."
        )
