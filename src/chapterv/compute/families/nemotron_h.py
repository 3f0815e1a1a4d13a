"""Nemotron-H and Nemotron 3: every layer is one of Mamba-2, attention, feed-forward or experts.

A pattern gives the kind of each layer, as one letter or one word. Experts have no gate; in the
largest models they work in a narrower stream that two projections lead in and out of.
"""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Projection, stack
from chapterv.compute.blocks import (
    attention,
    embedding,
    experts,
    feed_forward,
    head,
    norms,
    router,
)
from chapterv.compute.families import family
from chapterv.compute.families.mamba_attention import stated_key_heads
from chapterv.compute.reading import MAX_LAYERS, Reader, shown
from chapterv.compute.recurrence import mamba2

__all__ = ["describe"]

_LETTERS = {"M": "linear_attention", "E": "moe", "*": "full_attention", "-": "mlp"}
_OLD_WORDS = {"mamba": "linear_attention", "attention": "full_attention"}


@family("nemotron_h")
def describe(reader: Reader) -> Architecture:
    """Count Nemotron-H or Nemotron 3."""
    hidden = reader.integer("hidden_size")
    vocabulary = reader.integer("vocab_size")
    reader.refuse("tie_word_embeddings", "the published program never ties the output head")
    kinds = _kinds(reader)
    builders = {
        "linear_attention": _mamba,
        "full_attention": _attention,
        "mlp": _feed_forward,
        "moe": _mixture,
    }
    parts = {
        kind: (norms(hidden), *builders[kind](reader, hidden)) for kind in dict.fromkeys(kinds)
    }
    _unused(reader, set(builders) - parts.keys())
    return Architecture(
        family="nemotron_h",
        model_type="nemotron_h",
        layers=stack(parts[kind] for kind in kinds),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied=False),
        ),
        context_length=reader.maybe("max_position_embeddings"),
    )


def _kinds(reader: Reader) -> list[str]:
    """Return the kind of each layer; the number of layers follows from the list."""
    found = reader.value("layers_block_type", "layer_types")
    pattern = reader.value("hybrid_override_pattern")
    if found is None and isinstance(pattern, str):
        found = [_LETTERS.get(letter, letter) for letter in pattern[: MAX_LAYERS + 1]]
    if not isinstance(found, list) or not 1 <= len(found) <= MAX_LAYERS:
        reader.fault("the kind of each layer is missing", "hybrid_override_pattern")
        return []
    kinds = [_OLD_WORDS.get(kind, kind) if isinstance(kind, str) else "" for kind in found]
    unknown = [kind for kind in kinds if kind not in _LETTERS.values()]
    if unknown:
        reader.fault(
            f"this family has no layers of the kind {shown(unknown[0])}", "hybrid_override_pattern"
        )
        return []
    stated = reader.maybe("num_hidden_layers", most=MAX_LAYERS)
    if stated is not None and stated != len(kinds):
        reader.fault(f"the pattern has {len(kinds)} layers", "num_hidden_layers")
    return kinds


def _mamba(reader: Reader, hidden: int) -> tuple[Component, ...]:
    heads = reader.integer("mamba_num_heads")
    reader.refuse("mamba_proj_bias", "the published program has no such biases")
    return mamba2(
        hidden,
        heads * reader.integer("mamba_head_dim"),
        heads,
        reader.integer("n_groups", "mamba_n_groups", default=8),
        reader.integer("ssm_state_size"),
        reader.integer("conv_kernel", "mamba_d_conv", default=4),
        bias=reader.flag("use_bias", default=False),
        conv_bias=reader.flag("use_conv_bias", "mamba_conv_bias", default=True),
    )


def _attention(reader: Reader, hidden: int) -> tuple[Component, ...]:
    heads = reader.integer("num_attention_heads")
    kv_heads = stated_key_heads(reader, heads)
    width = reader.integer("head_dim", "attention_head_dim", default=128)
    reader.refuse("attention_bias", "the published program has no such biases")
    return (attention(hidden, heads, kv_heads, width, limit=reader.maybe("sliding_window")),)


def _feed_forward(reader: Reader, hidden: int) -> tuple[Component, ...]:
    bias = reader.flag("mlp_bias", default=False)
    return (feed_forward(hidden, reader.integer("intermediate_size"), bias),)


def _mixture(reader: Reader, hidden: int) -> tuple[Component, ...]:
    count = reader.integer("n_routed_experts", "num_local_experts")
    used = reader.integer("num_experts_per_tok")
    bias = reader.flag("mlp_bias", default=False)
    narrow = reader.maybe("moe_latent_size")
    expert = feed_forward(narrow or hidden, reader.integer("moe_intermediate_size"))
    parts = [
        router(hidden, count),
        experts(expert, count, used, reader, "num_experts_per_tok"),
    ]
    if narrow is not None:
        vectors = narrow + hidden if bias else 0
        names = (
            Projection("fc1_latent_proj", hidden, narrow),
            Projection("fc2_latent_proj", narrow, hidden),
        )
        parts.append(
            Component("latent projections", 2 * hidden * narrow, vectors, projections=names)
        )
    if reader.integer("n_shared_experts", default=1, least=0) != 1:
        reader.fault("another number of shared experts than one is not covered", "n_shared_experts")
    width = reader.integer("moe_shared_expert_intermediate_size")
    shared = feed_forward(hidden, width, bias)
    return (
        *parts,
        Component("shared expert", shared.matrices, shared.vectors, projections=shared.projections),
    )


def _unused(reader: Reader, kinds: set[str]) -> None:
    """Mark keys of layer kinds that the pattern does not name: they shape nothing."""
    if "moe" in kinds:
        reader.read.update(
            ("moe_intermediate_size", "n_routed_experts", "n_shared_experts", "num_local_experts")
        )
    if "linear_attention" in kinds:
        reader.read.update(("conv_kernel", "mamba_num_heads"))
