"""Evidence: one reader for each artefact format, bytes in, facts out.

`scan` reads a folder; `reader` registers a format, here or in a plug-in (entry point group
`chapterv.readers`). Input is hostile: sizes and depths are bounded, nothing is unpickled, nothing
is fetched, and a broken file is a line with what, where and what to do.
"""

from __future__ import annotations

from chapterv.evidence.artefacts import Artefact, Window
from chapterv.evidence.registry import (
    ENTRY_POINTS,
    Joined,
    Parts,
    Reader,
    Unclaimed,
    joins,
    not_read,
    reader,
    readers,
)
from chapterv.evidence.results import (
    Anomaly,
    Note,
    Part,
    ReadEntry,
    Scan,
    SkippedEntry,
    anomaly_object,
)
from chapterv.evidence.run_spans import moment
from chapterv.evidence.runs import LogState, follow
from chapterv.evidence.scanning import Progress, scan
from chapterv.evidence.strict import decode_json, decode_text, decode_yaml

__all__ = [
    "ENTRY_POINTS",
    "Anomaly",
    "Artefact",
    "Joined",
    "LogState",
    "Note",
    "Part",
    "Parts",
    "Progress",
    "ReadEntry",
    "Reader",
    "Scan",
    "SkippedEntry",
    "Unclaimed",
    "Window",
    "anomaly_object",
    "decode_json",
    "decode_text",
    "decode_yaml",
    "follow",
    "joins",
    "moment",
    "not_read",
    "reader",
    "readers",
    "scan",
]
