"""Values that no configuration should have: whatever stands under a key, no reader may break."""

from __future__ import annotations

from typing import Any

from chapterv.compute import describe
from chapterv.errors import Error

__all__ = ["broken_by"]

_ODD: tuple[Any, ...] = (
    None, -1, 0, 7, 2**31, 10**30, 1.5, float("nan"), float("inf"), True, "", "x",
    [], [1], ["a"], [None], [[1]], [10**9] * 3, [1, 2, 3, 4], {}, {"a": 1},
)  # fmt: skip


def broken_by(config: dict[str, Any]) -> list[str]:
    """Return keys and values for which `describe` neither answers nor refuses in its own words."""
    found = []
    for key in config:
        if key in ("model_type", "_class_name"):
            continue
        for value in _ODD:
            try:
                describe({**config, key: value}, "config.json")
            except Error:
                continue
            except Exception as error:
                found.append(f"{key} = {value!r:.40}: {error!r:.80}")
    return found
