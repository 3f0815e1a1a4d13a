"""What a model is made of: parts with their weights and the work they do for one position.

A component names matrices and vectors of one copy, how many copies are stored, and how many of
them one position passes through. From these few numbers follow the total count, the active count
and the operations, so no family computes any of the three on its own and they cannot disagree.

Positions are those of a stream: the tokens of a text, the patches of an image, the frames of a
recording, the latent of a picture. A text decoder has one stream; a model of several parts names
the stream of each component, and how long each stream is comes in with the question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

__all__ = [
    "TOKENS",
    "Architecture",
    "Component",
    "Layer",
    "Mixing",
    "Part",
    "Projection",
    "Stream",
    "stack",
]

TOKENS = "tokens"
"""Name of the stream of a text decoder."""


class Mixing(msgspec.Struct, frozen=True):
    """Products between positions: queries against keys, weights against values.

    A token at place i sees `min(i // stride, limit)` entries: stride 1 without a limit is causal
    attention, a limit is a sliding window or a top-k choice, a stride above 1 stands for keys that
    were pooled from that many tokens each.

    Args:
        heads: heads that work on one position.
        key_width: width of queries and keys of one head.
        value_width: width of values of one head.
        stride: positions pooled into one key.
        limit: most entries that one position sees; where it sees all, half of them on each side,
            and of another stream the last ones.
        sees: "past" for causal attention, "all" where every position meets every other, so that
            both conventions agree.
        block: positions meet only inside consecutive blocks of this many: windows of an image,
            chunks of a text.
        keys: stream that keys and values come from, None for the component's own.
    """

    heads: int
    key_width: int
    value_width: int
    stride: int = 1
    limit: int | None = None
    sees: Literal["past", "all"] = "past"
    block: int | None = None
    keys: str | None = None


class Projection(msgspec.Struct, frozen=True):
    """One matrix of a component by the name that adapters use for it."""

    name: str
    inputs: int
    outputs: int


class Component(msgspec.Struct, frozen=True):
    """Parameters that are stored and used together.

    Args:
        name: what the part is, as the report prints it.
        matrices: weights of one copy that enter a matrix product with the position.
        vectors: all other parameters of one copy: biases, norms, sinks, position tables.
        stored: copies that are stored; 0 for a matrix shared with another component.
        used: copies that one position passes through.
        lookup: the matrix is read by index, which is no product.
        mixing: products between positions.
        products: multiply-adds of one copy for one position in which no stored weight takes part,
            such as the update of a recurrent state.
        stream: stream whose positions it works on.
        every: it works once for that many positions of its stream, which were merged or pooled.
        raw: it reads the data themselves, so that no gradient goes further back.
        given: it reads what an earlier part gave and not what stands before it in its own, so that
            a gradient goes back only where something of the earlier parts is trained.
        idle: it runs, but nothing uses what it gives, so that no gradient comes to it.
        spared: a stream whose positions do not pass through it though they are among its own, and
            how many of that stream make one of them: features of a picture among tokens.
        projections: its matrices one by one, where adapters may be put on them.
    """

    name: str
    matrices: int
    vectors: int = 0
    stored: int = 1
    used: int = 1
    lookup: bool = False
    mixing: tuple[Mixing, ...] = ()
    products: int = 0
    stream: str = TOKENS
    every: int = 1
    raw: bool = False
    given: bool = False
    idle: bool = False
    spared: tuple[str, int] | None = None
    projections: tuple[Projection, ...] = ()

    @property
    def parameters(self) -> int:
        """Parameters stored, each once."""
        return self.stored * (self.matrices + self.vectors)

    @property
    def active(self) -> int:
        """Stored parameters that one token uses."""
        return min(self.stored, self.used) * (self.matrices + self.vectors)

    @property
    def multiplied(self) -> int:
        """Weights that one position is multiplied with, shared matrices included."""
        return 0 if self.lookup else self.used * self.matrices


class Layer(msgspec.Struct, frozen=True):
    """Layers that are alike.

    Args:
        count: how many.
        components: what each is made of, in the order in which a position passes through.
        places: numbers of these layers from 0, or empty where they follow one another.
    """

    count: int
    components: tuple[Component, ...]
    places: tuple[int, ...] = ()

    @property
    def parameters(self) -> int:
        """Parameters of all layers of this run."""
        return self.count * sum(part.parameters for part in self.components)

    @property
    def active(self) -> int:
        """Parameters of all layers of this run that one token uses."""
        return self.count * sum(part.active for part in self.components)


class Part(msgspec.Struct, frozen=True):
    """A tower of a model: what stands before its layers, the layers, and what follows them."""

    name: str
    starts: tuple[Component, ...] = ()
    layers: tuple[Layer, ...] = ()
    ends: tuple[Component, ...] = ()

    @property
    def parameters(self) -> int:
        """Parameters stored, each once."""
        own = sum(layer.parameters for layer in self.layers)
        return own + sum(part.parameters for part in (*self.starts, *self.ends))

    @property
    def active(self) -> int:
        """Parameters that one position uses."""
        own = sum(layer.active for layer in self.layers)
        return own + sum(part.active for part in (*self.starts, *self.ends))

    def components(self) -> Iterator[Component]:
        """Yield one of each kind of component, in order of first appearance."""
        yield from self.starts
        for layer in self.layers:
            yield from layer.components
        yield from self.ends


class Stream(msgspec.Struct, frozen=True):
    """Positions that components work on.

    Args:
        name: as components name it.
        unit: what one sequence of it is: "sequence", "image", "recording", "sample".
        length: positions in one sequence where the configuration fixes it, else None.
        optional: a sample may have none of it; without a statement none is counted, and said so.
        patch: pixels along one side of a position of a picture.
        cut: how a side that is no multiple is made one: to the nearest, up or down.
        beside: positions beside those of a picture of any size, such as registers.
    """

    name: str
    unit: str = "sequence"
    length: int | None = None
    optional: bool = False
    patch: int | None = None
    cut: Literal["nearest", "up", "down"] = "nearest"
    beside: int = 0


class Architecture(msgspec.Struct, frozen=True):
    """A model as its configuration describes it.

    Args:
        family: the architecture's usual name.
        model_type: what the file calls it, which differs in the first files of a family.
        layers: the main part's layers, like ones joined.
        ends: what stands before and after them: embeddings, last norm, output head.
        context_length: tokens, or None where the configuration gives none.
        tied: input embedding and output head are one matrix.
        prediction: layers that predict further tokens (multi-token prediction), which the total
            leaves out; None where the configuration has some that cannot be counted from it.
        prediction_in_total: the total holds them all the same.
        notes: readings and defaults that a person should know.
        parts: further parts in the order in which data pass through them, all before the main
            part: an encoder, a vision tower and its projector.
        part: name of the main part.
        streams: what components work on; the first is the main part's.
    """

    family: str
    model_type: str
    layers: tuple[Layer, ...]
    ends: tuple[Component, ...]
    context_length: int | None = None
    tied: bool = False
    prediction: tuple[Layer, ...] | None = ()
    prediction_in_total: bool = False
    notes: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    part: str = "decoder"
    streams: tuple[Stream, ...] = (Stream(TOKENS),)

    @property
    def main(self) -> Part:
        """The main part: tables that are looked up first, then layers, then the rest."""
        starts = tuple(end for end in self.ends if end.lookup)
        ends = tuple(end for end in self.ends if not end.lookup)
        return Part(self.part, starts, self.layers, ends)

    @property
    def all_parts(self) -> tuple[Part, ...]:
        """Every part, in the order in which data pass through them."""
        return (*self.parts, self.main)

    @property
    def layer_count(self) -> int:
        """Number of layers of the main part."""
        return sum(layer.count for layer in self.layers)

    @property
    def parameters_total(self) -> int:
        """Logical parameters, each once: no buffers, no scales of a storage format."""
        return sum(part.parameters for part in self.all_parts) + self._prediction_counted

    @property
    def parameters_active(self) -> int:
        """Parameters that one token uses, both embeddings counted (once if they are tied).

        Of a model of several parts, all that its parts use for one position of theirs.
        """
        return sum(part.active for part in self.all_parts) + self._prediction_active

    @property
    def parameters_active_without_input_embedding(self) -> int:
        """Active parameters less the table that is only looked up.

        A tied table stays, since the output head multiplies with it.
        """
        lookup = sum(part.active for part in self.ends if part.lookup)
        return self.parameters_active - (0 if self.tied else lookup)

    @property
    def parameters_mtp(self) -> int | None:
        """Parameters of the prediction layers, or None where they cannot be counted."""
        if self.prediction is None:
            return None
        return sum(layer.parameters for layer in self.prediction)

    @property
    def is_mixture(self) -> bool:
        """A token uses only some of the experts."""
        return any(one.stored > one.used for part in self.all_parts for one in part.components())

    @property
    def _prediction_counted(self) -> int:
        return (self.parameters_mtp or 0) if self.prediction_in_total else 0

    @property
    def _prediction_active(self) -> int:
        if not self.prediction_in_total or self.prediction is None:
            return 0
        return sum(layer.active for layer in self.prediction)


def stack(layers: Iterable[tuple[Component, ...]]) -> tuple[Layer, ...]:
    """Join layers that are alike, whatever their order.

    Args:
        layers: the components of each layer, first layer first.

    Returns: one run for each kind, in order of first appearance, each with its layers' places.
    """
    places: dict[tuple[Component, ...], list[int]] = {}
    for number, components in enumerate(layers):
        places.setdefault(components, []).append(number)
    if len(places) == 1:
        return tuple(Layer(len(found), parts) for parts, found in places.items())
    return tuple(Layer(len(found), parts, tuple(found)) for parts, found in places.items())
