"""What trainers call the counters of a run, and how trackers' numbers become exact amounts.

Three trackers hold the same counters in three containers: W&B, MLflow and TensorBoard. Which name
means what is the trainer's matter, so it stands here once. Names are taken as the trainers' own
sources write them; a name that could mean two things is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import msgspec

from chapterv.evidence.artefacts import Artefact, printable
from chapterv.evidence.results import Anomaly, Note
from chapterv.facts import Fact, make_fact

__all__ = [
    "MEANINGS",
    "SETTINGS",
    "Counters",
    "Meaning",
    "exact",
    "run_at",
    "setting_facts",
    "utc_day",
]

Found = Fact | Note | Anomaly


class Meaning(msgspec.Struct, frozen=True):
    """What a metric of a trainer says.

    Args:
        key: key of the catalogue.
        take: which value counts: the largest of a counter, the last of an average, or the mean.
        scale: factor from the metric's unit to the key's.
        counts: what a count of operations or a utilisation holds, for the key beside it.
        note: a remark for the fact.
        spare: used only where no other metric of the record gives the key.
    """

    key: str
    scale: int | Decimal = 1
    take: Literal["largest", "last", "mean"] = "largest"
    counts: str | None = None
    note: str | None = None
    spare: bool = False


_FLOS = Meaning(
    "run.tool_operations",
    counts="six_per_parameter",
    note="six times parameters times elements of the main input, as Trainer of transformers counts",
)
_STEPS = Meaning("run.steps")
_TOKENS = Meaning("run.tokens")
_INPUT_TOKENS = Meaning(
    "run.tokens", note="Trainer of transformers counts padding or not, as its settings say"
)
_SECONDS = Meaning("run.seconds")

MEANINGS = {
    # Trainer of transformers: bare in older releases, with "train/" in what it sends to trackers.
    "total_flos": _FLOS,
    "train/total_flos": _FLOS,
    "global_step": _STEPS,
    "train/global_step": _STEPS,
    "num_input_tokens_seen": _INPUT_TOKENS,
    "train/num_input_tokens_seen": _INPUT_TOKENS,
    "train_runtime": _SECONDS,
    "train/train_runtime": _SECONDS,
    "epoch": Meaning("run.epochs"),
    "train/epoch": Meaning("run.epochs"),
    # Lightning's logger of W&B
    "trainer/global_step": _STEPS,
    # levanter counts 10^9 operations as one, from the model's shape
    "throughput/total_gflops": Meaning("run.tool_operations", 10**9, counts="model"),
    "throughput/total_tokens": _TOKENS,
    "throughput/theoretical_flops_per_device": Meaning("run.peak_flop_per_s"),
    "throughput/mfu": Meaning("run.utilisation", Decimal("0.01"), "mean", "model"),
    # OLMo-core
    "throughput/total tokens": _TOKENS,
    "throughput/total flops": Meaning("run.tool_operations", counts="model"),
    "throughput/device/flopsPS (actual avg)": Meaning("run.throughput_per_unit", take="last"),
    # torchtitan
    "n_tokens_seen": _TOKENS,
    "mfu(%)": Meaning("run.utilisation", Decimal("0.01"), "mean", "model"),
    # Composer
    "time/token": _TOKENS,
    "time/batch": _STEPS,
    "time/sample": Meaning("run.samples"),
    # NeMo
    "consumed_samples": Meaning("run.samples"),
    # W&B itself: from the start of its own process, so set-up is in it
    "_runtime": Meaning("run.seconds", note="counted by the tracker, set-up included", spare=True),
}
"""Meaning by the metric's whole name."""

_SEQUENCE = ("max_seq_length", "max_seq_len", "seq_length", "sequence_length", "train_seq_len")
_PRECISION = ("bf16", "fp16")
SETTINGS = frozenset((*_SEQUENCE, *_PRECISION, "gradient_checkpointing"))
"""Settings of trainers that have a meaning for compute, by the names that trackers keep."""

