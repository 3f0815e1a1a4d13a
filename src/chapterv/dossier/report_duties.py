"""Duties and clocks as a report shows them: status and days in one word, days left counted."""

from __future__ import annotations

import datetime

from chapterv.documents.page_ids import Anchors
from chapterv.dossier.report_findings import reasons_of
from chapterv.dossier.report_model import ClockView, DutyView
from chapterv.facts import encode
from chapterv.law import Assessment, Clock, Obligation, Pack
from chapterv.law.wording import word

__all__ = ["SOON_DAYS", "clock_views", "duty_views"]

SOON_DAYS = 30
"""Days before its due day from which a duty is shown as due soon; for the eye alone."""

ORDER = (
    "late",
    "soon",
    "due",
    "applies",
    "grace",
    "cannot_tell",
    "coming",
    "done",
    "exempt",
    "not_applicable",
    "out_of_scope",
)
_CLOCK_STATES = {"not_started": "coming", "late": "late", "satisfied": "done"}


def duty_views(assessment: Assessment, pack: Pack) -> tuple[DutyView, ...]:
    """Return the duties, what presses first.

    Args:
        assessment: the law applied.
        pack: its texts.
    """
    anchors = Anchors("duty")
    on = assessment.on
    views = [
        DutyView(
            duty.id,
            duty.title,
            duty.actor,
            duty.status,
            _duty_state(duty, on),
            duty.starts,
            duty.due,
            duty.until,
            (duty.due - on).days if duty.due else None,
            duty.cites,
            duty.discharged_by,
            duty.evidence,
            reasons_of(pack, duty.because),
            duty.missing,
            {name: encode(part) for name, part in duty.value.items()} if duty.value else None,
            duty.note,
            duty.subject,
            anchors.make(duty.id, duty.subject),
        )
        for duty in assessment.obligations
    ]
    return tuple(sorted(views, key=_order))


def _order(duty: DutyView) -> tuple[int, datetime.date]:
    return ORDER.index(duty.state), duty.due or datetime.date.max


def _duty_state(duty: Obligation, on: datetime.date) -> str:
    if duty.status == "not_yet":
        return "coming"
    if duty.status != "applies":
        return duty.status
    if duty.evidence == "complete":
        return "done"
    if duty.late(on):
        return "late"
    return _ahead(duty.due, on)


def _ahead(due: datetime.date | None, on: datetime.date) -> str:
    if due is None:
        return "applies"
    return "soon" if (due - on).days <= SOON_DAYS else "due"


def clock_views(assessment: Assessment, pack: Pack) -> tuple[ClockView, ...]:
    """Return the clocks, what presses first.

    Args:
        assessment: the law applied.
        pack: its texts.
    """
    anchors = Anchors("clock")
    on = assessment.on
    views = [_clock(clock, pack, on, anchors) for clock in assessment.clocks]
    return tuple(
        sorted(views, key=lambda one: (ORDER.index(one.shown_state), one.due or datetime.date.max))
    )


def _clock(clock: Clock, pack: Pack, on: datetime.date, anchors: Anchors) -> ClockView:
    group, _, name = clock.started_by.partition(".")
    return ClockView(
        clock.id,
        clock.title,
        clock.started_by,
        word(pack, group, name),
        clock.started_on,
        clock.due,
        clock.due_if_rolled,
        (clock.due - on).days if clock.due else None,
        clock.state,
        _CLOCK_STATES.get(clock.state) or _ahead(clock.due, on),
        clock.counting,
        clock.unit,
        clock.cites,
        clock.satisfied_on,
        clock.strictly_before,
        clock.subject,
        anchors.make(clock.id, clock.subject),
    )
