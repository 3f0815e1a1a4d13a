"""Parameters of adapters beside a frozen model: LoRA, DoRA and (IA)3, as PEFT places them.

An adapter of rank r beside a matrix of `inputs` by `outputs` has r * (inputs + outputs) weights.
Which matrices get one is said by the last part of their names, or by "all-linear" for every linear
layer but the output head. Experts stored as one tensor are no linear layers; what a program does
with them depends on its version, so where a target may mean experts it must be said.

Source: Hu et al. 2021 (LoRA), section 4; Liu et al. 2024 (DoRA), section 4; Liu et al. 2022
((IA)3), section 3; the PEFT library for names and for experts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from chapterv.compute.architecture import Architecture, Component, Part, Projection
from chapterv.compute.reading import Reader
from chapterv.errors import InputError

__all__ = ["adapter_parameters", "adapter_parameters_of", "ia3_parameters"]

Experts = Literal["apart", "joined", "converted"]

_ALL = "all-linear"
_GATED, _DOWN, _ROUTER = ("gate_proj", "up_proj"), "down_proj", "gate"
# Names of the three matrices of an expert where each is a module.
_OLD_NAMES = {"w1": "gate_proj", "w2": "down_proj", "w3": "up_proj"}
_CONVERTED = frozenset((*_GATED, _DOWN, _ROUTER))
_MAX_RANK = 2**20
# Names that programs give to the two ends of a text model.
_HEADS = ("lm_head", "embed_out", "output_embedding")
_TABLES = ("embed_tokens", "wte", "word_embeddings", "embed_in", "tokens_embed", "tok_embeddings")
# Blocks that stand in several places come with matrices that no list of names tells apart.
_UNNAMED = ("zamba2",)
# Tensors of experts that also hold places for experts without weights.
_UNEVEN = ("longcat_flash",)


class _Matrix(msgspec.Struct, frozen=True):
    """A matrix that an adapter may stand beside, in so many places."""

    projection: Projection
    count: int
    kind: str  # linear, head, table, expert


def adapter_parameters(
    architecture: Architecture,
    rank: int,
    targets: str | Sequence[str],
    *,
    exclude: Collection[str] = (),
    layers: Collection[int] | None = None,
    bias: str = "none",
    modules_to_save: Collection[str] = (),
    rank_pattern: Mapping[str, int] | None = None,
    dora: bool = False,
    lora_bias: bool = False,
    expert_targets: Collection[str] = (),
    experts: Experts | None = None,
) -> int:
    """Count the weights that a LoRA or DoRA run trains.

    Args:
        architecture: the frozen model, from `describe`.
        rank: rank of the adapters.
        targets: last parts of the names of matrices, one of them, or "all-linear".
        exclude: names that get none.
        layers: numbers of the layers that get adapters, from 0; all of them if left out.
        bias: "none"; trained biases of the model itself are not covered.
        modules_to_save: output head or token table trained as a whole copy, by name.
        rank_pattern: other ranks by name.
        dora: each adapter also has a magnitude for each output.
        lora_bias: each adapter's second matrix has a bias.
        expert_targets: names of tensors that hold all experts, such as "experts.down_proj".
        experts: how the program treats experts: "apart" where each is linear layers of its own
            (transformers before 5), "joined" where they are one tensor that is left out,
            "converted" where the library adapts tensor and router in place of the old layers
            (PEFT from 0.19 on transformers 5, for families of the Mixtral and Qwen kind).

    Returns: weights, exactly.

    Raises:
        InputError: a name that no matrix has, a rank out of range, or what is not covered.

    Source: Hu et al. 2021, section 4.1; Liu et al. 2024, section 4.1.
    """
    _check_rank(rank)
    if bias != "none":
        raise _refused(f"training the model's own biases ({bias[:20]!r}) is not covered")
    matrices = list(_matrices(architecture, layers, experts == "apart"))
    also = {_ROUTER} if experts == "converted" else set()
    names = _names(architecture, matrices, targets, also, bool(expert_targets))
    _check_experts(architecture, names, experts, dora or lora_bias)
    kept_out = {_last(name) for name in (*exclude, *modules_to_save)}
    if experts == "converted":
        kept_out |= _CONVERTED
    amount = _saved(architecture, modules_to_save)
    for matrix in matrices:
        if _is_target(matrix, names, kept_out):
            amount += _lora(matrix, _rank_of(matrix, rank, rank_pattern), dora, lora_bias)
    if experts == "converted":
        amount += _converted(architecture, rank, names, layers)
    return amount + _expert_adapters(architecture, rank, expert_targets, layers)


def ia3_parameters(
    architecture: Architecture, targets: Sequence[str], feedforward: Collection[str] = ()
) -> int:
    """Count the weights that an (IA)3 run trains: one factor for each output, or each input.

    Args:
        architecture: the frozen model, from `describe`.
        targets: last parts of the names of matrices.
        feedforward: those of them whose inputs are scaled.

    Returns: weights, exactly.

    Raises:
        InputError: a name that no matrix has.

    Source: Liu et al. 2022, section 3.3.
    """
    matrices = list(_matrices(architecture, None, False))
    names = _names(architecture, matrices, targets, set(), False)
    inner = {_last(name) for name in feedforward}
    return sum(
        one.count
        * (one.projection.inputs if set(_aliases(one)) & inner else one.projection.outputs)
        for one in matrices
        if _is_target(one, names, set())
    )


def adapter_parameters_of(
    architecture: Architecture,
    settings: Mapping[str, Any],
    where: str | None = None,
    experts: Experts | None = None,
) -> int:
    """Count the weights of an adapter from its settings file.

    Args:
        architecture: the frozen model, from `describe`.
        settings: a parsed `adapter_config.json`.
        where: name of the file, for messages.
        experts: how the program treats experts, as in `adapter_parameters`.

    Returns: weights, exactly.

    Raises:
        InputError: a kind of adapter or a setting that is not covered, or a faulty value.

    Source: settings of the PEFT library.
    """
    reader = Reader(settings, where)
    kind = reader.choice("peft_type", ("LORA", "IA3"))
    for name in ("layer_replication", "trainable_token_indices", "layers_pattern"):
        reader.refuse(name, "this setting of adapters is not covered", ([], {}))
    targets = _texts(reader, "target_modules")
    rank = reader.integer("r", most=_MAX_RANK, default=8)
    pattern = reader.child("rank_pattern")
    ranks = {name: pattern.integer(name, most=_MAX_RANK) for name in pattern.values}
    layers = reader.value("layers_to_transform")
    chosen = {layers} if type(layers) is int else reader.members("layers_to_transform")
    saved = _texts(reader, "modules_to_save")
    excluded = _texts(reader, "exclude_modules")
    tensors = _texts(reader, "target_parameters")
    feedforward = _texts(reader, "feedforward_modules")
    reader.finish()
    if kind == "IA3":
        return ia3_parameters(architecture, targets, feedforward)
    return adapter_parameters(
        architecture,
        rank,
        targets,
        exclude=excluded,
        layers=None if layers is None else chosen,
        bias=str(settings.get("bias") or "none"),
        modules_to_save=saved,
        rank_pattern=ranks,
        dora=reader.flag("use_dora", default=False),
        lora_bias=reader.flag("lora_bias", default=False),
        expert_targets=tensors,
        experts=experts,
    )


def _texts(reader: Reader, name: str) -> list[str] | str:
    """Return a list of texts, or the one text that stands for all linear layers."""
    value = reader.value(name)
    if value is None:
        return []
    if value == _ALL:
        return _ALL
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        reader.expected("a list of names", name, value)
        return []
    return value


def _matrices(
    architecture: Architecture, layers: Collection[int] | None, separate: bool
) -> Iterator[_Matrix]:
    """Yield every matrix that an adapter may stand beside."""
    for part in architecture.all_parts:
        for component, count in _placed(part, layers):
            if component.name == "experts":
                each = count * component.stored if separate else 0
                yield from (_Matrix(one, each, "expert") for one in component.projections)
                continue
            kind = "head" if component.name == "output head" else "linear"
            kind = "table" if component.lookup else kind
            yield from (_Matrix(one, count, kind) for one in component.projections)


def _placed(part: Part, layers: Collection[int] | None) -> Iterator[tuple[Component, int]]:
    """Yield components and in how many of the chosen layers they stand."""
    if layers is None:
        # A choice of layers leaves out what stands in none.
        yield from ((one, 1) for one in (*part.starts, *part.ends))
    first = 0
    for layer in part.layers:
        places = layer.places or range(first, first + layer.count)
        first += layer.count
        count = layer.count if layers is None else sum(1 for one in places if one in layers)
        if count:
            yield from ((one, count) for one in layer.components)


def _names(
    architecture: Architecture,
    matrices: list[_Matrix],
    targets: str | Sequence[str],
    also: set[str],
    other: bool,
) -> frozenset[str] | None:
    """Return the last parts of the targets' names, None for every linear layer."""
    if isinstance(targets, str) and targets.lower() != _ALL:
        if not all(letter.isalnum() or letter in "._" for letter in targets):
            raise _refused(f"a pattern for names ({targets[:40]!r}) is not covered")
        targets = [targets] if targets else []
    if isinstance(targets, str):
        if architecture.family in _UNNAMED:
            raise _refused(f"{_ALL} is not covered for the family {architecture.family}")
        return None
    if not targets and not other:
        raise _refused("no target is named")
    known = also | {name for one in matrices for name in _aliases(one)}
    for target in targets:
        if _last(target) not in known:
            shown = sorted({one.projection.name for one in matrices})
            raise InputError(
                f"no matrix of the family {architecture.family} is called {target[:60]!r}",
                None,
                "It has " + ", ".join(shown) + ".",
            )
    return frozenset(_last(target) for target in targets)


