"""The hardware method against published rows that state units, hours and utilisation.

A row's utilisation may have been worked out from its compute, so that agreement shows the table of
peaks and the arithmetic to be right, and not the row.
"""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction

from chapterv.compute.hardware import Segment, hardware_compute, implied_utilisation
from chapterv.compute.peaks import Chip, find_chips
from tests.real_data import real_data

_TABLES = {
    "all_ml_systems_2024-11.csv": "Hardware utilization",
    "large_scale_ai_models_2025-11.csv": "Hardware utilization (MFU)",
    "notable_ai_models_2025-11.csv": "Hardware utilization (MFU)",
}
_NEEDED = ("Training time (hours)", "Hardware quantity", "Training compute (FLOP)")


def _rows() -> list[tuple[str, Segment, Decimal]]:
    found = []
    for name, share in _TABLES.items():
        with real_data("models", "epoch", name).open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                chips = find_chips(row["Training hardware"])
                several = "," in row["Training hardware"]
                if chips and not several and all(row[column] for column in (share, *_NEEDED)):
                    segment = _segment(row, share, chips)
                    if segment is not None:
                        model = row.get("Model") or row.get("System") or ""
                        found.append((model, segment, Decimal(row["Training compute (FLOP)"])))
    return found


def _segment(row: dict[str, str], share: str, chips: tuple[Chip, ...]) -> Segment | None:
    name = "bf16" if all("bf16" in chip.peaks for chip in chips) else "fp16"
    if len({chip.peaks[name] for chip in chips}) > 1:
        return None
    return Segment(
        units=int(Decimal(row["Hardware quantity"])),
        seconds=3600 * Decimal(row["Training time (hours)"]),
        chip=chips[0],
        number_format=name,
        utilisation=Decimal(row[share]),
        origin="model",
        counted="modules",
    )


def test_most_rows_with_units_hours_and_utilisation_agree_with_their_compute() -> None:
    rows = _rows()
    off = []
    for model, segment, compute in rows:
        found = hardware_compute([segment], Decimal("0.3"))
        if (
            not found.within_margin
            or not 7 <= 10 * Fraction(compute) / Fraction(found.amount) <= 13
        ):
            off.append(model)
    assert len(rows) > 40
    assert len(off) <= len(rows) / 5, f"{len(off)} of {len(rows)} off: {', '.join(off)}"


def test_their_implied_utilisation_is_plausible() -> None:
    rows = _rows()
    odd = [model for model, segment, c in rows if not implied_utilisation(c, [segment]).plausible]
    assert len(odd) <= len(rows) / 10, ", ".join(odd)
