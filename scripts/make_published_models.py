"""Makes the table of published models from copies of Epoch AI's data on models.

The copies lie outside the project, in the folder with real data (environment variable
``CHAPTERV_REAL_DATA``, or ``../shared/data`` beside the checkout). The table is committed, so this
runs only when newer copies are there:

    python scripts/make_published_models.py
"""

from __future__ import annotations

import csv
import os
import re
import sys
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "src" / "chapterv" / "compute" / "data" / "published_models.csv"

# Newest first: a model is taken from the first copy that has its compute.
TABLES = (
    ("notable_ai_models_2025-11.csv", "2025-11", "Training dataset size (gradients)"),
    (
        "large_scale_ai_models_2025-11.csv",
        "2025-11",
        "(DEPRECATED) Training dataset size (datapoints)",
    ),
    ("all_ml_systems_2024-11.csv", "2024-11", "Training dataset size (datapoints)"),
)
COLUMNS = (
    "model", "organisation", "published", "domains", "compute", "parameters", "data_size",
    "epochs", "grade", "base_model", "link", "copy",
)  # fmt: skip
GENERAL = {"Language", "Multimodal", "Image generation", "Audio", "Speech", "Video"}
SINCE = "2019"
FIGURES = 6

ATTRIBUTION = f"""\
# Published models with their training compute. Source: Epoch AI, "Data on AI Models",
# https://epoch.ai/data/ai-models, licensed CC BY 4.0, https://creativecommons.org/licenses/by/4.0/
# Changes: rows of text, image, audio and video models since {SINCE} with compute; columns chosen,
# renamed; three copies joined, the newest first; numbers to {FIGURES} significant figures.
# compute in FLOP, base models included as the source does; data_size as the source has it: tokens,
# words, images or hours; grade as the source has it.
"""


def real_data() -> Path:
    """The folder with the copies."""
    named = os.environ.get("CHAPTERV_REAL_DATA")
    return Path(named) if named else ROOT.parent / "shared" / "data"


def rows(folder: Path) -> Iterator[dict[str, str]]:
    """Every row that belongs into the table, each model once."""
    seen = set()
    for name, copy, size in TABLES:
        with (folder / name).open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                made = made_row(row, copy, size)
                if made is not None and (key := spelled(made["model"])) not in seen:
                    seen.add(key)
                    yield made


def made_row(row: dict[str, str], copy: str, size: str) -> dict[str, str] | None:
    """One row of the table, or None where it does not belong there."""
    domains = [domain.strip() for domain in row["Domain"].split(",")]
    compute = figures(row["Training compute (FLOP)"])
    published = row["Publication date"]
    if not compute or not GENERAL.intersection(domains) or published < SINCE:
        return None
    return {
        "model": words(row.get("Model") or row.get("System") or ""),
        "organisation": words(row["Organization"]),
        "published": published,
        "domains": ";".join(domains),
        "compute": compute,
        "parameters": figures(row["Parameters"]),
        "data_size": figures(row[size]),
        "epochs": figures(row.get("Epochs", "")),
        "grade": row["Confidence"],
        "base_model": words(row["Base model"]),
        "link": link(row["Link"]),
        "copy": copy,
    }


def spelled(name: str) -> str:
    """A name's letters and digits, since the copies spell one model in several ways."""
    return re.sub(r"[\W_]", "", name.casefold())


def words(text: str) -> str:
    """A cell on one line."""
    return " ".join(text.split()).strip('"')


def link(text: str) -> str:
    """The first address of a cell."""
    found = re.search(r"https?://[^\s,]+", text)
    return found[0][:300] if found else ""


def figures(text: str) -> str:
    """A number to six significant figures, without the noise that spreadsheets add."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return ""
    if not number.is_finite() or number <= 0:
        return ""
    rounded = number.quantize(Decimal(1).scaleb(number.adjusted() - FIGURES + 1)).normalize()
    plain = f"{rounded:f}"
    return plain if len(plain) <= 9 else f"{rounded:e}".replace("e+", "e")


def main() -> int:
    """Write the table and say how long it is."""
    found = sorted(rows(real_data() / "models" / "epoch"), key=lambda row: row["model"].casefold())
    with TARGET.open("w", encoding="utf-8", newline="") as stream:
        stream.write(ATTRIBUTION)
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)
    print(f"· {len(found)} published models")
    return 0


if __name__ == "__main__":
    sys.exit(main())
