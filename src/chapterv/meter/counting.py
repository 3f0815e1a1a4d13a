"""The meter: exact operations of a run from the tokens that it really processed.

    with Meter(config="config.json", path="runs/a/meter.jsonl", sequence_length=4096) as meter:
        for batch in batches:
            with meter.step(tokens=batch.numel()):
                train(batch)

A step adds a few whole numbers; operations are worked out when a line is written. Whatever goes
wrong after the start is said once and kept in the file, and never stops the training.

Source: Guidelines on obligations for general-purpose AI models, Annex A.1 and A.2.2.
"""

from __future__ import annotations

import atexit
import logging
import os
import time
import weakref
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Literal

from chapterv.errors import InputError
from chapterv.meter.arguments import check_activity, drawn, positive, whole
from chapterv.meter.devices import Chips, find_chips, place
from chapterv.meter.energy import Counters, find_counters
from chapterv.meter.lengths import Documents, Lengths
from chapterv.meter.model import Model, read_config
from chapterv.meter.step import Step
from chapterv.meter.sums import Key, Sums
from chapterv.meter.trained import Mask, read_mask
from chapterv.meter.writing import MAX_NAME, Kind, Writer

__all__ = ["Meter"]

logger = logging.getLogger("chapterv.meter")

UPDATES = "parameter_updates"
EVALUATION = "evaluation_red_teaming"
ROLLOUTS = "rl_rollouts_used_for_updates"
_TRAINING = (UPDATES, "auxiliary_model_training", "distillation_parent_training",
             "exploratory_research")  # fmt: skip
_MOST = 2**63
# Energy counters are read that often, so that phases and activities get their own.
_ENERGY_NS = 2_000_000_000

Ranks = Literal["one", "sum", "own"]


