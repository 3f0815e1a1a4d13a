"""What a model is made of: components with their weights and the work they do for one token.

A component names matrices and vectors of one copy, how many copies are stored, and how many of
them one token passes through. From these few numbers follow the total count, the active count and
the operations, so no family computes any of the three on its own and they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

__all__ = ["Architecture", "Component", "Layer", "Mixing", "stack"]


class Mixing(msgspec.Struct, frozen=True):
    """Products between tokens: queries against keys, weights against values.

    A token at place i sees `min(i // stride, limit)` entries: stride 1 without a limit is causal
    attention, a limit is a sliding window or a top-k choice, a stride above 1 stands for keys that
    were pooled from that many tokens each.
    """

    heads: int
    key_width: int
    value_width: int
    stride: int = 1
    limit: int | None = None


class Component(msgspec.Struct, frozen=True):
    """Parameters that are stored and used together.

    Args:
        name: what the part is, as the report prints it.
        matrices: weights of one copy that enter a matrix product with the token.
        vectors: all other parameters of one copy: biases, norms, sinks, position tables.
        stored: copies that are stored; 0 for a matrix shared with another component.
        used: copies that one token passes through.
        lookup: the matrix is read by index, which is no product.
        mixing: products between tokens.
    """

    name: str
    matrices: int
    vectors: int = 0
    stored: int = 1
    used: int = 1
    lookup: bool = False
    mixing: tuple[Mixing, ...] = ()

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
        """Weights that one token is multiplied with, shared matrices included."""
        return 0 if self.lookup else self.used * self.matrices


class Layer(msgspec.Struct, frozen=True):
    """A run of layers that are alike."""

    count: int
    components: tuple[Component, ...]

    @property
    def parameters(self) -> int:
        """Parameters of all layers of this run."""
        return self.count * sum(part.parameters for part in self.components)

    @property
    def active(self) -> int:
        """Parameters of all layers of this run that one token uses."""
        return self.count * sum(part.active for part in self.components)


class Architecture(msgspec.Struct, frozen=True):
    """A decoder as its configuration describes it.

    Args:
        family: the architecture's usual name.
        model_type: what the file calls it, which differs in the first files of a family.
        layers: the decoder's layers, like ones joined.
        ends: what stands before and after the layers: embeddings, last norm, output head.
        context_length: tokens, or None where the configuration gives none.
        tied: input embedding and output head are one matrix.
        prediction: layers that predict further tokens (multi-token prediction), which the total
            leaves out; None where the configuration has some that cannot be counted from it.
        notes: readings and defaults that a person should know.
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

    @property
    def layer_count(self) -> int:
        """Number of decoder layers."""
        return sum(layer.count for layer in self.layers)

    @property
    def parameters_total(self) -> int:
        """Logical parameters, each once: no buffers, no scales of a storage format."""
        own = sum(layer.parameters for layer in self.layers)
        return own + sum(part.parameters for part in self.ends) + self._prediction_counted

    @property
    def parameters_active(self) -> int:
        """Parameters that one token uses, both embeddings counted (once if they are tied)."""
        own = sum(layer.active for layer in self.layers)
        return own + sum(part.active for part in self.ends) + self._prediction_active

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
        return any(part.stored > part.used for layer in self.layers for part in layer.components)

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

    Returns: one run for each kind, in order of first appearance.
    """
    counts: dict[tuple[Component, ...], int] = {}
    for components in layers:
        counts[components] = counts.get(components, 0) + 1
    return tuple(Layer(count, components) for components, count in counts.items())
