"""Operations of training in closed form, from an architecture.

One token costs, forward and backward, six operations for each weight it is multiplied with, and six
for each pair of a query and a key times the widths of key and value; `chapterv.compute.work` has
the rule for weights that are not trained. A model of several parts is counted by the sample: how
many patches, frames or source tokens come with one sequence. Two conventions exist for
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

from collections.abc import Mapping

import msgspec

from chapterv.compute.amounts import Amount, interval
from chapterv.compute.architecture import Architecture, Stream
from chapterv.compute.work import (
    ALL,
    NOTHING,
    Span,
    Trained,
    Work,
    between_positions,
    operations_of,
    prediction_work,
    work_of,
)
from chapterv.errors import InputError

__all__ = [
    "Estimate",
    "Operations",
    "SampleOperations",
    "document_operations",
    "forward_operations",
    "operations_per_token",
    "sample_operations",
    "training_compute",
    "training_compute_of_samples",
]

_MAX_SEQUENCE = 2**31
_MAX_TOKENS = 10**20
_MAX_COUNT = 2**31
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


class SampleOperations(msgspec.Struct, frozen=True):
    """Operations of one sample, or of several documents.

    Args:
        full: every position meets every other of its sequence.
        causal: every position meets those that it can see.
        parts: name, full and causal operations of each part.
        shape: name, length and number of sequences of each stream.
    """

    full: int
    causal: int
    parts: tuple[tuple[str, int, int], ...]
    shape: tuple[tuple[str, int, int], ...]


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
        samples: samples processed, where the run is counted in samples.
        parts: name, full and causal operations of each part for one sample.
    """

    amount: int
    low: Amount | None
    high: Amount | None
    full: int
    tokens: int
    operations: Operations
    approximation: int
    notes: tuple[str, ...] = ()
    samples: int | None = None
    parts: tuple[tuple[str, int, int], ...] = ()


