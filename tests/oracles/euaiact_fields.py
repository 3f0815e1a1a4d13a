"""How the German fields of `euaiact` derive from our facts: one derivation a field.

Fields that stand for a finding of the package itself (`gpai_modell`, `anbieterrolle`,
`gpai_modell_mit_systemischem_risiko`) are answered by the package's own rules.

Every missing key is unknown, and the package decides alone, unless one of our readings counts in
the case: each `case.reads` below has its argument in `euaiact_differences`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from tests.oracles.euaiact_case import Answer, Case, conjunction, disjunction, negation
from tests.oracles.euaiact_readings import Reading
from tests.oracles.euaiact_worlds import INDICATION_FLOP, PRESUMPTION_FLOP, UNION_CODES

LISTED_MODALITIES = ("text", "code", "speech", "image", "video")
SILENCE = "not_notified"
BEFORE_PLACING = ("planned", "training", "trained")

Derivation = Callable[[Case], Any]
DERIVATIONS: dict[str, Derivation] = {}


def field(*names: str) -> Callable[[Derivation], Derivation]:
    """Register a derivation for German fields."""

    def register(derivation: Derivation) -> Derivation:
        for name in names:
            if name in DERIVATIONS:
                raise ValueError(f"two derivations of {name}")
            DERIVATIONS[name] = derivation
        return derivation

    return register


def flag(key: str, *names: str) -> None:
    """Register German fields that say the same as one of our keys."""
    field(*names)(lambda case: case.world.flag(key))


def always(value: bool, *names: str) -> None:
    """Register German fields that are fixed in every world, as none of our models is otherwise."""
    field(*names)(lambda case: value)


def happened(case: Case, key: str) -> Answer:
    """Whether a dated act lies on or before the day of the world; without a date, unknown."""
    day = case.world.day(key)
    return None if day is None else day <= case.world.on


def on_record(case: Case, reading: Reading, answer: Answer) -> Answer:
    """Read, where the reading counts, what nothing is known of as what did not happen."""
    return answer is True if case.reads(reading) else answer


# --- the object, the market and the roles (Articles 2 and 3) -------------------------------------

always(True, "ki_modell", "gegenstand_gpai_modell", "natuerliche_oder_juristische_person")
always(
    False,
    "ki_system_in_union_inverkehrgebracht",
    "ki_system_in_union_inbetriebgenommen",
    "ki_system_inverkehrgebracht",
    "ki_system_inbetriebgenommen",
    "system_inverkehrbringen",
    "system_inbetriebnahme",
    "gegenstand_ki_system",
    "betreiberrolle",
    "betreiber_niederlassung_in_union",
    "betreiber_standort_in_union",
    "einfuehrerrolle",
    "haendlerrolle",
    "produktherstellerrolle",
    "ki_system_zusammen_mit_eigenem_produkt",
    "system_unter_eigenem_namen_oder_marke",
    "bevollmaechtigtenrolle",
    "vertretener_anbieter_nicht_in_union_niedergelassen",
    "betroffene_person",
    "betroffene_person_in_union",
    "betrachteter_bereich_ausserhalb_unionsrechts",
    "akteur_standort_in_drittstaat",
    "person_standort_in_union",
    "test_unter_realbedingungen",
    "hochrisikosystem",
)
# The provider of a dossier is by definition the one who develops and places under its own name;
# whether it is, is asked apart, with the parties named (row gl:G4.1).
always(True, "entwickelt_selbst", "eigener_name_oder_marke")
always(False, "laesst_entwickeln")

flag("model.outputs_used_in_union", "systemausgabe_wird_in_union_verwendet")
flag(
    "model.exclusively_military_use",
    "betrachtete_taetigkeit_ausschliesslich_militaer_verteidigung_nationale_sicherheit",
    "ausgabe_in_union_ausschliesslich_militaer_verteidigung_nationale_sicherheit",
)
always(False, "system_in_union_inverkehrgebracht_oder_inbetriebgenommen")
# A world speaks of the first supply of its model.
always(True, "erstmalige_bereitstellung_auf_unionsmarkt")


@field("im_rahmen_geschaeftlicher_taetigkeit")
def commercial(case: Case) -> Answer:
    """Whether the supply is commercial."""
    stated = case.world.flag("model.commercial_activity")
    return True if stated is None and case.reads(Reading.COMMERCIAL) else stated


def before_placing(case: Case) -> Answer:
    """Whether the model is not yet placed: by the day of placing, its stage, or its supply."""
    placed = happened(case, "model.placed_on")
    stage = case.world.text("model.stage")
    if placed is None and stage is not None:
        placed = stage not in BEFORE_PLACING
    if placed is None and case.world.flag("model.first_supply_in_union"):
        placed = True
    return negation(placed)


def union_market(case: Case) -> Answer:
    """Whether the model is meant for the Union market; an excluded market is none.

    The day of placing is by its own words a day of placing on the Union market.
    """
    market = case.world.text("model.union_market")
    if market is not None:
        return market == "true"
    dated = case.world.get("model.placed_on") is not None
    return True if dated or case.world.flag("model.first_supply_in_union") else None


def market_or_plan(case: Case) -> Answer:
    """Whether the model is placed, or is to be placed, on the Union market commercially."""
    return conjunction(union_market(case), commercial(case))


@field("modell_auf_unionmarkt_inverkehrgebracht", "gpai_modell_in_union_inverkehrgebracht")
def placed(case: Case) -> Answer:
    """Whether the model is placed on the Union market, by the package's own definition."""
    return case.rule("AIA_003_009")


