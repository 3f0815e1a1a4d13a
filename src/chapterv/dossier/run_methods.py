"""The ways of knowing what one run took, each with the facts it rests on.

Operations follow from tokens and architecture, from hardware and time, from a meter, from a tool's
own counter, or somebody states them. Nothing is chosen here: `chapterv.compute.reconciling` puts
the methods side by side.

Source: Guidelines on obligations for general-purpose AI models, Annex A.2.1 and A.2.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

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
from chapterv.compute.repairs import Input, Method
from chapterv.dossier.run_hardware import hardware_methods
from chapterv.dossier.run_views import GENERATING, RunView
from chapterv.errors import InputError
from chapterv.facts import Amount, Fact, World

__all__ = ["Known", "RunContext", "methods_of"]

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
    """

    method: Method
    facts: tuple[str, ...]
    open_above: bool = False


class RunContext(msgspec.Struct, frozen=True):
    """What methods need besides the run itself.

    Args:
        world: what is known of the model.
        by_id: facts by identifier.
        architecture: of the dossier's own model, or None.
        describe_at: describes the configuration at a path of the dossier, or gives None.
        margin: relative error that the guidelines accept.
        counts: which kinds of activity count for which sum; law data.
    """

    world: World
    by_id: dict[str, Fact]
    architecture: Architecture | None
    describe_at: Callable[[str], Architecture | None]
    margin: Decimal
    counts: Mapping[str, Counts]

    def of(self, run: RunView) -> Architecture | None:
        """Return the architecture of the model that a run trained or used."""
        path = run.text("configuration")
        return self.architecture if path is None else self.describe_at(path)

    def measured(self, run: RunView, key: str) -> bool:
        """Tell whether a value was read from a record."""
        found = (self.by_id.get(name) for name in run.facts(key))
        return any(one is not None and one.basis in ("measured", "computed") for one in found)

    def place(self, facts: tuple[str, ...]) -> str:
        """Return the artefact that the first fact was read from."""
        found = self.by_id.get(facts[0]) if facts else None
        return "" if found is None else found.source.artefact


def methods_of(run: RunView, kind: str, context: RunContext) -> tuple[list[Known], list[str]]:
    """List the ways of knowing what a run took.

    Args:
        run: the run.
        kind: its activity.
        context: the model around it.

    Returns: the methods, and notes on those that could not be worked out.
    """
    found: list[Known] = []
    notes: list[str] = []
    training = (_metered, _trained, _tool, _passes, _hardware)
    makers = (_metered, _forward, _hardware) if kind in GENERATING else training
    for make in makers:
        try:
            found.extend(make(run, context))
        except InputError as error:
            notes.append(f"{run.subject}: {error}")
    return found, notes


def _metered(run: RunView, context: RunContext) -> Iterator[Known]:
    """Operations as a meter counted them, or as somebody states them."""
    amount = run.amount("operations")
    if amount is None:
        return
    facts = run.facts("operations")
    kind = "measured" if context.measured(run, "operations") else "stated"
    bounded = run.only_bounded("operations")
    yield Known(Method(kind, amount, place=context.place(facts)), facts, bounded)


def _trained(run: RunView, context: RunContext) -> Iterator[Known]:
    """Operations from tokens and architecture, and the Annex's short form."""
    architecture = context.of(run)
    tokens, facts = _tokens(run)
    if tokens is None:
        return
    origin = "log" if context.measured(run, "tokens") else "stated"
    given = Input("tokens", tokens, origin, context.place(facts))
    bounded = run.only_bounded("tokens")
    if architecture is None:
        parameters = context.world.keys.get("model.parameters_total")
        if parameters is None or not parameters.low:
            return
        known = Input("parameters", parameters.low, "stated")
        short = product(_SIX, parameters.low, tokens)
        method = Method("six_per_parameter", short, inputs=(known, given), notes=(_SHORT,))
        yield Known(method, (*facts, *parameters.facts), bounded)
        return
    low, amount, high, more, open_end, notes = _by_architecture(run, context, architecture, tokens)
    method = Method(
        "architecture", amount, low, high,
        inputs=(Input("parameters", architecture.parameters_active, "model"), given),
        notes=notes, place=context.place(facts),
    )  # fmt: skip
    yield Known(method, (*facts, *more), bounded or open_end)
    total = Input("parameters", architecture.parameters_total, "model")
    short = product(_SIX, architecture.parameters_total, tokens)
    yield Known(
        Method("six_per_parameter", short, inputs=(total, given), notes=(_SHORT,)), facts, bounded
    )


_SHORT = (
    "six operations for each parameter and token, the Annex's short form for large dense models: "
    "without attention, and with all experts of a mixture"
)


