"""Tables that some of BERT's kin have beside those of words, positions and kinds of text."""

from __future__ import annotations

from chapterv.compute.architecture import Component, Projection
from chapterv.compute.reading import Reader

__all__ = ["layout", "pinyin"]


def layout(reader: Reader, hidden: int) -> list[Component]:
    """Return where on its page a word stands: left and top, height and width."""
    rows = reader.integer("max_2d_position_embeddings", default=1024)
    return [Component("places on a page", 0, 4 * rows * hidden, lookup=True)]


def pinyin(reader: Reader, hidden: int) -> list[Component]:
    """Return how a sign sounds and looks, and the matrix that joins both to its meaning."""
    if not reader.flag("concat_input", default=True):
        reader.fault("tables that are added up are not counted", "concat_input")
    found = []
    joined = hidden
    for key, switch, rows, width in (
        ("pronunciation", "enable_pronunciation", 910, 768),
        ("shape", "enable_shape", 24858, 512),
    ):
        rows = reader.integer(f"{key}_vocab_size", default=rows)
        width = reader.integer(f"{key}_embed_dim", default=width)
        found.append(Component(f"{key}s", 0, rows * width, lookup=True))
        joined += width if reader.flag(switch, default=True) else 0
    names = (Projection("map_inputs_layer", joined, hidden),)
    return [*found, Component("joined signs", joined * hidden, hidden, projections=names)]
