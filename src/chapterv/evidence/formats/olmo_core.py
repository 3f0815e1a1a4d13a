"""Console logs of OLMo-core.

Every few steps it writes a header `[step=300/2385,epoch=1,eta=..]` and below it one metric a line,
`    throughput/total tokens=819,200`, of which those of the throughput count; in between there are
headers without metrics. Total tokens and total petaflops (1e15) run over restarts. Large numbers
have commas; newer versions shorten them (`1.23B`), which is kept as the rounded number it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.registry import Found, reader
from chapterv.evidence.run_logs import (
    COLOURS,
    Dialect,
    Lines,
    dialect,
    note_point,
    scaled,
    tag_of,
    time_of,
)
from chapterv.evidence.run_spans import NANO, Gathered, Point, Record, Settings
from chapterv.evidence.runs import LOG_SUFFIXES, read_log

__all__ = ["OLMO_CORE", "read_olmo_core"]

_HEADER = re.compile(rb"\[step=(\d{1,15})/(?:\d{1,15}|\?\?\?),epoch=\d")
_METRIC = re.compile(
    rb"\bthroughput/(total tokens|total petaflops|device/BPS|device/flopsPS|device/MFU)"
    rb"=([\d.,]+(?:E[+-]?\d+)?)([KMBT]?)\s*$"
)
_METRIC_START = re.compile(rb"\bthroughput/(?:total |device/(?:BPS|flopsPS|MFU)=)")
_CHIP = re.compile(rb"Device: (.{1,80}?), Device peak")
_WORLD = re.compile(rb"world[ _]size[:=]? ?(\d{1,9})\b", re.I)
_BEGINS = re.compile(rb"(?:Training for|Starting training|Loading checkpoint from)")
_LENGTH = re.compile(rb"\b(?:max_)?sequence_length[\"']?[:=] ?(\d{1,12})\b")
_ANYTHING = re.compile(
    rb"\[step=\d|\bthroughput/|Device: |world[ _]size|\bsequence_length|\bmax_sequence_length"
)
_POWERS = {b"": 0, b"K": 3, b"M": 6, b"B": 9, b"T": 12}


def _recognise(sample: bytes) -> bool:
    return bool(_HEADER.search(sample))


def _scan(lines: Lines, gathered: Gathered, points: list[Point] | None) -> None:
    gathered.framework = "OLMo-core"
    for number, line in lines.holding(_ANYTHING):
        plain = COLOURS.sub(b"", line)
        header, metric = _HEADER.search(plain), _METRIC.search(plain)
        if header is not None:
            _close(gathered, points)
            _open(number, plain, header, gathered)
        elif metric is not None and gathered.open:
            name, value, unit = (part.decode() for part in metric.groups())
            gathered.open[name] = value + unit
        elif _METRIC_START.search(plain) and b"(" not in plain:
            gathered.event("line_cut", number)
        elif gathered.span is None or b"Device: " in plain:
            _take_setting(plain, gathered)


def _open(number: int, line: bytes, header: re.Match[bytes], gathered: Gathered) -> None:
    gathered.open = {
        "step": header.group(1).decode(),
        "line": str(number),
        "tag": tag_of(line),
        "time": time_of(line[: header.start()]) or "",
    }


def _close(gathered: Gathered, points: list[Point] | None) -> None:
    """Take the step whose metrics are all there, since another one begins."""
    held, gathered.open = gathered.open, {}
    if not held:
        return
    pace = _number(held, "device/BPS", 9)
    record = Record(
        int(held["step"]),
        int(held["line"]),
        held["tag"],
        held["time"] or None,
        NANO * NANO // pace if pace else None,
        tokens=_number(held, "total tokens"),
        operations=_number(held, "total petaflops", 15),
        rate=_number(held, "device/flopsPS"),
        utilisation=_number(held, "device/MFU", 7),
    )
    if not gathered.settings.counts:
        gathered.settings.counts = "model"
    if gathered.add(record) is not None:
        note_point(gathered, points, record.time)


def _number(held: dict[str, str], name: str, power: int = 0) -> int | None:
    text = held.get(name, "")
    unit = text[-1:].encode() if text[-1:] in "KMBT" else b""
    return scaled(text.rstrip("KMBT"), power + _POWERS[unit]) if text else None


def _take_setting(line: bytes, gathered: Gathered) -> None:
    chip, world, length = _CHIP.search(line), _WORLD.search(line), _LENGTH.search(line)
    settings: Settings = gathered.settings
    if chip is not None:
        # Written when a process has loaded its model and is about to train.
        settings = msgspec.structs.replace(settings, chip=chip.group(1).decode("utf-8", "replace"))
        gathered.begin(settings, tag_of(line))
    elif world is not None:
        gathered.settings = msgspec.structs.replace(settings, units=int(world.group(1)) or None)
    elif length is not None:
        number = int(length.group(1)) or None
        gathered.settings = msgspec.structs.replace(settings, sequence_length=number)


def _finish(gathered: Gathered) -> None:
    _close(gathered, None)


OLMO_CORE = dialect(Dialect("olmo-core-log", "OLMo-core", _recognise, _scan, _finish))


@reader("olmo-core-log", version="1", suffixes=LOG_SUFFIXES)
def read_olmo_core(artefact: Artefact) -> Iterator[Found]:
    """Read steps, total tokens and the tool's own operations."""
    return read_log(artefact, OLMO_CORE)
