"""Which accelerators a process uses, and how it stands among the processes of a run.

Nothing is imported for it: a library that the training has not loaded is not used by it.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, NamedTuple

__all__ = ["Chips", "Place", "find_chips", "gathered", "place"]

_MOST_NAME = 100


class Chips(NamedTuple):
    """Accelerators of this process: how many, and their name."""

    units: int | None
    name: str | None


class Place(NamedTuple):
    """This process among those of the run."""

    rank: int
    world: int
    local: int


def find_chips(own: bool) -> Chips:
    """Return the accelerators that torch sees, or nothing where it sees none.

    Args:
        own: this process is one of several and uses one of them.
    """
    torch = sys.modules.get("torch")
    try:
        if torch is None or not torch.cuda.is_available():
            return Chips(None, None)
        device = torch.cuda.current_device() if own else 0
        name = str(torch.cuda.get_device_name(device))[:_MOST_NAME]
        return Chips(1 if own else int(torch.cuda.device_count()), name)
    except Exception:  # a driver that does not answer must not stop the training
        return Chips(None, None)


def place() -> Place:
    """Return rank and number of processes, from torch or from what launchers set."""
    distributed = _distributed()
    if distributed is not None:
        return Place(distributed.get_rank(), distributed.get_world_size(), _number("LOCAL_RANK"))
    return Place(_number("RANK"), _number("WORLD_SIZE", 1), _number("LOCAL_RANK"))


def gathered(table: object) -> list[Any]:
    """Exchange a table with all processes; all must call it at the same time.

    Args:
        table: what JSON can hold.

    Returns: the tables of all ranks, by rank; this one's alone without other processes.
    """
    distributed = _distributed()
    if distributed is None or distributed.get_world_size() == 1:
        return [table]
    torch = sys.modules["torch"]
    device = "cpu"
    if str(distributed.get_backend()) == "nccl":
        device = f"cuda:{torch.cuda.current_device()}"
    data = json.dumps(table, separators=(",", ":")).encode()
    size = torch.tensor([len(data)], dtype=torch.int64, device=device)
    sizes = [torch.zeros_like(size) for _ in range(distributed.get_world_size())]
    distributed.all_gather(sizes, size)
    longest = max(int(one.item()) for one in sizes)
    mine = torch.zeros(longest, dtype=torch.uint8, device=device)
    mine[: len(data)] = torch.frombuffer(bytearray(data), dtype=torch.uint8).to(device)
    all_data = [torch.zeros_like(mine) for _ in sizes]
    distributed.all_gather(all_data, mine)
    return [
        json.loads(bytes(one[: int(length.item())].cpu().tolist()))
        for one, length in zip(all_data, sizes, strict=True)
    ]


def _distributed() -> Any:
    torch = sys.modules.get("torch")
    distributed = getattr(torch, "distributed", None)
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    return distributed


def _number(name: str, default: int = 0) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 8 else default
