"""Putting a composed model together: the text part of its own table, and towers before it.

A nested table may leave out whatever has the value of its configuration class; those values stand
here, as the classes of transformers 5.24 have them. Whether embedding and head are tied is said by
the outer table, else by the text part's own, else by the text part's class: so earlier releases
read the files that say nothing outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Part, Projection, Stream
from chapterv.compute.describing import UnknownFamily, describe_part
from chapterv.compute.reading import Reader

__all__ = ["TextPart", "compose", "linear", "projector", "sizes", "text_part"]

# Tables of text parts whose class has a name of its own, the family that counts them, and what
# that family takes from a key that this class has not.
_SAME: dict[str, tuple[str, dict[str, Any]]] = {
    "qwen2_vl_text": ("qwen2", {}),
    "qwen2_5_vl_text": ("qwen2", {}),
    "qwen2_5_omni_text": ("qwen2", {}),
    "qwen3_vl_text": ("qwen3", {}),
    "qwen3_vl_moe_text": ("qwen3_moe", {}),
    "qwen3_omni_moe_text": ("qwen3_moe", {}),
    "glm4v_text": ("glm4", {"attention_bias": True}),
    "glm_ocr_text": ("glm4", {"attention_bias": False}),
    "glm4v_moe_text": ("glm4_moe", {"attention_bias": True}),
    "paddleocr_vl_text": ("ernie4_5", {}),
    "hunyuan_vl_text": ("hunyuan_v1_dense", {}),
    "hy_v4_vl_text": ("hy_v4", {}),
    "granite4_vision_text": ("granite", {}),
    "granite_docling_text": ("granite", {}),
}
# Classes whose heads share the width where no width of a head is stated, other than their family.
_SHARED = frozenset({"glm4v_text", "glm_ocr_text", "glm4v_moe_text"})


class TextPart(msgspec.Struct, frozen=True):
    """The text part of a composed model.

    Args:
        architecture: as its family counts it.
        width: width of its stream.
    """

    architecture: Architecture
    width: int


def sizes(
    vocabulary: int,
    hidden: int,
    inner: int,
    layers: int,
    heads: int,
    kv_heads: int | None,
    **more: Any,
) -> dict[str, Any]:
    """Return the sizes of a text part under their keys, without key heads where they are None."""
    values = {
        "vocab_size": vocabulary,
        "hidden_size": hidden,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        **more,
    }
    return {name: value for name, value in values.items() if value is not None}


_DEFAULTS: dict[str, dict[str, Any]] = {
    "llama": sizes(32000, 4096, 11008, 32, 32, None),
    "mistral": sizes(32000, 4096, 14336, 32, 32, 8),
    "qwen2": sizes(151936, 4096, 22016, 32, 32, 32),
    "qwen3": sizes(151936, 4096, 22016, 32, 32, 32),
    "gemma": sizes(256000, 3072, 24576, 28, 16, 16, head_dim=256),
    "gemma2": sizes(256000, 2304, 9216, 26, 8, 4, head_dim=256),
    "gemma3_text": sizes(262208, 2304, 9216, 26, 8, 4, head_dim=256),
    "cohere": sizes(256000, 8192, 22528, 40, 64, None),
    "cohere2": sizes(256000, 8192, 22528, 40, 64, None),
    "qwen2_vl_text": sizes(152064, 8192, 29568, 80, 64, 8, max_window_layers=80),
    "qwen2_5_vl_text": sizes(152064, 8192, 29568, 80, 64, 8, max_window_layers=80),
    "qwen3_vl_text": sizes(151936, 4096, 22016, 32, 32, 32),
    "glm4v_text": sizes(151552, 4096, 13696, 40, 32, 2),
    "glm_ocr_text": sizes(59392, 1024, 4096, 16, 16, 8),
    "paddleocr_vl_text": sizes(
        103424, 1024, 3072, 18, 16, 2, head_dim=128, tie_word_embeddings=True
    ),
    "mistral4": sizes(
        131072, 4096, 12288, 36, 32, None, moe_intermediate_size=2048, n_routed_experts=128,
        n_shared_experts=1, num_experts_per_tok=4, kv_lora_rank=256, q_lora_rank=1024,
        qk_rope_head_dim=64, qk_nope_head_dim=64, v_head_dim=128,
    ),
    "mistral_large4_text": sizes(
        204800, 6144, 24576, 72, 64, None, moe_intermediate_size=6144, n_routed_experts=128,
        n_shared_experts=1, num_experts_per_tok=4, kv_lora_rank=512, qk_rope_head_dim=64,
        qk_nope_head_dim=64, v_head_dim=128, index_topk=2048, index_head_dim=128, index_n_heads=32,
    ),
    "qwen4_exp_text": {
        "vocab_size": 248320, "hidden_size": 2048, "num_hidden_layers": 40,
        "num_attention_heads": 16, "num_key_value_heads": 2, "moe_intermediate_size": 512,
        "num_experts": 512, "shared_expert_intermediate_size": 512, "num_experts_per_tok": 10,
    },
    "hunyuan_vl_text": sizes(290943, 4096, 11008, 32, 32, None, tie_word_embeddings=True),
    "hy_v4_vl_text": sizes(
        120832, 6144, 18432, 78, 64, None, moe_intermediate_size=2048, n_routed_experts=256,
        n_shared_experts=1, num_experts_per_tok=8, kv_lora_rank=512, q_lora_rank=2048,
        qk_rope_head_dim=64, qk_nope_head_dim=192, v_head_dim=256, index_head_dim=128,
        index_n_heads=32,
    ),
    "minimax_m3_vl_text": sizes(200064, 6144, 3072, 60, 64, 4, head_dim=128),
}  # fmt: skip


def text_part(
    reader: Reader,
    default: str,
    *,
    key: str = "text_config",
    flat: Sequence[str] = (),
    filled: Mapping[str, Any] | None = None,
) -> TextPart:
    """Count the text decoder of a composed model.

    Args:
        reader: the composed model's configuration.
        default: `model_type` of the text part where its table names none.
        key: the text part's table.
        flat: first files of a family have no such table and the text part's keys outside; these
            are the keys that are not the text part's. Empty where there are no such files.
        filled: values that the composed class fills in where the table leaves them out.

    Raises:
        UnknownFamily: the table is missing, or its family is not covered.
    """
    child = reader.child(key)
    values = dict(child.values)
    pointer = child.pointer
    # Some files repeat the text part's keys outside.
    reader.read |= {name for name in values if reader.values.get(name) == values[name]}
    if not values and flat:
        values = {name: value for name, value in reader.values.items() if name not in flat}
        values["model_type"] = default
        pointer = reader.pointer
    elif not values:
        raise UnknownFamily(
            f"the model has a text part, and the file does not describe it ({pointer} is missing)",
            reader.where,
            "Give the whole configuration, or state `model.parameters_total` with a source.",
        )
    name = values.get("model_type") or default
    if not isinstance(name, str):
        reader.expected("a text", "model_type", name)
        name = default
    family, class_values = _SAME.get(name, (name, {}))
    given = {**_DEFAULTS.get(name, {}), **(filled or {}), **class_values}
    values = {**given, **values, "model_type": family}
    if name in _SHARED and values.get("head_dim") is None:
        values["head_dim"] = _share(values)
    _settle_tying(reader, values)
    settled = Reader(values, reader.where, pointer, reader.faults)
    found = describe_part(settled, family)
    if pointer == reader.pointer:
        reader.read |= settled.read
    width = values.get("hidden_size")
    return TextPart(found, width if isinstance(width, int) and width > 0 else 1)


def _share(values: Mapping[str, Any]) -> int | None:
    """Return the width of a head as the class takes it, rounded down."""
    hidden, heads = values.get("hidden_size"), values.get("num_attention_heads")
    if isinstance(hidden, int) and isinstance(heads, int) and 0 < heads <= hidden:
        return hidden // heads
    return None


def _settle_tying(reader: Reader, values: dict[str, Any]) -> None:
    """Let the outer table decide, but not against what the inner one says."""
    # One class spells its key otherwise.
    outer = reader.value("tie_word_embeddings", "tie_embedding")
    inner = values.get("tie_word_embeddings")
    if outer is None:
        return
    # A plain false outside is what some classes write whatever the text part says.
    if outer is True and inner is False:
        reader.fault(
            "the text part says that embedding and head are not tied", "tie_word_embeddings"
        )
    values["tie_word_embeddings"] = outer if inner is None else inner


def compose(
    reader: Reader,
    text: TextPart,
    parts: Iterable[Part],
    streams: Iterable[Stream],
    notes: Sequence[str] = (),
) -> Architecture:
    """Join towers and projectors to a text part.

    Args:
        reader: the composed model's configuration.
        text: the text part.
        parts: what stands before it, in the order in which data pass.
        streams: streams of these parts.
        notes: readings that a person should know.
    """
    joined: dict[str, Stream] = {}
    for stream in streams:
        joined.setdefault(stream.name, stream)
    name = str(reader.values["model_type"])
    own = text.architecture
    return replace(
        own,
        family=name,
        model_type=name,
        parts=(*parts, *own.parts),
        streams=(own.streams[0], *joined.values(), *own.streams[1:]),
        notes=(*own.notes, *notes),
    )


def linear(name: str, inputs: int, outputs: int, bias: bool = True) -> tuple[Projection, int]:
    """Return one matrix of a projector with the number of its vectors."""
    return Projection(name, inputs, outputs), outputs if bias else 0


def projector(
    steps: Sequence[tuple[Projection, int]],
    *,
    stream: str,
    every: int = 1,
    norm: int = 0,
    vectors: int = 0,
    name: str = "projector",
) -> tuple[Component, ...]:
    """Return matrices, one after the other, that give a feature the text part's width.

    Each is a component of its own: before the first one nothing may be trained, before the others
    the first one is.

    Args:
        steps: from `linear`.
        stream: stream of the features.
        every: positions of it that one feature joins.
        norm: parameters of a norm before the first matrix.
        vectors: parameters after the last one.
        name: name of the components.
    """
    found = [Component(name, 0, norm, stream=stream, every=every)] if norm else []
    for shape, biases in steps:
        matrices = shape.inputs * shape.outputs
        found.append(
            Component(
                name, matrices, biases, stream=stream, every=every, projections=(shape,)
            )
        )  # fmt: skip
    if vectors:
        found.append(Component(name, 0, vectors, stream=stream, every=every))
    return tuple(found)
