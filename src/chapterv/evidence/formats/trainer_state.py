"""Records of the Trainer of Transformers: `trainer_state.json`, `all_results.json` and the like.

`total_flos` is six times parameters times elements of the main input: without attention, with
frozen weights counted as trained, and for images or sound with every element taken for a token. It
is kept as the tool's own count and used for nothing else. `num_input_tokens_seen` is 0 unless
counting was switched on, so 0 means not counted. TRL adds `num_tokens` to its log lines: tokens
without padding, counted anew by each process. Neither the number of devices nor the length of
sequences is in these files, and `train_batch_size` is that of one device. Samples are time times
samples a second, both rounded by the writer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.registry import Found, Unclaimed, reader
from chapterv.evidence.results import Part
from chapterv.evidence.runs import RunState, StateValue
from chapterv.evidence.strict import decode_json
from chapterv.facts import Amount, parse_amount

__all__ = ["read_results", "read_trainer_state"]

MAX_STATE = 64 * 1024 * 1024
NO_EPOCHS = 2**63 - 1
"""What the Trainer writes as number of epochs where the number of steps was given."""
_CHECKPOINT = re.compile(r"(?:^|/)checkpoint-\d+$")
_HOW = "Write the file again with the program that made it."


@reader("trainer-state", version="1", names=("trainer_state.json",))
def read_trainer_state(artefact: Artefact) -> Iterator[Found]:
    """Read steps, epochs, tokens, times and the tool's own operations of a Trainer run."""
    table = _table(artefact)
    step = _count(table.get("global_step"))
    history = table.get("log_history")
    if step is None or not isinstance(history, list):
        raise InputError(
            "no state of a Trainer: global_step or log_history is missing", artefact.path, _HOW
        )
    lines = [line for line in history if isinstance(line, dict)]
    values = [StateValue("run.framework", "Transformers Trainer", "/global_step")]
    values.append(StateValue("run.steps", step, "/global_step"))
    values.extend(_common(table, ""))
    values.extend(_tokens(table, lines, step))
    ends = [(place, line) for place, line in enumerate(history) if _ended(line)]
    if ends:
        values.extend(_samples(ends[-1][1], f"/log_history/{ends[-1][0]}", step, _each(table)))
        values.extend(_seconds(ends))
    yield _part(artefact, step, values, tuple(_remarks(table, step)))


@reader("trainer-results", version="1", names=("all_results.json", "train_results.json"))
def read_results(artefact: Artefact) -> Iterator[Found]:
    """Read samples, time and the tool's own operations of a Trainer run that has ended."""
    table = _table(artefact)
    if not _ended(table):
        raise Unclaimed("results without the time of a training: nothing on a run in it")
    pace, time = _amount(table.get("train_steps_per_second")), _amount(table.get("train_runtime"))
    step = round(pace * time) if pace and time else 0
    values = [StateValue("run.framework", "Transformers Trainer", "/train_runtime")]
    if step:
        values.append(
            StateValue("run.steps", step, "/train_steps_per_second", "time times steps a second")
        )
    values.extend(_common(table, ""))
    values.extend(_samples(table, "", step, None))
    values.extend(_seconds([(None, table)]))
    yield _part(artefact, step, values, ())


def _table(artefact: Artefact) -> dict[str, Any]:
    table = decode_json(artefact.read(MAX_STATE), artefact.path, not_finite=True)
    if not isinstance(table, dict):
        raise InputError("expected a table of keys and values", artefact.path, _HOW)
    return table


def _part(artefact: Artefact, step: int, values: list[StateValue], notes: tuple[str, ...]) -> Part:
    state = RunState(_run(artefact), artefact.path, step, tuple(values), artefact.source(), notes)
    return Part("run-state", artefact.folder, artefact.path, state)


def _run(artefact: Artefact) -> str:
    """Return the run: states saved on the way lie in folders of their own and are of one run."""
    if artefact.run != f"run:{artefact.folder or artefact.name}":
        return artefact.run
    folder = artefact.folder
    if _CHECKPOINT.search(folder):
        folder = folder.rpartition("/")[0]
    return f"run:{folder or 'trainer_state.json'}"


