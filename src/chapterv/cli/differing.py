"""Differences between two assessments in words: duties, then clocks, then answers, a line each."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from chapterv.cli.output import bullet, counted

if TYPE_CHECKING:
    from chapterv.law import Assessment, Pack
    from chapterv.law.comparing import Difference

__all__ = ["difference_lines", "differences_counted"]

_KINDS = (("obligation", "Duties"), ("clock", "Clocks"), ("finding", "Answers"))
_WORDS = {"obligation": ("status", "status"), "clock": ("state", "state"),
          "finding": ("answer", "answer")}  # fmt: skip
"""Which field of a kind is a word, and the group of the text catalogue that holds it."""


def differences_counted(differing: Iterable[Difference]) -> str:
    """Return how many duties, clocks and answers differ, in words; "" where none does."""
    nouns = {"obligation": ("duty", "duties"), "clock": ("clock", "clocks"),
             "finding": ("answer", "answers")}  # fmt: skip
    groups = _grouped(differing)
    counts = [(nouns[kind], sum(one[0] == kind for one in groups)) for kind, _ in _KINDS]
    parts = [counted(count, *noun) for noun, count in counts if count]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def difference_lines(
    differing: Iterable[Difference], before: Assessment, after: Assessment, pack: Pack
) -> list[str]:
    """Return the differences as lines, one for each duty, clock and answer.

    Args:
        differing: from `chapterv.law.comparing.differences`.
        before: the assessment that is the basis.
        after: the other one; a duty that is late in it and was not before is marked.
        pack: the words of statuses.
    """
    groups = _grouped(differing)
    late, was_late = _late(after), _late(before)
    same = after.on == before.on
    lines: list[str] = []
    for kind, title in _KINDS:
        ones = {place: fields for place, fields in groups.items() if place[0] == kind}
        lines += ["", title] if ones else []
        for place, fields in ones.items():
            text = _text(place, fields, pack)
            if place in late - was_late:
                text += f": late {'at once' if same else f'on {_day(after.on)}'}"
            elif place in was_late - late:
                text += "; no longer late"
            lines.append(bullet(text + "."))
    return lines


Place = tuple[str, str, str]


def _grouped(differing: Iterable[Difference]) -> dict[Place, list[Difference]]:
    groups: dict[Place, list[Difference]] = {}
    for one in differing:
        groups.setdefault((one.kind, one.id, one.subject), []).append(one)
    return groups


def _late(assessment: Assessment) -> set[Place]:
    """The duties that are late; a clock says so by its state."""
    return {
        ("obligation", duty.id, duty.subject)
        for duty in assessment.obligations
        if duty.late(assessment.on)
    }


def _text(place: Place, fields: Sequence[Difference], pack: Pack) -> str:
    from chapterv.law.wording import word

    kind, name, subject = place
    main, group = _WORDS[kind]
    head = f"{fields[0].title} ({name}{', ' + subject if subject else ''})"
    said: list[str] = []
    for one in fields:
        if one.field == main:
            told = [word(pack, group, str(v)) if v else "none" for v in (one.before, one.after)]
            said.append(" → ".join(told))
        elif one.before is None:
            said.append(f"{one.field} {_day(one.after)}")
        else:
            said.append(f"{one.field} {_day(one.before)} → {_day(one.after)}")
    gone = any(one.field == main and one.after in _WITHOUT_DAYS for one in fields)
    return f"{head}: {said[0] if gone and fields[0].field == main else ', '.join(said)}"


_WITHOUT_DAYS = (None, "exempt", "not_applicable", "out_of_scope")
"""Statuses of a duty that has no days any more: that they went needs no saying."""


def _day(value: Any) -> str:
    from chapterv.facts.wording import long_date

    if value is None:
        return "none"
    if isinstance(value, datetime.date):
        return long_date(value)
    return long_date(datetime.date.fromisoformat(str(value)))
