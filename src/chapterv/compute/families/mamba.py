"""Mamba, Falcon Mamba and Mamba-2: no attention, every layer one state-space block."""

from __future__ import annotations

from chapterv.compute.architecture import Architecture, Component, Layer
from chapterv.compute.blocks import embedding, head, norms
from chapterv.compute.families import family
from chapterv.compute.reading import Reader
from chapterv.compute.recurrence import mamba1, mamba2

__all__ = ["describe", "describe_second", "step_rank"]


def step_rank(reader: Reader, name: str, hidden: int) -> int:
    """Return the width that the step size comes through: stated, or a sixteenth of the stream."""
    if reader.value(name) in (None, "auto"):
        return -(-hidden // 16)
    return reader.integer(name)


@family("mamba", "falcon_mamba")
def describe(reader: Reader) -> Architecture:
    """Count Mamba or Falcon Mamba; the norms of the latter have no weights."""
    hidden = reader.integer("hidden_size")
    # The inner width that a file states is overruled by the factor.
    inner = reader.integer("expand", default=2) * hidden
    block = mamba1(
        hidden,
        inner,
        reader.integer("state_size", default=16),
        step_rank(reader, "time_step_rank", hidden),
        reader.integer("conv_kernel", default=4),
        bias=reader.flag("use_bias", default=False),
        conv_bias=reader.flag("use_conv_bias", default=True),
    )
    name = "falcon_mamba" if reader.values.get("model_type") == "falcon_mamba" else "mamba"
    return _assemble(reader, name, hidden, block, tied_default=True)


@family("mamba2")
def describe_second(reader: Reader) -> Architecture:
    """Count Mamba-2."""
    hidden = reader.integer("hidden_size")
    heads = reader.integer("num_heads", default=128)
    inner = reader.integer("expand", default=2) * hidden
    if heads * reader.integer("head_dim", default=64) != inner:
        reader.fault("heads times their width are not the inner width", "num_heads")
    block = mamba2(
        hidden,
        inner,
        heads,
        reader.integer("n_groups", default=8),
        reader.integer("state_size", default=128),
        reader.integer("conv_kernel", default=4),
        bias=reader.flag("use_bias", default=False),
        conv_bias=reader.flag("use_conv_bias", default=True),
    )
    return _assemble(reader, "mamba2", hidden, block, tied_default=False)


def _assemble(
    reader: Reader, name: str, hidden: int, block: tuple[Component, ...], tied_default: bool
) -> Architecture:
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=tied_default)
    layers = reader.layers("num_hidden_layers", "n_layer")
    return Architecture(
        family=name,
        model_type=name,
        layers=(Layer(layers, (norms(hidden), *block)),),
        ends=(
            embedding(vocabulary, hidden),
            norms(hidden, name="last norm"),
            *head(vocabulary, hidden, tied),
        ),
        tied=tied,
    )
