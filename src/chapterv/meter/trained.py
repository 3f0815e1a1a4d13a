"""Which weights a model trains, read from the model itself when the meter starts.

Only matrices count, since vectors enter no product. What is read is put into the words of the
closed form: all, none, adapters beside a frozen model, frozen first layers, frozen kinds of
components. A mask that these words cannot say is counted as if everything were trained, an upper
bound, and marked so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from chapterv.compute import Architecture, Trained

__all__ = ["Mask", "read_mask"]

_ADAPTER = re.compile(r"\blora_|\blora[AB]\b|\badapter|\bvera_|\bprompt_encoder\b")
_LAYER = re.compile(r"(?:^|\.)(?:layers?|h|blocks?)\.(\d+)\.")
# Kinds of components by the names that modules bear in the libraries, the surest first.
_KINDS = (
    ("router", re.compile(r"\brouter\b|\bgate\.(?:weight|wg)|\bgate$")),
    ("shared expert", re.compile(r"shared_expert|shared_mlp")),
    ("experts", re.compile(r"\bexperts\b")),
    ("attention", re.compile(r"att(?:n|ention)\b|\b[qkvo]_proj\b")),
    ("feed-forward", re.compile(r"mlp|ffn|feed_?forward|\bfc[12]\b|dense_|_proj\b")),
)
_HEAD = re.compile(r"lm_head|embed_out|output_layer|^output\.")
_EMBEDDING = re.compile(r"embed|\bwte\b|\bwpe\b|tok_embeddings")


class Mask(NamedTuple):
    """What is trained, in words of the closed form.

    Args:
        trained: for `terms_of`.
        exact: whether these words say all of it; otherwise the count is an upper bound.
        parameters: weights and vectors that are trained.
        of: weights and vectors of the model.
    """

    trained: Trained
    exact: bool
    parameters: int
    of: int


class _Matrix(NamedTuple):
    name: str
    size: int
    trained: bool
    layer: int | None
    kind: str


def read_mask(model: Any, architecture: Architecture) -> Mask:
    """Read which weights a model trains.

    Args:
        model: anything with `named_parameters()`, each with `shape` and `requires_grad`.
        architecture: the model as its configuration describes it.

    Returns: the mask.
    """
    from chapterv.compute import ALL, NOTHING

    named = list(model.named_parameters())
    sizes = [(size_of(one), bool(one.requires_grad)) for _, one in named]
    parameters = sum(size for size, trained in sizes if trained)
    of = sum(size for size, _ in sizes)
    if not parameters:
        return Mask(NOTHING, True, 0, of)
    matrices = [_matrix(name, one) for name, one in named if len(_shape(one)) > 1]
    if not any(matrix.trained for matrix in matrices):
        # Vectors alone, or weights that were flattened and shared out: no word for either.
        return Mask(ALL, False, parameters, of)
    base = [matrix for matrix in matrices if matrix.kind != "adapter"]
    adapters = [matrix for matrix in matrices if matrix.kind == "adapter"]
    if all(matrix.trained for matrix in base) and not adapters:
        return Mask(ALL, True, parameters, of)
    found = _adapted(base, adapters) or _partly(base, adapters, architecture)
    return Mask(found or ALL, found is not None, parameters, of)


def size_of(parameter: Any) -> int:
    """Return the number of weights of a parameter."""
    return math.prod(_shape(parameter))


def _shape(parameter: Any) -> tuple[int, ...]:
    """Return the shape of the whole parameter, where it is packed or shared out over devices."""
    state = getattr(parameter, "quant_state", None)
    shape = getattr(state, "shape", None) or getattr(parameter, "ds_shape", None)
    return tuple(int(size) for size in shape or parameter.shape)


def _matrix(name: str, parameter: Any) -> _Matrix:
    layer = _LAYER.search(name)
    kind = "adapter" if _ADAPTER.search(name) else _kind(name, layer is not None)
    number = int(layer[1]) if layer else None
    return _Matrix(name, size_of(parameter), bool(parameter.requires_grad), number, kind)


def _kind(name: str, in_layer: bool) -> str:
    if not in_layer:
        if _HEAD.search(name):
            return "output head"
        return "token embedding" if _EMBEDDING.search(name) else "other"
    return next((kind for kind, pattern in _KINDS if pattern.search(name)), "other")


def _adapted(base: list[_Matrix], adapters: list[_Matrix]) -> Trained | None:
    """Return adapters beside a model of which nothing else is trained."""
    from chapterv.compute import Trained

    if not adapters or any(matrix.trained for matrix in base):
        return None
    size = sum(matrix.size for matrix in adapters if matrix.trained)
    return Trained("adapter", adapter_parameters=size)


def _partly(
    base: list[_Matrix], adapters: list[_Matrix], architecture: Architecture
) -> Trained | None:
    """Return a mask of first layers and kinds of components, where these say all of it."""
    from chapterv.compute import Trained
    from chapterv.errors import InputError

    if adapters:
        return None
    layers = [matrix for matrix in base if matrix.layer is not None]
    last = max((matrix.layer or 0 for matrix in layers), default=-1)
    first = min((m.layer for m in layers if m.trained and m.layer is not None), default=last + 1)
    above = [m for m in base if m.layer is None or m.layer >= first]
    frozen = _frozen_kinds(above)
    if frozen is None:
        return None
    if architecture.tied:
        frozen -= {"output head"}
    names = {name for kind in frozen for name in _named(kind, architecture)}
    trained = Trained(frozen=frozenset(names), frozen_layers=first)
    try:
        trained.check(architecture)
    except InputError:
        return None
    return trained


def _named(kind: str, architecture: Architecture) -> list[str]:
    """Return the components of a kind as the architecture calls them, or the kind itself."""
    known = {one.name for part in architecture.all_parts for one in part.components()}
    like = [name for name in known if kind in name and "gate" not in name]
    return [kind] if kind in known or not like else like


def _frozen_kinds(matrices: Iterable[_Matrix]) -> set[str] | None:
    """Return kinds that are frozen wherever they stand, or None where a kind is split."""
    states: dict[str, set[bool]] = {}
    for matrix in matrices:
        states.setdefault(matrix.kind, set()).add(matrix.trained)
    if any(len(found) > 1 for found in states.values()) or False in states.get("other", ()):
        return None
    return {kind for kind, found in states.items() if found == {False}}
