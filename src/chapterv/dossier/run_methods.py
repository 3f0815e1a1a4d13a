"""The ways of knowing what one run took, each with the facts it rests on.

Operations follow from tokens and architecture, from hardware and time, from a meter, from a tool's
own counter, or somebody states them. Nothing is chosen here: `chapterv.compute.reconciling` puts
the methods side by side.

Source: Guidelines on obligations for general-purpose AI models, Annex A.2.1 and A.2.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

import msgspec

from chapterv.compute import (
    ALL,
    Architecture,
    Trained,
    forward_operations,
    training_compute,
)
from chapterv.compute.amounts import product
from chapterv.compute.ledger import Counts
from chapterv.compute.repairs import Exact, Input, Method
from chapterv.dossier.run_hardware import USED, hardware_methods
from chapterv.dossier.run_records import by_folder
from chapterv.dossier.run_views import GENERATING, RunView, activity_of
from chapterv.errors import InputError
from chapterv.facts import Amount, Conflict, Fact, World

__all__ = ["MOST", "PART", "Known", "RunContext", "checked_method", "methods_of"]

PART = "run.compute."
"""Keys that state the compute of one kind of activity begin so."""
ROLLOUTS = "rl_rollouts_used_for_updates"

# Forward pass of one token and weight; a multiply-add is two operations.
_FORWARD = 2
# What tools count for one position and parameter (Trainer state).
_SIX = 6


class Known(msgspec.Struct, frozen=True):
    """A method and the facts it rests on.

    Args:
        method: for the reconciliation.
        facts: identifiers.
        open_above: the amount is a bound from below.
        told_by: format of the record, empty for what is stated.
        once: the amount leaves out what was done again after a restart.
        error: relative error of the figures in the record.
        parts: how many parts of the run were added up for it.
    """

    method: Method
    facts: tuple[str, ...]
    open_above: bool = False
    told_by: str = ""
    once: bool = False
    error: Decimal = Decimal(0)
    parts: int = 0


class RunContext(msgspec.Struct, frozen=True):
    """What methods need besides the run itself.

    Args:
        world: what is known of the model.
        by_id: facts by identifier.
        architecture: of the dossier's own model, or None.
        describe_at: describes the configuration at a path of the dossier, or gives None.
        margin: relative error that the guidelines accept.
        counts: which kinds of activity count for which sum; law data.
        settled: (subject, key) to the fact that a person chose.
        conflicts: where sources disagree.
        owner: the run that an artefact is a record of.
    """

    world: World
    by_id: dict[str, Fact]
    architecture: Architecture | None
    describe_at: Callable[[str], Architecture | None]
    margin: Decimal
    counts: Mapping[str, Counts]
    settled: Mapping[tuple[str, str], str] = {}
    conflicts: tuple[Conflict, ...] = ()
    owner: Callable[[str], str] = by_folder

    def of(self, run: RunView) -> Architecture | None:
        """Return the architecture of the model that a run trained or used.

        Raises:
            InputError: the configuration that is named for the run cannot be used.
        """
        path = run.text("configuration")
        return self.architecture if path is None else self._at(path)

    def generator(self, run: RunView, kind: str) -> Architecture | None:
        """Return the architecture of the model that wrote: in rollouts the one that is trained.

        Raises:
            InputError: the configuration that is named for the run cannot be used.
        """
        if kind == ROLLOUTS:
            return self.of(run)
        path = run.text("configuration")
        return None if path is None else self._at(path)

    def _at(self, path: str) -> Architecture:
        found = self.describe_at(path)
        if found is None:
            raise InputError(
                f"the configuration {path[:100]!r} cannot be used: it is not in the dossier's "
                "folder, cannot be read, or is of a family that is not covered",
                None,
                "Correct run.configuration.",
            )
        return found

    def measured(self, run: RunView, key: str) -> bool:
        """Tell whether a value was read from a record."""
        found = (self.by_id.get(name) for name in run.facts(key))
        return any(one is not None and one.basis in ("measured", "computed") for one in found)

    def error(self, facts: tuple[str, ...]) -> Decimal:
        """Return the relative error that comes with the facts."""
        found = (self.by_id.get(name) for name in facts)
        return max((one.bound for one in found if one and one.bound), default=Decimal(0))

    def stated(self, amount: Exact, facts: tuple[str, ...], kind: str = "stated") -> Method:
        """Return an amount as it stands in a record or statement, with the error told with it."""
        error = Fraction(self.error(facts))
        exact, place = Fraction(amount), self.place(facts)
        if not error:
            return Method(kind, amount, place=place)
        return Method(kind, amount, exact * (1 - error), exact * (1 + error), place=place)

    def place(self, facts: tuple[str, ...]) -> str:
        """Return the artefact that the first fact was read from."""
        found = self.by_id.get(facts[0]) if facts else None
        return "" if found is None else found.source.artefact


def methods_of(run: RunView, kind: str, context: RunContext) -> tuple[list[Known], list[str]]:
    """List the ways of knowing what one record of a run tells.

    Args:
        run: the run as one record tells it.
        kind: its activity.
        context: the model around it.

    Returns: the methods, and notes on those that could not be worked out.
    """
    found: list[Known] = []
    notes: list[str] = []
    told_by = run.record.format if run.record is not None else ""
    makers = (_metered, _forward, _hardware) if kind in GENERATING else _TRAINING
    for make in makers:
        try:
            for one in make(run, context, kind):
                checked_method(one.method)
                error = context.error(one.facts)
                found.append(msgspec.structs.replace(one, told_by=told_by, error=error))
        except InputError as error:
            notes.append(f"{run.subject}: {error}")
    return found, notes


MOST = 10**60
"""More FLOP is a slip of the keyboard: the sum of many such would have no place in a fact."""


def checked_method(method: Method) -> Method:
    """Return a method that gives an amount of this world.

    Raises:
        InputError: more than anybody can have computed.
    """
    if method.amount > MOST or (method.high or 0) > MOST:
        name = method.kind.replace("_", " ")
        raise InputError(
            f"the {name} method gives more than 10^60 FLOP, which no run takes",
            None,
            "Check the number of digits.",
        )
    return method


def _metered(run: RunView, context: RunContext, kind: str) -> Iterator[Known]:
    """Operations as a meter counted them, or as somebody states them."""
    amount = run.amount("operations")
    if amount is None:
        return
    facts = run.facts("operations")
    bounded = run.only_bounded("operations")
    if context.measured(run, "operations"):
        yield Known(context.stated(amount, facts, "measured"), facts, bounded)
        return
    others = {key: run.held[key] for key in run.held if key.startswith(PART)}
    rest = Fraction(amount)
    for key, one in others.items():
        # What is stated for the run is stated for all of it, so other activities are in it.
        if key != f"{PART}{kind}":
            rest -= Fraction(one.low or 0)
            facts += one.facts
    notes = ("what is stated for other activities of the run is taken off",) if others else ()
    if rest > 0:
        method = msgspec.structs.replace(context.stated(rest, facts), notes=notes)
        yield Known(method, facts, bounded)
    elif amount and f"{PART}{kind}" not in others:
        raise InputError(
            "the activities stated add up to all of run.operations, and nothing is left for "
            f"{kind.replace('_', ' ')}", None, f"State {PART}{kind}.",
        )  # fmt: skip


def _trained(run: RunView, context: RunContext, kind: str) -> Iterator[Known]:
    """Operations from tokens and architecture, and the Annex's short form."""
    tokens, facts, bounded = _tokens(run)
    if not tokens:
        return
    architecture = context.of(run)
    origin = "log" if context.measured(run, "tokens") else "stated"
    given = Input("tokens", tokens, origin, context.place(facts))
    if architecture is None:
        parameters = context.world.keys.get("model.parameters_total")
        if parameters is None or not parameters.low:
            return
        known = Input("parameters", parameters.low, "stated")
        short = product(_SIX, parameters.low, tokens)
        method = Method(
            "six_per_parameter", short, inputs=(known, given), notes=(_SHORT,), place=given.place
        )
        least = bounded or parameters.value is None
        yield Known(method, (*facts, *parameters.facts), least, once=True)
        return
    low, amount, high, more, open_end, notes = _by_architecture(run, context, architecture, tokens)
    method = Method(
        "architecture", amount, low, high,
        inputs=(Input("parameters", architecture.parameters_active, "model"), given),
        notes=notes, place=context.place(facts),
    )  # fmt: skip
    yield Known(method, (*facts, *more), bounded or open_end, once=True)
    total = Input("parameters", architecture.parameters_total, "model")
    short = product(_SIX, architecture.parameters_total, tokens)
    method = Method(
        "six_per_parameter", short, inputs=(total, given), notes=(_SHORT,), place=given.place
    )
    yield Known(method, facts, bounded, once=True)


