"""One evaluation under way: what rules ask of, and where their reasoning is written down.

Rules never see how facts are stored. They ask for a value, a threshold or the answer of another
row, and each asking leaves a step, a used fact or a missing key behind. So a finding cannot rest on
anything that its trace does not show.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from chapterv.errors import LawDataError
from chapterv.facts import Holding, World
from chapterv.law.answers import CANNOT_TELL, MET, NOT_MET, Answer
from chapterv.law.pack import LawOnDate
from chapterv.law.registry import owner_of
from chapterv.law.types import Finding, Step

__all__ = ["Case", "Number"]

Number = int | Decimal | Fraction

_NO_PART: Mapping[str, Holding] = {}


class Case:
    """The facts of one model, the law of one day, and the findings made so far."""

    __slots__ = (
        "_asks",
        "_indicated",
        "_missing",
        "_part",
        "_row",
        "_steps",
        "_uses",
        "findings",
        "keys",
        "law",
        "on",
        "parameters",
        "parts",
        "subject",
    )

    def __init__(self, world: World, law: LawOnDate) -> None:
        """Start an evaluation of `world` under `law`."""
        self.keys = world.keys
        self.parts = world.parts
        self.law = law
        self.on: datetime.date = law.day
        self.parameters = law.values
        self.findings: dict[str, Finding | None] = {}
        self.subject = ""
        self._part: Mapping[str, Holding] = _NO_PART
        self._row = ""
        self._open()

    # -- what is known ---------------------------------------------------------------------------

    def value(self, key: str) -> Any:
        """Return the value of a key, or None where it is unknown; either leaves a step."""
        held = self.keys.get(key) or self._part.get(key)
        if held is None or held.value is None:
            self._missing.append(key)
            self._steps.append(("unknown", key))
            return None
        self._uses += held.facts
        self._steps.append(("fact", key, held.value))
        return held.value

    def flag(self, key: str) -> Answer:
        """Return the answer that a yes-or-no key gives."""
        value = self.value(key)
        if value is None:
            return CANNOT_TELL
        return MET if value else NOT_MET

    def peek(self, key: str) -> Any:
        """Return a value where it is known, leaving a step, and nothing at all where it is not."""
        held = self.keys.get(key) or self._part.get(key)
        if held is None or held.value is None:
            return None
        self._uses += held.facts
        self._steps.append(("fact", key, held.value))
        return held.value

    def knows(self, key: str) -> bool:
        """Tell whether anything is known of a key, without a step."""
        return key in self.keys or key in self._part

    def bounds(self, key: str) -> tuple[Number | None, Number | None]:
        """Return what an amount is at least and at most; both are its value where it is known."""
        held = self.keys.get(key) or self._part.get(key)
        if held is None:
            return None, None
        self._uses += held.facts
        return held.low, held.high

    def exceeds(
        self, key: str, threshold: Number, low: Number | None, high: Number | None
    ) -> Answer:
        """Compare an amount between `low` and `high` with a threshold, strictly greater.

        Bounds decide where they can: at least 2·10^25 is above 10^25 whatever else is unknown.
        """
        if low is not None and low > threshold:
            self._steps.append(("above", key, low, threshold, high is None or low != high))
            return MET
        if high is not None and high <= threshold:
            self._steps.append(("not_above", key, high, threshold, low is None or low != high))
            return NOT_MET
        self._missing.append(key)
        self._steps.append(("open", key, low, high, threshold))
        return CANNOT_TELL

    def parts_of(self, kind: str) -> list[Mapping[str, Holding]]:
        """Return the subjects of a kind, each as its holdings."""
        subjects = self.parts.get(kind)
        return list(subjects.values()) if subjects else []

    # -- other rows ------------------------------------------------------------------------------

    def answer(self, row: str) -> Answer:
        """Return the answer of another row; what it lacks or leaves open is inherited."""
        finding = self.findings.get(row) or self._evaluate(row)
        answer = finding.answer
        self._steps.append(("row", row, answer))
        if answer == CANNOT_TELL:
            self._missing += finding.missing
            return answer
        if finding.missing:
            self._asks += finding.missing
        if finding.indicated:
            self._indicated = True
        return answer

    def finding(self, row: str) -> Finding:
        """Return another row's finding without leaving a trace, for its value."""
        return self.findings.get(row) or self._evaluate(row)

    # -- writing down ----------------------------------------------------------------------------

    def say(self, code: str, *arguments: Any) -> None:
        """Write a step: a code of the text catalogue and its arguments."""
        self._steps.append((code, *arguments))

    def missing(self, *keys: str) -> None:
        """Name keys whose value is known but leaves the matter open."""
        self._missing += keys

    def ask(self, *keys: str) -> None:
        """Name questions that stand beside a decided answer."""
        self._asks += keys

    def close(
        self,
        answer: Answer,
        *,
        indicated: bool = False,
        value: dict[str, Any] | None = None,
    ) -> Finding:
        """Return the finding of the rule that runs, from what it has written down."""
        provision = self.law.pack.rows[self._row]
        if answer == CANNOT_TELL:
            missing = tuple(dict.fromkeys(self._missing))
            indicated = False
        else:
            missing = tuple(dict.fromkeys(self._asks)) if self._asks else ()
            indicated = indicated or self._indicated
        return Finding(
            self._row,
            provision.title,
            answer,
            tuple(self._steps),
            (provision.citation,),
            tuple(dict.fromkeys(self._uses)) if self._uses else (),
            missing,
            self.law.pack.version,
            indicated,
            value,
            provision.our_reading,
            self.subject,
        )

    def trace(self) -> tuple[tuple[Step, ...], tuple[str, ...], tuple[str, ...]]:
        """Return the steps, the missing keys and the open questions written down so far."""
        return (
            tuple(self._steps),
            tuple(dict.fromkeys(self._missing)),
            tuple(dict.fromkeys(self._asks)),
        )

    # -- running ---------------------------------------------------------------------------------

    def about(self, subject: str, part: Mapping[str, Holding]) -> None:
        """Turn to one subject beside the model, such as an incident."""
        self.subject = subject
        self._part = part

    def fresh(self) -> None:
        """Forget what was written down, before an obligation or clock is worked out."""
        self._open()

    def run(self, row: str) -> Finding:
        """Return the finding of a row, evaluating it if that has not happened yet."""
        return self.findings.get(row) or self._evaluate(row)

    def _open(self) -> None:
        self._steps: list[Step] = []
        self._uses: list[str] = []
        self._missing: list[str] = []
        self._asks: list[str] = []
        self._indicated = False

    def _evaluate(self, row: str) -> Finding:
        registered = owner_of(row)
        name = registered.id
        if name in self.findings:
            raise LawDataError(f"the rule of {row} asks for its own answer")
        self.findings[name] = None  # under way
        saved = self._row, self._steps, self._uses, self._missing, self._asks, self._indicated
        self._row = name
        self._steps = []
        self._uses = []
        self._missing = []
        self._asks = []
        self._indicated = False
        finding: Finding = registered.function(self)
        (
            self._row,
            self._steps,
            self._uses,
            self._missing,
            self._asks,
            self._indicated,
        ) = saved
        self.findings[name] = finding
        for alias in registered.also:
            self.findings[alias] = finding
        return finding
