"""A forecast in plain words, for the page and the terminal form of a report.

Nothing is computed here: states, days and the two weeks come from `chapterv.dossier.forecasts`.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import msgspec

from chapterv.compute.forecasting import Band, Forecast
from chapterv.documents import Texts
from chapterv.dossier.forecasts import DossierForecast, Foreseen, Notice
from chapterv.facts.wording import long_date, scientific

__all__ = ["ForecastPage", "ForecastRow"]

MOST_REMARKS = 12
SIGNS = {
    "cannot_tell": "cannot_tell",
    "below": "coming",
    "watch": "soon",
    "expected": "soon",
    "met": "applies",
}
NOTICE_SIGNS = {
    "running": "soon",
    "due": "soon",
    "late": "late",
    "satisfied": "done",
    "cannot_tell": "cannot_tell",
}


class ForecastRow(msgspec.Struct, frozen=True):
    """One threshold: what it is, where the work stands, and when it is exceeded."""

    threshold: str
    title: str
    citation: str
    quantity: str
    state: str
    sign: str
    word: str
    done: str
    planned: str
    when: str


class ForecastPage:
    """Phrases of one forecast."""

    def __init__(self, told: DossierForecast, words: Texts) -> None:
        self.told = told
        self.words = words
        self.first = told.thresholds[0]
        self.found: Forecast = self.first.forecast
        self.notice: Notice | None = self.first.notice

    @property
    def drawn(self) -> DossierForecast:
        """The forecast with short names for its thresholds, as drawings need them."""
        thresholds = tuple(
            msgspec.structs.replace(one, title=self.words.name("threshold", one.threshold))
            for one in self.told.thresholds
        )
        return msgspec.structs.replace(self.told, thresholds=thresholds)

    @property
    def headline(self) -> str:
        """Return threshold and state, then what the state means."""
        state = self.words.name("forecast_state", self.found.state)
        meaning = self.words(f"forecast.means.{self.found.state}")
        if self.found.by_plan and self.found.state == "expected":
            since = self.found.known_on
            meaning = (
                self.words("forecast.means.planned_since", date=long_date(since))
                if since is not None
                else self.words("forecast.means.planned")
            )
        amount = scientific(self.found.threshold)
        return self.words("forecast.headline", amount=amount, state=state, meaning=meaning)

    @property
    def rows(self) -> list[ForecastRow]:
        """All thresholds."""
        return [self._row(one) for one in self.told.thresholds]

    def _row(self, one: Foreseen) -> ForecastRow:
        found = one.forecast
        return ForecastRow(
            scientific(found.threshold),
            self.words.name("threshold", one.threshold),
            one.citation,
            self.words.name("forecast_quantity", one.quantity),
            found.state,
            SIGNS[found.state],
            self.words.name("forecast_state", found.state),
            scientific(found.amount) if found.amount else self.words("forecast.no_work"),
            "" if found.planned is None else scientific(found.planned),
            self._when(found),
        )

    def _when(self, found: Forecast) -> str:
        if found.state == "met":
            if found.met_on is None:
                return self.words("forecast.already")
            return self.words("forecast.since", date=long_date(found.met_on))
        if found.pace is None:
            return self.words("forecast.no_pace")
        return self._band(found.band)

    def _band(self, band: Band) -> str:
        if band.central is None:
            return self.words("forecast.not_in_sight")
        central = long_date(band.central)
        if band.earliest is None:
            return central
        if band.latest is None:
            earliest = long_date(band.earliest)
            return self.words("forecast.band_open", central=central, earliest=earliest)
        return self.words(
            "forecast.band", central=central, earliest=long_date(band.earliest),
            latest=long_date(band.latest),
        )  # fmt: skip

    @property
    def readings(self) -> list[tuple[str, str]]:
        """When the first threshold is exceeded, in the readings of the estimate's error."""
        found = [one for one in self.found.crossings if one.exceeded or one.band.central]
        if self.found.state == "met":
            return []
        return [
            (
                self.words(f"forecast.reading.{one.reading}"),
                self.words("forecast.already") if one.exceeded else self._band(one.band),
            )
            for one in found
        ]

    @property
    def pace(self) -> str:
        """Return the pace and what the band rests on; empty where there is no pace."""
        if self.found.pace is None:
            return ""
        return self.words(
            "forecast.pace",
            amount=scientific(self.found.pace),
            days=self.words.count("forecast.pace_days", self.found.pace_days),
            how=self.words(f"forecast.method.{self.found.method}"),
        )

    @property
    def notice_sign(self) -> str:
        """The sign of the two weeks."""
        return NOTICE_SIGNS[self.notice.state] if self.notice else ""

    @property
    def notice_lines(self) -> list[str]:
        """Say what started the two weeks, when they end, and what is on record."""
        return list(self._notice(self.notice)) if self.notice else []

    def _notice(self, notice: Notice) -> Iterator[str]:
        event = self.words(f"forecast.starts.{notice.started_by}")
        if notice.started_on is None or notice.due is None:
            yield self.words("forecast.notice.unknown", event=event)
            if self.first.first_expected_on is not None:
                date = long_date(self.first.first_expected_on)
                yield self.words("forecast.notice.known_latest", date=date)
        else:
            yield self.words(
                "forecast.notice.runs", start=long_date(notice.started_on), event=event,
                due=long_date(notice.due), left=self._left(notice),
            )  # fmt: skip
            if notice.due_if_rolled is not None and notice.due_if_rolled != notice.due:
                rolled = long_date(notice.due_if_rolled)
                yield self.words("forecast.notice.rolled", date=rolled)
        if notice.notified_on is not None:
            yield self.words("forecast.notice.done", date=long_date(notice.notified_on))
        elif notice.state == "late":
            yield self.words("forecast.notice.late")
        if notice.started_by == "pace":
            yield self.words("forecast.notice.pace")

    def _left(self, notice: Notice) -> str:
        days = notice.days_left or 0
        if days == 0:
            return self.words("left.today")
        return self.words.count("left.days" if days > 0 else "left.late", abs(days))

    @property
    def changes(self) -> list[str]:
        """What a person could do or state so that the forecast becomes another one."""
        return [self.words(f"forecast.change.{name}") for name in self._changes()] + [
            self.words("forecast.change.later", phase=one.phase, date=_day(one.approved_on))
            for one in self.found.outlook.later
        ]

    def _changes(self) -> Iterator[str]:
        found = self.found
        if found.state == "met":
            yield "nothing"
            return
        if found.planned is None:
            yield "plan"
        elif found.by_plan:
            yield "plan_anew"
        if found.pace is None:
            yield "dated"
        elif found.method != "bootstrap":
            yield "records"
        if found.outlook.ends is None:
            yield "ends"

    @property
    def remarks(self) -> list[str]:
        """What is missing, assumed or odd."""
        said = list(self.told.notes)
        said += [
            self.words(
                f"forecast.odd.{one.kind}", run=one.run or self.words("forecast.a_run"),
                day=str(one.at), before=scientific(one.before), after=scientific(one.after),
            )
            for one in self.found.oddities
        ]  # fmt: skip
        return said[:MOST_REMARKS]

    @property
    def line(self) -> str:
        """Return the forecast in one sentence, for a summary."""
        state = self.rows[0].word
        if self.found.state == "met" or self.found.band.central is not None:
            state = self.words("forecast.state_when", state=state, when=self.rows[0].when)
        said = self.words("forecast.line", amount=scientific(self.found.threshold), state=state)
        if self.notice is not None and self.notice.due is not None:
            due = long_date(self.notice.due)
            said += " " + self.words("forecast.line_notice", due=due, left=self._left(self.notice))
        return said


def _day(day: datetime.date | None) -> str:
    return long_date(day) if day is not None else ""