field("gpai_modell_inverkehrbringen")(placed)


@field("abgabe_zum_vertrieb_oder_zur_verwendung_auf_unionsmarkt")
def supplied(case: Case) -> Answer:
    """Whether the model is supplied for distribution or use on the Union market."""
    return conjunction(union_market(case), negation(before_placing(case)))


@field("forschung_test_oder_entwicklung", "vor_inverkehrbringen_oder_inbetriebnahme")
def research_before_placing(case: Case) -> Answer:
    """All work on a model before it is placed is research, testing or development."""
    return before_placing(case)


field("modell_vor_inverkehrbringen")(before_placing)


@field("modell_fuer_forschung_entwicklung_oder_prototyping_verwendet")
def research_only(case: Case) -> Answer:
    """Whether the model is used only for research, development or prototyping: not asked by us."""
    return False if case.reads(Reading.RESEARCH_ONLY) else None


@field(
    "speziell_fuer_wissenschaftliche_forschung_entwickelt",
    "ausschliesslich_wissenschaftliche_forschung_inbetriebnahme",
)
def sole_research(case: Case) -> Answer:
    """Whether scientific research is the sole purpose."""
    stated = case.world.flag("model.sole_scientific_research")
    if stated is None and case.reads(Reading.SOLE_RESEARCH) and market_or_plan(case) is True:
        return False
    return stated


@field("akteur_niederlassung_in_drittstaat", "anbieter_in_drittstaat_niedergelassen")
def third_country(case: Case) -> Answer:
    """Whether the provider is established outside the Union."""
    code = case.world.text("provider.established_in")
    return None if code is None else code not in UNION_CODES


@field("person_niederlassung_in_union")
def representative_in_union(case: Case) -> Answer:
    """Whether the representative is established in the Union."""
    code = case.world.text("representative.established_in")
    return None if code is None else code in UNION_CODES


@field("schriftliches_anbietermandat_angenommen")
def mandate_accepted(case: Case) -> Answer:
    """Whether the written mandate is accepted by the day of the world."""
    return happened(case, "representative.mandate_accepted_on")


always(True, "mandat_fuer_ai_act_pflichten_und_verfahren_im_anbieternamen")


@field("anbieterrolle")
def provider_role(case: Case) -> Answer:
    """The package's own finding on the role of provider."""
    return case.rule("AIA_003_003")


# --- generality (Article 3(63), guidelines 2.1) --------------------------------------------------