def _last(name: str) -> str:
    return name.rsplit(".", 1)[-1]


def _aliases(matrix: _Matrix) -> tuple[str, ...]:
    """Return the names that a matrix may be called by."""
    if matrix.kind == "head":
        return _HEADS
    if matrix.kind == "table":
        return _TABLES
    name = matrix.projection.name
    old = (one for one, new in _OLD_NAMES.items() if new == name and matrix.kind == "expert")
    return (name, *old)


def _is_target(matrix: _Matrix, names: frozenset[str] | None, kept_out: Collection[str]) -> bool:
    aliases = _aliases(matrix)
    if any(alias in kept_out for alias in aliases):
        return False
    if names is None:
        return matrix.kind in ("linear", "expert")
    return any(alias in names for alias in aliases)


def _rank_of(matrix: _Matrix, rank: int, pattern: Mapping[str, int] | None) -> int:
    for name, other in (pattern or {}).items():
        if _last(name) in _aliases(matrix):
            if "." in name:
                raise _refused(f"a rank for some layers alone ({name[:40]!r}) is not covered")
            _check_rank(other)
            return other
    return rank


def _check_experts(
    architecture: Architecture,
    names: frozenset[str] | None,
    experts: Experts | None,
    more: bool,
) -> None:
    """Fault targets that may mean experts where nobody said what becomes of them."""
    kinds = {
        name
        for part in architecture.all_parts
        for one in part.components()
        if one.name == "experts"
        for name in (*(projection.name for projection in one.projections), *_OLD_NAMES)
    }
    meant = bool(kinds) and (names is None or bool(names & kinds))
    if meant and experts is None:
        raise InputError(
            "the targets may mean experts, and programs differ in what they do with them",
            None,
            "Say how the program treats experts: apart, joined or converted.",
        )
    if experts == "converted" and architecture.family in _UNEVEN:
        raise _refused(f"tensors of experts of the family {architecture.family} are not covered")
    if experts == "converted" and more:
        raise _refused("magnitudes or biases beside tensors of experts are not covered")
    if experts == "converted" and names is not None:
        new = {_OLD_NAMES.get(name, name) for name in names}
        if len(new & set(_GATED)) == 1:
            raise _refused("gate and input of experts are one tensor: name both or none")


