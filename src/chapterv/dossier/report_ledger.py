"""The ledger as a report shows it, the figures of documents, and those of a notification.

A figure for a document is rounded from the amount that the law was applied to, where there is one;
nothing here is typed and nothing is decided.

Source: guidelines, section 2.3.2 and Annex A.2; model documentation form, sections 7 and 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from chapterv.compute import compute_figures, two_figures
from chapterv.dossier.forecasts import DossierForecast, Foreseen, Notice
from chapterv.dossier.gathering import Gathered, estimate_margin
from chapterv.dossier.ledger_object import ledger_object
from chapterv.dossier.report_ledger_model import (
    DocumentFigure,
    DraftAmount,
    LedgerChosen,
    LedgerEntry,
    LedgerSum,
    LedgerView,
    NotificationDraft,
)
from chapterv.dossier.report_model import Quantity
from chapterv.facts import Holding, World, amount_text

__all__ = ["SYSTEMIC", "draft_of", "ledger_view", "rules_of", "worth_foreseeing"]

TRAINING, CUMULATIVE, PLANNED = (
    "model.training_compute",
    "model.cumulative_compute",
    "model.planned_compute",
)
ENERGY = "model.training_energy"
INFERENCE = "model.inference_compute_per_request"
SYSTEMIC = "systemic_risk_compute"
KNOWN_ON = "model.compute_known_on"
STAGE = "model.stage"
OVER = ("trained", "placed", "withdrawn")
MEGAWATT_HOURS = "MWh"
NOTHING = LedgerSum("0", "0", None, "at_least", "0", "0")


def ledger_view(gathered: Gathered, world: World, quantities: Sequence[Quantity]) -> LedgerView:
    """Return the ledger of a dossier with the figures that documents take.

    Args:
        gathered: the facts with their ledger.
        world: what is known on the day.
        quantities: amounts of computing power that the law was applied to.
    """
    if gathered.ledger is None:
        return LedgerView((), NOTHING, NOTHING, False, str(estimate_margin()))
    view = msgspec.convert(ledger_object(gathered), LedgerView)
    energy, inference = world.keys.get(ENERGY), world.keys.get(INFERENCE)
    figures = () if view.empty else _documents(quantities, energy, inference)
    return msgspec.structs.replace(view, documents=tuple(figures), margin=str(estimate_margin()))


def rules_of(view: LedgerView) -> tuple[str, ...]:
    """Return the rows of the law that say what counts for which sum, each once."""
    return tuple(dict.fromkeys(entry.rule for entry in view.entries if entry.rule))


# --- figures of documents -------------------------------------------------------------------------


def _documents(
    quantities: Sequence[Quantity], energy: Holding | None, inference: Holding | None
) -> Iterator[DocumentFigure]:
    """One figure for each document and audience, in the order in which they are asked for."""
    held = {one.key: one for one in quantities}
    training, cumulative = _amount(TRAINING, held), _amount(CUMULATIVE, held)
    planned = _amount(PLANNED, held)
    # What is notified is the amount that meets the condition; a plan may, before the work does.
    for amount in (planned, cumulative):
        if amount is not None:
            yield _rounded("notification", "", amount)
    if training is not None:
        yield _rounded("ai_office", "c.flop.aio", training)
        yield _rounded("national_authorities", "c.flop.nca", training)
        yield DocumentFigure("downstream_providers", "", "", None, "", None, "", "no_item")
    if energy is not None and (used := energy.value or energy.low):
        yield DocumentFigure(
            "energy", "e.mwh", "training_energy", two_figures(used), MEGAWATT_HOURS,
            amount_text(used), "exactly" if energy.value is not None else "at_least",
            "two_figures", energy.facts,
        )  # fmt: skip
    if inference is not None and (used := inference.value or inference.low):
        yield DocumentFigure(
            "inference", "e.inf.flop", "inference_compute", two_figures(used), "FLOP",
            amount_text(used), "exactly" if inference.value is not None else "at_least",
            "two_figures", inference.facts,
        )  # fmt: skip


def _amount(key: str, held: Mapping[str, Quantity]) -> DraftAmount | None:
    """The amount that the law was applied to, or its known bound; None where it took none.

    A sum of the ledger alone would not do: the compute of a base model is no figure of whoever
    changed it a little.
    """
    found = held.get(key)
    text = (found.amount or found.low) if found is not None else None
    if found is None or text is None or not Decimal(text):
        return None
    name, figures = key.partition(".")[2], two_figures(Decimal(text))
    return DraftAmount(name, figures, text, found.low, found.high, found.relation, found.facts)


def _rounded(document: str, item: str, amount: DraftAmount) -> DocumentFigure:
    figures = compute_figures(Decimal(amount.exact))
    order = document == "national_authorities"
    return DocumentFigure(
        document, item, amount.quantity,
        figures.national_authorities if order else figures.notification,
        "FLOP", amount.exact, amount.relation,
        "order_of_magnitude" if order else "two_figures", amount.facts,
    )  # fmt: skip


# --- the notification -----------------------------------------------------------------------------


def worth_foreseeing(gathered: Gathered, world: World) -> bool:
    """Tell whether a forecast says something: a plan is stated, or training goes on.

    Args:
        gathered: the facts with their ledger.
        world: what is known on the day.
    """
    if PLANNED in world.keys or world.parts.get("plan"):
        return True
    stage = world.keys.get(STAGE)
    over = stage is not None and stage.value in OVER
    ledger = gathered.ledger
    return not over and ledger is not None and any(run.entry for run in ledger.runs)


def draft_of(
    told: DossierForecast | None,
    view: LedgerView,
    quantities: Sequence[Quantity],
    world: World,
    gathered: Gathered,
) -> NotificationDraft | None:
    """Put together what a notification would say, where one is asked for and none was given.

    Args:
        told: the forecast.
        view: the ledger.
        quantities: amounts that the law was applied to.
        world: what is known on the day.
        gathered: the facts, with the methods behind the ledger.

    Source: guidelines, section 2.3.2.
    """
    first = _systemic(told)
    if first is None or first.notice is None or first.notice.state == "satisfied":
        return None
    held = {one.key: one for one in quantities}
    amounts = [_amount(key, held) for key in (PLANNED, CUMULATIVE) if key in held]
    counted = [entry for entry in view.entries if entry.cumulative]
    return _draft(
        first, first.notice, [one for one in amounts if one is not None], view, counted,
        _evidence(counted, held, world, gathered),
    )  # fmt: skip


def _systemic(told: DossierForecast | None) -> Foreseen | None:
    thresholds = told.thresholds if told is not None else ()
    return next((one for one in thresholds if one.threshold == SYSTEMIC), None)


def _draft(
    first: Foreseen,
    notice: Notice,
    amounts: list[DraftAmount],
    view: LedgerView,
    counted: list[LedgerEntry],
    evidence: tuple[str, ...],
) -> NotificationDraft:
    chosen = [_chosen(entry, view) for entry in counted]
    return NotificationDraft(
        above=amount_text(int(first.forecast.threshold)),
        amounts=tuple(amounts),
        methods=tuple(
            (entry.subject, entry.activity, entry.method, one.why if one else entry.note)
            for entry, one in zip(counted, chosen, strict=True)
        ),
        assumptions=tuple(_assumptions(counted, view)),
        readings=tuple({one.activity: one.why for one in counted if one.open and one.why}.items()),
        margin=view.margin,
        started_by=notice.started_by,
        known_on=notice.started_on,
        due=notice.due,
        state=notice.state,
        days_left=notice.days_left,
        evidence=evidence,
    )


def _chosen(entry: LedgerEntry, view: LedgerView) -> LedgerChosen | None:
    same = (entry.subject, entry.activity)
    return next((one for one in view.chosen if (one.subject, one.activity) == same), None)


def _assumptions(counted: Iterable[LedgerEntry], view: LedgerView) -> Iterator[str]:
    """What the methods took for granted, each once."""
    said: dict[str, None] = {}
    places = {(entry.subject, entry.activity) for entry in counted}
    for method in view.methods:
        if method.chosen and (method.subject, method.activity) in places:
            said.update(dict.fromkeys(method.notes))
    yield from said


def _evidence(
    counted: Iterable[LedgerEntry],
    held: Mapping[str, Quantity],
    world: World,
    gathered: Gathered,
) -> tuple[str, ...]:
    """The facts that amount and dates rest on: the plan, the day, then each counted activity."""
    known_on = world.keys.get(KNOWN_ON)
    names = list(held[PLANNED].facts if PLANNED in held else ())
    names += known_on.facts if known_on is not None else ()
    for entry in counted:
        names += entry.sources
    if CUMULATIVE in held:
        names += held[CUMULATIVE].facts
    return tuple(name for name in dict.fromkeys(names) if name in gathered.by_id)
