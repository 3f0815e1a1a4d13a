"""GPT-Neo: alternating global and local attention, learned positions, tied output head."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Mixing, Projection, stack
from chapterv.compute.blocks import (
    embedding,
    feed_forward,
    head,
    head_width,
    norms,
)
from chapterv.compute.families import family
from chapterv.compute.reading import MAX_LAYERS, Reader

__all__ = ["describe"]


@family("gpt_neo")
def describe(reader: Reader) -> Architecture:
    """Count GPT-Neo."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_layers", "num_hidden_layers")
    heads = reader.integer("num_heads", "num_attention_heads")
    positions = reader.integer("max_position_embeddings")
    vocabulary = reader.integer("vocab_size")
    inner = reader.integer("intermediate_size", default=4 * hidden)
    width = head_width(reader, hidden, heads)
    window = reader.integer("window_size", default=256)
    tied = reader.flag("tie_word_embeddings", default=True)
    rest = (feed_forward(hidden, inner, True, ("c_fc", "c_proj")), norms(hidden, 2, bias=True))

    names = tuple(
        Projection(name, hidden, hidden) for name in ("q_proj", "k_proj", "v_proj", "out_proj")
    )

    def mixer(kind: str) -> Component:
        limit = window if kind == "local" else None
        return Component(
            # Queries, keys and values have no bias here, the output projection has one.
            "attention", 4 * hidden * hidden, hidden,
            mixing=(Mixing(heads, width, width, limit=limit),),
            projections=names,
        )  # fmt: skip

    return Architecture(
        family="gpt_neo",
        model_type="gpt_neo",
        layers=stack((mixer(kind), *rest) for kind in _kinds(reader, layers)),
        ends=(
            embedding(vocabulary, hidden),
            embedding(positions, hidden, "position embedding"),
            norms(hidden, bias=True, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        context_length=positions,
        tied=tied,
    )


def _kinds(reader: Reader, layers: int) -> list[str]:
    """Expand `attention_types`, pairs of a pattern and its number of repeats."""
    kinds: list[str] = []
    pairs = reader.value("attention_types")
    if not isinstance(pairs, list):
        reader.expected("a list of pattern and repeats", "attention_types", pairs)
        return ["global"] * layers
    for pair in pairs:
        match pair:
            case [list() as pattern, int() as repeats] if (
                pattern
                and 0 < repeats * len(pattern) <= MAX_LAYERS - len(kinds)
                and all(kind in ("global", "local") for kind in pattern)
            ):
                kinds += pattern * repeats
            case _:
                reader.expected(
                    "a pattern of global and local, and repeats", "attention_types", pair
                )
                return ["global"] * layers
    if len(kinds) != layers:
        reader.fault(f"the pattern gives {len(kinds)} layers, not {layers}", "attention_types")
    return kinds