def operations_per_token(
    architecture: Architecture,
    sequence_length: int,
    trained: Trained = ALL,
    others: Mapping[str, Span] | None = None,
) -> Operations:
    """Count the operations of one token, forward and backward.

    Where the mean number of keys seen is not whole (sliding windows, pooled keys), the count is
    rounded up to a whole operation, less than one part in 10^6 of any real model.

    Args:
        architecture: from `describe`.
        sequence_length: tokens in a sequence; packed documents count as sequences of their own.
        trained: which weights are updated.
        others: for each further stream, what comes with one sequence.

    Returns: exact integers.

    Raises:
        InputError: a length below 1 or absurdly long, a stream that is missing or not known.

    Source: Annex A.2.2.
    """
    _check("the sequence length", sequence_length, _MAX_SEQUENCE)
    trained.check(architecture)
    shape = _shape(architecture, sequence_length, others or {})
    works = work_of(architecture, trained)
    ahead = prediction_work(architecture) if trained.weights == "all" else []
    only = {architecture.streams[0].name: Span(sequence_length)}

    def mean(amount: int) -> int:
        return -(-amount // sequence_length)

    def sums(some: list[Work], causal: bool) -> int:
        return mean(sum(operations_of(some, shape, causal=causal).values())) if some else 0

    return Operations(
        full=sums(works, False),
        causal=sums(works, True),
        sequence_length=sequence_length,
        attention_causal=mean(between_positions(works, only, causal=True)),
        prediction_full=None if ahead is None else sums(ahead, False),
        prediction_causal=None if ahead is None else sums(ahead, True),
    )


def forward_operations(architecture: Architecture, sequence_length: int) -> int:
    """Count the operations of one token in a forward pass, causal convention.

    It is also the mean cost of a token that is generated with its prompt read once and kept
    (`sequence_length` = prompt and generated tokens), since each token then meets exactly the
    tokens before it.

    Args:
        architecture: from `describe`.
        sequence_length: tokens in a sequence.

    Source: Annex A.2.2; forward part of the formulas above.
    """
    return operations_per_token(architecture, sequence_length, NOTHING).causal


def sample_operations(
    architecture: Architecture, shape: Mapping[str, Span], trained: Trained = ALL
) -> SampleOperations:
    """Count the operations of one sample of a model with several streams.

    Args:
        architecture: from `describe`.
        shape: length of each stream in one sample, such as {"latent": Span(4096)}; streams whose
            length the configuration fixes may be left out.
        trained: which weights are updated.

    Returns: exact integers, with the share of each part.

    Raises:
        InputError: a stream that is missing or not known, a length out of range.

    Source: Annex A.2.2.
    """
    trained.check(architecture)
    main = architecture.streams[0]
    given = shape.get(main.name) or (Span(main.length) if main.length else None)
    if given is None:
        raise _missing(architecture, main.name, main.unit)
    others = {name: span for name, span in shape.items() if name != main.name}
    whole = {**_shape(architecture, given.length, others), main.name: _checked(main.name, given)}
    works = work_of(architecture, trained)
    full = operations_of(works, whole, causal=False)
    causal = operations_of(works, whole, causal=True)
    parts = tuple((name, full[name], causal[name]) for name in causal)
    return SampleOperations(
        full=sum(full.values()),
        causal=sum(causal.values()),
        parts=parts,
        shape=tuple((name, span.length, span.count) for name, span in whole.items()),
    )


def document_operations(
    architecture: Architecture, documents: Mapping[int, int], trained: Trained = ALL
) -> SampleOperations:
    """Count the operations of packed documents that do not see one another.

    Args:
        architecture: a model with one stream.
        documents: how many documents there are of each length in tokens.
        trained: which weights are updated.

    Returns: operations of all documents together, in `full` each document for itself.

    Raises:
        InputError: no document, a length or number out of range, or a model of several streams.

    Source: Annex A.2.2; the sum over document lengths instead of the packed length.
    """
    if not documents:
        raise InputError("no document is given", None, "Give at least one length.")
    trained.check(architecture)
    name = architecture.streams[0].name
    works = work_of(architecture, trained)
    full = causal = 0
    for length, count in documents.items():
        _check("the length of a document", length, _MAX_SEQUENCE)
        _check("the number of documents", count, _MAX_TOKENS)
        shape = _shape(architecture, length, {})
        full += count * sum(operations_of(works, shape, causal=False).values())
        causal += count * sum(operations_of(works, shape, causal=True).values())
    tokens = sum(length * count for length, count in documents.items())
    shape_of = ((name, tokens, 1),)
    return SampleOperations(full, causal, ((architecture.part, full, causal),), shape_of)


def training_compute(
    architecture: Architecture,
    tokens: int,
    sequence_length: int,
    margin: Amount | None = None,
    trained: Trained = ALL,
    others: Mapping[str, Span] | None = None,
) -> Estimate:
    """Estimate the compute of a training run.

    Args:
        architecture: from `describe`.
        tokens: tokens processed, each epoch counted.
        sequence_length: tokens in a sequence.
        margin: relative error that the law accepts, such as Decimal("0.3"); it gives the interval.
        trained: which weights are updated; all of them where it is left out.
        others: for each further stream, what comes with one sequence.

    Returns: the causal amount, its interval and the assumptions.

    Raises:
        InputError: tokens or a length out of range, a stream that is missing or not known.

    Source: Annex A.2.2 (passes times operations), A.2 (margin).
    """
    _check("the number of tokens", tokens, _MAX_TOKENS)
    operations = operations_per_token(architecture, sequence_length, trained, others)
    amount = tokens * operations.causal
    low, high = (None, None) if margin is None else interval(amount, margin)
    notes = _notes(architecture, operations, tokens, trained)
    return Estimate(
        amount=amount,
        low=low,
        high=high,
        full=tokens * operations.full,
        tokens=tokens,
        operations=operations,
        approximation=6 * architecture.parameters_total * tokens,
        notes=(*notes, *_unseen(architecture, others or {}), *architecture.notes),
    )


def training_compute_of_samples(
    architecture: Architecture,
    samples: int,
    shape: Mapping[str, Span],
    margin: Amount | None = None,
    trained: Trained = ALL,
) -> Estimate:
    """Estimate the compute of a run that is counted in samples: images, recordings, pairs.

    Args:
        architecture: from `describe`.
        samples: samples processed, each epoch counted; a denoiser sees one time step a sample.
        shape: length of each stream in one sample.
        margin: relative error that the law accepts; it gives the interval.
        trained: which weights are updated.

    Returns: the causal amount, its interval and the assumptions.

    Raises:
        InputError: samples or a length out of range, a stream that is missing or not known.

    Source: Annex A.2.2 (passes times operations), A.2 (margin).
    """
    _check("the number of samples", samples, _MAX_TOKENS)
    one = sample_operations(architecture, shape, trained)
    amount = samples * one.causal
    low, high = (None, None) if margin is None else interval(amount, margin)
    positions = next(length * count for _, length, count in one.shape)
    listed = ", ".join(f"{length * count} {name}" for name, length, count in one.shape)
    operations = Operations(
        -(-one.full // positions), -(-one.causal // positions), positions, 0, 0, 0
    )
    notes = (f"one sample has {listed}", _passes(trained))
    return Estimate(
        amount=amount,
        low=low,
        high=high,
        full=samples * one.full,
        tokens=samples * positions,
        operations=operations,
        approximation=6 * architecture.parameters_total * samples * positions,
        notes=(*notes, *_unseen(architecture, shape), *architecture.notes),
        samples=samples,
        parts=one.parts,
    )


def _shape(architecture: Architecture, length: int, others: Mapping[str, Span]) -> dict[str, Span]:
    """Return the length of every stream, those that the configuration fixes filled in."""
    main = architecture.streams[0]
    known = {stream.name: stream for stream in architecture.streams}
    for name in others:
        if name not in known or name == main.name:
            names = ", ".join(name for name in known if name != main.name) or "none"
            raise InputError(
                f"the model has no further stream called {name[:60]!r}",
                None,
                f"Its further streams: {names}.",
            )
    shape = {main.name: Span(length)}
    for stream in architecture.streams[1:]:
        given = others.get(stream.name)
        if given is not None:
            shape[stream.name] = _checked(stream.name, given)
        elif stream.optional:
            beside = _beside(stream, known, others)
            if beside is not None and stream.length is not None:
                shape[stream.name] = Span(stream.length, beside.count)
        elif stream.length is not None:
            shape[stream.name] = Span(stream.length)
        else:
            raise _missing(architecture, stream.name, stream.unit)
    return shape


def _beside(stream: Stream, known: Mapping[str, Stream], others: Mapping[str, Span]) -> Span | None:
    """Return a stream that is given and has the same unit: patches and places of one picture."""
    names = (name for name in others if name in known and known[name].unit == stream.unit)
    return others[found] if (found := next(names, None)) is not None else None


def _checked(name: str, span: Span) -> Span:
    _check(f"the length of {name}", span.length, _MAX_SEQUENCE)
    _check(f"the number of sequences of {name}", span.count, _MAX_COUNT)
    return span


def _missing(architecture: Architecture, name: str, unit: str) -> InputError:
    return InputError(
        f"the family {architecture.family} also works on {name}, and how many there are in one "
        f"{unit} is not known from the configuration",
        None,
        f"Give the length of {name!r}.",
    )


def _unseen(architecture: Architecture, given: Mapping[str, Span]) -> list[str]:
    """Say which streams nobody spoke of, so that nothing of them is in the count."""
    known = {stream.name: stream for stream in architecture.streams}
    return [
        f"no {stream.name} are counted, since nobody said how many there are: parts that work on "
        "them are left out"
        for stream in architecture.streams[1:]
        if stream.optional
        and stream.name not in given
        and (stream.length is None or _beside(stream, known, given) is None)
    ]


def _passes(trained: Trained) -> str:
    if trained.weights == "none":
        return "forward pass only"
    if trained.weights == "adapter":
        return (
            f"adapters of {trained.adapter_parameters} parameters are trained: frozen weights cost "
            "a forward pass and the gradient that goes through them"
        )
    if trained.frozen or trained.frozen_layers:
        return "weights that are not trained cost a forward pass, and a gradient that goes through"
    return "forward and backward pass of all weights; recomputation of activations is not counted"


def _notes(
    architecture: Architecture, operations: Operations, tokens: int, trained: Trained
) -> list[str]:
    notes = [
        _passes(trained),
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