def _tokens(run: RunView) -> tuple[int | None, tuple[str, ...]]:
    """Return the tokens processed: counted, or those of an epoch times the epochs."""
    tokens = run.amount("tokens")
    if tokens is not None:
        return int(tokens), run.facts("tokens")
    each, epochs = run.amount("tokens_per_epoch"), run.amount("epochs")
    if each is None or epochs is None:
        return None, ()
    return int(product(each, epochs)), run.facts("tokens_per_epoch", "epochs")


_Estimated = tuple[Amount | None, Amount, Amount | None, tuple[str, ...], bool, tuple[str, ...]]


def _by_architecture(
    run: RunView, context: RunContext, architecture: Architecture, tokens: int
) -> _Estimated:
    """Return low, amount and high, further facts, whether the end is open, and notes."""
    trained, more = _updated(run, context, architecture)
    length, stated = _length(run, context)
    if length is not None:
        found = training_compute(architecture, tokens, length, None, trained)
        return None, found.amount, None, (*more, *stated), False, found.notes
    longest = architecture.context_length
    least = training_compute(architecture, tokens, 1, None, trained)
    if longest is None:
        note = "the length of sequences is not known, so attention is left out"
        return None, least.amount, None, more, True, (*least.notes, note)
    most = training_compute(architecture, tokens, longest, None, trained)
    note = f"the length of sequences is not stated; taken from 1 to {longest} tokens"
    settled = least.amount >= (1 - context.margin) * most.amount
    amount = most.amount if settled else least.amount
    return least.amount, amount, most.amount, more, False, (*most.notes, note)


def _length(run: RunView, context: RunContext) -> tuple[int | None, tuple[str, ...]]:
    own = run.amount("sequence_length")
    if own is not None:
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


def _tool(run: RunView, context: RunContext) -> Iterator[Known]:
    """A tool's own count, as it is and recomputed where its rule is known."""
    amount = run.amount("tool_operations")
    if amount is None:
        return
    facts = run.facts("tool_operations", "tool_operations_counts")
    counts = run.text("tool_operations_counts") or "unknown"
    note = f"the tool's own count ({counts.replace('_', ' ')})"
    yield Known(Method("tool", amount, notes=(note,), place=context.place(facts)), facts)
    architecture = context.of(run)
    if counts != "six_per_parameter" or architecture is None or _tokens(run)[0] is not None:
        return
    tokens = tokens_of_tool(architecture, amount)
    if tokens is None:
        return
    low, again, high, more, open_end, notes = _by_architecture(run, context, architecture, tokens)
    how = "tokens worked back from the tool's six operations for each parameter and position"
    given = Input("tokens", tokens, "log", context.place(facts))
    method = Method(
        "architecture", again, low, high, inputs=(given,), notes=(*notes, how), name="recomputed",
        place=context.place(facts),
    )  # fmt: skip
    yield Known(method, (*facts, *more), open_end)


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


def _passes(run: RunView, context: RunContext) -> Iterator[Known]:
    """Passes times the operations of one, as somebody states both."""
    passes, each = run.amount("passes"), run.amount("operations_per_pass")
    if passes is None or each is None:
        return
    facts = run.facts("passes", "operations_per_pass")
    inputs = (Input("passes", passes), Input("operations_per_pass", each))
    amount = product(passes, each)
    yield Known(Method("calculation", amount, inputs=inputs, place=context.place(facts)), facts)


def _hardware(run: RunView, context: RunContext) -> Iterator[Known]:
    """Units, time, peak and utilisation."""
    for method, facts in hardware_methods(run, context.margin):
        yield Known(method, facts)


def _forward(run: RunView, context: RunContext) -> Iterator[Known]:
    """Forward passes: prompts read and tokens generated, or tokens that were only read."""
    prompt, generated = run.amount("tokens_prompt"), run.amount("tokens_generated")
    if prompt is None and generated is None:
        generated = run.amount("tokens")
    if prompt is None and generated is None:
        return
    tokens = int((prompt or 0) + (generated or 0))
    facts = run.facts("tokens_prompt", "tokens_generated") or run.facts("tokens")
    path = run.text("configuration")
    architecture = None if path is None else context.describe_at(path)
    given = Input(
        "tokens", tokens, "log" if context.measured(run, "tokens_generated") else "stated"
    )
    if architecture is not None:
        length, stated = _length(run, context)
        span = length or architecture.context_length or 1
        amount: Amount = tokens * forward_operations(architecture, span)
        note = f"forward passes at {span} tokens a sequence"
        method = Method("architecture", amount, inputs=(given,), notes=(note,))
        yield Known(method, (*facts, *stated, *run.facts("configuration")))
        return
    active = run.amount("generator_parameters_active")
    if active is None:
        return
    amount = product(_FORWARD, active, tokens)
    inputs = (Input("parameters", active), given)
    note = "two operations for each active parameter and token; attention is left out"
    used = (*facts, *run.facts("generator_parameters_active"))
    yield Known(Method("six_per_parameter", amount, inputs=inputs, notes=(note,)), used)