def indication(case: Case) -> Answer:
    """The criterion of the guidelines: more than 10^23 FLOP and a listed modality (2.1)."""
    compute = case.world.amount("model.training_compute")
    above: Answer
    if compute is None:
        total = case.world.amount("model.cumulative_compute")
        # Updates are a part of the cumulative amount, so that a small total bounds them.
        above = False if total is not None and total <= INDICATION_FLOP else None
    else:
        above = compute > INDICATION_FLOP
    # A run under way is judged by what it is planned to become.
    planned = case.world.amount("model.planned_compute")
    if planned is not None:
        above = disjunction(above, conjunction(under_way(case), planned > INDICATION_FLOP))
    outputs = case.world.texts("model.modalities_out")
    listed = None if outputs is None else any(name in LISTED_MODALITIES for name in outputs)
    return conjunction(above, listed)


def under_way(case: Case) -> Answer:
    """Whether the model is still being made, by its stage or by its day of placing."""
    stage = case.world.text("model.stage")
    if stage is not None:
        return stage in ("planned", "training")
    placed_on = case.world.day("model.placed_on")
    return False if placed_on is not None and placed_on <= case.world.on else None


def generality(case: Case, key: str) -> Answer:
    """A stated limb of the definition, or what the guidelines indicate where none is stated."""
    stated = case.world.flag(key)
    return indication(case) if stated is None and case.reads(Reading.INDICATION) else stated


@field("modell_erhebliche_allgemeinheit")
def significant_generality(case: Case) -> Answer:
    """Significant generality, stated or indicated."""
    return generality(case, "model.significant_generality")


@field("modell_breites_spektrum_verschiedener_aufgaben_kompetent")
def wide_range_of_tasks(case: Case) -> Answer:
    """Competence at a wide range of tasks, stated or indicated."""
    return generality(case, "model.wide_range_of_tasks")


@field("modell_in_vielfalt_nachgelagerter_systeme_oder_anwendungen_integrierbar")
def integrable(case: Case) -> Answer:
    """Whether the model can be integrated in varied downstream systems."""
    stated = case.world.flag("model.integrable_in_systems")
    return True if stated is None and case.reads(Reading.INTEGRABLE) else stated


@field("gpai_modell", "liefergegenstand_gpai_modell")
def gpai(case: Case) -> Answer:
    """The package's own finding on Article 3(63)."""
    return case.rule("AIA_003_063")


# --- systemic risk (Articles 51 and 52) ----------------------------------------------------------


@field("trainings_flops")
def cumulative_flop(case: Case) -> str | None:
    """Cumulative compute, or its known part where that alone is above the threshold."""
    total = case.world.amount("model.cumulative_compute")
    part = case.world.amount("model.training_compute")
    decides = part is not None and part > PRESUMPTION_FLOP
    if total is None and decides and case.reads(Reading.KNOWN_PART):
        total = part
    return None if total is None else str(total)


@field("hohe_wirkmaechtigkeit_durch_geeignete_werkzeuge_und_methoden_bewertet")
def capabilities_shown(case: Case) -> Answer:
    """Whether high-impact capabilities are shown, or the day is stated on which they were."""
    dated = happened(case, "model.systemic_condition_met_on") is True
    return disjunction(case.world.flag("model.high_impact_capabilities"), dated)


flag(
    "model.high_impact_capabilities",
    "modellfaehigkeiten_entsprechen_fortschrittlichsten_gpai_modellen",
    "modellfaehigkeiten_uebersteigen_fortschrittlichste_gpai_modelle",
)


@field("kommission_hat_gleichwertige_faehigkeiten_oder_auswirkungen_festgestellt")
def designated(case: Case) -> Answer:
    """Whether the Commission has designated the model, counted from the day it takes effect."""
    day = case.world.day("model.designated_on")
    if day is None:
        return on_record(case, Reading.DESIGNATION, None)
    if day <= case.world.on:
        return True
    if case.reads(Reading.REACHES_BACK) and case.world.get("model.designation_route") == SILENCE:
        met_on = case.world.day("model.systemic_condition_met_on")
        return None if met_on is None else met_on <= case.world.on
    return False


