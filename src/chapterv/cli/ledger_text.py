"""The ledger for a person: sums, bars, entries, methods side by side, energy, what is odd."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from chapterv.cli.output import bullet, heading, shown, table, width, wrapped

if TYPE_CHECKING:
    from chapterv.compute.ledger import Ledger, Line, Total
    from chapterv.compute.reconciling import Gap, Reconciliation
    from chapterv.compute.repairs import Exact
    from chapterv.dossier import Gathered
    from chapterv.dossier.ledger import DossierLedger, RunResult
    from chapterv.facts import Amount

__all__ = ["ledger_text", "shows_signs"]

MOST_ROWS = 40
MOST_BARS = 12
BLOCKS = " ▏▎▍▌▋▊▉█"
"""Eighths of a column, from none to a whole one."""
FILLS = {"both": "█", "cumulative": "▒", "training": "▓", "neither": "░"}
PLAIN_FILLS = {"both": "#", "cumulative": "=", "training": "+", "neither": "."}
MEANS = {
    "both": "both sums",
    "cumulative": "cumulative compute only",
    "training": "training compute only",
    "neither": "neither sum",
}
_ASCII = {"·": "-", "\u202f": " ", "\u00a0": " ", "\u2009": " ", "≥": ">=", "×": "x"}
COMPLETE = "complete, as stated"
BOUND = "a bound from below: nobody states it is complete"
WITHIN = {"met": "within", "not_met": "not within", "cannot_tell": "cannot tell whether within"}


def shows_signs() -> bool:
    """Tell whether standard output can hold bars and exponents."""
    try:
        f"{BLOCKS}▒▓░·×⁰¹²³⁴⁵⁶⁷⁸⁹⁻≥\u202f".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def ledger_text(gathered: Gathered, unicode: bool = True) -> str:
    """Return the ledger of a dossier, 80 columns wide.

    Args:
        gathered: the facts with their ledger.
        unicode: whether the terminal shows more than ASCII.
    """
    text = "\n".join(_Text(unicode).lines(gathered))
    if unicode:
        return text
    for sign, plain in _ASCII.items():
        text = text.replace(sign, plain)
    # Names of runs may hold anything; what is left is written out.
    return text.encode("ascii", "backslashreplace").decode()


class _Text:
    """Lines of the ledger, with or without signs beyond ASCII."""

    def __init__(self, unicode: bool) -> None:
        self.unicode = unicode

    def amount(self, value: Amount | Fraction) -> str:
        """Return an amount in few signs."""
        from chapterv.facts.wording import scientific

        text = scientific(value)
        if self.unicode:
            return text
        mantissa, times, _ = text.partition("×")
        found = _power(text)
        if found is None:
            return mantissa.strip()
        return f"{mantissa.strip() if times else '1'}e{found}"

    def lines(self, gathered: Gathered) -> Iterator[str]:
        """Return the whole text, a section after the other."""
        found = gathered.ledger
        assert found is not None
        ledger = found.ledger
        if not ledger.lines and not found.notes:
            yield heading("The ledger is empty: nothing tells of a run.")
            yield wrapped(
                "Next: name the records of training runs with [[run]] in chapterv.toml, such as "
                'path = "runs/pretrain", or state run.tokens and run.stage.'
            )
            return
        yield heading(wrapped(self._headline(ledger)))
        yield from self._sums(ledger)
        yield from self._bars(ledger)
        yield from self._entries(ledger)
        for run in found.runs:
            if run.reconciliation is not None:
                yield from self._methods(run, run.reconciliation)
        yield from _energy(found)
        yield from _anomalies(gathered)
        if found.notes:
            yield from ("", "Notes", *(bullet(note) for note in found.notes[:MOST_ROWS]))

    # --- sums ---------------------------------------------------------------------------------

    def _headline(self, ledger: Ledger) -> str:
        if not ledger.lines:
            return "Nothing could be counted yet; the notes say what is missing."
        more = "" if ledger.complete else "at least "
        return (
            f"Training compute {more}{self.amount(ledger.training.amount)} FLOP, cumulative "
            f"compute {more}{self.amount(ledger.cumulative.amount)} FLOP."
        )

    def _sums(self, ledger: Ledger) -> Iterator[str]:
        yield from ("", "Sums")
        yield table([
            self._sum("training compute", ledger.training, ledger.complete),
            self._sum("cumulative compute", ledger.cumulative, ledger.complete),
        ])  # fmt: skip
        for name, total in (("training", ledger.training), ("cumulative", ledger.cumulative)):
            if total.depends_on_reading:
                least, most = self.amount(total.least), self.amount(total.most)
                yield bullet(f"{name} compute depends on the reading: {least} to {most} FLOP")
        kinds = {line.entry.kind: line.counts.why for line in ledger.lines if line.counts.open}
        for kind, why in kinds.items():
            yield bullet(f"{_plain(kind)}: {why}")

    def _sum(self, name: str, total: Total, complete: bool) -> tuple[str, str, str]:
        low = self.amount(total.low)
        high = "open" if total.high is None else self.amount(total.high)
        ends = "" if total.low == total.amount == total.high else f"{low} to {high}"
        said = COMPLETE if complete else BOUND
        return name, f"{self.amount(total.amount)} FLOP", "; ".join(filter(None, (ends, said)))

    # --- entries ------------------------------------------------------------------------------

    def _bars(self, ledger: Ledger) -> Iterator[str]:
        """One bar an entry, the largest first, with its share of all that is listed."""
        ordered = sorted(ledger.lines, key=lambda line: -Fraction(line.entry.amount))
        whole = sum((Fraction(line.entry.amount) for line in ordered), Fraction(0))
        if not whole:
            return
        first = ordered[:MOST_BARS]
        names = [shown(f"{_plain(line.entry.kind)}, {line.entry.subject}") for line in first]
        room = min(max(map(len, names)), width() // 2 - 4)
        columns = max(width() - room - 14, 8)
        most = Fraction(first[0].entry.amount)
        yield from ("", "Where it went (share of all that is listed)")
        for name, line in zip(names, first, strict=True):
            amount = Fraction(line.entry.amount)
            fill = _counts(line)
            drawn = self._bar(amount / most * columns, fill) if amount else ""
            share = _share(amount / whole)
            label = name if len(name) <= room else name[: room - 1] + ("…" if self.unicode else "~")
            yield f"  {label:<{room}}  {share:>7}  {drawn}".rstrip()
        if len(ordered) > MOST_BARS:
            yield f"  and {len(ordered) - MOST_BARS} smaller ones"
        fills = FILLS if self.unicode else PLAIN_FILLS
        used = list(dict.fromkeys(_counts(line) for line in first))
        yield wrapped("; ".join(f"{fills[one]} counts in {MEANS[one]}" for one in used), 2, 2)

    def _bar(self, length: Fraction, fill: str) -> str:
        """A bar of so many columns; what is little is still a mark."""
        sign = (FILLS if self.unicode else PLAIN_FILLS)[fill]
        if not self.unicode or fill != "both":
            return sign * max(round(length), 1)
        eighths = max(round(length * 8), 1)
        return sign * (eighths // 8) + BLOCKS[eighths % 8].strip()

    def _entries(self, ledger: Ledger) -> Iterator[str]:
        rows = [self._entry(line) for line in ledger.lines[:MOST_ROWS]]
        if rows:
            yield from ("", "Entries (T counts in training compute, C in cumulative compute)")
            yield table(rows, right=[2])
        if len(ledger.lines) > MOST_ROWS:
            yield wrapped(f"and {len(ledger.lines) - MOST_ROWS} more; --format json has all", 2)

    def _entry(self, line: Line) -> tuple[str, str, str, str, str]:
        entry, counts = line.entry, line.counts
        marks = ("T" if counts.training else "·") + ("C" if counts.cumulative else "·")
        amount = ("≥ " if entry.open_above else "") + self.amount(entry.amount)
        what = _plain(entry.kind) + (f", {entry.stage}" if entry.stage else "")
        return marks, entry.subject, amount, _plain(entry.method), f"{what} ({counts.row})"

    # --- methods ------------------------------------------------------------------------------

    def _methods(self, run: RunResult, found: Reconciliation) -> Iterator[str]:
        from chapterv.dossier.ledger_object import ratio_text

        chosen = found.chosen
        rows = []
        for place, method in enumerate(found.methods):
            ratio = ratio_text(Fraction(method.amount) / Fraction(chosen.amount))
            name = _plain(method.kind) + (f" ({method.name})" if method.name else "")
            mark = "*" if place == chosen.method else " "
            ends = self._ends(method.low, method.high)
            rows.append((mark, name, self._exact(method.amount), f"{ratio} x", ends))
        yield from ("", shown(f"Methods for {run.subject}"), table(rows, right=[2, 3]))
        margin = int(100 * Fraction(chosen.margin))
        yield bullet(
            f"chosen because {chosen.why}; bound from {chosen.bound_from}; "
            f"{WITHIN[chosen.within_margin]} {margin} %"
        )
        for gap in found.gaps:
            if not gap.agrees and gap.first == chosen.method:
                yield bullet(_difference(found, gap))

    def _ends(self, low: Exact | None, high: Exact | None) -> str:
        if low is None or high is None or low == high:
            return ""
        return f"{self._exact(low)} to {self._exact(high)}"

    def _exact(self, value: Exact) -> str:
        from chapterv.dossier.ledger import amount_of

        return self.amount(amount_of(value))


def _difference(found: Reconciliation, gap: Gap) -> str:
    from chapterv.dossier.ledger_object import ratio_text

    reasons = "; ".join(repair.says for repair in gap.repairs) or "no reason found"
    kind = _plain(found.methods[gap.second].kind)
    return f"{kind} differs by {ratio_text(gap.ratio)}: {reasons}"


def _counts(line: Line) -> str:
    if line.counts.training and line.counts.cumulative:
        return "both"
    one = "cumulative" if line.counts.cumulative else "neither"
    return "training" if line.counts.training else one


def _share(share: Fraction) -> str:
    """A share in per cent; what is little but not nothing never reads as nothing."""
    tenths = round(share * 1000)
    if share and not tenths:
        return "< 0.1 %"
    if share < 1 and tenths == 1000:
        return "> 99.9 %"
    return f"{tenths // 10}.{tenths % 10} %"


def _power(text: str) -> int | None:
    """The exponent of an amount written with raised figures."""
    digits = "".join(str("⁰¹²³⁴⁵⁶⁷⁸⁹".index(sign)) for sign in text if sign in "⁰¹²³⁴⁵⁶⁷⁸⁹")
    return (-int(digits) if "⁻" in text else int(digits)) if digits else None


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _energy(found: DossierLedger) -> Sequence[str]:
    from chapterv.compute.reconciling_figures import two_figures

    rows = [
        (
            one.subject,
            f"{two_figures(one.energy.megawatt_hours) if one.energy.joules else '0'} MWh",
            f"{one.energy.boundary}, {one.energy.basis}: {'; '.join(one.energy.notes)}",
        )
        for one in found.energies
    ]
    return ["", "Energy", table(rows)] if rows else []


def _anomalies(gathered: Gathered) -> Sequence[str]:
    found = gathered.scanned.anomalies
    if not found:
        return []
    lines = [
        bullet(f"{one.artefact}: {one.text} Effect: {one.effect}.") for one in found[:MOST_ROWS]
    ]
    if len(found) > MOST_ROWS:
        lines.append(wrapped(f"and {len(found) - MOST_ROWS} more; --format json has all", 2))
    return ["", "Anomalies", *lines]
