"""What the page says of the ledger: figures drawn, phrases made, long lists cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import msgspec

from chapterv.documents import Texts
from chapterv.documents.harmless import cut, visible
from chapterv.dossier.report_ledger import rules_of
from chapterv.dossier.report_ledger_model import (
    DocumentFigure,
    DraftAmount,
    LedgerChosen,
    LedgerEnergy,
    LedgerEntry,
    LedgerGap,
    LedgerMethod,
    LedgerSum,
    NotificationDraft,
)
from chapterv.dossier.report_model import Provision, Report
from chapterv.facts.wording import exact, percent, scientific, superscript
from chapterv.figures import ComputeRow, LedgerBar, Threshold, compute_axis, ledger_bars

__all__ = ["LedgerPage", "RunBlock", "counts_of_entry"]

MOST_ENTRIES = 40
MOST_RUNS = 12
MOST_ANOMALIES = 40
MOST_SOURCES = 3
LONGEST_LABEL = 120
JOULES_A_MWH = 3_600_000_000
SUMS = ("training", "cumulative")

Counts = Literal["both", "cumulative", "training", "neither"]


class RunBlock(msgspec.Struct, frozen=True):
    """One run with its methods, the chosen one first."""

    subject: str
    activity: str
    chosen: LedgerChosen
    methods: tuple[LedgerMethod, ...]
    gaps: tuple[LedgerGap, ...]


def counts_of_entry(entry: LedgerEntry) -> Counts:
    """Return which sums an entry counts for, in one word."""
    if entry.training and entry.cumulative:
        return "both"
    return "cumulative" if entry.cumulative else "training" if entry.training else "neither"


class LedgerPage:
    """What the template asks for beside the ledger's own values."""

    def __init__(self, report: Report, words: Texts) -> None:
        self.report = report
        self.ledger = report.ledger
        self.words = words
        self.entries = sorted(self.ledger.entries, key=lambda one: -Decimal(one.amount))

    # --- phrases ------------------------------------------------------------------------------

    def amount(self, text: str | None) -> str:
        """Return an amount as people read it."""
        return "" if text is None else scientific(Decimal(text))

    def exact(self, text: str | None) -> str:
        """Return every digit of an amount, in groups between which a line may break."""
        return "" if text is None else exact(Decimal(text)).replace("\u202f", "\u2009")

    def spread(self, low: str | None, high: str | None, *, is_open: bool = False) -> str:
        """Return a range in words; empty where both ends are one."""
        if low is None or (high is None and not is_open) or low == high:
            return ""
        if high is None:
            return self.words("ledger.range_open", low=self.amount(low))
        return self.words("ledger.range", low=self.amount(low), high=self.amount(high))

    def relation(self, one: LedgerSum) -> str:
        """Return how a sum is meant: an estimate, a bound from below, or without any bound."""
        if one.relation != "exactly":
            return self.words("ledger.relation.at_least")
        name = "unbounded" if one.low == one.high else "estimate"
        return self.words(f"ledger.relation.{name}")

    def readings(self, one: LedgerSum) -> str:
        """Return the sum under the readings that the text leaves open."""
        return self.spread(one.least, one.most)

    @property
    def exactness(self) -> str:
        """Say in one sentence what is exact and what is a bound."""
        bounds = sum(one.at_least for one in self.ledger.entries)
        if not self.ledger.complete:
            return self.words("ledger.exact.not_complete")
        if bounds:
            return self.words.count("ledger.exact.bounds", bounds)
        sums = (self.ledger.training_compute, self.ledger.cumulative_compute)
        estimated = any(one.low != one.high for one in sums)
        return self.words("ledger.exact.estimates" if estimated else "ledger.exact.unbounded")

    def activity(self, kind: str) -> str:
        """Return the name of a kind of activity."""
        return self.words.name("activity", kind)

    def method(self, kind: str, name: str = "") -> str:
        """Return the name of a method."""
        kind, _, own = kind.partition(": ")
        title = self.words.name("method", kind)
        name = name or own
        return f"{title} ({name})" if name else title

    def run(self, subject: str) -> str:
        """Return the name of a run."""
        kind, _, name = subject.partition(":")
        return self.words("ledger.run", name=name) if kind == "run" and name else subject

    def group(self, entry: LedgerEntry) -> str:
        """Return stage and run of an entry."""
        stage = entry.stage or ""
        return ", ".join(filter(None, (stage, self.run(entry.subject))))

    def counts(self, entry: LedgerEntry) -> str:
        """Return which sums an entry counts for."""
        return self.words(f"ledger.counts.{counts_of_entry(entry)}")

    def hedge(self, entry: LedgerEntry) -> str:
        """Say what another reading of the text would do with an entry."""
        groups: dict[str, list[str]] = {}
        for name in SUMS:
            if name in entry.open:
                key = "ledger.hedge.out" if getattr(entry, name) else "ledger.hedge.in"
                groups.setdefault(key, []).append(self.words(f"ledger.sum.{name}").lower())
        and_ = self.words("ledger.and")
        return " ".join(self.words(key, sums=and_.join(names)) for key, names in groups.items())

    def within(self, chosen: LedgerChosen) -> str:
        """Say whether an estimate is within the margin that the guidelines accept."""
        return self.words(f"ledger.within.{chosen.within_margin}", margin=self.margin)

    def gap(self, block: RunBlock, gap: LedgerGap) -> str:
        """Say why a method differs from the chosen one."""
        other = next(one for one in block.methods if method_name(one) == gap.second)
        said = " ".join(_ended(repair.says) for repair in gap.repairs)
        return self.words(
            "ledger.gap", method=self.method(gap.second), ratio=self.share(other.ratio),
            reasons=said or self.words("ledger.gap_unexplained"),
        )  # fmt: skip

    @property
    def margin(self) -> str:
        """The margin in per cent."""
        return percent(Fraction(self.ledger.margin))

    def share(self, ratio: str) -> str:
        """Return a ratio to the chosen method."""
        return f"{ratio}\u202f×"

    # --- lists --------------------------------------------------------------------------------

    @property
    def shown(self) -> list[LedgerEntry]:
        """The largest entries."""
        return self.entries[:MOST_ENTRIES]

    @property
    def left(self) -> int:
        """How many entries are not shown."""
        return max(len(self.entries) - MOST_ENTRIES, 0)

    @property
    def sums(self) -> list[tuple[str, LedgerSum]]:
        """Both sums by name."""
        return [("training", self.ledger.training_compute),
                ("cumulative", self.ledger.cumulative_compute)]  # fmt: skip

    @property
    def readings_of_law(self) -> list[tuple[str, str]]:
        """Kinds of which the text does not say everything, each with what our reading rests on."""
        found = {one.activity: one.why for one in self.entries if one.open and one.why}
        return list(found.items())

    @property
    def rules(self) -> list[Provision]:
        """The rows of the law that decide what counts."""
        names = rules_of(self.ledger)
        return [self.report.provisions[one] for one in names if one in self.report.provisions]

    @property
    def runs(self) -> list[RunBlock]:
        """Runs with their methods, the largest first."""
        return list(self._runs())[:MOST_RUNS]

    @property
    def runs_left(self) -> int:
        """How many runs are not shown."""
        return max(len(self.ledger.chosen) - MOST_RUNS, 0)

    def _runs(self) -> Iterator[RunBlock]:
        for one in sorted(self.ledger.chosen, key=lambda one: -Decimal(one.amount)):
            methods = tuple(
                each for each in self.ledger.methods
                if (each.subject, each.activity) == (one.subject, one.activity)
            )  # fmt: skip
            names = {method_name(each) for each in methods}
            gaps = tuple(
                each for each in self.ledger.gaps
                if each.subject == one.subject and each.first == one.method and each.second in names
            )  # fmt: skip
            ordered = tuple(sorted(methods, key=lambda each: not each.chosen))
            yield RunBlock(one.subject, one.activity, one, ordered, gaps)

    def sources(self, names: Iterable[str]) -> list[str]:
        """The first facts of a list that the page shows."""
        known = {fact.id for fact in self.report.facts}
        return [name for name in names if name in known][:MOST_SOURCES]

    # --- figures ------------------------------------------------------------------------------

    def bars(self) -> str:
        """Draw where the compute went."""
        if not self.entries:
            return ""
        return ledger_bars(
            [self._bar(entry) for entry in self.entries],
            id="ledger-bars",
            title=self.words("ledger.figure"),
            texts={"figure.data": self.words("ledger.data")},
        ).to_html()

    def _bar(self, entry: LedgerEntry) -> LedgerBar:
        low, high = (Decimal(end) if end else None for end in (entry.low, entry.high))
        return LedgerBar(
            _label(self.activity(entry.activity)), Decimal(entry.amount), low, high,
            entry.at_least, counts_of_entry(entry), _label(self.group(entry)), self.hedge(entry),
            self.method(entry.method),
        )  # fmt: skip

    def axis(self) -> str:
        """Draw the methods of the run that weighs most, against the thresholds."""
        block = next((one for one in self._runs() if len(one.methods) > 1), None)
        if block is None:
            return ""
        entry = next((one for one in self.entries if one.subject == block.subject
                      and one.activity == block.activity), None)  # fmt: skip
        return compute_axis(
            [self._row(one) for one in block.methods],
            list(self._thresholds(entry)),
            id="ledger-methods",
            title=self.words("ledger.methods_figure", run=_label(self.run(block.subject))),
            caption=self._axis_caption(block),
            texts={"figure.data": self.words("ledger.methods_data")},
        ).to_html()

    def _row(self, one: LedgerMethod) -> ComputeRow:
        low, high = (Decimal(end) if end else None for end in (one.low, one.high))
        name = _label(self.method(one.method, one.name))
        label = self.words("ledger.chosen_label", method=name) if one.chosen else name
        return ComputeRow(label, Decimal(one.amount), low, high, note=" ".join(one.notes))

    def _thresholds(self, entry: LedgerEntry | None) -> Iterator[Threshold]:
        """The thresholds of the sums that the run counts for."""
        for one in self.report.thresholds:
            counts = entry is not None and any(
                getattr(entry, name) for name in SUMS if f"model.{name}_compute" in one.applies_to
            )
            if counts:
                yield Threshold(one.label, Decimal(one.amount), one.applies_from)

    def _axis_caption(self, block: RunBlock) -> str:
        amounts = [Decimal(one.amount) for one in block.methods]
        return self.words(
            "ledger.methods_caption",
            run=self.sentence(_label(self.run(block.subject))),
            count=len(amounts),
            low=scientific(min(amounts)),
            high=scientific(max(amounts)),
            method=self.method(block.chosen.method),
            amount=self.amount(block.chosen.amount),
        )

    # --- figures of documents -----------------------------------------------------------------

    def figure(self, one: DocumentFigure) -> str:
        """Return a figure as a document would hold it, with its unit."""
        if one.value is None:
            return self.words("ledger.no_figure")
        text = f"{_powers(one.value)} {one.unit}"
        return text if one.relation == "exactly" else self.words(
            f"relation.{one.relation}", value=text
        )  # fmt: skip

    def energy(self, text: str) -> str:
        """Return megawatt-hours to two figures."""
        return f"{_powers(text)} MWh"

    def megawatt_hours(self, one: LedgerEnergy) -> str:
        """Return the range of an amount of energy; empty where it has none."""
        if one.low == one.high:
            return ""
        low, high = (Decimal(end) / JOULES_A_MWH for end in (one.low, one.high))
        return self.words("ledger.range", low=scientific(low, 2), high=scientific(high, 2))

    # --- the notification ---------------------------------------------------------------------

    def drafted(self, one: DraftAmount) -> str:
        """Return an amount as a notification would give it."""
        text = f"{_powers(one.value)} FLOP"
        return text if one.relation == "exactly" else self.words(
            f"relation.{one.relation}", value=text
        )  # fmt: skip

    def side(self, one: DraftAmount, draft: NotificationDraft) -> str:
        """Say on which side of the threshold the exact amount is."""
        if Decimal(one.exact) > Decimal(draft.above):
            side = "open" if one.relation == "at_most" else "above"
        else:
            side = "open" if one.relation == "at_least" else "not_above"
        return self.words(f"draft.side.{side}", amount=self.amount(draft.above))

    def planned_method(self, draft: NotificationDraft) -> list[str]:
        """Say where the planned amount comes from."""
        found = next((one for one in draft.amounts if one.quantity == "planned_compute"), None)
        facts = {fact.id: fact for fact in self.report.facts}
        held = [facts[name] for name in found.facts if name in facts] if found else []
        return [
            self.words(
                "draft.planned_method", basis=self.words.name("basis", fact.basis),
                source=fact.source.stated or fact.source.artefact,
            )
            for fact in held[:1]
        ]  # fmt: skip

    def days_left(self, draft: NotificationDraft) -> str:
        """Return the days left until a notification is due."""
        days = draft.days_left or 0
        if days == 0:
            return self.words("left.today")
        return self.words.count("left.days" if days > 0 else "left.late", abs(days))

    def sentence(self, text: str) -> str:
        """Return a text that begins with a capital letter."""
        return text[:1].upper() + text[1:]


def method_name(one: LedgerMethod) -> str:
    """Return a method's name as gaps and choices hold it."""
    return f"{one.method}: {one.name}" if one.name else one.method


def _ended(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def _powers(text: str) -> str:
    """Write 3.4e24 and 10^24 as people read them."""
    base, mark, exponent = text.partition("e")
    if mark:
        power = int(exponent)
        return base if power == 0 else f"{base}\u202f×\u202f10{superscript(power)}"
    base, mark, exponent = text.partition("^")
    return f"{base}{superscript(int(exponent))}" if mark else text


def _label(text: str) -> str:
    return cut(visible(text), LONGEST_LABEL)