always(
    True,
    "kommissionsentscheidung_beruecksichtigt_anhang_xiii",
    "benennungsverfahren_von_amts_wegen",
    "qualifizierte_panelwarnung_nach_artikel_90_1_a",
)


@field("benennungsentscheidung_auf_anhang_xiii_kriterien_gestuetzt")
def designated_under_annex_xiii(case: Case) -> Answer:
    """Whether the designation on record rests on Annex XIII."""
    route = case.world.text("model.designation_route")
    return conjunction(designated(case), None if route is None else route == "annex_xiii")


field("modell_nach_artikel_52_4_benannt")(designated_under_annex_xiii)


@field("wirksame_kommissionsausnahmeentscheidung_zum_51_1_a_weg")
def rebuttal_accepted(case: Case) -> Answer:
    """Whether an accepted rebuttal is on record."""
    rebuttal = case.world.text("model.rebuttal")
    answer = None if rebuttal is None else rebuttal == "accepted"
    return on_record(case, Reading.REBUTTAL, answer)


@field(
    "ausnahmevorbringen_nach_artikel_52_2_vorgelegt",
    "kommission_haelt_argumente_fuer_nicht_hinreichend_substantiiert",
    "anbieter_konnte_modellspezifisches_fehlendes_systemrisiko_nicht_nachweisen",
)
def rebuttal_rejected(case: Case) -> Answer:
    """Whether the Commission rejected a rebuttal."""
    rebuttal = case.world.text("model.rebuttal")
    return None if rebuttal is None else rebuttal == "rejected"


def systemic_risk(case: Case) -> Answer:
    """The package's own classification."""
    shown = on_record(case, Reading.CAPABILITIES, capabilities_shown(case))
    return case.rule(
        "AIA_051_SYSTEMRISIKOEINSTUFUNG",
        {"hohe_wirkmaechtigkeit_durch_geeignete_werkzeuge_und_methoden_bewertet": shown},
    )


field(
    "gpai_modell_mit_systemischem_risiko",
    "kommission_hat_kenntnis_von_gpai_modell_mit_systemischem_risiko",
)(systemic_risk)


@field("bekannt_dass_hohe_wirkmaechtigkeit_erreicht_werden_wird")
def threshold_foreseen(case: Case) -> Answer:
    """Whether planned compute above the threshold is known by the day of the world."""
    planned = case.world.amount("model.planned_compute")
    above = None if planned is None else planned > PRESUMPTION_FLOP
    return on_record(case, Reading.PLAN, conjunction(above, negation(known_later(case))))


def expected_risk(case: Case) -> Answer:
    """Whether the model carries systemic risk, or by its plan will before it is placed."""
    carries = systemic_risk(case)
    planned = case.world.amount("model.planned_compute")
    if not case.reads(Reading.EXPECTED_RISK) or planned is None or rebuttal_accepted(case):
        return carries
    above = conjunction(planned > PRESUMPTION_FLOP, negation(known_later(case)))
    return disjunction(carries, conjunction(before_placing(case), above, gpai(case)))


def known_later(case: Case) -> bool:
    """Whether the plan became known only after the day of the world."""
    return happened(case, "model.compute_known_on") is False


flag("model.notified", "kommission_wurde_ueber_modell_informiert")


@field("meldung_enthaelt_zum_nachweis_der_erfuellung_51_1_a_noetige_information")
def notice_complete(case: Case) -> Answer:
    """Whether the notice holds the amount to two figures and the method (guidelines 2.3.2)."""
    amount = case.world.text("notification.compute_text")
    figures = None if amount is None else bool(re.match(r"\d\.\d+x10\^", amount))
    return conjunction(figures, case.world.flag("notification.method_described"))


@field("seit_letzter_benennung_oder_bestaetigung_mindestens_sechs_monate")
def six_months_passed(case: Case) -> Answer:
    """Whether six months have passed since the designation, by the package's own counting."""
    due = case.due("AIA_052_005_WARTEZEIT", case.world.day("model.designated_on"))
    return None if due is None else date.fromisoformat(due) <= case.world.on


