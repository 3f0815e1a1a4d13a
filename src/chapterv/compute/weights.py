"""A configuration's count against the tensors that a weight file lists.

Published files rarely hold exactly the logical parameters: a tied head is stored a second time,
masks and frequencies ride along as buffers, quantised weights are packed and bring scales, layers
that predict further tokens are added. Each tensor is sorted by name, type and shape into such a
cause or into the model itself; what is left after that must equal the configuration's count, else
the two disagree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import prod
from typing import Literal

import msgspec

from chapterv.compute.architecture import Architecture
from chapterv.errors import InputError

__all__ = ["Comparison", "Explained", "compare_with_weights"]

Verdict = Literal["agrees", "explained", "disagrees"]
Tensor = tuple[str, str, tuple[int, ...]]

TIED_HEAD = "tied output head, stored a second time"
BUFFER = "buffer: mask, positions or frequencies"
BALANCING = "buffer: bias or table that routes tokens to experts"
SCALE = "scale of a quantised weight"
PACKED = "packed quantised weight"
PREDICTION = "layer that predicts further tokens"
PREDICTION_COPY = "copy of embedding or head in a layer that predicts further tokens"
ADAPTER = "adapter"

# What a name says about its tensor. Compiled on first use: most programs that import this room
# compare no weights.
_TRAITS = {
    "adapter": r"(^|\.)(lora_(A|B|embedding_A|embedding_B|magnitude_vector)|ia3_l)(\.|$)",
    "balancing": r"(^|\.)(e_score_correction_bias|tid2eid)$|\.gate\.bias$",
    "copy": r"(embed_tokens|shared_head\.head|(^|\.)head|emb\.tok_emb)\.weight$",
    "embedding": r"(^|\.)(embed_tokens|wte|word_embeddings|embed_in|tok_embeddings)\.weight$",
    "head": r"(^|\.)(lm_head|embed_out|output)\.weight$",
    "layer": r"(^|\.)(layers|h|blocks)\.0\.",
    "mask": r"(^|\.)(attn|attention|self_attn|self_attention)\.(attention\.)?(masked_)?bias$",
    "prediction": r"(^|[._])(mtp|nextn)([._]|$)|(^|\.)mtp_(layers|block|modules)\.",
    "rotary": r"(^|\.)((original_)?inv_freq|cos_cached|sin_cached|position_ids)$",
    "scale": (
        r"(_scale_inv|(weight|input|output|k|v)_scale(_2|_inv)?|_scales|\.scales|\.qzeros"
        r"|\.g_idx|\.SCB|\.weight_format|\.weight_shape|\.weight_zero_point"
        r"|\.(nested_)?absmax|\.(nested_)?quant_map|\.quant_state\.[^.]+)$"
    ),
}
_NUMBER = r"\.\d+(?=\.)"
_LAYER = r"(?:^|\.)(?:layers|h|blocks)\.(\d{1,6})\."
_BITS = {"U8": 8, "I8": 8, "U16": 16, "I16": 16, "U32": 32, "I32": 32, "I64": 64, "U64": 64}
_MAX_TENSORS = 10_000_000


class Explained(msgspec.Struct, frozen=True):
    """Tensors that are no logical parameters of the model, or not as many as they store.

    Args:
        cause: what they are.
        tensors: how many.
        amount: stored elements less logical parameters; negative for packed weights.
        example: name of the first.
    """

    cause: str
    tensors: int
    amount: int
    example: str


class Comparison(msgspec.Struct, frozen=True):
    """What a weight file says about a configuration's count.

    Args:
        verdict: agrees (equal as stored), explained (equal after the causes), disagrees.
        configured: parameters from the configuration.
        stored: elements that the file lists.
        explained: causes with their amounts.
        unexplained: logical parameters in the file less the configured ones.
        hints: what a person should look at.
    """

    verdict: Verdict
    configured: int
    stored: int
    explained: tuple[Explained, ...] = ()
    unexplained: int = 0
    hints: tuple[str, ...] = ()


def compare_with_weights(
    architecture: Architecture,
    tensors: Iterable[tuple[str, str, Iterable[int]]],
    packed_bits: int = 4,
) -> Comparison:
    """Compare a configuration's count with the tensors of its weight files.

    Args:
        architecture: from `describe`.
        tensors: name, type (as safetensors writes it) and shape of every tensor.
        packed_bits: bits of one value where weights are packed into integers.

    Returns: the verdict with the amounts that explain a difference.

    Raises:
        InputError: the list is not one of tensors, or is absurdly long.
    """
    if packed_bits not in (1, 2, 3, 4, 8):
        raise InputError("packed values have 1, 2, 3, 4 or 8 bits", None, "Check the bits.")
    table = _table(tensors)
    sorter = _Sorter(architecture, table, packed_bits)
    for name, (dtype, shape) in table.items():
        sorter.take(name, dtype, shape)
    return sorter.comparison()


def _table(
    tensors: Iterable[tuple[str, str, Iterable[int]]],
) -> dict[str, tuple[str, tuple[int, ...]]]:
    table: dict[str, tuple[str, tuple[int, ...]]] = {}
    for name, dtype, shape in tensors:
        sizes = tuple(shape)
        if any(type(size) is not int or size < 0 for size in sizes):
            raise InputError(f"the shape of {name[:80]!r} is not one", None, "Check the header.")
        if name in table:
            raise InputError(f"the tensor {name[:80]!r} is listed twice", None, "Check the shards.")
        table[name] = (dtype, sizes)
        if len(table) > _MAX_TENSORS:
            raise InputError("the list of tensors is absurdly long", None, "Check the files.")
    return table


class _Sorter:
    """Sorts tensors into causes and adds up what each of them stores."""

    def __init__(
        self,
        architecture: Architecture,
        table: Mapping[str, tuple[str, tuple[int, ...]]],
        packed_bits: int,
    ) -> None:
        self.architecture = architecture
        self.table = table
        self.packed_bits = packed_bits
        self.layers = architecture.layer_count
        self.embeddings = {
            shape for name, (_, shape) in table.items() if "embedding" in _traits(name)
        }
        self.stored = 0
        self.logical = 0
        self.prediction = 0
        self.causes: dict[str, list[tuple[str, int]]] = {}

    def take(self, name: str, dtype: str, shape: tuple[int, ...]) -> None:
        """Sort one tensor."""
        count = prod(shape)
        self.stored += count
        cause = self._cause(name, dtype, shape)
        values = self._logical(name, dtype, count)
        if cause is not None:
            self._explain(cause, name, count)
            if cause == PREDICTION:
                self.prediction += values
        else:
            self.logical += values
            if values != count:
                self._explain(PACKED, name, count - values)

    def comparison(self) -> Comparison:
        """Close the sums."""
        total = self.architecture.parameters_total
        balancing = sum(amount for _, amount in self.causes.get(BALANCING, []))
        if balancing and self.logical + balancing == total:
            # This family counts the balancing bias, so it is no cause here.
            self.logical += balancing
            del self.causes[BALANCING]
        unexplained = self.logical - total
        ahead = self.architecture.parameters_mtp
        if not unexplained and ahead is not None and self.prediction not in (0, ahead):
            unexplained = self.prediction - ahead
        explained = tuple(
            Explained(cause, len(items), sum(amount for _, amount in items), items[0][0])
            for cause, items in self.causes.items()
        )
        verdict: Verdict = "explained" if explained else "agrees"
        return Comparison(
            verdict="disagrees" if unexplained else verdict,
            configured=total,
            stored=self.stored,
            explained=explained,
            unexplained=unexplained,
            hints=self._hints(unexplained),
        )

    def _explain(self, cause: str, name: str, amount: int) -> None:
        self.causes.setdefault(cause, []).append((name, amount))

    def _cause(self, name: str, dtype: str, shape: tuple[int, ...]) -> str | None:
        traits = _traits(name)
        if not traits and not name.endswith(".scale"):
            return None
        if "adapter" in traits:
            return ADAPTER
        if "rotary" in traits or ("mask" in traits and _is_mask(dtype, shape)):
            return BUFFER
        if "scale" in traits or self._is_plain_scale(name, shape):
            return SCALE
        if "balancing" in traits and len(shape) < 3 and not self._is_router_bias(name):
            return BALANCING
        if self._is_prediction(name, traits):
            return PREDICTION_COPY if "copy" in traits else PREDICTION
        tied = self.architecture.tied and "head" in traits and shape in self.embeddings
        return TIED_HEAD if tied else None

    def _is_plain_scale(self, name: str, shape: tuple[int, ...]) -> bool:
        """Tell a `.scale` beside a quantised `.weight` from a model's own scale."""
        if not name.endswith(".scale"):
            return False
        beside = self.table.get(name.removesuffix(".scale") + ".weight")
        return beside is not None and len(beside[1]) == len(shape) > 1

    def _is_router_bias(self, name: str) -> bool:
        """A bias of the router that the family multiplies with is the model's own."""
        return name.endswith(".gate.bias") and self.architecture.family != "deepseek_v4"

    def _is_prediction(self, name: str, traits: frozenset[str]) -> bool:
        if self.architecture.prediction_in_total:
            return False
        if "prediction" in traits:
            return True
        layer = re.search(_LAYER, name) if "layer" in traits else None
        return layer is not None and int(layer[1]) >= self.layers

    def _logical(self, name: str, dtype: str, count: int) -> int:
        """Return how many values a tensor holds once unpacked."""
        bits = _BITS.get(dtype)
        if bits is None or bits <= self.packed_bits:
            return count
        stem = name.removesuffix(".weight")
        packed = (
            name.endswith((".qweight", ".weight_packed", "_blocks"))
            or f"{name}.absmax" in self.table
            or (name != stem and (f"{stem}.weight_scale" in self.table))
            or f"{name}_scale" in self.table
        )
        # Eight-bit integers with a scale are one value each unless they pack four-bit floats.
        return count * bits // self.packed_bits if packed and dtype != "I8" else count

    def _hints(self, unexplained: int) -> tuple[str, ...]:
        hints = []
        if ADAPTER in self.causes and not self.logical:
            hints.append("the file holds an adapter, not the model's weights")
        ahead = self.architecture.parameters_mtp
        if PREDICTION in self.causes and ahead is None:
            hints.append("layers that predict further tokens cannot be checked for this family")
        if PREDICTION in self.causes and ahead == 0:
            hints.append("the file holds layers beyond those that the configuration names")
        if not unexplained:
            return tuple(hints)
        heads = [part for part in self.architecture.ends if part.name == "output head"]
        width = sum(part.matrices for part in heads)
        if unexplained == -width and not self.architecture.tied:
            hints.append("no output head is stored: the model may be tied though it is not stated")
        if unexplained == width and self.architecture.tied:
            hints.append("an output head of its own is stored: the model may not be tied")
        return tuple(hints)


def _is_mask(dtype: str, shape: tuple[int, ...]) -> bool:
    """A mask is square in its last two of four dimensions, or a lone number; a bias is a vector."""
    square = len(shape) == 4 and shape[-1] == shape[-2]
    return square or prod(shape) == 1 or dtype == "BOOL"


def _traits(name: str) -> frozenset[str]:
    return _traits_of(re.sub(_NUMBER, ".0", name))


@lru_cache(maxsize=4096)
def _traits_of(template: str) -> frozenset[str]:
    """Return what a name says, its layer and expert numbers put to 0: few names differ then."""
    return frozenset(trait for trait, pattern in _TRAITS.items() if re.search(pattern, template))