def _amount(value: Any) -> Amount | None:
    """Return a number that is positive, or None."""
    try:
        amount = parse_amount(value)
    except InputError:
        return None
    return amount if amount > 0 else None


def _count(value: Any) -> int | None:
    """Return a whole number that is not negative, or None."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value < 10**18 else None


def _each(table: dict[str, Any]) -> int | None:
    return _count(table.get("train_batch_size")) or None


def _ended(line: Any) -> bool:
    return isinstance(line, dict) and _amount(line.get("train_runtime")) is not None


def _common(table: dict[str, Any], place: str) -> Iterator[StateValue]:
    epochs, operations = _amount(table.get("epoch")), _amount(table.get("total_flos"))
    if epochs is not None:
        yield StateValue("run.epochs", epochs, f"{place}/epoch")
    if operations is not None:
        yield StateValue("run.tool_operations", operations, f"{place}/total_flos")
        yield StateValue(
            "run.tool_operations_counts", "six_per_parameter", f"{place}/total_flos",
            "six times parameters times elements of the main input: not used as operations",
        )  # fmt: skip


def _tokens(table: dict[str, Any], lines: list[dict[str, Any]], step: int) -> Iterator[StateValue]:
    seen = _count(table.get("num_input_tokens_seen"))
    if seen:
        yield StateValue(
            "run.tokens", seen, "/num_input_tokens_seen", "elements of the main input, with padding"
        )
        return
    counted, last, reached = 0, 0, 0
    for line in lines:
        tokens = _amount(line.get("num_tokens"))
        if tokens is None:
            continue
        # A process that takes the run up again counts from zero.
        counted += last if tokens < last else 0
        last, reached = int(tokens), _count(line.get("step")) or reached
    if counted + last:
        note = "tokens without padding, as TRL counts them"
        if reached < step:
            note += f", up to step {reached} of {step}"
        yield StateValue("run.tokens", counted + last, "/log_history", note, reached < step)


def _samples(line: dict[str, Any], place: str, step: int, each: int | None) -> Iterator[StateValue]:
    pace, time = _amount(line.get("train_samples_per_second")), _amount(line.get("train_runtime"))
    if pace is None or time is None or not step:
        return
    product = Decimal(pace) * Decimal(time)
    # The writer rounds the rate to three places and the time to four.
    slack = Decimal(time) / 2000 + Decimal(pace) / 20000 + Decimal("0.5")
    size = round(product / step)
    pointer = f"{place}/train_samples_per_second"
    if size and abs(size * step - product) <= slack and (each is None or size % each == 0):
        yield StateValue("run.samples", size * step, pointer, "steps times samples of a step")
        yield StateValue("run.batch_size", size, pointer, "time times samples a second, by steps")
        return
    yield StateValue(
        "run.samples", round(product), pointer,
        f"time times samples a second, within {round(slack)}; no whole number of samples a step",
    )  # fmt: skip


def _seconds(ends: Sequence[tuple[int | None, dict[str, Any]]]) -> Iterator[StateValue]:
    times = [_amount(line.get("train_runtime")) or 0 for _, line in ends]
    place = ends[-1][0]
    pointer = "/train_runtime" if place is None else f"/log_history/{place}/train_runtime"
    yield StateValue(
        "run.seconds", sum((Decimal(time) for time in times), Decimal(0)), pointer,
        "evaluation and saving included; processes that broke off are not in it", True,
    )  # fmt: skip


def _remarks(table: dict[str, Any], step: int) -> Iterator[str]:
    planned = _count(table.get("max_steps"))
    if planned and step < planned:
        yield f"a state at step {step} of {planned}: what came after it is not in the file"
    if table.get("num_train_epochs") == NO_EPOCHS:
        yield "the number of steps was given, not of epochs"
    if table.get("num_input_tokens_seen") == 0:
        yield "the Trainer did not count tokens (num_input_tokens_seen is 0, which is not zero)"
    each = _each(table)
    if each:
        yield f"{each} samples a step on each device; how many devices there were is not in it"
