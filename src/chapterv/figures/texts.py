"""Every word that a figure shows, in English, and how another language takes their place.

A translation is a mapping from the same keys; a key that it leaves out falls back to English.
Where a count changes the form of a word, the key has the endings `.one` and `.other`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from chapterv.errors import InputError
from chapterv.facts.wording import Amount, grouped, long_date, scientific

__all__ = ["ENGLISH", "Words"]

ENGLISH: Final[Mapping[str, str]] = {
    "decimal_mark": ".",
    "date.long": "{day} {month} {year}",
    "month.1": "January",
    "month.2": "February",
    "month.3": "March",
    "month.4": "April",
    "month.5": "May",
    "month.6": "June",
    "month.7": "July",
    "month.8": "August",
    "month.9": "September",
    "month.10": "October",
    "month.11": "November",
    "month.12": "December",
    "month.short.1": "Jan",
    "month.short.2": "Feb",
    "month.short.3": "Mar",
    "month.short.4": "Apr",
    "month.short.5": "May",
    "month.short.6": "Jun",
    "month.short.7": "Jul",
    "month.short.8": "Aug",
    "month.short.9": "Sep",
    "month.short.10": "Oct",
    "month.short.11": "Nov",
    "month.short.12": "Dec",
    "figure.data": "Data",
    "figure.empty": "Nothing to show yet.",
    "figure.more.one": "and {count} more, in the data below",
    "figure.more.other": "and {count} more, in the data below",
    # The compute axis
    "compute.title": "Computing power against the thresholds",
    "compute.desc": "One logarithmic axis in {unit}, from {low} to {high}. Rows: {rows}. "
    "Thresholds: {thresholds}.",
    "compute.desc_unknown": "No row has a known amount. Rows: {rows}.",
    "compute.none": "none",
    "compute.axis": "{unit}, logarithmic",
    "compute.unknown": "not known",
    "compute.amount": "{amount}\u00a0{unit}",
    "compute.at_least": "at least {amount}\u00a0{unit}",
    "compute.at_most": "at most {amount}\u00a0{unit}",
    "compute.between": "{low} to {high}\u00a0{unit}",
    "compute.within": "{amount}\u00a0{unit} (±\u202f{bound})",
    "compute.with_range": "{amount}\u00a0{unit} ({low} to {high})",
    "compute.exact": "exactly {amount}\u00a0{unit}",
    "compute.crosses": "The bound crosses {thresholds}: one more assumption would move it.",
    "compute.from": "from {date}",
    "compute.caption.row": "{label}: {amount}.",
    "compute.caption.sides": "{label}: {amount}; {sides}.",
    "compute.list": "{first} and {last}",
    "compute.side.above": "above {amount}",
    "compute.side.below": "not above {amount}",
    "compute.side.reaches": "at or above {amount}",
    "compute.side.short": "below {amount}",
    "compute.side.open": "cannot tell against {amount}",
    "compute.column.row": "Quantity",
    "compute.column.relation": "Relation",
    "compute.column.amount": "Amount ({unit})",
    "compute.column.low": "Lowest ({unit})",
    "compute.column.high": "Highest ({unit})",
    "compute.column.against": "Against the thresholds",
    "compute.column.note": "Note",
    "compute.relation.exactly": "exactly",
    "compute.relation.about": "within its bound",
    "compute.relation.at_least": "at least",
    "compute.relation.at_most": "at most",
    "compute.relation.unknown": "not known",
    "compute.relation.threshold": "threshold",
    "compute.no_limit": "open",
    # The timeline of duties
    "duties.title": "Duties and clocks over time",
    "duties.desc": "A timeline from {first} to {last} with a line at {today}: {states}.",
    "duties.desc_undated": "No entry has a date: {states}.",
    "duties.count.late": "{count} late",
    "duties.count.soon": "{count} due soon",
    "duties.count.due": "{count} due",
    "duties.count.applies": "{count} applying now",
    "duties.count.grace": "{count} in a grace period",
    "duties.count.cannot_tell": "{count} that cannot be told",
    "duties.count.coming": "{count} not yet",
    "duties.count.done": "{count} done",
    "duties.count.exempt": "{count} exempt",
    "duties.count.not_applicable": "{count} not applicable",
    "duties.count.out_of_scope": "{count} out of scope",
    "duties.today": "Today, {date}",
    "duties.state.late": "Late",
    "duties.state.soon": "Due soon",
    "duties.state.due": "Due",
    "duties.state.applies": "Applies now",
    "duties.state.grace": "Grace period",
    "duties.state.cannot_tell": "Cannot tell",
    "duties.state.coming": "Not yet",
    "duties.state.done": "Done",
    "duties.state.exempt": "Exempt",
    "duties.state.not_applicable": "Not applicable",
    "duties.state.out_of_scope": "Out of scope",
    "duties.undated": "Without a date",
    "duties.set_aside": "{state} ({count})",
    "duties.list_separator": "; ",
    "duties.when": "{date} · {left}",
    "duties.left.today": "today",
    "duties.left.one": "in\u00a0{count}\u00a0day",
    "duties.left.other": "in\u00a0{count}\u00a0days",
    "duties.late.one": "{count}\u00a0day\u00a0late",
    "duties.late.other": "{count}\u00a0days\u00a0late",
    "duties.past.one": "{count}\u00a0day\u00a0ago",
    "duties.past.other": "{count}\u00a0days\u00a0ago",
    "duties.since": "since {date}",
    "duties.from": "from {date}",
    "duties.grace": "until {date} · {left}",
    "duties.done_on": "done {date}",
    "duties.done": "done",
    "duties.no_date": "no date",
    "duties.caption": "On {date}: {counts}.",
    "duties.caption.none": "On {date}: no duty and no clock.",
    "duties.caption.when": "{date}, {left}",
    "duties.caption.next": "Next: {label}, {when}.",
    "duties.caption.latest": "Longest late: {label}, {when}.",
    "duties.kind.duty": "duty",
    "duties.kind.clock": "clock",
    "duties.column.label": "Duty or clock",
    "duties.column.kind": "Kind",
    "duties.column.state": "State",
    "duties.column.start": "From",
    "duties.column.due": "Due",
    "duties.column.done": "Done on",
    "duties.column.days": "Days from today",
    "duties.column.note": "Note",
    # The fan of a forecast
    "fan.title": "Computing power to come",
    "fan.desc": "Time from {first} to {last}, operations in {unit} on a logarithmic axis from "
    "{low} to {high}. Done by {today}: {amount}. Thresholds: {thresholds}.",
    "fan.desc_empty": "No day has a known amount. Thresholds: {thresholds}.",
    "fan.today": "Today, {date}",
    "fan.axis": "{unit}, logarithmic",
    "fan.done": "done",
    "fan.central": "at this pace",
    "fan.band": "{share} of futures",
    "fan.crossing": "{central}",
    "fan.crossing_band": "{central} ({earliest} to {latest})",
    "fan.out_of_sight": "out of sight",
    "fan.caption.done": "By {date}: {amount} {unit}.",
    "fan.caption.crossing": "More than {amount} at this pace on {central}.",
    "fan.caption.crossing_band": "More than {amount} at this pace on {central}, between {earliest} "
    "and {latest} in {share} of futures.",
    "fan.caption.passed": "More than {amount}: already.",
    "fan.passed": "already above",
    "fan.caption.none": "More than {amount}: not in sight at this pace.",
    "fan.column.day": "Day",
    "fan.column.kind": "Kind",
    "fan.column.low": "Lowest ({unit})",
    "fan.column.amount": "Amount ({unit})",
    "fan.column.high": "Highest ({unit})",
    "fan.column.note": "Note",
    "fan.kind.done": "done",
    "fan.kind.ahead": "at this pace",
    "fan.kind.threshold": "threshold",
    # The bars of the ledger
    "bars.title": "Where the computing power went",
    "bars.desc": "Bars on a linear axis in {unit} from 0 to {high}, the longest first. {rows}.",
    "bars.axis": "{unit}, linear",
    "bars.amount": "{amount}, {share}",
    "bars.share.under": "under\u00a0{share}",
    "bars.share.over": "over\u00a0{share}",
    "bars.counts.both": "counts in both sums",
    "bars.counts.cumulative": "counts in cumulative compute only",
    "bars.counts.training": "counts in training compute only",
    "bars.counts.neither": "counts in neither sum",
    "bars.caption": "Of the {total} listed, {cumulative} ({cumulative_share}) count in cumulative "
    "compute and {training} ({training_share}) in training compute. Largest: {label}, "
    "{share}.",
    "bars.column.label": "Activity",
    "bars.column.group": "Run and stage",
    "bars.column.counts": "Counts",
    "bars.column.relation": "Relation",
    "bars.column.amount": "Amount ({unit})",
    "bars.column.low": "Lowest ({unit})",
    "bars.column.high": "Highest ({unit})",
    "bars.column.share": "Share of the list",
    "bars.column.note": "Note",
}


class Words:
    """The words of one figure: a translation over the English defaults.

    Args:
        texts: keys of `ENGLISH` to words, or None for English.
    Raises: InputError if a key is not one of `ENGLISH`.
    """

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        unknown = sorted(set(texts or {}) - set(ENGLISH))
        if unknown:
            raise InputError(
                f"unknown keys: {', '.join(unknown[:5])}",
                "texts of the figures",
                "Use the keys of chapterv.figures.texts.ENGLISH.",
            )
        self._texts = {**ENGLISH, **(texts or {})}

    def __call__(self, key: str, **values: str | int) -> str:
        return self._texts[key].format(**values) if values else self._texts[key]

    def count(self, key: str, count: int, **values: str | int) -> str:
        """The form of a text that goes with a count.

        Args:
            key: the key without its ending `.one` or `.other`.
            count: what is counted.
            values: further values for the text.
        Returns: the text, filled.
        """
        return self(f"{key}.{'one' if count == 1 else 'other'}", count=grouped(count), **values)

    def date(self, day: date) -> str:
        """A date with the month in words, in the language of these texts."""
        return long_date(day, self._texts)

    def amount(self, value: Amount, digits: int = 3) -> str:
        """An amount as mantissa and power of ten, in the language of these texts."""
        return scientific(value, digits, self._texts["decimal_mark"])