def _converted(
    architecture: Architecture,
    rank: int,
    names: frozenset[str] | None,
    layers: Collection[int] | None,
) -> int:
    """Count adapters beside expert tensors and routers, put there in place of old layers."""
    new = None if names is None else {_OLD_NAMES.get(name, name) for name in names}
    amount = 0
    for part in architecture.all_parts:
        for component, count in _placed(part, layers):
            if component.name == "router" and (new is None or _ROUTER in new):
                amount += count * rank * _router_widths(architecture, component)
            if component.name != "experts":
                continue
            # Two old layers in one tensor have twice the rank.
            for tensor, width in _joined(component).items():
                double = tensor == "gate_up_proj"
                old = _GATED[0] if double else tensor
                if new is None or old in new:
                    amount += count * component.stored * (2 if double else 1) * rank * width
    return amount


def _router_widths(architecture: Architecture, router: Component) -> int:
    """Return inputs and outputs of a router together, 0 where it is a linear layer."""
    if any(one.name != _ROUTER for one in router.projections):
        return 0
    count = next(
        one.stored
        for part in architecture.all_parts
        for one in part.components()
        if one.name == "experts"
    )
    return router.matrices // count + count


def _lora(matrix: _Matrix, rank: int, dora: bool, lora_bias: bool) -> int:
    one = matrix.projection
    if matrix.kind == "table" and (dora or lora_bias):
        raise _refused("magnitudes or biases beside a token table are not covered")
    weights = rank * (one.inputs + one.outputs)
    weights += one.outputs if dora else 0
    weights += one.outputs if lora_bias else 0
    return matrix.count * weights


