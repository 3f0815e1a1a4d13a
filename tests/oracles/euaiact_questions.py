"""What is asked, where and when: questions that are more than one rule of the package.

The dictionaries say what a question presupposes: fields that are given, since the row asks after
something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from tests.oracles.euaiact_case import CHAPTER_V_DAY, Answer, Case, conjunction, negation
from tests.oracles.euaiact_duties import status_of_duty
from tests.oracles.euaiact_fields import (
    capabilities_shown,
    happened,
    market_or_plan,
    open_source_relief,
    rebuttal_accepted,
    signed,
    systemic_risk,
    within_the_act,
)
from tests.oracles.euaiact_ours import WORDS
from tests.oracles.euaiact_readings import Reading
from tests.oracles.euaiact_worlds import PRESUMPTION_FLOP

HIGH_RISK_DUTIES_ALL_APPLY = date(2028, 8, 2)
FORESEEN = "bekannt_dass_hohe_wirkmaechtigkeit_erreicht_werden_wird"
# The row asks after one condition; that the model is a general-purpose one is a row of its own.
AS_GPAI = {"gpai_modell": True}
BREACH = {
    "kommission_stellt_sanktionssachverhalt_fest": True,
    "gpai_relevante_ai_act_vorschrift_verletzt": True,
    "gpai_anfrage_nach_91_nicht_befolgt": False,
    "gpai_antwort_auf_anfrage_91": False,
    "gelieferte_information_unrichtig": False,
    "gelieferte_information_unvollstaendig": False,
    "gelieferte_information_irrefuehrend": False,
    "gpai_massnahme_nach_93_nicht_befolgt": False,
    "gpai_modellzugang_nach_92_nicht_bereitgestellt": False,
}
EVALUATION = {
    "ki_gremium_vor_modellbewertung_konsultiert": True,
    "bewertung_dient_pruefung_der_anbieterpflichten": True,
    "informationen_nach_artikel_91_unzureichend": True,
    "bewertung_dient_untersuchung_systemischer_risiken_auf_unionsebene": False,
}
DOCUMENTS = {
    "angeforderter_gegenstand_ist_dokumentation_nach_artikel_53_oder_55": True,
    "zusaetzliche_angeforderte_information_fuer_konformitaetsbewertung_notwendig": False,
}
SUPERVISION = {
    "betrachteter_akteur_ist_europaeische_kommission": True,
    "gegenstand_ist_aufsicht_oder_durchsetzung_kapitel_v": True,
}
CONFIDENTIAL = {
    "akteur_an_anwendung_des_ai_act_beteiligt": True,
    "information_bei_ai_act_aufgaben_erlangt": True,
}
COMPLAINT = {"beschwerde_behauptet_ai_act_verstoss_des_gpai_anbieters": True}
COMPLAINT_CONTENT = {
    "gpai_beschwerde_kontaktstelle_des_betroffenen_anbieters": True,
    "gpai_beschwerde_relevante_tatsachen": True,
    "gpai_beschwerde_betroffene_ai_act_vorschriften": True,
    "gpai_beschwerde_begruendung_verstossannahme": True,
    "gpai_beschwerde_sonstige_fuer_relevant_erachtete_informationen_beigefuegt": True,
}
AUTHORITY = {
    "marktueberwachungsbehoerde": True,
    "kommissionsbefugnisanfrage_zur_aufgabenerfuellung_notwendig": True,
    "kommissionsbefugnisanfrage_verhaeltnismaessig": True,
}
REQUEST = {
    "betroffener_gpai_anbieter_oder_vertreter": True,
    "wirksame_informationsanforderung_nach_artikel_91_erhalten": True,
}
OPEN_COMPONENT = {"liefergegenstand_ist_werkzeug_dienst_verfahren_oder_komponente": True}


def speaks_of(subject: str) -> Callable[[Case], bool]:
    """The pair is compared in worlds that state something of a subject."""
    return lambda case: any(key.startswith(subject) for key in case.world.facts)


def notice_events(case: Case) -> list[date]:
    """The stated days on which the condition was met, or on which it was known that it will be."""
    keys = ("model.systemic_condition_met_on", "model.compute_known_on")
    days = [day for key in keys if (day := case.world.day(key)) is not None]
    return [day for day in days if day <= case.world.on]


def first_notice_event(case: Case) -> date | None:
    """Whichever came first."""
    return min(notice_events(case), default=None)


def notice_runs(case: Case) -> bool:
    """A notice is due by the package, not of a legacy model, for an event in time of Chapter V."""
    first = first_notice_event(case)
    in_time = first is not None and first >= CHAPTER_V_DAY
    return notice_due(case) is True and in_time and case.legacy() is False


def no_holiday_near(case: Case) -> bool:
    """The last day falls into a month in which the institutions have no days off."""
    due = case.due("AIA_052_001_MELDEHOECHSTDAUER", first_notice_event(case))
    return notice_runs(case) and due is not None and due[5:7] in ("02", "09", "10")


def designated_under_52_4(case: Case) -> bool:
    """A designation under Annex XIII is on record."""
    return case.field("modell_nach_artikel_52_4_benannt") is True


def representative_needed(case: Case) -> bool:
    """The package finds the duty to appoint a representative, for a model placed on a known day."""
    placed = case.field("modell_auf_unionmarkt_inverkehrgebracht")
    known = case.world.day("model.placed_on") is not None
    return representative_status(case) in ("applies", "grace") and placed is True and known


def representative_status(case: Case) -> str | None:
    """The composed status of the duty to appoint a representative."""
    return status_of_duty(
        case,
        relief=open_source_relief(case),
        own_condition=case.field("anbieter_in_drittstaat_niedergelassen"),
    )


def has_representative(case: Case) -> bool:
    """A mandate is accepted, and Chapter V applies."""
    accepted = happened(case, "representative.mandate_accepted_on") is True
    return accepted and chapter_v_begun(case)


def authority_asked(case: Case) -> bool:
    """A market surveillance authority asked on a known day, and Article 75 applies."""
    kind = case.world.text("request.kind")
    dated = case.world.day("request.received_on") is not None
    return kind == "market_surveillance" and dated and case.begun("ALLGEMEIN")


def chapter_v_begun(case: Case) -> bool:
    """Chapter V applies on the day of the world."""
    return case.begun("KAPITEL_V")


def may_be_designated(case: Case) -> bool:
    """Chapter V applies to a model that is on the market or meant for it, not designated yet."""
    open_to_it = case.world.get("model.designated_on") is None and chapter_v_begun(case)
    return open_to_it and market_or_plan(case) is True and case.rule("AIA_002_006") is False


def agreement_due(case: Case) -> str:
    """Whether a model supplied on the Union market needs an agreement, both dates being past."""
    due = conjunction(market_or_plan(case), case.rule("AIA_025_004", OPEN_COMPONENT))
    return {True: "applies", False: "off", None: "cannot_tell"}[due]


def code_stated(case: Case) -> bool:
    """What the provider signed is stated, so that our row gives its value."""
    return case.world.get("provider.code_chapters_signed") is not None


def fine_is_possible(case: Case) -> bool:
    """The package finds a punishable breach, and Article 101 applies."""
    return reached_by_power(case, "AIA_101_001", BREACH) is True and case.begun("ARTIKEL_101")


def legacy_word(case: Case) -> str:
    """Whether the package counts the model among those placed before Chapter V applied."""
    return WORDS[case.legacy()]


def ceiling(case: Case) -> str:
    """The ceiling of a fine, by the package."""
    turnover = case.world.amount("provider.turnover_eur")
    inputs = {"weltweiter_vorjahresumsatz_eur": None if turnover is None else str(turnover)}
    return str(case.figure("AIA_101_OBERGRENZE", inputs) or "cannot_tell")


def parties_decide(case: Case) -> str:
    """Whether the package makes the assessed company the provider, from the parties named."""
    name = case.world.text("provider.name")

    def is_ours(key: str) -> Answer:
        party = case.world.text(key)
        return None if party is None or name is None else party == name

    given = {
        "entwickelt_selbst": is_ours("model.developed_by"),
        "laesst_entwickeln": is_ours("model.developed_for"),
        "eigener_name_oder_marke": is_ours("model.placed_by"),
        "gpai_modell_inverkehrbringen": True,
    }
    return WORDS[case.rule("AIA_003_003", given)]


def commercial_supply(case: Case) -> str:
    """Whether a supply on the Union market is commercial; market and day are rows of their own."""
    given = {
        "abgabe_zum_vertrieb_oder_zur_verwendung_auf_unionsmarkt": True,
        "im_rahmen_geschaeftlicher_taetigkeit": case.world.flag("model.commercial_activity"),
    }
    return WORDS[case.rule("AIA_003_010", given)]


def parties_known_or_not(case: Case) -> bool:
    """The three parties are all stated, or none is."""
    keys = ("model.developed_by", "model.developed_for", "model.placed_by", "provider.name")
    return len({case.world.get(key) is None for key in keys}) == 1


def article_55_alternative(case: Case) -> str:
    """Whether a systemic model needs other adequate means under Article 55(2)."""
    given = {
        "gpai_modell_mit_systemischem_risiko": True,
        "anbieterrolle": True,
        "anbieter_haelt_einschlaegigen_gpai_kodex_tatsaechlich_ein": signed(case, "safety"),
    }
    return WORDS[case.rule("AIA_055_002_ALTERNATIVNACHWEIS", given)]


def notice_due(case: Case) -> Answer:
    """Whether the package asks for a notice, of a model that its Article 2(6) does not exclude."""
    given: dict[str, Any] = {}
    if case.reads(Reading.NOTICE_BEFORE_PLACING):
        given["anbieterrolle"] = market_or_plan(case)
    if case.reads(Reading.CAPABILITIES) or plan_bounds(case):
        shown = capabilities_shown(case) is True
        given["hohe_wirkmaechtigkeit_durch_geeignete_werkzeuge_und_methoden_bewertet"] = shown
    if plan_bounds(case) and case.field("trainings_flops") is None:
        given["trainings_flops"] = "0"
    asked_for = case.rule("AIA_052_001_MELDUNG", given)
    if case.reads(Reading.AFTER_REBUTTAL) and rebuttal_accepted(case):
        asked_for = conjunction(asked_for, case.field(FORESEEN))
    return conjunction(asked_for, negation(case.rule("AIA_002_006")))


def plan_bounds(case: Case) -> bool:
    """The plan of a run under way stays at or below the threshold, where that reading counts."""
    planned = case.world.amount("model.planned_compute")
    under_way = case.world.text("model.stage") in ("planned", "training")
    low = planned is not None and planned <= PRESUMPTION_FLOP
    return case.reads(Reading.PLAN_BOUNDS) and under_way and low


def well_founded_complaint(case: Case) -> str:
    """Whether a complaint may be made and has what the package's list of contents asks for."""
    content = case.rule("AIA_089_002_KRITERIEN", COMPLAINT_CONTENT)
    may = case.rule("AIA_089_002", COMPLAINT)
    return WORDS[conjunction(may, content, case.begun("ALLGEMEIN"))]


def is_systemic(case: Case) -> bool:
    """The package finds systemic risk."""
    return systemic_risk(case) is True


def reached_by_power(case: Case, rule: str, given: Mapping[str, Any]) -> Answer:
    """The package's rule, and its Article 2 beside it; read early, before placing, too."""
    within = within_the_act(case)
    early = {"anbieterrolle": within} if case.reads(Reading.POWERS_EARLY) else {}
    return conjunction(case.rule(rule, {**given, **early}), within)