_SHORT = (
    "six operations for each parameter and token, the Annex's short form for large dense models: "
    "without attention, and with all experts of a mixture"
)


def _tokens(run: RunView) -> tuple[int | None, tuple[str, ...], bool]:
    """Return the tokens processed, counted or those of an epoch times the epochs, and whether this
    is a bound from below.
    """
    tokens = run.amount("tokens")
    if tokens is not None:
        return int(tokens), run.facts("tokens"), run.only_bounded("tokens")
    each, epochs = run.amount("tokens_per_epoch"), run.amount("epochs")
    if each is None or epochs is None:
        return None, (), False
    used = ("tokens_per_epoch", "epochs")
    return int(product(each, epochs)), run.facts(*used), run.only_bounded(*used)


_Estimated = tuple[Amount | None, Amount, Amount | None, tuple[str, ...], bool, tuple[str, ...]]


def _by_architecture(
    run: RunView, context: RunContext, architecture: Architecture, tokens: int
) -> _Estimated:
    """Return low, amount and high, further facts, whether the end is open, and notes."""
    trained, more = _updated(run, context, architecture)
    length, stated = _length(run, context)
    least_of = run.only_bounded("parameters_trainable", "sequence_length")
    if length is not None:
        found = training_compute(architecture, tokens, length, None, trained)
        return None, found.amount, None, (*more, *stated), least_of, found.notes
    longest = architecture.context_length
    least = training_compute(architecture, tokens, 1, None, trained)
    if longest is None:
        note = "the length of sequences is not known, so attention is left out"
        return None, least.amount, None, more, True, (*least.notes, note)
    most = training_compute(architecture, tokens, longest, None, trained)
    note = f"the length of sequences is not stated; taken from 1 to {longest} tokens"
    settled = least.amount >= (1 - context.margin) * most.amount
    amount = most.amount if settled else least.amount
    return least.amount, amount, most.amount, more, least_of, (*most.notes, note)


