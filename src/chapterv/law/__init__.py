"""Law: the Act and the guidelines as dated data, and pure rules over facts.

`evaluate` applies the law to a world on a day; nothing here reads a clock, a file that is not the
pack, or the network.
"""

from __future__ import annotations

from chapterv.law.answers import CANNOT_TELL, MET, NOT_MET, Answer
from chapterv.law.evaluate import evaluate, evaluate_object, plain_answers
from chapterv.law.pack import Pack, Row, load_pack
from chapterv.law.types import Assessment, Clock, Finding, Obligation, Status, Step

__all__ = [
    "CANNOT_TELL",
    "MET",
    "NOT_MET",
    "Answer",
    "Assessment",
    "Clock",
    "Finding",
    "Obligation",
    "Pack",
    "Row",
    "Status",
    "Step",
    "evaluate",
    "evaluate_object",
    "load_pack",
    "plain_answers",
]