flag(
    "model.reassessment_new_reasons",
    "neubewertungsgruende_objektiv",
    "neubewertungsgruende_detailliert",
    "neubewertungsgruende_neu_seit_benennungsentscheidung",
)
always(True, "neubewertungsantrag_begruendet")


@field("registrierte_geschaeftliche_nutzer_in_union")
def business_users(case: Case) -> int | None:
    """Registered business users established in the Union."""
    return case.world.amount("model.business_users_union")


# --- duties, open-source relief, representative (Articles 53 to 55) ------------------------------

flag("model.licence_free_and_open", "lizenz_erlaubt_zugang_nutzung_aenderung_verbreitung")
flag("model.weights_public", "gewichte_oeffentlich")
flag("model.architecture_public", "architekturinformation_oeffentlich")
flag("model.usage_info_public", "nutzungsinformation_oeffentlich")


@field("beabsichtigtes_inverkehrbringen_modell_in_union")
def placing_intended(case: Case) -> Answer:
    """Whether the model is placed or to be placed on the Union market."""
    return union_market(case)


@field("gpai_bevollmaechtigter", "gpai_vertreter_nach_artikel_54_mandatiert")
def representative_due(case: Case) -> Answer:
    """Duties around the representative follow from the duty to appoint one (act:A02, A03)."""
    return case.rule("AIA_054_001")


def signed(case: Case, *chapters: str) -> Answer:
    """Whether the provider signed all of these chapters of the code."""
    signed_chapters = case.world.texts("provider.code_chapters_signed")
    return None if signed_chapters is None else set(chapters) <= set(signed_chapters)


@field("anbieter_haelt_einschlaegigen_gpai_kodex_tatsaechlich_ein")
def adheres_for_article_53(case: Case) -> Answer:
    """Whether the provider adheres to the chapters that Article 53 is about."""
    return signed(case, "transparency", "copyright")


@field("anbieter_hat_ausdruecklich_interesse_an_vollstaendigem_gpai_kodex_erklaert")
def interest_in_full_code(case: Case) -> Answer:
    """Whether a declared interest in the full code is on record."""
    return on_record(case, Reading.FULL_CODE, signed(case, "safety"))


always(True, "gpai_kodex_ist_fuer_betrachtete_pflicht_rechtlich_anerkannter_nachweisweg")


@field(
    "harmonisierte_norm_fuer_betrachtete_gpai_pflicht_veroeffentlicht",
    "harmonisierte_norm_deckt_betrachtete_gpai_pflicht_ab",
    "anbieter_erfuellt_einschlaegige_harmonisierte_gpai_normanforderungen",
    "konformitaet_mit_einschlaegiger_harmonisierter_norm_belegt",
    "normreferenz_nach_1025_2012_gueltig_im_amtsblatt_veroeffentlicht",
    "konkret_gepruefte_anforderung_durch_norm_abgedeckt",
)
def standard_met(case: Case) -> Answer:
    """Whether a cited standard is on record as met; a listed one is cited and covers the duty."""
    standards = case.world.texts("provider.harmonised_standards_met")
    answer = None if standards is None else bool(standards)
    return on_record(case, Reading.STANDARD, answer)


# --- enforcement (Articles 88 to 93, 101), supply chain and incidents ----------------------------


@field(
    "betroffener_gpai_anbieter",
    "betroffener_gpai_anbieter_oder_vertreter",
    "gpai_anbieter_massnahme_notwendig_und_angemessen",
)
def gpai_provider(case: Case) -> Answer:
    """Whether the addressee is a provider of a general-purpose AI model."""
    return conjunction(within_the_act(case), gpai(case))


@field("nachgelagerter_anbieter")
def complainant_is_downstream(case: Case) -> Answer:
    """Whether the complainant is a downstream provider."""
    complainant = case.world.text("complaint.complainant")
    return None if complainant is None else complainant == "downstream_provider"


flag("complaint.reasoned", "gpai_beschwerde_hinreichend_begruendet")


@field("marktueberwachungsbehoerde")
def authority_asks(case: Case) -> Answer:
    """Whether the request comes from a market surveillance authority."""
    kind = case.world.text("request.kind")
    return None if kind is None else kind == "market_surveillance"