def _length(run: RunView, context: RunContext) -> tuple[int | None, tuple[str, ...]]:
    own = run.amount("sequence_length")
    if own:
        return int(own), run.facts("sequence_length")
    stated = context.world.keys.get("model.training_sequence_length")
    if stated is not None and stated.value is not None:
        return int(stated.value), stated.facts
    return None, ()


def _updated(
    run: RunView, context: RunContext, architecture: Architecture
) -> tuple[Trained, tuple[str, ...]]:
    """Return which weights the run trained."""
    trainable = run.amount("parameters_trainable")
    if trainable == 0:
        raise InputError(
            "no parameter was trained, so the run updated none",
            None,
            "Correct run.parameters_trainable, or state run.activity.",
        )
    if trainable is not None:
        whole = trainable >= architecture.parameters_total
        trained = ALL if whole else Trained("adapter", adapter_parameters=int(trainable))
        return trained, run.facts("parameters_trainable")
    derivation = context.world.keys.get("model.derivation")
    if run.text("configuration") is None and derivation and derivation.value == "adapter":
        return _adapter(context, architecture)
    return ALL, ()


def _adapter(context: RunContext, architecture: Architecture) -> tuple[Trained, tuple[str, ...]]:
    """Return the adapter's size, from its rank and targets."""
    from chapterv.compute.adapters import adapter_parameters

    rank = context.world.keys.get("model.adapter_rank")
    targets = context.world.keys.get("model.adapter_targets")
    if rank is None or targets is None or rank.value is None or not targets.value:
        raise InputError(
            "the model is an adapter, and how many parameters were trained is not known",
            None,
            "State run.parameters_trainable.",
        )
    count = adapter_parameters(architecture, int(rank.value), targets.value)
    return Trained("adapter", adapter_parameters=count), (*rank.facts, *targets.facts)


def _tool(run: RunView, context: RunContext, kind: str) -> Iterator[Known]:
    """A tool's own count, as it is and recomputed where its rule is known."""
    amount = run.amount("tool_operations")
    if not amount:
        return
    facts = run.facts("tool_operations", "tool_operations_counts")
    bounded = run.only_bounded("tool_operations")
    counts = run.text("tool_operations_counts") or "unknown"
    note = f"the tool's own count ({counts.replace('_', ' ')})"
    yield Known(Method("tool", amount, notes=(note,), place=context.place(facts)), facts, bounded)
    if counts != "six_per_parameter" or _tokens(run)[0]:
        return
    architecture = context.of(run)
    tokens = None if architecture is None else tokens_of_tool(architecture, amount)
    if architecture is None or tokens is None:
        return
    low, again, high, more, open_end, notes = _by_architecture(run, context, architecture, tokens)
    how = "tokens worked back from the tool's six operations for each parameter and position"
    given = Input("tokens", tokens, "log", context.place(facts))
    method = Method(
        "architecture", again, low, high, inputs=(given,), notes=(*notes, how), name="recomputed",
        place=context.place(facts),
    )  # fmt: skip
    yield Known(method, (*facts, *more), bounded or open_end)


