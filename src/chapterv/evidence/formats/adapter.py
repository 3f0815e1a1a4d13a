"""Adapters (`adapter_config.json` of PEFT): which base model was changed, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.registry import Found, reader
from chapterv.evidence.results import Note
from chapterv.evidence.strict import decode_json

__all__ = ["LOCAL_PATH", "read_adapter"]

MAX_ADAPTER = 1024 * 1024
MAX_TARGETS = 1000

LOCAL_PATH = re.compile(r"^([/\\~.]|[A-Za-z]:[/\\])")
"""Names that are places on somebody's machine and say nothing to anyone else."""


@reader("adapter", version="1", names=("adapter_config.json",))
def read_adapter(artefact: Artefact) -> Iterator[Found]:
    """Read the base model, the kind, the rank and the targets of an adapter."""
    table = decode_json(artefact.read(MAX_ADAPTER), artefact.path)
    if not isinstance(table, dict):
        raise InputError("expected a table of keys and values", artefact.path, "Correct the file.")
    yield artefact.fact("model.derivation", "adapter", note="the file describes an adapter")
    base = table.get("base_model_name_or_path")
    if isinstance(base, str) and base and LOCAL_PATH.match(base):
        yield Note(
            artefact.path,
            "the base model is named by a place on the machine of training. "
            "State model.derived_from.",
        )
    elif isinstance(base, str) and base:
        yield artefact.fact("model.derived_from", [base[:500]], "/base_model_name_or_path")
    kind = table.get("peft_type")
    if isinstance(kind, str) and kind:
        yield Note(artefact.path, f"kind of adapter: {kind[:60]}")
    rank = table.get("r")
    if isinstance(rank, int) and not isinstance(rank, bool) and 0 < rank < 10**6:
        yield artefact.fact("model.adapter_rank", rank, "/r")
    targets = table.get("target_modules")
    if isinstance(targets, str):
        targets = [targets]
    if isinstance(targets, list) and targets and all(isinstance(t, str) for t in targets):
        yield artefact.fact(
            "model.adapter_targets", sorted(targets[:MAX_TARGETS]), "/target_modules"
        )