def _saved(architecture: Architecture, modules: Collection[str]) -> int:
    """Count the copies of the model's ends that are trained as a whole."""
    amount = 0
    for module in modules:
        name = _last(module)
        found = [
            one
            for one in architecture.ends
            if (name in _HEADS and one.name in ("output head", "output bias"))
            or (name in _TABLES and one.name == "token embedding")
        ]
        if not found:
            raise InputError(
                f"a trained copy of {module[:60]!r} is not covered",
                None,
                f"Covered are the output head ({_HEADS[0]}) and the token table ({_TABLES[0]}).",
            )
        amount += sum(one.matrices + one.vectors for one in found)
    return amount


def _expert_adapters(
    architecture: Architecture, rank: int, targets: Collection[str], layers: Collection[int] | None
) -> int:
    """Count adapters beside tensors that hold all experts, one of that rank for each expert."""
    amount = 0
    for target in targets:
        name = _last(target)
        found = 0
        for part in architecture.all_parts:
            for component, count in _placed(part, layers):
                if component.name != "experts":
                    continue
                width = _joined(component).get(name, 0)
                found += count * component.stored * rank * width
        if not found:
            raise InputError(
                f"no tensor of experts is called {target[:60]!r}",
                None,
                "Experts have gate_up_proj and down_proj, or up_proj and down_proj.",
            )
        amount += found
    return amount


def _joined(component: Component) -> dict[str, int]:
    """Return inputs and outputs together for each tensor of experts, by its name."""
    widths = {one.name: one.inputs + one.outputs for one in component.projections}
    gate = next((one for one in component.projections if one.name == "gate_proj"), None)
    if gate is not None:
        del widths["gate_proj"], widths["up_proj"]
        widths["gate_up_proj"] = gate.inputs + 2 * gate.outputs
    return widths


def _check_rank(rank: int) -> None:
    if type(rank) is not int or not 1 <= rank <= _MAX_RANK:
        raise InputError(
            f"the rank must be a whole number from 1 to {_MAX_RANK}", None, "Give the rank."
        )


def _refused(what: str) -> InputError:
    return InputError(
        what, None, "State the number of trained parameters with a source, or list the matrices."
    )