_WORDS = {"true": True, "false": False}
_WHOLE = {"run.steps", "run.tokens", "run.samples"}
_COUNTS = {
    "run.tool_operations": "run.tool_operations_counts",
    "run.utilisation": "run.utilisation_counts",
}
_ENOUGH = 10
"""Values that a mean needs: the last value of a summary is none."""
_REPEATED = {"run.steps": "run.steps_repeated", "run.tokens": "run.tokens_repeated"}
_MAX_TEXT = 60
_MAX_EXPONENT = 40


def exact(value: Any) -> int | Decimal | None:
    """Return a number of a record as an exact amount, or None where it is none.

    Args:
        value: a whole number, a float or a text. A float stands for its shortest decimal form,
            which is what its writer printed.

    >>> exact("2.5436461989888e+15")
    2543646198988800
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    text = value if isinstance(value, str) else None
    if text is not None and len(text) > _MAX_TEXT:
        return None
    if isinstance(value, int):
        return value if 0 <= value < 10**_MAX_EXPONENT else None
    try:
        number = value if isinstance(value, Decimal) else Decimal(text or repr(value))
    except InvalidOperation:
        return None
    # Before anything is made an integer: 1e999999999 is a short text and a very long integer.
    if not number.is_finite() or number < 0 or abs(number.adjusted()) > _MAX_EXPONENT:
        return None
    return int(number) if number == number.to_integral_value() else number


def run_at(artefact: Artefact, folder: str) -> str:
    """Return the subject of a run that is recorded in several files below one folder.

    Args:
        artefact: one of the files.
        folder: the folder of the whole record.

    Returns: the run that the dossier names for the file, else one named by the folder.
    """
    own = f"run:{artefact.folder or artefact.name}"
    return f"run:{folder}" if artefact.run == own and folder else artefact.run


def utc_day(seconds: float | int | Decimal | None) -> date | None:
    """Return the day in UTC of a time in seconds since 1970, or None beyond the years 2000-2100."""
    if seconds is None or not 946_684_800 <= seconds < 4_102_444_800:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).date()


class _Track:
    """One counter while its record is read."""

    __slots__ = ("count", "fallen", "first", "last", "pointer", "repeated", "top", "total")

    def __init__(self, value: int | Decimal, pointer: str) -> None:
        self.first = self.last = self.top = value
        self.total = value
        self.count = 1
        self.pointer = pointer
        self.repeated: int | Decimal = 0
        self.fallen = 0

    def add(self, value: int | Decimal, pointer: str) -> None:
        if value < self.last:
            self.fallen += 1
            self.repeated += self.last - value
        self.last = value
        self.total += value
        self.count += 1
        if value >= self.top:
            self.top, self.pointer = value, pointer

    def value(self, take: str) -> int | Decimal | None:
        """Return the value that counts, None for a mean of too few."""
        if take == "mean":
            return Decimal(self.total) / self.count if self.count >= _ENOUGH else None
        return self.last if take == "last" else self.top


class Counters:
    """The known counters of one run: the largest value of each, and where one went back.

    Args:
        artefact: the record.
        subject: subject of the facts.
        bits: bits of precision in which the container keeps a number.
    """

    def __init__(self, artefact: Artefact, subject: str, bits: int = 53) -> None:
        self.artefact = artefact
        self.subject = subject
        self.bits = bits
        self.tracks: dict[str, _Track] = {}
        self.refused: dict[str, int] = {}

    def add(self, name: str, value: Any, pointer: str) -> None:
        """Take one value of a metric; names without a known meaning are passed over."""
        meaning = MEANINGS.get(name)
        if meaning is None:
            return
        number = exact(value)
        if (
            number is None
            or (meaning.key in _WHOLE and not isinstance(number, int))
            or (meaning.key == "run.utilisation" and number * meaning.scale > 1)
        ):
            self.refused[name] = self.refused.get(name, 0) + 1
            return
        track = self.tracks.get(name)
        if track is None:
            self.tracks[name] = _Track(number, pointer)
        else:
            track.add(number, pointer)

    def complete(self, other: Counters) -> None:
        """Take the counters of another record of the same run that this one does not have."""
        for name, track in other.tracks.items():
            self.tracks.setdefault(name, track)

    def first(self, name: str) -> int | Decimal | None:
        """Return the first value of a metric, or None if there was none."""
        track = self.tracks.get(name)
        return track.first if track else None

    def found(self) -> Iterator[Found]:
        """Yield the facts, and an anomaly for each counter that went back."""
        yield from self._refused()
        given: set[str] = set()
        order = sorted(self.tracks, key=lambda name: (MEANINGS[name].spare, -self.tracks[name].top))
        for name in order:
            meaning, track = MEANINGS[name], self.tracks[name]
            value = track.value(meaning.take)
            if meaning.key in given or not value:
                continue
            given.add(meaning.key)
            yield self._fact(meaning, track, value)
            if meaning.counts:
                yield self.artefact.fact(
                    _COUNTS[meaning.key], meaning.counts, track.pointer, subject=self.subject
                )
            if track.fallen and meaning.take == "largest":
                yield from self._fallen(meaning, track)

    def _fact(self, meaning: Meaning, track: _Track, value: int | Decimal) -> Fact:
        mean = meaning.take == "mean"
        scaled = value * meaning.scale
        return make_fact(
            self.subject,
            meaning.key,
            Decimal(f"{scaled:.6f}") if mean else exact(scaled),
            self.artefact.source(printable(track.pointer)),
            basis="computed" if mean else "measured",
            bound=rounding(value, self.bits),
            note=f"mean of {track.count} values" if mean else meaning.note,
        )

    def _fallen(self, meaning: Meaning, track: _Track) -> Iterator[Found]:
        repeated = _REPEATED.get(meaning.key)
        yield Anomaly(
            self.artefact.path,
            "counter_went_back",
            f"a counter of {meaning.key} falls {track.fallen} times, as after a restart from an "
            "earlier checkpoint",
            "the largest value is taken" + ("; the rest is stated as repeated" if repeated else ""),
            track.pointer,
            meaning.key,
            exact(track.repeated * meaning.scale),
            track.fallen,
        )
        if repeated:
            yield self.artefact.fact(
                repeated,
                exact(track.repeated * meaning.scale),
                track.pointer,
                basis="computed",
                subject=self.subject,
                note="what the counter fell by, all falls together",
            )

    def _refused(self) -> Iterator[Anomaly]:
        for name, times in sorted(self.refused.items()):
            yield Anomaly(
                self.artefact.path,
                "value_refused",
                f"{times} values of {name} are no amounts that this counter can have",
                "passed over",
                key=MEANINGS[name].key,
                times=times,
            )


def setting_facts(
    artefact: Artefact, subject: str, settings: Mapping[str, tuple[Any, str]]
) -> Iterator[Fact]:
    """Yield facts on settings; of two that say the same, the first one known counts.

    Args:
        artefact: the record.
        subject: subject of the facts.
        settings: value and pointer by name; texts stand for what they spell.
    """

    def setting(name: str) -> tuple[Any, str]:
        value, pointer = settings.get(name, (None, ""))
        if isinstance(value, str):
            value = _WORDS.get(value.strip().lower(), exact(value.strip()))
        return value, pointer

    def fact(key: str, value: Any, pointer: str) -> Fact:
        return artefact.fact(key, value, pointer, subject=subject, basis="declared")

    for name in _PRECISION:
        value, pointer = setting(name)
        if value is True:
            yield fact("run.precision", name, pointer)
            break
    value, pointer = setting("gradient_checkpointing")
    if isinstance(value, bool):
        yield fact("run.recomputation", value, pointer)
    for name in _SEQUENCE:
        value, pointer = setting(name)
        if type(value) is int and 0 < value < 10**9:
            yield fact("run.sequence_length", value, pointer)
            break


def rounding(value: int | Decimal, bits: int) -> Decimal | None:
    """Return the relative error of a whole number kept in a float, or None where it is exact."""
    return None if value < 1 << bits else Decimal(1) / (1 << bits)
