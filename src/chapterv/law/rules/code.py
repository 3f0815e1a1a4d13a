"""How conformity is demonstrated: code, standard, or alternative adequate means.

Regulation (EU) 2024/1689, Articles 53(4), 55(2), 40(1), 56(7); guidelines, section 5.1. A code can
be relied on; only a harmonised standard gives a presumption.
"""

from __future__ import annotations

from typing import Any

from chapterv.law.answers import CANNOT_TELL, MET, NOT_MET, Answer, all_of, negate, of_bool
from chapterv.law.case import Case
from chapterv.law.registry import rule
from chapterv.law.types import Finding

__all__: list[str] = []


def _signed(case: Case, article: str) -> Answer:
    """Tell whether the chapters of the Code that cover an article are signed."""
    chapters = case.value("provider.code_chapters_signed")
    if chapters is None:
        return CANNOT_TELL
    return of_bool(all(name in chapters for name in case.parameters["code_chapters"][article]))


def _demonstration(case: Case, article: str) -> tuple[Answer, dict[str, Any] | None]:
    """Return whether code or standard is relied on, and which."""
    standards = case.peek("provider.harmonised_standards_met")
    if standards:
        return MET, {"demonstration": "standard", "presumption": True}
    signed = _signed(case, article)
    if signed == MET:
        return MET, {"demonstration": "code", "presumption": False}
    if signed == CANNOT_TELL:
        return CANNOT_TELL, None
    return NOT_MET, {"demonstration": "alternative_adequate_means", "presumption": False}


@rule("act:O07", also=("gl:E8",))
def demonstrated_article_53(case: Case) -> Finding:
    """Code or harmonised standard shows how Article 53 is met; otherwise other adequate means."""
    answer, value = _demonstration(case, "art53")
    return case.close(answer, value=value)


@rule("act:R05")
def demonstrated_article_55(case: Case) -> Finding:
    """Code or harmonised standard shows how Article 55 is met; otherwise other adequate means."""
    answer, value = _demonstration(case, "art55")
    return case.close(answer, value=value)


@rule("act:K08", also=("gl:E11",))
def adherence_may_be_limited(case: Case) -> Finding:
    """Without systemic risk and without interest in more, adherence may be limited to Art. 53."""
    systemic = case.answer("act:SR")
    value = None
    if systemic != CANNOT_TELL:
        value = {"code_scope_min": "art53_art55" if systemic == MET else "art53"}
    if not case.knows("provider.code_chapters_signed"):
        # Interest in the full code has to be declared; none on record is none declared.
        case.ask("provider.code_chapters_signed")
        return case.close(negate(systemic), value=value)
    return case.close(all_of(negate(systemic), negate(_signed(case, "art55"))), value=value)


@rule("gl:E9")
def chapter_left_out(case: Case) -> Finding:
    """A chapter that covers a duty of this provider is not signed: its benefit is lost."""
    first = _signed(case, "art53")
    third = _signed(case, "art55")
    some = of_bool(bool(case.peek("provider.code_chapters_signed") or ()))
    if not case.knows("provider.code_chapters_signed"):
        some = CANNOT_TELL
    owed_third = case.answer("act:SR")
    lacking = negate(all_of(first, negate(all_of(owed_third, negate(third)))))
    return case.close(all_of(some, lacking))


@rule("gl:E10")
def show_other_means(case: Case) -> Finding:
    """No code is followed: show other adequate means and report the measures."""
    chapters = case.value("provider.code_chapters_signed")
    answer = of_bool(None if chapters is None else not chapters)
    value = {"gap_analysis_suggested": True, "report_measures_to_ai_office": True}
    return case.close(answer, value=value if answer == MET else None)
