"""What the compute axis says in words: values, the caption, and the exact data table."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from chapterv.facts.wording import THIN_SPACE, as_fraction, exact, percent
from chapterv.figures.compute_rows import (
    ComputeRow,
    Interval,
    Threshold,
    crossed,
    interval,
    side,
)
from chapterv.figures.figure import Table
from chapterv.figures.lettering import shorten
from chapterv.figures.texts import Words

__all__ = ["amount_words", "caption_words", "compute_table", "exact_words"]


# A caption is read as one paragraph; more rows than these are in the drawing and the table.
_TOLD = 5


def amount_words(row: ComputeRow, unit: str, words: Words) -> str:
    """The amount of a row with its bound, rounded for people.

    Args:
        row: the row.
        unit: unit of the amount.
        words: the words to use.
    Returns: text such as 1.44 × 10²³ FLOP (± 30 %), or "not known".
    Raises: InputError if an amount cannot be drawn.
    """
    known = interval(row)
    if not known.known:
        return words("compute.unknown")
    unit = unit.replace(" ", THIN_SPACE)
    if known.high is None:
        edge = known.middle if known.middle is not None else known.low
        return words("compute.at_least", amount=words.amount(edge or 0), unit=unit)
    if known.low is None:
        edge = known.middle if known.middle is not None else known.high
        return words("compute.at_most", amount=words.amount(edge), unit=unit)
    low, high = words.amount(known.low), words.amount(known.high)
    if known.middle is None:
        return words("compute.between", low=low, high=high, unit=unit)
    middle = words.amount(known.middle)
    if known.low == known.high:
        return words("compute.amount", amount=middle, unit=unit)
    share = _even_bound(known)
    if share is not None:
        bound = percent(share, words("decimal_mark"))
        return words("compute.within", amount=middle, unit=unit, bound=bound)
    return words("compute.with_range", amount=middle, unit=unit, low=low, high=high)


def _even_bound(known: Interval) -> Fraction | None:
    """The relative bound, if it is the same on both sides."""
    if known.low is None or known.high is None or not known.middle:
        return None
    share = 1 - known.low / known.middle
    return share if known.high / known.middle - 1 == share else None


def exact_words(row: ComputeRow, unit: str, words: Words) -> str:
    """The amount of a row with all its digits, for the tooltip.

    Args:
        row: the row.
        unit: unit of the amount.
        words: the words to use.
    Returns: the exact amount; its range where there is no central value.
    """
    known = interval(row)
    mark = words("decimal_mark")
    if not known.known:
        return words("compute.unknown")
    if known.high is None or known.low is None:
        edge = next(v for v in (known.middle, known.low, known.high) if v is not None)
        key = "compute.at_least" if known.high is None else "compute.at_most"
        return words(key, amount=exact(edge, mark), unit=unit)
    if known.middle is None:
        low, high = exact(known.low, mark), exact(known.high, mark)
        return words("compute.between", low=low, high=high, unit=unit)
    return words("compute.exact", amount=exact(known.middle, mark), unit=unit)


def caption_words(
    rows: Sequence[ComputeRow], thresholds: Sequence[Threshold], unit: str, words: Words
) -> str:
    """The result in words, a sentence for each row.

    Args:
        rows: the rows; the first five are told.
        thresholds: what they are compared with.
        unit: unit of the amounts.
        words: the words to use.
    Returns: the caption.
    """
    if not rows:
        return words("figure.empty")
    sentences = []
    for row in rows[:_TOLD]:
        label = shorten(" ".join(row.label.split()), 1, 60)
        amount = amount_words(row, unit, words)
        decided = _nearest(row, thresholds, words)
        if decided:
            told = words("compute.caption.sides", label=label, amount=amount, sides=decided)
        else:
            told = words("compute.caption.row", label=label, amount=amount)
        names = [words.amount(threshold.amount) for threshold in crossed(row, thresholds)]
        if names:
            told += " " + words("compute.crosses", thresholds=", ".join(names))
        sentences.append(told)
    return " ".join(sentences)


def _nearest(row: ComputeRow, thresholds: Sequence[Threshold], words: Words) -> str:
    """The highest threshold below the amount and the lowest one above it: they tell the rest."""
    known = interval(row)
    passed: list[Threshold] = []
    ahead: list[Threshold] = []
    for threshold in sorted(thresholds, key=lambda t: as_fraction(t.amount)):
        found = side(known, threshold)
        if threshold.concerns(row) and found in ("above", "not_above"):
            (passed if found == "above" else ahead).append(threshold)
    return ", ".join(_phrase(known, t, words) for t in (*passed[-1:], *ahead[:1]))


def _phrase(known: Interval, threshold: Threshold, words: Words) -> str:
    """On which side of a threshold an amount is, in a few words."""
    found = side(known, threshold)
    if found == "above":
        key = "reaches" if threshold.inclusive else "above"
    elif found == "not_above":
        key = "short" if threshold.inclusive else "below"
    else:
        key = "open"
    return words(f"compute.side.{key}", amount=words.amount(threshold.amount))


def compute_table(
    rows: Sequence[ComputeRow], thresholds: Sequence[Threshold], unit: str, words: Words
) -> Table:
    """All numbers of the figure, exact: the rows, then the thresholds.

    Args:
        rows: the rows.
        thresholds: what they are compared with.
        unit: unit of the amounts.
        words: the words to use.
    Returns: the table.
    """
    header = tuple(
        words(f"compute.column.{name}", unit=unit)
        for name in ("row", "relation", "amount", "low", "high", "against", "note")
    )
    lines = [_table_row(row, thresholds, words) for row in rows]
    lines += [_threshold_row(threshold, words) for threshold in thresholds]
    return Table(header, tuple(lines), numeric=frozenset({2, 3, 4}))


def _table_row(row: ComputeRow, thresholds: Sequence[Threshold], words: Words) -> tuple[str, ...]:
    known = interval(row)
    against = ", ".join(
        _phrase(known, threshold, words)
        for threshold in thresholds
        if known.known and threshold.concerns(row)
    )
    if not known.known:
        return (row.label, words("compute.relation.unknown"), "", "", "", against, row.note)
    mark = words("decimal_mark")
    low, middle, high = (
        None if value is None else exact(value, mark)
        for value in (known.low, known.middle, known.high)
    )
    relation = "exactly" if known.low == known.high else "about"
    if known.high is None:
        relation = "at_least"
    elif known.low is None:
        relation = "at_most"
    end = words("compute.no_limit")
    return (
        row.label,
        words(f"compute.relation.{relation}"),
        middle or "",
        low or end,
        high or end,
        against,
        row.note,
    )


def _threshold_row(threshold: Threshold, words: Words) -> tuple[str, ...]:
    start = threshold.applies_from
    note = words("compute.from", date=start.isoformat()) if start else ""
    amount = exact(threshold.amount, words("decimal_mark"))
    return (threshold.label, words("compute.relation.threshold"), amount, "", "", "", note)
