"""Facts: what is known, how it is known, and what contradicts what.

The lowest room: it knows nothing of law, files or models. `Fact` and `Source` are the words that
all rooms share, `catalogue` is the one list of keys, `merge` makes one world out of many facts.
"""

from __future__ import annotations

from chapterv.facts.amounts import Amount, amount_text, parse_amount
from chapterv.facts.catalogue import Key, catalogue, decode, encode, near_key, subject_kind
from chapterv.facts.contradictions import Readings, reconcile
from chapterv.facts.making import fact_object, make_fact
from chapterv.facts.merging import Merged, merge
from chapterv.facts.statement import (
    STATEMENT_NAME,
    Part,
    Settling,
    Statement,
    model_subject,
    parse_statement,
    part_kinds,
    read_statement,
)
from chapterv.facts.types import (
    Basis,
    Conflict,
    Fact,
    Question,
    Relation,
    Source,
    TableRef,
    canonical_json,
    fact_id,
)
from chapterv.facts.world import Holding, World

__all__ = [
    "STATEMENT_NAME",
    "Amount",
    "Basis",
    "Conflict",
    "Fact",
    "Holding",
    "Key",
    "Merged",
    "Part",
    "Question",
    "Readings",
    "Relation",
    "Settling",
    "Source",
    "Statement",
    "TableRef",
    "World",
    "amount_text",
    "canonical_json",
    "catalogue",
    "decode",
    "encode",
    "fact_id",
    "fact_object",
    "make_fact",
    "merge",
    "model_subject",
    "near_key",
    "parse_amount",
    "parse_statement",
    "part_kinds",
    "read_statement",
    "reconcile",
    "subject_kind",
]
