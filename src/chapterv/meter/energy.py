"""Energy counters of the machine: accelerators through NVML, processors through RAPL.

Both count upwards for as long as the machine runs, so the energy of a stretch is a difference.
RAPL counters begin anew at a range that the system names. Its domains lie in one another: a package
holds its cores and its graphics, and a platform domain holds all; only packages and memory beside
them are added. Where no counter can be read there is no energy, and the reason is kept.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["Counter", "Counters", "find_counters"]

POWERCAP = "/sys/class/powercap"
_ZONE = re.compile(r"intel-rapl:\d+(:\d+)?")


class Counter:
    """One counter, read as an amount that only grows.

    Args:
        name: such as "accelerator-0", "package-0", "dram-0".
        read: returns the counter's value in microjoules.
        wraps_at: value in microjoules at which it begins anew, or None.
    """

    def __init__(self, name: str, read: Callable[[], int], wraps_at: int | None = None) -> None:
        self.name = name
        self._read = read
        self._wraps_at = wraps_at
        self._last = read()
        self._rest = 0

    def since(self) -> int:
        """Return the millijoules since the last call, or none where it cannot be read."""
        try:
            value = self._read()
        except Exception:  # a counter that fails must not stop the training
            return 0
        used, self._last = value - self._last, value
        if used < 0:
            used = used + self._wraps_at if self._wraps_at else 0
        whole, self._rest = divmod(used + self._rest, 1000)
        return max(whole, 0)


class Counters:
    """All counters that were found.

    Args:
        counters: one for each device and domain.
        absent: why some are missing, in words.
    """

    def __init__(self, counters: list[Counter], absent: list[str]) -> None:
        self.counters = counters
        self.absent = absent

    def since(self) -> dict[str, int]:
        """Return millijoules since the last call, by kind: "accelerator", "package", "dram"."""
        found: dict[str, int] = {}
        for counter in self.counters:
            kind = counter.name.partition("-")[0]
            used = counter.since()
            if used:
                found[kind] = found.get(kind, 0) + used
        return found


def find_counters(own_device: bool, processors: bool, root: str = POWERCAP) -> Counters:
    """Find the counters of this process.

    Args:
        own_device: only the accelerator that this process uses, one of several processes.
        processors: read those of the machine's processors, which one process a machine does.
        root: folder of the power capping framework.
    """
    absent: list[str] = []
    counters = _accelerators(own_device, absent)
    if processors:
        counters += _processors(root, absent)
    return Counters(counters, absent)


def _processors(root: str, absent: list[str]) -> list[Counter]:
    try:
        zones = sorted(name for name in os.listdir(root) if _ZONE.fullmatch(name))
    except OSError:
        absent.append("processors: the system has no power capping folder")
        return []
    found: list[Counter] = []
    for zone in zones:
        folder = os.path.join(root, zone)
        try:
            kind = _text(folder, "name").partition("-")[0]
            # `intel-rapl:0` is a package or the whole platform, `intel-rapl:0:2` lies in it.
            if (kind == "package" and zone.count(":") == 1) or kind == "dram":
                found.append(_zone(folder, f"{kind}-{len(found)}"))
        except (OSError, ValueError) as error:
            absent.append(f"processors: {type(error).__name__} on a counter")
    if not found and not absent:
        absent.append("processors: no counter of a package or of memory")
    return found


def _zone(folder: str, name: str) -> Counter:
    return Counter(
        name,
        lambda: int(_text(folder, "energy_uj")),
        int(_text(folder, "max_energy_range_uj")),
    )


def _text(folder: str, name: str) -> str:
    with open(os.path.join(folder, name), encoding="ascii") as file:
        return file.read(64).strip()


def _accelerators(own_device: bool, absent: list[str]) -> list[Counter]:
    try:
        nvml = importlib.import_module("pynvml")
    except ImportError:
        absent.append("accelerators: pynvml is not installed")
        return []
    try:
        nvml.nvmlInit()
        return [
            Counter(f"accelerator-{number}", _reading(nvml, handle))
            for number, handle in enumerate(_handles(nvml, own_device))
        ]
    except Exception as error:  # the library's own errors, of which each device has others
        absent.append(f"accelerators: {type(error).__name__}")
        return []


def _reading(nvml: Any, handle: Any) -> Callable[[], int]:
    return lambda: 1000 * int(nvml.nvmlDeviceGetTotalEnergyConsumption(handle))


def _handles(nvml: Any, own_device: bool) -> list[Any]:
    """Return the devices that this process uses, by their identifiers where torch knows them."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        devices = [torch.cuda.current_device()] if own_device else range(torch.cuda.device_count())
        names = [f"GPU-{torch.cuda.get_device_properties(device).uuid}" for device in devices]
        return [nvml.nvmlDeviceGetHandleByUUID(name) for name in names]
    if os.environ.get("CUDA_VISIBLE_DEVICES"):
        return [_visible(nvml, name) for name in os.environ["CUDA_VISIBLE_DEVICES"].split(",")]
    return [nvml.nvmlDeviceGetHandleByIndex(n) for n in range(nvml.nvmlDeviceGetCount())]


def _visible(nvml: Any, name: str) -> Any:
    name = name.strip()
    if name.isdecimal():
        return nvml.nvmlDeviceGetHandleByIndex(int(name))
    return nvml.nvmlDeviceGetHandleByUUID(name)
