"""Strict reading of a model configuration: each value asked for by name, type and range.

A reader collects every fault instead of stopping at the first, and stands in a harmless value for
what is missing, so that a family can go on and a person sees all faults at once. It also keeps
which keys were read: a key that shapes a model and that the family never asked for means that the
file belongs to another family, and is a fault too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chapterv.errors import ErrorGroup, InputError

__all__ = ["MAX_DIMENSION", "MAX_LAYERS", "Reader", "shown"]

MAX_LAYERS = 100_000
MAX_DIMENSION = 2**31
"""Bounds no real model comes near; they keep a hostile file from costing time or memory."""

# Keys that give a model parts which only some families have. Where one is set and the family did
# not ask for it, counting without it would be silently wrong.
_SHAPING = (
    "block_configs",
    "conv_kernel",
    "hybrid_override_pattern",
    "index_topk",
    "kv_lora_rank",
    "layers_block_type",
    "linear_num_value_heads",
    "mamba_d_state",
    "mamba_num_heads",
    "moe_intermediate_size",
    "moe_num_experts",
    "n_embd",
    "n_embed",
    "n_head",
    "n_inner",
    "n_layer",
    "n_routed_experts",
    "n_shared_experts",
    "num_experts",
    "num_hidden_layers",
    "num_local_experts",
    "num_shared_experts",
    "q_lora_rank",
    "shared_expert_intermediate_size",
    "shared_intermediate_size",
    "ssm_cfg",
    "vocab_size_per_layer_input",
)

_FIX = "Correct the configuration, or state `model.parameters_total` with a source."


class Reader:
    """Values of one configuration.

    Args:
        values: the parsed configuration.
        where: file that it came from, for messages.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        where: str | None = None,
        pointer: str = "",
        faults: list[InputError] | None = None,
    ) -> None:
        self.values = values
        self.where = where
        self.pointer = pointer
        self.faults: list[InputError] = [] if faults is None else faults
        self.read: set[str] = set()

    def child(self, name: str) -> Reader:
        """Read a nested table; an absent one is empty."""
        value = self.value(name)
        if value is not None and not isinstance(value, Mapping):
            self.expected("a table", name, value)
            value = None
        return Reader(value or {}, self.where, f"{self.pointer}/{name}", self.faults)

    def value(self, *names: str) -> Any:
        """Return the value under the first name that is set, null counting as not set.

        Two names of one quantity that disagree are a fault.
        """
        self.read.update(names)
        if len(names) == 1:
            return self.values.get(names[0])
        found = [(name, self.values[name]) for name in names if self.values.get(name) is not None]
        if not found:
            return None
        for name, value in found[1:]:
            if value != found[0][1]:
                self.fault(f"/{name} and /{found[0][0]} disagree", name)
        return found[0][1]

    def integer(
        self, *names: str, default: int | None = None, least: int = 1, most: int = MAX_DIMENSION
    ) -> int:
        """Return a whole number within bounds; without a default it must be there."""
        found = self.maybe(*names, least=least, most=most)
        if found is not None:
            return found
        if default is None:
            if self.value(*names) is None:
                self.fault(f"a whole number is missing at {self._path(names[0])}", names[0])
            return least or 1
        return default

    def maybe(self, *names: str, least: int = 1, most: int = MAX_DIMENSION) -> int | None:
        """Return a whole number within bounds, or None where it is absent, null or faulty."""
        value = self.value(*names)
        if value is None:
            return None
        name = next(name for name in names if self.values.get(name) is not None)
        if isinstance(value, bool) or not isinstance(value, int):
            self.expected("a whole number", name, value)
            return None
        if not least <= value <= most:
            self.expected(f"{least} to {most}", name, value)
            return None
        return value

    def layers(self, *names: str) -> int:
        """Return the number of layers."""
        return self.integer(*names, most=MAX_LAYERS)

    def flag(self, *names: str, default: bool) -> bool:
        """Return true or false."""
        value = self.value(*names)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.expected("true or false", names[0], value)
            return default
        return value

    def choice(self, name: str, allowed: Sequence[str], default: str | None = None) -> str:
        """Return one of a few words."""
        value = self.value(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or value not in allowed:
            self.expected("one of " + ", ".join(allowed), name, value)
            return allowed[0]
        return value

    def per_layer(self, name: str, layers: int) -> list[Any] | None:
        """Return a list with one entry for each layer, or None where it is absent."""
        value = self.value(name)
        if value is None:
            return None
        if not isinstance(value, list):
            self.expected("a list", name, value)
            return None
        if len(value) != layers:
            self.fault(f"expected {layers} entries at {self._path(name)}, got {len(value)}", name)
            return None
        return value

    def members(self, name: str) -> frozenset[int]:
        """Return a list of layer numbers as a set; absent means none."""
        value = self.value(name)
        if value is None:
            return frozenset()
        plain = isinstance(value, list) and len(value) <= MAX_LAYERS
        if not plain or any(isinstance(n, bool) or not isinstance(n, int) for n in value):
            self.expected("a list of layer numbers", name, value)
            return frozenset()
        return frozenset(value)

    def divides(self, whole: int, parts: int, name: str, what: str) -> int:
        """Return `whole // parts`, and fault a remainder."""
        if whole % parts:
            self.fault(f"{what}: {whole} is not a multiple of {parts}", name)
        return max(1, whole // parts)

    def refuse(self, name: str, why: str, harmless: Sequence[object] = ()) -> None:
        """Fault a key that adds parts this program does not count."""
        self.read.add(name)
        value = self.values.get(name)
        if value is None or value is False or value == 0 or value in harmless:
            return
        self.fault(f"{self._path(name)} is {shown(value)}: {why}", name)

    def foreign(self) -> None:
        """Fault keys that shape a model and that the family did not ask for."""
        for name in _SHAPING:
            value = self.values.get(name)
            if name in self.read or value is None or value is False or value == 0:
                continue
            self.fault(
                f"{self._path(name)} does not belong to this family, and would change the count",
                name,
            )

    def expected(self, what: str, name: str, value: object) -> None:
        """Fault a value of the wrong type."""
        self.fault(f"expected {what} at {self._path(name)}, got {shown(value)}", name)

    def fault(self, what: str, name: str) -> None:
        """Keep a fault for `finish`."""
        place = self._path(name)
        where = f"{self.where}#{place}" if self.where else place
        self.faults.append(InputError(what, where, _FIX))

    def finish(self) -> None:
        """Raise what was found wrong, all at once.

        Raises:
            InputError: one fault, or an `ErrorGroup` of several.
        """
        if len(self.faults) == 1:
            raise self.faults[0]
        if self.faults:
            raise ErrorGroup(self.faults)

    def _path(self, name: str) -> str:
        escaped = name.replace("~", "~0").replace("/", "~1")
        return f"{self.pointer}/{escaped}"


def shown(value: object) -> str:
    """Name a value for a message, never more than eighty characters."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**20:
        return "a whole number of more than 20 digits"
    if isinstance(value, list | dict):
        return f"a {'list' if isinstance(value, list) else 'table'} of {len(value)}"
    text = repr(value[:60] if isinstance(value, str) else value)
    return text if len(text) <= 80 else text[:77] + "..."
