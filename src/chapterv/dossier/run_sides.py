"""Records of one run side by side: which of them leads, and what a person is told of the others.

Records of different programs tell of the same hours, so they are methods beside one another. Where
two allow the same method, what was read goes before what was stated, and then the one that tells
more: a counter does not count what did not happen, and a record can be cut short. Several records
of one program are copies, sessions of the run, or other runs; which, they do not say, so the
largest counts as a bound from below. Files of the training meter carry an identity by which copies
are known already, so they add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from chapterv.compute.repairs import Exact, Input
from chapterv.dossier.run_methods import Known
from chapterv.dossier.run_records import METER, format_name

__all__ = ["added", "amount_shown", "differences", "of_one_format", "side_by_side"]

_SUMMED = ("tokens", "seconds")


def amount_shown(value: Exact) -> str:
    """Return an amount with three figures, for a note."""
    exact = Fraction(value)
    text = f"{Decimal(exact.numerator) / Decimal(exact.denominator):.2e}"
    return text.replace("e+", "e")


def of_one_format(
    subject: str, records: Iterable[Sequence[Known]]
) -> tuple[list[Known], list[str]]:
    """Bring the methods of several records of one program together.

    Args:
        subject: the run, for notes.
        records: the methods of each record.

    Returns: each method once, and notes where the records differ.
    """
    groups: dict[tuple[str, str], list[Known]] = {}
    for known in records:
        for one in known:
            groups.setdefault((one.method.kind, one.method.name), []).append(one)
    kept: list[Known] = []
    apart: dict[str, list[Known]] = {}
    for found in groups.values():
        first = max(found, key=_amount)
        if len(found) > 1 and first.told_by == METER:
            kept.append(added(found))
        elif all(_amount(one) == _amount(first) for one in found):
            kept.append(first)
        else:
            kept.append(msgspec.structs.replace(first, open_above=True))
            apart.setdefault(first.told_by, found)
    return kept, [_several(subject, name, found) for name, found in apart.items()]


def _several(subject: str, name: str, found: Sequence[Known]) -> str:
    amounts = sorted(_amount(one) for one in found)
    return (
        f"{subject}: {len(found)} records of {format_name(name)} differ, from "
        f"{amount_shown(amounts[0])} to {amount_shown(amounts[-1])} FLOP. The largest counts, as a "
        "bound from below: list them as several [[run]] if they are several runs."
    )


def added(found: Sequence[Known]) -> Known:
    """Add up methods of parts that one record tells apart.

    Args:
        found: at least one.
    """
    first = found[0]
    inputs = []
    for given in first.method.inputs:
        same = [each for one in found for each in one.method.inputs if each.name == given.name]
        if given.name in _SUMMED and len(same) == len(found):
            value = sum((Fraction(each.value) for each in same), Fraction(0))
            inputs.append(Input(given.name, value, given.origin, given.place))
        elif len({(each.value, each.origin) for each in same}) == 1:
            inputs.append(given)
    method = msgspec.structs.replace(
        first.method,
        amount=sum((_amount(one) for one in found), Fraction(0)),
        low=_end(found, "low"), high=_end(found, "high"),
        inputs=tuple(inputs),
        notes=tuple(dict.fromkeys(note for one in found for note in one.method.notes)),
    )  # fmt: skip
    return msgspec.structs.replace(
        first,
        method=method,
        facts=tuple(dict.fromkeys(fact for one in found for fact in one.facts)),
        open_above=any(one.open_above for one in found),
        once=all(one.once for one in found),
        parts=len(found),
    )


def _end(found: Sequence[Known], name: str) -> Fraction | None:
    ends = [getattr(one.method, name) for one in found]
    if all(end is None for end in ends):
        return None
    pairs = zip(ends, found, strict=True)
    return sum((_amount(one) if end is None else Fraction(end) for end, one in pairs), Fraction(0))


def side_by_side(known: Iterable[Known]) -> list[Known]:
    """Give every method once and a name of its own, the leading one of each kind the plain one.

    Args:
        known: methods of all records of a run, those of one program brought together.
    """
    groups: dict[tuple[str, str], list[Known]] = {}
    for one in known:
        groups.setdefault((one.method.kind, one.method.name), []).append(one)
    kept: list[Known] = []
    for found in groups.values():
        alike: dict[tuple[bool, Fraction], list[Known]] = {}
        for one in sorted(found, key=_leading):
            alike.setdefault((not one.told_by, _amount(one)), []).append(one)
        merged = _exact_first([_merged(group) for group in alike.values()])
        kept.append(merged[0])
        kept += [_labelled(one) for one in merged[1:] if not _repeats(one, merged[0])]
    return kept


def _leading(one: Known) -> tuple[bool, Fraction, str]:
    return not one.told_by, -_amount(one), one.told_by


def _repeats(one: Known, first: Known) -> bool:
    """What was only stated and is the same figure says nothing more."""
    return not one.told_by and _amount(one) == _amount(first)


def _exact_first(found: list[Known]) -> list[Known]:
    """Let an exact figure lead before one that a container of floats has rounded up to it."""
    first = found[0]
    for one in found[1:]:
        near = _amount(one) >= _amount(first) * (1 - Fraction(first.error))
        if one.told_by and one.error < first.error and near:
            return [one, *(each for each in found if each is not one)]
    return found


def _merged(group: Sequence[Known]) -> Known:
    """One method that several records tell alike."""
    if len(group) == 1:
        return group[0]
    names = ", ".join(dict.fromkeys(format_name(one.told_by) for one in group))
    method = msgspec.structs.replace(
        group[0].method, notes=(*group[0].method.notes, f"told alike by {names}")
    )
    return msgspec.structs.replace(
        group[0],
        method=method,
        facts=tuple(dict.fromkeys(fact for one in group for fact in one.facts)),
        open_above=all(one.open_above for one in group),
        error=min(one.error for one in group),
    )


def _labelled(one: Known) -> Known:
    parts = f"{one.parts} parts" if one.parts else ""
    name = ", ".join(filter(None, [one.method.name, format_name(one.told_by), parts]))
    return msgspec.structs.replace(one, method=msgspec.structs.replace(one.method, name=name))


def differences(subject: str, known: Iterable[Known], margin: Exact) -> list[str]:
    """Say where records of different programs tell different amounts by the same method.

    Args:
        subject: the run.
        known: methods side by side.
        margin: relative error that the guidelines accept.
    """
    by_kind: dict[str, list[Known]] = {}
    for one in known:
        if one.told_by and one.method.kind in ("measured", "architecture"):
            by_kind.setdefault(one.method.kind, []).append(one)
    notes = []
    for kind, found in by_kind.items():
        ordered = sorted(found, key=_leading)
        first = ordered[0]
        apart = [one for one in ordered if _amount(first) > (1 + Fraction(margin)) * _amount(one)]
        if apart:
            told = ", ".join(
                f"{format_name(one.told_by)} {amount_shown(one.method.amount)}"
                for one in (first, *apart)
            )
            notes.append(
                f"{subject}: its records tell different amounts by the {kind} method ({told} "
                "FLOP). The largest counts, since a record can be cut short: name the right one "
                "with [[settle]], or list what are several runs as several [[run]]."
            )
    return notes


def _amount(one: Known) -> Fraction:
    return Fraction(one.method.amount)
