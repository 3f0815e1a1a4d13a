"""Tokens, padding and lengths from what a model is called with, without waiting for a device.

Shapes are known at once. Sums over masks and positions lie on the device, where reading them would
stop it until its queue is empty, so they stay there until a line is due and are read together.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

__all__ = ["Batch", "Kept", "read_batch"]

_TOKENS = ("input_ids", "inputs_embeds", "decoder_input_ids")
# Boundaries of packed documents, as collators without padding give them.
_BOUNDS = ("cu_seq_lens_q", "cu_seqlens_q", "cu_seqlens")
MAX_KEPT = 4096
MAX_POSITIONS = 8 * 1024 * 1024
"""What is kept on the device at most: batches, and positions of all of them together."""


class Batch(NamedTuple):
    """One batch as the meter counts it.

    Args:
        tokens: positions, padding included.
        rows: how many sequences there are of which length; less than none takes back what was
            computed before.
        padding: number of positions that the mask leaves out, on its device, or None.
        bounds: where documents begin and end, on their device, or None.
        starts: for each position whether a document begins there, on its device, or None.
    """

    tokens: int
    rows: dict[int, int]
    padding: Any = None
    bounds: Any = None
    starts: Any = None


class _Contents:
    """What is kept at one time."""

    def __init__(self) -> None:
        self.tokens = 0
        self.documents: dict[int, int] = {}
        self.paddings: list[Any] = []
        self.bounds: list[Any] = []
        self.starts: list[Any] = []
        self.size = 0


class Kept:
    """The batches of one kind of pass since they were last read."""

    def __init__(self) -> None:
        self._now = _Contents()

    def keep(self, batch: Batch) -> bool:
        """Keep a batch; tells whether so much is kept that it should be read now."""
        now = self._now
        now.tokens += batch.tokens
        if batch.padding is not None:
            now.paddings.append(batch.padding)
        if batch.bounds is not None:
            now.bounds.append(batch.bounds)
        elif batch.starts is not None:
            now.starts.append(batch.starts)
            now.size += batch.tokens
        else:
            _merge(now.documents, batch.rows)
        kept = len(now.paddings) + len(now.bounds) + len(now.starts)
        return kept >= MAX_KEPT or now.size >= MAX_POSITIONS

    def read(self) -> dict[str, Any] | None:
        """Return the arguments of `Meter.add` for all batches together, and keep none of them.

        Returns: None where no batch was kept.
        """
        if not self._now.tokens:
            return None
        read, self._now = self._now, _Contents()
        for bounds in read.bounds:
            _merge(read.documents, _lengths([int(bound) for bound in bounds.reshape(-1).tolist()]))
        for starts in read.starts:
            _merge(read.documents, _between(starts))
        padding = _together(read.paddings)
        return {"tokens": read.tokens, "padding": padding, "documents": read.documents}


def read_batch(inputs: Mapping[str, Any]) -> Batch | None:
    """Read the arguments of a model's forward pass.

    Args:
        inputs: by name.

    Returns: None where nothing in it is known to be tokens.
    """
    name = next((name for name in _TOKENS if hasattr(inputs.get(name), "shape")), None)
    if name is None:
        return None
    shape = inputs[name].shape
    if len(shape) < 2:
        return None
    count, length = int(shape[0]), int(shape[1])
    past = _past(inputs)
    if past:
        # Tokens that go on from kept keys: the whole sequences less what was computed before.
        return Batch(count * length, {past + length: count, past: -count})
    mask: Any = inputs.get("attention_mask")
    flat = tuple(getattr(mask, "shape", ())) == (count, length)
    padding = (mask == 0).sum() if flat else None
    bounds = next((inputs[name] for name in _BOUNDS if inputs.get(name) is not None), None)
    places = inputs.get("position_ids") if mask is None and bounds is None else None
    if places is not None and len(getattr(places, "shape", ())) != 2:
        places = None  # several numbers for each position, as for images
    starts = None if places is None else places == 0
    return Batch(count * length, {length: count}, padding, bounds, starts)


def _past(inputs: Mapping[str, Any]) -> int:
    """Return how many tokens a cache of keys and values holds, under either of its names."""
    for name in ("past_key_values", "cache"):
        length = getattr(inputs.get(name), "get_seq_length", None)
        if length is not None:
            return int(length())
    return 0


def _together(amounts: list[Any]) -> int:
    """Sum amounts that may lie on a device, with one transfer."""
    torch = sys.modules.get("torch")
    if len(amounts) > 1 and torch is not None and all(map(torch.is_tensor, amounts)):
        return sum(torch.stack(amounts).tolist())
    return sum(int(amount) for amount in amounts)


def _merge(documents: dict[int, int], more: Mapping[int, int]) -> None:
    for length, count in more.items():
        documents[length] = documents.get(length, 0) + count


def _lengths(bounds: list[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for start, end in pairwise(bounds):
        if end > start:
            found[end - start] = found.get(end - start, 0) + 1
    return found


def _between(starts: Any) -> dict[int, int]:
    """Return lengths of documents by where they begin, in rows of equal length."""
    found: dict[int, int] = {}
    count, length = int(starts.shape[0]), int(starts.shape[1])
    rows: list[list[int]] = [[0] for _ in range(count)]
    for row, place in starts.nonzero().tolist():
        if place:
            rows[row].append(place)
    for places in rows:
        _merge(found, _lengths([*places, length]))
    return found
