"""The verdict in one sentence with its hedge, and what presses: made from findings and duties.

No rule stands here. The sentence names the answers that a reader asks for first, in that order, and
leaves out what no longer matters once an earlier one is decided.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence

from chapterv.documents import Texts
from chapterv.dossier.report_model import (
    ClockView,
    DutyView,
    FindingView,
    FineView,
    QuestionView,
    Verdict,
    VerdictPart,
)
from chapterv.facts.wording import grouped
from chapterv.law import CANNOT_TELL, MET, NOT_MET, Pack

__all__ = ["fine_of", "verdict_of"]

GENERAL, RISK, PLANNED_RISK, PRESUMED = "act:D08", "act:SR", "act:SRP", "act:C03"
REBUTTED, DESIGNATED, REACH = "act:C08", "act:C02", "act:REACH"
EXEMPT, LIMITED, FINE = "gl:G6.1", "gl:G5.8", "act:E17"
NOT_REACHED = (
    ("gl:G5.0", NOT_MET, "modification"),
    ("act:S03", MET, "research"),
    ("act:S06", MET, "internal"),
    ("act:S01", NOT_MET, "not_supplied"),
)
"""Row, the answer that keeps Chapter V from reaching the provider, and the words for it."""

AHEAD = ("soon", "due", "grace", "coming")

Answers = Mapping[str, str]
Part = tuple[str, bool, str]
"""Code of the words, whether it is decided, and the row."""


def verdict_of(
    findings: Sequence[FindingView],
    duties: Sequence[DutyView],
    clocks: Sequence[ClockView],
    questions: Sequence[QuestionView],
    words: Texts,
) -> Verdict:
    """Return the report in one screen.

    Args:
        findings: all findings.
        duties: what presses first.
        clocks: what presses first.
        questions: what settles most first.
        words: words of the page.
    """
    answers = {one.rule: one.answer for one in findings if not one.subject}
    parts = tuple(
        VerdictPart(code, words(f"verdict.{code}"), decided, rule)
        for code, decided, rule in _parts(answers)
    )
    counted = {clock.id for clock in clocks}
    # A duty whose period a clock counts is named once, by its clock.
    apart = [duty for duty in duties if duty.id not in counted]
    dated: list[DutyView | ClockView] = [*clocks, *apart]
    late = [one.anchor for one in dated if _state(one) == "late"]
    ahead = [one for one in dated if _state(one) in AHEAD and one.due is not None]
    ahead.sort(key=lambda one: one.due or datetime.date.max)
    return Verdict(
        _sentence(parts, words),
        parts,
        tuple(late),
        tuple(one.anchor for one in ahead),
        tuple(duty.anchor for duty in duties if duty.status == "applies"),
        tuple(duty.anchor for duty in duties if duty.status == "cannot_tell"),
        questions[0].key if questions else None,
    )


def _state(one: DutyView | ClockView) -> str:
    return one.shown_state if isinstance(one, ClockView) else one.state


def _sentence(parts: Sequence[VerdictPart], words: Texts) -> str:
    decided = [part.text for part in parts if part.decided]
    still_open = [part.text for part in parts if not part.decided]
    said = []
    if decided:
        said.append(words("verdict.decided", parts="; ".join(decided)))
    if still_open:
        said.append(words("verdict.open", parts=words("verdict.or").join(still_open)))
    return " ".join(said)


def _parts(answers: Answers) -> Iterator[Part]:
    general = answers.get(GENERAL, CANNOT_TELL)
    reach = answers.get(REACH, CANNOT_TELL)
    if reach == NOT_MET:
        if general == MET:
            yield "gpai", True, GENERAL
            if answers.get(RISK) == MET:
                yield from _risk(answers)
        yield _not_reached(answers)
        return
    yield _general(general)
    yield from _risk(answers)
    if reach == CANNOT_TELL and general != CANNOT_TELL:
        yield "reach_open", False, REACH
    if answers.get(LIMITED) == MET:
        yield "limited", True, LIMITED
    if answers.get(EXEMPT) == MET:
        yield "exempt", True, EXEMPT
    elif answers.get(EXEMPT) == CANNOT_TELL and general == MET:
        yield "exempt_open", False, EXEMPT


def _general(answer: str) -> Part:
    if answer == CANNOT_TELL:
        return "gpai_open", False, GENERAL
    return "gpai" if answer == MET else "not_gpai", True, GENERAL


def _not_reached(answers: Answers) -> Part:
    if answers.get(GENERAL) == NOT_MET:
        return "not_gpai", True, GENERAL
    for row, answer, code in NOT_REACHED:
        if answers.get(row) == answer:
            return code, True, row
    return "not_reached", True, REACH


def _risk(answers: Answers) -> Iterator[Part]:
    """Say whether systemic risk is indicated, and on which ground."""
    risk = answers.get(RISK, CANNOT_TELL)
    if risk == MET:
        designated = answers.get(DESIGNATED) == MET
        yield ("designated", True, DESIGNATED) if designated else ("systemic", True, RISK)
    elif answers.get(PLANNED_RISK) == MET:
        yield "planned_systemic", True, PLANNED_RISK
    elif risk == CANNOT_TELL:
        yield "systemic_open", False, RISK
    elif answers.get(REBUTTED) == MET:
        yield "rebutted", True, REBUTTED
    elif answers.get(PRESUMED) == NOT_MET:
        yield "no_presumption", True, PRESUMED
    else:
        yield "no_systemic", True, RISK


def fine_of(findings: Sequence[FindingView], pack: Pack, words: Texts) -> FineView | None:
    """Return the ceiling of a fine, where the powers exist and the chapter reaches the provider.

    Args:
        findings: all findings.
        pack: the citation.
        words: words of the page.
    """
    found = next((one for one in findings if one.rule == FINE and one.answer == MET), None)
    if found is None or not found.value:
        return None
    least = found.value.get("fine_cap_at_least_eur")
    ceiling = least or found.value.get("fine_cap_eur")
    if ceiling is None or ceiling == CANNOT_TELL:
        return None
    whole, _, part = str(ceiling).partition(".")
    amount = grouped(int(whole)) + (f".{part}" if part else "")
    text = words("fine.at_least" if least else "fine.ceiling", amount=amount)
    return FineView(
        str(ceiling), least is not None, text, found.rule, pack.rows[found.rule].citation
    )
