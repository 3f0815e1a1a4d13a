"""Which weights are trained, read from a model as torch shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from chapterv.compute import ALL, NOTHING, Trained, describe
from chapterv.meter.trained import read_mask
from tests.meter.runs import LLAMA


class Weight(NamedTuple):
    """A parameter as torch shows it."""

    shape: tuple[int, ...]
    requires_grad: bool = True


class Fake:
    """A model with the parameters of a small llama, some of them changed."""

    def __init__(self, **changes: Any) -> None:
        self.changes = changes

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        """Yield names and parameters in the order of registration."""
        yield self._of("model.embed_tokens.weight", 500, 64)
        for layer in range(3):
            for name, rows, columns in (
                ("self_attn.q_proj", 64, 64),
                ("self_attn.k_proj", 32, 64),
                ("self_attn.v_proj", 32, 64),
                ("self_attn.o_proj", 64, 64),
                ("mlp.gate_proj", 128, 64),
                ("mlp.up_proj", 128, 64),
                ("mlp.down_proj", 64, 128),
            ):
                yield self._of(f"model.layers.{layer}.{name}.weight", rows, columns)
                if name in self.changes.get("adapted", ()):
                    prefix = f"base_model.model.model.layers.{layer}.{name}"
                    yield f"{prefix}.lora_A.default.weight", Weight((4, columns))
                    yield f"{prefix}.lora_B.default.weight", Weight((rows, 4))
            yield self._of(f"model.layers.{layer}.input_layernorm.weight", 64)
        yield self._of("lm_head.weight", 500, 64)

    def _of(self, name: str, *shape: int) -> tuple[str, Weight]:
        return name, Weight(shape, not any(word in name for word in self.changes.get("frozen", ())))


def mask(**changes: Any) -> Any:
    """The mask of a fake model."""
    return read_mask(Fake(**changes), describe(LLAMA))


def test_all_weights_are_trained_where_nothing_is_frozen() -> None:
    found = mask()
    assert (found.trained, found.exact) == (ALL, True)
    assert found.parameters == found.of


def test_none_are_where_all_is_frozen() -> None:
    assert mask(frozen=("",)).trained == NOTHING


def test_adapters_beside_a_frozen_model_are_counted_by_their_size() -> None:
    adapted = ("self_attn.q_proj", "self_attn.v_proj")
    found = mask(frozen=("model.", "lm_head"), adapted=adapted)
    size = 3 * (4 * 64 + 64 * 4 + 4 * 64 + 32 * 4)
    assert found.trained == Trained("adapter", adapter_parameters=size)
    assert found.exact
    assert found.parameters == size


@pytest.mark.parametrize(
    ("frozen", "wanted"),
    [
        (("embed",), Trained(frozen=frozenset({"token embedding"}))),
        (("layers.0.",), Trained(frozen_layers=1)),
        (
            ("embed", "layers.0.", "layers.1."),
            Trained(frozen=frozenset({"token embedding"}), frozen_layers=2),
        ),
        (
            ("embed", "layers."),
            Trained(frozen=frozenset({"token embedding"}), frozen_layers=3),
        ),
        (("mlp",), Trained(frozen=frozenset({"feed-forward"}))),
        (
            ("self_attn", "lm_head"),
            Trained(frozen=frozenset({"attention", "output head"})),
        ),
        (("layernorm",), ALL),
    ],
)
def test_frozen_layers_and_kinds_are_put_into_words(
    frozen: tuple[str, ...], wanted: Trained
) -> None:
    found = mask(frozen=frozen)
    assert (found.trained, found.exact) == (wanted, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"frozen": ("layers.2.",)},
        {"frozen": ("layers.1.mlp",)},
        {"frozen": ("q_proj",)},
        {"frozen": ("_proj", "embed_", "lm_")},
        {"adapted": ("self_attn.q_proj",)},
    ],
)
def test_what_no_words_say_is_an_upper_bound(changes: dict[str, Any]) -> None:
    found = mask(**changes)
    assert (found.trained, found.exact) == (ALL, False)


def test_packed_and_shared_out_weights_have_their_whole_size() -> None:
    class Packed:
        shape = (1024, 1)
        requires_grad = False
        quant_state = type("State", (), {"shape": (64, 64)})

    class Shared:
        shape = (0,)
        ds_shape = (8, 64)
        requires_grad = True

    class Model:
        def named_parameters(self) -> list[tuple[str, Any]]:
            return [
                ("layers.0.self_attn.q_proj.weight", Packed()),
                ("layers.0.self_attn.q_proj.lora_A.weight", Shared()),
            ]

    found = read_mask(Model(), describe(LLAMA))
    assert found.trained == Trained("adapter", adapter_parameters=512)
    assert found.of == 64 * 64 + 512
