"""The work of a pass: weights multiplied and pairs of positions, part by part.

One product with a weight is a multiply-add, two operations. The backward pass has two halves: the
gradient that goes on to what lies before (two operations for each product, where anything that is
trained lies before) and the gradient of the weight itself (two, where it is trained). With all
weights trained that makes six, the rule that every published formula uses; frozen weights cost
four or two, and inference two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from chapterv.compute.architecture import Architecture, Component, Layer, Mixing, Part
from chapterv.errors import InputError

__all__ = ["ALL", "NOTHING", "Span", "Trained", "Work", "keys_seen", "pairs_of", "work_of"]

_FORWARD = 2
_BACK = 2


class Span(msgspec.Struct, frozen=True):
    """How long a stream is: sequences of one length."""

    length: int
    count: int = 1

    @property
    def positions(self) -> int:
        """Positions in all."""
        return self.length * self.count


class Trained(msgspec.Struct, frozen=True):
    """Which weights a run updates.

    Args:
        weights: "all", "adapter" (the model is frozen, small matrices beside it are trained) or
            "none" (forward passes only).
        frozen: names of parts and components that are not trained, where `weights` is "all".
        frozen_layers: so many of the main part's first layers are not trained.
        adapter_parameters: weights of the adapters, each used once for one token.
        adapted: names of the parts that have adapters; the main part alone if none is named.
    """

    weights: Literal["all", "adapter", "none"] = "all"
    frozen: frozenset[str] = frozenset()
    frozen_layers: int = 0
    adapter_parameters: int = 0
    adapted: frozenset[str] = frozenset()

    def check(self, architecture: Architecture) -> None:
        """Fault names that the model does not have.

        Raises:
            InputError: an unknown part or component, or more layers than there are.
        """
        if not (self.frozen or self.adapted or self.frozen_layers):
            return
        known: dict[str, None] = {}
        for part in architecture.all_parts:
            known[part.name] = None
            known.update(dict.fromkeys(one.name for one in part.components()))
        unknown = sorted((self.frozen | self.adapted) - known.keys())
        if unknown:
            raise InputError(
                f"the model has no part called {unknown[0][:60]!r}",
                None,
                "It has " + ", ".join(known) + ".",
            )
        if not 0 <= self.frozen_layers <= architecture.layer_count:
            raise InputError(
                f"there are {architecture.layer_count} layers, and {self.frozen_layers} are more",
                None,
                "Give the number of first layers that are not trained.",
            )


ALL = Trained()
NOTHING = Trained("none")


class Work(msgspec.Struct, frozen=True):
    """Operations of one kind of thing, summed as they are counted.

    Args:
        part: name of the part.
        stream: stream whose positions the products are counted by.
        every: positions for one unit of work.
        products: operations for one unit of work that do not depend on the length.
        mixing: operations for one pair and unit of width, with the pairs' kind.
        spared: a stream whose positions are taken off, and how many of them make one.
    """

    part: str
    stream: str
    every: int
    products: int
    mixing: tuple[tuple[int, Mixing], ...] = ()
    spared: tuple[str, int] | None = None


def work_of(architecture: Architecture, trained: Trained = ALL) -> list[Work]:
    """List the work of one pass, like things joined.

    Args:
        architecture: from `describe`.
        trained: which weights are updated.

    Returns: one entry for each part, stream and rate. The last answers are kept, since a run is
        asked about at many lengths.
    """
    kept = _KEPT.get((id(architecture), trained))
    # The kept architecture is alive, so no other can have its identity.
    if kept is not None and kept[0] is architecture:
        return kept[1]
    works = _listed(architecture, trained)
    if len(_KEPT) >= _MOST_KEPT:
        _KEPT.clear()
    _KEPT[id(architecture), trained] = (architecture, works)
    return works


def _listed(architecture: Architecture, trained: Trained) -> list[Work]:
    sums: dict[_Key, _Sum] = {}
    before = False
    for part in architecture.all_parts:
        main = part.name == architecture.part
        for component, count, factors in _factors(part, trained, main, before):
            key = (part.name, component.stream, component.every, component.spared)
            sums.setdefault(key, _Sum()).add(component, count, factors)
            before = before or factors.trained
    found = [entry.work(key) for key, entry in sums.items()]
    if trained.adapter_parameters and trained.weights == "adapter":
        rate = 3 * _FORWARD * trained.adapter_parameters
        found.append(Work("adapter", architecture.streams[0].name, 1, rate))
    return found


def prediction_work(architecture: Architecture) -> list[Work] | None:
    """List the work of layers that predict further tokens: each also runs the output head."""
    if architecture.prediction is None:
        return None
    if not architecture.prediction:
        return []
    heads = tuple(end for end in architecture.ends if end.name == "output head")
    count = sum(layer.count for layer in architecture.prediction)
    ahead = Part("prediction", layers=architecture.prediction, ends=heads * count)
    sums: dict[_Key, _Sum] = {}
    for component, times, factors in _factors(ahead, ALL, False, True):
        key = (ahead.name, component.stream, component.every, component.spared)
        sums.setdefault(key, _Sum()).add(component, times, factors)
    return [entry.work(key) for key, entry in sums.items()]


_MOST_KEPT = 64
_KEPT: dict[tuple[int, Trained], tuple[Architecture, list[Work]]] = {}


class _Factors(msgspec.Struct, frozen=True):
    """Operations for one product with a weight and for one between positions."""

    weight: int
    mixing: int
    trained: bool


# Part, stream, positions for one unit of work, and what is spared.
_Key = tuple[str, str, int, tuple[str, int] | None]


class _Sum:
    """Work of one part, stream and rate as it adds up."""

    def __init__(self) -> None:
        self.products = 0
        self.mixing: dict[Mixing, int] = {}

    def add(self, component: Component, count: int, factors: _Factors) -> None:
        """Add `count` copies of a component."""
        self.products += factors.weight * count * component.multiplied
        self.products += factors.mixing * count * component.used * component.products
        for mixing in component.mixing:
            times = factors.mixing * count * component.used
            self.mixing[mixing] = self.mixing.get(mixing, 0) + times

    def work(self, key: _Key) -> Work:
        """Return the sum."""
        part, stream, every, spared = key
        mixing = tuple((times, one) for one, times in self.mixing.items())
        return Work(part, stream, every, self.products, mixing, spared)


def _factors(
    part: Part, trained: Trained, main: bool, before: bool
) -> Iterator[tuple[Component, int, _Factors]]:
    """Yield components with their number and what each costs, in the order of the data."""
    entering = before
    for component, count, below in _passed(part, trained.frozen_layers if main else 0):
        reached = entering if component.given else before
        factors = _cost(component, part, trained, reached, below, main)
        before = before or factors.trained
        yield component, count, factors


def _passed(part: Part, frozen: int) -> Iterator[tuple[Component, int, bool]]:
    """Yield components, how many there are, and whether they stand in a frozen first layer."""
    for component in part.starts:
        yield component, 1, False
    for below, layer in _in_order(part.layers, frozen):
        for component in layer.components:
            yield component, layer.count, below
    for component in part.ends:
        yield component, 1, False


def _in_order(layers: tuple[Layer, ...], frozen: int) -> Iterator[tuple[bool, Layer]]:
    """Yield frozen first layers, then the others; whether a layer is frozen stands first.

    The first layer of each kind comes alone: what is trained in it lies before all the others.
    """
    above: list[tuple[int, Layer]] = []
    place = 0
    for layer in layers:
        places = layer.places or range(place, place + layer.count)
        below = sum(1 for one in places if one < frozen) if frozen else 0
        if below:
            yield True, Layer(below, layer.components)
        if layer.count > below:
            above.append((places[below], Layer(layer.count - below, layer.components)))
        place += layer.count
    for _, layer in sorted(above, key=lambda pair: pair[0]):
        yield False, Layer(1, layer.components)
        if layer.count > 1:
            yield False, Layer(layer.count - 1, layer.components)


def _cost(
    component: Component, part: Part, trained: Trained, before: bool, below: bool, main: bool
) -> _Factors:
    """Return what a component costs.

    Args:
        component: the component.
        part: the part it stands in.
        trained: which weights are updated.
        before: something that is trained lies before it.
        below: it stands in a frozen first layer.
        main: the part is the main one.
    """
    if trained.weights == "none" or component.idle:
        return _Factors(_FORWARD, _FORWARD, False)
    if trained.weights == "adapter":
        adapted = part.name in trained.adapted if trained.adapted else main
        # Adapters stand beside the layers of a part, so the gradient passes all of them; tables
        # and what reads the data have none before them.
        passed = before or (adapted and not component.raw and not component.lookup)
        back = _BACK if passed else 0
        return _Factors(_FORWARD + back, _FORWARD + 2 * back, passed)
    frozen = below or component.name in trained.frozen or part.name in trained.frozen
    updated = not frozen
    back = _BACK if before and not component.raw else 0
    own = _BACK if updated else 0
    between = 2 * _BACK if before or updated else 0
    return _Factors(_FORWARD + back + own, _FORWARD + between, updated)


def pairs_of(mixing: Mixing, queries: Span, keys: Span, *, causal: bool) -> int:
    """Count the pairs of a query and a key over whole streams.

    Args:
        mixing: who meets whom.
        queries: the component's own stream, at its rate.
        keys: the stream of the keys; the same for attention within a stream.
        causal: count only what a position can see; the other convention counts all of its
            sequence.

    Returns: pairs in all sequences.
    """
    if mixing.keys is not None:
        seen = -(-keys.positions // queries.count)
        return queries.positions * (seen if mixing.limit is None else min(seen, mixing.limit))
    length = queries.length
    if mixing.sees == "all" and (mixing.stride > 1 or (causal and mixing.limit)):
        return queries.count * _around(mixing, length)
    if mixing.sees == "all":
        block = min(mixing.block or length, length)
        whole, rest = divmod(length, block)
        return queries.count * (whole * block * block + rest * rest)
    if not causal:
        return queries.count * length * (length // mixing.stride)
    block = min(mixing.block or length, length)
    whole, rest = divmod(length, block)
    seen = whole * keys_seen(mixing, block) + (keys_seen(mixing, rest) if rest else 0)
    return queries.count * seen


def _around(mixing: Mixing, length: int) -> int:
    """Count pairs where a position sees pooled entries of all, or so many positions around it."""
    if mixing.stride > 1:
        return length * (length // mixing.stride)
    limit = mixing.limit or 1
    # Of an even number, one more lies ahead than behind.
    return length + sum(_one_side(length, side) for side in ((limit - 1) // 2, limit // 2))


def _one_side(length: int, most: int) -> int:
    """Sum over a sequence how many positions lie on one side of each, up to so many."""
    if length <= most:
        return length * (length - 1) // 2
    return length * most - most * (most + 1) // 2


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


def operations_of(works: list[Work], shape: Mapping[str, Span], *, causal: bool) -> dict[str, int]:
    """Sum the work over streams of given lengths.

    Args:
        works: from `work_of`.
        shape: length of each stream; a stream that is not there has no positions.
        causal: the convention for attention.

    Returns: operations of each part.
    """
    sums: dict[str, int] = {}
    for work in works:
        span = shape.get(work.stream)
        if span is None:
            sums.setdefault(work.part, 0)
            continue
        own = Span(-(-span.length // work.every), span.count)
        positions = own.positions - _spared(work, shape)
        amount = work.products * positions + _between(work, own, shape, causal)
        sums[work.part] = sums.get(work.part, 0) + amount
    return sums


def _spared(work: Work, shape: Mapping[str, Span]) -> int:
    """Count positions that do not pass through, never more than there are."""
    if work.spared is None:
        return 0
    name, every = work.spared
    span, own = shape.get(name), shape[work.stream]
    if span is None:
        return 0
    return min(span.count * -(-span.length // every), own.positions)


def between_positions(works: list[Work], shape: Mapping[str, Span], *, causal: bool) -> int:
    """Sum the operations between positions alone."""
    amount = 0
    for work in works:
        span = shape.get(work.stream)
        if span is not None:
            own = Span(-(-span.length // work.every), span.count)
            amount += _between(work, own, shape, causal)
    return amount


def _between(work: Work, own: Span, shape: Mapping[str, Span], causal: bool) -> int:
    amount = 0
    for times, mixing in work.mixing:
        keys = own if mixing.keys is None else shape.get(mixing.keys)
        if keys is None:
            continue
        widths = mixing.heads * (mixing.key_width + mixing.value_width)
        amount += times * widths * pairs_of(mixing, own, keys, causal=causal)
    return amount
