"""The records of one run: what the same log, tracker or table says stays together.

A run is often told several times: the trainer's log, a tracker's folder, events, a scheduler's
table, a meter. Mixing their figures makes a run that nobody ran (the tokens of one with the hours
of another), and adding them counts hours twice. So each record is a view of its own: its counters
are its own, and settings that it does not name are those of the run.

Counters of one record only grow, so of several figures in it the largest counts.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from chapterv.facts import Fact, Holding, merge

__all__ = ["COUNTERS", "METER", "STATED", "Record", "by_folder", "format_name", "records_of"]

METER = "training-meter"
STATED = ""
"""Format of what people state."""

COUNTERS = frozenset(
    f"run.{key}"
    for key in (
        "operations", "tokens", "tokens_per_epoch", "epochs", "steps", "steps_repeated",
        "tokens_repeated", "samples", "tokens_padding", "tokens_squared", "tool_operations",
        "tokens_generated", "tokens_prompt", "passes", "operations_per_pass", "units", "seconds",
        "unit_hours", "idle_seconds", "energy", "emissions",
    )
)  # fmt: skip
"""Keys that count something: each record has its own, and they are never mixed."""

# Words that say what a counter holds; without it they mean nothing.
_WITH = {
    "run.tool_operations": ("run.tool_operations_counts",),
    "run.utilisation": ("run.utilisation_counts",),
    "run.energy": ("run.energy_boundary", "run.energy_method"),
}
_BESIDE = frozenset(key for keys in _WITH.values() for key in keys) - {"run.utilisation_counts"}
# A rate of one record times the hours of another counts idle time as work.
_OWN = frozenset({"run.throughput_per_unit", "run.complete"}) | _BESIDE

_NAMES = {
    "wandb": "W&B",
    "mlflow": "MLflow",
    "trainer": "Trainer",
    "tensorboard-events": "TensorBoard",
    "slurm-sacct": "Slurm",
    "codecarbon": "CodeCarbon",
    METER: "the training meter",
    "megatron-log": "Megatron-LM's log",
    STATED: "what is stated",
}


class Record(msgspec.Struct, frozen=True):
    """One record of a run.

    Args:
        format: which program or table, empty for what people state.
        place: folder or file.
        prints: key, value and digest of all that was read from it; the same for a copy.
    """

    format: str
    place: str
    prints: frozenset[tuple[str, str, str]] = frozenset()

    @property
    def name(self) -> str:
        """What a person calls the format."""
        return format_name(self.format)


def format_name(name: str) -> str:
    """Return what a person calls a format of records."""
    return _NAMES.get(name, name.replace("-log", "'s log").replace("-", " "))


def by_folder(artefact: str) -> str:
    """Return the run that an artefact is a record of, where nobody lists its run."""
    return f"run:{artefact.rpartition('/')[0] or artefact}"


def records_of(
    subject: str,
    held: Mapping[str, Holding],
    facts: Iterable[Fact],
    settled: Mapping[tuple[str, str], str],
) -> list[tuple[Record, Mapping[str, Holding]]]:
    """Tell the records of a run apart.

    Args:
        subject: the run.
        held: what is known of it, all records merged.
        facts: the facts behind it.
        settled: (subject, key) to the fact that a person chose.

    Returns: each record with what it says; what people state is one of them where it counts.
    """
    groups: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        groups[_record(fact)].append(fact)
    stated = groups.pop((STATED, ""), [])
    said = _own(subject, stated, settled)
    chosen = {key: held[key] for one, key in settled if one == subject and key in held}
    shared = {key: each for key, each in held.items() if key not in COUNTERS | _OWN}
    found: list[tuple[Record, Mapping[str, Holding]]] = []
    for (name, place), members in sorted(groups.items()):
        own = _own(subject, members, settled)
        record = Record(name, place, frozenset(map(_print, members)))
        found.append((record, {**shared, **_aside(said, own), **own, **chosen}))
    if not found:
        return [(Record(STATED, ""), held)]
    if any(key in COUNTERS for key in said):
        found.append((Record(STATED, ""), {**shared, **said, **chosen}))
    return found


def _record(fact: Fact) -> tuple[str, str]:
    """Return format and place of the record that a fact was read from."""
    reader = (fact.source.reader or "").rpartition(" ")[0]
    if reader == "statement" or (not reader and fact.basis in ("declared", "assumed")):
        return STATED, ""
    first = reader.partition("-")[0]
    path = fact.source.artefact
    folder = path.rpartition("/")[0]
    if first == "wandb":
        return first, folder.removesuffix("/files")
    if first == "trainer":
        return first, folder
    if reader == "mlflow-store":
        return "mlflow", path
    if first == "mlflow":
        for inner in ("/metrics/", "/params/", "/tags/", "/meta.yaml"):
            path = path.partition(inner)[0]
        return first, path
    if reader in ("tensorboard-events", "lightning-metrics"):
        return reader, folder
    return reader or "record", path


def _own(
    subject: str, facts: list[Fact], settled: Mapping[tuple[str, str], str]
) -> dict[str, Holding]:
    """Return what one record says."""
    by_key: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_key[fact.key].append(fact)
    if all(len(group) == 1 for group in by_key.values()):
        found = {key: _holding([group[0]]) for key, group in by_key.items()}
        return {key: one for key, one in found.items() if one is not None}
    merged = merge(facts, datetime.date.max, settled).world.parts.get("run", {})
    found = dict(merged.get(subject, {}))
    for key, group in by_key.items():
        if key not in COUNTERS or len(group) == 1 or (subject, key) in settled:
            continue
        largest = _holding(group)
        if largest is not None:
            found[key] = largest
            found.update(_words(key, largest, by_key))
    return {key: one for key, one in found.items() if one is not None}


def _holding(facts: list[Fact]) -> Holding | None:
    """Hold the largest of several figures of a counter, or the one value of anything else."""
    exact = [fact for fact in facts if fact.relation == "exactly"]
    least = [fact for fact in facts if fact.relation == "at_least"]
    if len(facts) == 1 and exact:
        one = exact[0]
        amount = isinstance(one.value, int | Decimal) and not isinstance(one.value, bool)
        end = one.value if amount else None
        return Holding(one.key, one.value, (one.id,), end, end, one.subject)
    top = max(exact, key=lambda fact: fact.value, default=None)
    bound = max(least, key=lambda fact: fact.value, default=None)
    if top is not None and (bound is None or bound.value <= top.value):
        return Holding(top.key, top.value, (top.id,), top.value, top.value, top.subject)
    if bound is not None:
        return Holding(bound.key, None, (bound.id,), bound.value, None, bound.subject)
    most = min(facts, key=lambda fact: fact.value, default=None)
    if most is None:
        return None
    return Holding(most.key, None, (most.id,), None, most.value, most.subject)


def _words(key: str, chosen: Holding, by_key: Mapping[str, list[Fact]]) -> dict[str, Holding]:
    """Return the words that stand beside the figure that was chosen."""
    artefacts = {fact.source.artefact for fact in by_key[key] if fact.id in chosen.facts}
    found = {}
    for beside in _WITH.get(key, ()):
        for fact in by_key.get(beside, ()):
            if fact.source.artefact in artefacts:
                found[beside] = Holding(beside, fact.value, (fact.id,), subject=fact.subject)
    return found


def _aside(said: Mapping[str, Holding], own: Mapping[str, Holding]) -> dict[str, Holding]:
    """Return what people state that a record may be completed with: no second word on its own."""
    taken = set(own)
    for key in own:
        taken.update(_WITH.get(key, ()))
    return {key: one for key, one in said.items() if key not in taken}


def _print(fact: Fact) -> tuple[str, str, str]:
    return fact.key, f"{fact.relation} {fact.value}", fact.source.digest or ""
