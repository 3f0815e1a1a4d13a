"""Small made-up models, several for each family, that an oracle has counted."""

from __future__ import annotations

from typing import Any

from tests.compute.cases_later_autoencoders import AUTOENCODERS
from tests.compute.cases_later_pairs import PAIRS
from tests.compute.cases_later_sight import SIGHT
from tests.compute.cases_later_sound import SOUND
from tests.compute.cases_later_text import TEXT

__all__ = ["CASES", "Group", "cases"]

# For each class: the model_type, what it is given, the lengths of its streams, the common keys, and
# what each case changes.
Group = tuple[str, str, dict[str, Any], dict[str, Any], dict[str, Any], list[dict[str, Any]]]

CASES: list[Group] = [*SIGHT, *SOUND, *TEXT, *PAIRS, *AUTOENCODERS]


def cases() -> list[tuple[dict[str, Any], str, dict[str, Any], dict[str, Any]]]:
    """Return every case: the configuration, the class that is counted, its inputs, the lengths."""
    found = []
    for model_type, name, inputs, shape, common, changes in CASES:
        for change in changes:
            own = {"model_type": model_type, "architectures": [name]}
            if model_type == name:
                own = {"_class_name": name}
            merged = {**own, **common, **change}
            kept = {key: value for key, value in merged.items() if value is not None}
            found.append((kept, name, inputs, shape))
    return found
