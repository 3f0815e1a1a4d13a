"""Dossiers: the unit of work. Open a folder, gather its facts, ask for what is missing."""

from __future__ import annotations

from chapterv.dossier.assess import Compared, WhatIf, assess_dossier, compare_days, what_if
from chapterv.dossier.configuration import read_configuration
from chapterv.dossier.derive import Derived, derive
from chapterv.dossier.folder import Dossier, PartPaths, open_dossier
from chapterv.dossier.gathering import Gathered, gather
from chapterv.dossier.init import Written, write_statement
from chapterv.dossier.interview import open_questions, parse_answer, with_answer

__all__ = [
    "Compared",
    "Derived",
    "Dossier",
    "Gathered",
    "PartPaths",
    "WhatIf",
    "Written",
    "assess_dossier",
    "compare_days",
    "derive",
    "gather",
    "open_dossier",
    "open_questions",
    "parse_answer",
    "read_configuration",
    "what_if",
    "with_answer",
    "write_statement",
]