def tokens_of_tool(architecture: Architecture, amount: Amount) -> int | None:
    """Work tokens back from a count of six operations for each parameter and position.

    The tool leaves out tables of embeddings, and the head where it shares one.

    Args:
        architecture: of the model trained.
        amount: the tool's count.

    Returns: the tokens, or None where the count is no whole multiple: it then rests on other
        parameters than the configuration's.
    """
    tables = sum(part.active for part in architecture.ends if part.lookup)
    each = _SIX * (architecture.parameters_total - tables)
    if each <= 0:
        return None
    tokens = round(Decimal(amount) / each)
    # The tool adds binary floats, so the last digits of a large count are lost.
    off = abs(Decimal(amount) - tokens * each)
    return tokens if tokens > 0 and off * 10**9 <= Decimal(amount) else None


def _passes(run: RunView, context: RunContext, kind: str) -> Iterator[Known]:
    """Passes times the operations of one, as somebody states both."""
    used = ("passes", "operations_per_pass")
    passes, each = (run.amount(key) for key in used)
    if passes is None or each is None:
        return
    facts = run.facts(*used)
    inputs = (Input("passes", passes), Input("operations_per_pass", each))
    method = Method("calculation", product(passes, each), inputs=inputs, place=context.place(facts))
    yield Known(method, facts, run.only_bounded(*used))


def _hardware(run: RunView, context: RunContext, kind: str) -> Iterator[Known]:
    """Units, time, peak and utilisation."""
    for method, facts in hardware_methods(run, context.margin):
        placed = msgspec.structs.replace(method, place=context.place(facts))
        yield Known(placed, facts, run.only_bounded(*USED))


_TRAINING = (_metered, _trained, _tool, _passes, _hardware)


def _forward(run: RunView, context: RunContext, kind: str) -> Iterator[Known]:
    """Forward passes: prompts read and tokens generated, or tokens that were only read."""
    # The tokens of a run that updates weights are those it trained on, not those it wrote.
    beside = kind == ROLLOUTS and activity_of(run) != ROLLOUTS
    tokens, used, bounded = _passed(run, beside)
    if not tokens:
        return
    facts = run.facts(*used)
    origin = "log" if any(context.measured(run, key) for key in used) else "stated"
    given = Input("tokens", tokens, origin, context.place(facts))
    least = ("; prompts are not counted, since nobody says how long they were",) * bounded
    bounded = bounded or run.only_bounded(*used)
    architecture = context.generator(run, kind)
    if architecture is not None:
        yield _by_generator(run, context, architecture, given, facts, bounded, least)
        return
    active = run.amount("generator_parameters_active")
    if not active:
        return
    amount = product(_FORWARD, active, tokens)
    note = "two operations for each active parameter and token; attention is left out"
    method = Method(
        "six_per_parameter", amount, inputs=(Input("parameters", active), given),
        notes=("".join((note, *least)),), place=given.place,
    )  # fmt: skip
    bounded = bounded or run.only_bounded("generator_parameters_active")
    yield Known(method, (*facts, *run.facts("generator_parameters_active")), bounded)


def _passed(run: RunView, beside: bool) -> tuple[int, tuple[str, ...], bool]:
    """Return tokens that were read or written, their keys, and whether prompts are missing."""
    prompt, written = run.amount("tokens_prompt"), run.amount("tokens_generated")
    every = 0 if beside else run.amount("tokens") or 0
    both = int((prompt or 0) + (written or 0))
    if every >= both and every:
        return int(every), ("tokens",), False
    return both, ("tokens_prompt", "tokens_generated"), prompt is None


def _by_generator(
    run: RunView,
    context: RunContext,
    architecture: Architecture,
    given: Input,
    facts: tuple[str, ...],
    bounded: bool,
    least: tuple[str, ...],
) -> Known:
    """Forward passes of a model whose configuration is known."""
    length, stated = _length(run, context)
    longest = length or architecture.context_length or 1
    tokens = int(given.value)
    most = tokens * forward_operations(architecture, longest)
    low = high = None
    amount: Amount = most
    note = f"forward passes at {longest} tokens a sequence"
    if length is None:
        low, high = tokens * forward_operations(architecture, 1), most
        amount = most if low >= (1 - context.margin) * most else low
        note = f"forward passes; the length of sequences is not stated: from 1 to {longest} tokens"
    method = Method(
        "architecture", amount, low, high, inputs=(given,), notes=("".join((note, *least)),),
        place=given.place,
    )  # fmt: skip
    return Known(method, (*facts, *stated, *run.facts("configuration")), bounded)