@field("wirksame_informationsanforderung_nach_artikel_91_erhalten")
def article_91_request(case: Case) -> Answer:
    """Whether a request under Article 91 was received by the day of the world."""
    kind = case.world.text("request.kind")
    received = happened(case, "request.received_on")
    return conjunction(None if kind is None else kind == "article_91", received)


def intent(*kinds: str) -> Derivation:
    """Derive whether the breach was committed in one of these ways."""

    def derive(case: Case) -> Answer:
        stated = case.world.text("provider.breach_intent")
        if stated is None:
            return True if case.reads(Reading.INTENT) else None
        return stated in kinds

    return derive


field("verstoss_vorsaetzlich")(intent("intentional"))
field("verstoss_fahrlaessig")(intent("negligent"))
flag(
    "model.used_in_high_risk_system",
    "lieferung_system_werkzeug_dienst_komponente_oder_prozess_fuer_hochrisikosystem",
)
flag("model.licence_free_and_open", "oeffentlich_unter_freier_open_source_lizenz")


def outcome(*names: str) -> Derivation:
    """Derive whether the incident led to one of these outcomes; a stated list is complete."""

    def derive(case: Case) -> Answer:
        outcomes = case.world.texts("incident.outcomes")
        return None if outcomes is None else any(name in outcomes for name in names)

    return derive


always(True, "vorfall_oder_fehlfunktion", "unmittelbarer_oder_mittelbarer_zusammenhang")
field("schwere_irreversible_kritische_infrastrukturstoerung")(outcome("I1"))
field("tod_oder_schwere_gesundheitsschaedigung")(outcome("I3", "I4"))
field("verletzung_unionsrechtlicher_grundrechtsschutzpflicht")(outcome("I4"))
field("schwerer_sach_oder_umweltschaden")(outcome("I4"))


@field("bevollmaechtigter_haelt_anbieterhandeln_fuer_pflichtwidrig")
def considers_breach(case: Case) -> Answer:
    """Whether the representative considers the provider to act against its duties."""
    return happened(case, "representative.considers_breach_on")


field("bevollmaechtigter_hat_grund_pflichtwidrigkeit_anzunehmen")(considers_breach)


def monetised(case: Case) -> Answer:
    """Monetisation ends the open-source relief; the package's rule does not read it."""
    return case.world.flag("model.monetised") if case.reads(Reading.MONETISATION) else False


def open_source_relief(case: Case) -> Answer:
    """The relief of Article 53(2), and the limb on monetisation beside it."""
    risk = {"gpai_modell_mit_systemischem_risiko": expected_risk(case)}
    return conjunction(case.rule("AIA_053_002", risk), negation(monetised(case)))


def only_internal(case: Case) -> Answer:
    """Whether the model is used in internal processes only; what is supplied is not."""
    stated = case.world.flag("model.internal_only")
    routes = case.world.texts("model.placing_routes")
    if stated is None and routes is not None:
        return routes == ("internal",)
    if stated is None and market_or_plan(case) is True:
        return False
    return stated


def within_the_act(case: Case) -> Answer:
    """Whether the package's Article 2 reaches the model of this provider on the market.

    Read early, whoever is to place the model is reached as well as whoever has placed it.
    """
    excluded = disjunction(case.rule("AIA_002_006"), internal_exception(case))
    if case.reads(Reading.POWERS_EARLY):
        return conjunction(market_or_plan(case), negation(excluded))
    return conjunction(
        case.rule("AIA_002_001"), negation(case.rule("AIA_002_008")), negation(excluded)
    )


def internal_exception(case: Case) -> Answer:
    """The exception of recital 97 for purely internal use; the package's rules do not read it."""
    if not case.reads(Reading.INTERNAL_USE):
        return False
    return conjunction(
        only_internal(case),
        negation(case.world.flag("model.essential_for_third_parties")),
        negation(case.world.flag("model.affects_persons_rights")),
        negation(systemic_risk(case)),
    )