class Meter:
    """Counts what a run computes, and keeps it in a file.

    Args:
        config: configuration of the model: a table, a configuration of transformers, or the path
            of a `config.json`; None counts tokens and no operations.
        path: the file; a run that is resumed gives the same one.
        run: name of the run, as documents show it.
        model: the model, whose trained weights are read; all are trained where none is given.
        trained: which weights are trained, in place of `model`.
        sequence_length: length of all sequences, where steps do not give lengths.
        phase: stage of training at the start.
        flush_seconds: a line is written after that time.
        flush_steps: a line is written after so many optimiser steps, with `ranks="sum"` (100 where
            none is given) only then, since all ranks must do it together.
        units: accelerators of this process, where torch does not tell.
        chip: their name.
        ranks: "one" process; "sum" exchanges counts and the first rank writes; with "own" each
            rank writes a file whose name holds its number.
        duplicate: this process works on the same tokens as another one, which counts them (tensor
            or pipeline parallel); only its accelerators, time and energy are added.
        prediction: count layers that predict further tokens.
        energy: read energy counters.
        strict: raise on wrong arguments of steps, instead of counting them as not counted.

    Raises:
        InputError: a family that is not covered, wrong arguments, or a file of another model.
        StorageError: another process writes the file.
    """

    def __init__(
        self,
        config: Any = None,
        path: str | os.PathLike[str] = "meter.jsonl",
        *,
        run: str | None = None,
        model: Any = None,
        trained: Any = None,
        sequence_length: int | None = None,
        phase: str = "training",
        flush_seconds: float = 60.0,
        flush_steps: int | None = None,
        units: int | None = None,
        chip: str | None = None,
        ranks: Ranks = "one",
        duplicate: bool = False,
        prediction: bool = False,
        energy: bool = True,
        strict: bool = False,
    ) -> None:
        self.strict = strict
        self.place = place()
        self._process = os.getpid()
        self._several = ranks != "one"
        self._flush_ns = int(flush_seconds * 1_000_000_000)
        self._flush_steps = flush_steps or (100 if ranks == "sum" else None)
        self._by_time = ranks != "sum"
        self._sequence_length = positive(sequence_length, "the length of sequences")
        self._model = None if config is None else Model(read_config(config), prediction)
        self._phase = str(phase)[:MAX_NAME]
        self._warned: set[str] = set()
        self._settle: list[Callable[[], None]] = []
        self._flushing = False
        self._duplicate = duplicate
        found = find_chips(self._several)
        chips = Chips(units or found.units, chip or found.name)
        self._counters = self._find_counters(energy)
        self._writer = Writer(os.fspath(path), run, ranks, self.place, self._model, chips)
        self._lengths: dict[str, Lengths] = {}
        self._kind = self._trained(model, trained)
        self._forward = self._keep(Kind.forward(self._model.forward if self._model else None))
        self._open()
        self._mark = self._flushed = self._sampled = time.perf_counter_ns()
        self._since = 0
        self._closed = False
        self._refresh()
        self._last = self._now
        _close_at_exit(self)

    def step(
        self,
        tokens: int = 0,
        *,
        padding: int = 0,
        documents: Documents | None = None,
        squared: int | None = None,
        steps: int = 1,
        skipped: bool = False,
        index: int | None = None,
        activity: str | None = None,
        passes: Literal["update", "forward"] | None = None,
    ) -> Step:
        """Count a step when its block ends, and the time that it took.

        Args:
            tokens: positions processed, padding included.
            padding: how many of them are padding.
            documents: lengths of the documents that attention runs over, or how many there are of
                each length; rows of `sequence_length` where neither this nor `squared` is given.
            squared: sum of squared lengths over all tokens, in place of `documents`.
            steps: optimiser steps; 0 for a batch whose gradients are only accumulated.
            skipped: the optimiser did not take the step (loss scale); its compute counts.
            index: number of the step in the run; one that is not above the highest yet is counted
                as repeated.
            activity: kind of activity, a value of the key `run.activity`.
            passes: "update" for forward and backward, "forward" alone; by the activity if None.

        Returns: the block; its `skip()` and `count(...)` say what is known only inside.
        """
        counts = {
            "tokens": tokens, "padding": padding, "documents": documents, "squared": squared,
            "steps": steps, "skipped": skipped, "index": index, "activity": activity,
            "passes": passes,
        }  # fmt: skip
        return Step(self, counts)

    def add(
        self,
        tokens: int = 0,
        *,
        padding: int = 0,
        documents: Documents | None = None,
        squared: int | None = None,
        steps: int = 1,
        skipped: bool = False,
        index: int | None = None,
        activity: str | None = None,
        passes: Literal["update", "forward"] | None = None,
        spent_ns: int = 0,
    ) -> None:
        """Count a step that is over; arguments as for `step`.

        Args:
            spent_ns: nanoseconds inside the step, where they were taken.
        """
        now = time.perf_counter_ns()
        sums = self._now
        try:
            if type(tokens) is not int or type(padding) is not int:
                tokens, padding = whole(tokens), whole(padding)
            if not 0 <= padding <= tokens < _MOST or steps < 0:
                raise InputError(
                    f"{tokens} tokens with {padding} of padding in {steps} steps cannot be", None,
                    "Give tokens with padding included, and no number below 0.",
                )  # fmt: skip
            if self._duplicate:
                tokens = padding = 0
                documents = ()
            key = self._key
            if activity is not None or passes is not None:
                key, sums = self._of(activity or UPDATES, passes)
            self._lengths[key[3]].add(sums, tokens, documents, squared)
            sums.tokens += tokens
            sums.padding += padding
            if skipped:
                sums.skipped += steps
            else:
                sums.steps += steps
            if index is not None:
                self._indexed(key, sums, whole(index), tokens, steps)
        except Exception as error:
            self._fault(error)
            sums.uncounted += 1
        self._since += steps if type(steps) is int else 0
        self._time(sums, now, spent_ns)

    def evaluation(self, tokens: int = 0, **counts: Any) -> Step:
        """Count a forward pass that only looks at the model; it counts in neither sum.

        Args:
            tokens: positions processed.
            counts: as for `step`.
        """
        return self.step(tokens, activity=EVALUATION, passes="forward", **{"steps": 0, **counts})

    def rollout(
        self,
        prompts: list[int],
        generated: list[int],
        *,
        activity: str = ROLLOUTS,
        spent_ns: int = 0,
    ) -> None:
        """Count samples that were drawn: each prompt read once, each token generated once.

        Args:
            prompts: lengths of the prompts.
            generated: lengths of the samples, discarded ones included; with so many for each
                prompt as the ratio of both lists, in the order of the prompts.
            activity: kind of activity, such as "synthetic_private_forward".
            spent_ns: nanoseconds that it took.
        """
        now = time.perf_counter_ns()
        sums = self._now
        try:
            key, sums = self._of(activity, "forward")
            table = drawn(prompts, generated)
            if self._duplicate:
                prompts = generated = []
                table = {}
            one = self._lengths[key[3]].new()
            self._lengths[key[3]].add_table(one, table)
            sums.add(one)
            sums.prompt += sum(prompts)
            sums.generated += sum(generated)
            sums.tokens += sum(prompts) + sum(generated)
        except Exception as error:
            self._fault(error)
            sums.uncounted += 1
        self._time(sums, now, spent_ns)

    def phase(self, name: str) -> None:
        """Begin another stage of training."""
        before = self._phase
        try:
            self._settled()
            self._phase = str(name)[:MAX_NAME]
            self._refresh()
        except Exception as error:
            self._phase = before
            self._fault(error)

    def trains(self, model: Any = None, trained: Any = None) -> None:
        """Read anew which weights are trained, after some were frozen or set free.

        Args:
            model: the model.
            trained: which weights are trained, in place of `model`.
        """
        try:
            self._settled()
            self._kind = self._trained(model, trained)
            self._refresh()
        except Exception as error:
            self._fault(error)

    def fault(self, text: str) -> None:
        """Count a step of which nothing can be known.

        Args:
            text: why.

        Raises:
            InputError: the meter is strict.
        """
        self._now.uncounted += 1
        self._fault(InputError(text))

    def before_writing(self, settle: Callable[[], None]) -> None:
        """Call something before every line, such as what reads counts from a device."""
        self._settle.append(settle)

    def flush(self) -> None:
        """Write a line with what was counted since the last one; never raises."""
        if os.getpid() != self._process or self._flushing:
            return  # a forked process holds copies of sums that its parent writes
        self._flushing = True
        try:
            self._settled()
            self._sample()
            error = self._writer.write()
            if error is not None:
                self._warn("write", f"the record cannot be written ({error}); counting goes on")
        except Exception as error:
            self._fault(error)
        self._flushing = False
        self._refresh()
        self._last = self._now
        self._flushed = time.perf_counter_ns()
        self._since = 0

    def close(self, *, failed: bool = False) -> None:
        """Write the last line and let go of the file.

        Args:
            failed: the training ended with an error, so other ranks may not answer.
        """
        if self._closed:
            return
        self._closed = True
        if not (failed and self._writer.exchanges):
            self.flush()
        self._writer.close()

    def totals(self) -> dict[str, Any]:
        """Return what was counted so far, this process alone, by phase, activity and pass."""
        return {"sums": self._writer.tables(), "operations": self.operations}

    @property
    def operations(self) -> int | None:
        """Operations so far, causal convention, all activities of this process together.

        None where the meter has no configuration.
        """
        if self._model is None:
            return None
        return sum(int(table["operations"]["causal"]) for table in self._writer.tables())

    def cross_check(self, model: Any, batch: Mapping[str, Any]) -> Any:
        """Compare one pass with torch's own counter; see `chapterv.meter.cross_check`."""
        from chapterv.meter.checking import cross_check

        if self._model is None:
            raise InputError("nothing to compare", None, "Give the meter a configuration.")
        kind = self._writer.kinds[self._kind]
        return cross_check(kind.terms, model, batch)

    def __enter__(self) -> Meter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close(failed=kind is not None)

    def _trained(self, model: Any, trained: Any) -> str:
        """Choose the terms by what is trained; returns the kind of pass."""
        mask = self._mask(model, trained)
        terms = self._model.terms(mask.trained if mask else None) if self._model else None
        ahead = self._model is not None and self._model.prediction
        return self._keep(Kind.of(terms, mask, ahead))

    def _keep(self, kind: Kind) -> str:
        self._writer.keep(kind)
        self._lengths[kind.id] = Lengths(kind.terms, self._sequence_length)
        return kind.id

    def _mask(self, model: Any, trained: Any) -> Mask | None:
        if trained is not None:
            return Mask(trained, True, 0, 0)
        if model is None or self._model is None:
            return None
        return read_mask(model, self._model.architecture)

    def _find_counters(self, energy: bool) -> Counters:
        if not energy:
            return Counters([], ["switched off"])
        try:
            return find_counters(self._several, self.place.local == 0)
        except Exception as error:  # whatever a driver does, the training goes on
            return Counters([], [type(error).__name__])

    def _open(self) -> None:
        """Open the file; one that cannot be opened now is tried again at every line."""
        error = self._writer.open(self._counters)
        if error is not None:
            self._warn("write", f"the record cannot be opened ({error}); counting goes on")

    def _settled(self) -> None:
        """Read what others keep for this meter."""
        for settle in self._settle:
            settle()

    def _refresh(self) -> None:
        """Look up the sums of plain training steps anew."""
        self._key: Key = (self._phase, UPDATES, "update", self._kind)
        self._now = self._writer.sums(self._key)

    def _of(self, activity: str, passes: str | None) -> tuple[Key, Sums]:
        """Return the sums of an activity of the present phase."""
        kind = passes or ("update" if activity in _TRAINING else "forward")
        key = (self._phase, activity, kind, self._kind if kind == "update" else self._forward)
        if key not in self._writer.pending:
            check_activity(activity, kind)
        return key, self._writer.sums(key)

    def _indexed(self, key: Key, sums: Sums, index: int, tokens: int, steps: int) -> None:
        if index <= max(sums.top, self._writer.top(key)):
            sums.steps_repeated += steps
            sums.tokens_repeated += tokens
        else:
            sums.top = index

    def _time(self, sums: Sums, now: int, spent_ns: int) -> None:
        """Give the time since the step before to this one, and write if it is time."""
        passed = (now - self._mark) // 1000
        self._mark += passed * 1000
        sums.microseconds += passed
        sums.step_microseconds += spent_ns // 1000
        self._last = sums
        full = self._flush_steps is not None and self._since >= self._flush_steps
        if full or (self._by_time and now - self._flushed >= self._flush_ns):
            self.flush()
        elif self._counters.counters and now - self._sampled >= _ENERGY_NS:
            self._sample()

    def _sample(self) -> None:
        """Give the energy since the last reading to the activity of the last step."""
        self._sampled = time.perf_counter_ns()
        energy = self._last.energy
        for kind, used in self._counters.since().items():
            energy[kind] = energy.get(kind, 0) + used

    def _fault(self, error: Exception) -> None:
        if self.strict:
            raise error
        self._warn("count", f"a step is not counted: {error}")

    def _warn(self, what: str, text: str) -> None:
        if what not in self._warned:
            self._warned.add(what)
            logger.warning("meter: %s", text)


def _close_at_exit(meter: Meter) -> None:
    """Write the last line where the program ends without closing; the meter may go before."""
    held = weakref.ref(meter)

    def close() -> None:
        left = held()
        if left is not None:
            left.close(failed=True)

    atexit.register(close)
