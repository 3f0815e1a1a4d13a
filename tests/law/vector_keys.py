"""How the columns of the vector files read as catalogue keys, and answers as rows.

One table a file. Omitted keys of the act file are filled in as its conventions say; the fill-ins
are stated here as facts and are never defaults of the program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Facts = dict[str, Any]
Result = dict[str, Any]

ACT_FILL_INS: Facts = {
    "model.significant_generality": True,
    "model.wide_range_of_tasks": True,
    "model.union_market": True,
    "model.stage": "placed",
    "model.cumulative_compute": "1e24",
    "provider.established_in": "DE",
    "model.licence_free_and_open": False,
    "model.internal_only": False,
    "model.sole_scientific_research": False,
}
"""What the act file leaves out: a general-purpose model of a provider in the Union, placed, below
the threshold, not open, not internal, not for research alone."""

GUIDELINES_FILL_INS: Facts = {
    "model.significant_generality": True,
    "model.wide_range_of_tasks": True,
    "model.union_market": True,
    "model.stage": "placed",
    "model.placed_on": "2025-09-01",
    "provider.established_in": "DE",
    "model.internal_only": False,
    "model.sole_scientific_research": False,
}
"""The same for rows of the guidelines file that speak of duties and not of the criterion."""

_STAGES = {
    "placed": "placed",
    "training": "training",
    "development": "training",
    "before_pretraining": "planned",
}
_ROUTES = {
    "software_library_or_package": "library",
    "api": "api",
    "public_repository_download": "repository",
    "physical_copy": "physical_copy",
    "cloud_service": "cloud",
    "copied_to_customer_infrastructure": "customer_infrastructure",
    "chatbot_web_interface": "web_interface",
    "mobile_app_store": "mobile_app",
    "internal_process_essential_for_service_or_affecting_rights": "internal",
    "internal_process": "internal",
}
_OUTPUTS = {
    "text": "text",
    "code": "code",
    "speech": "speech",
    "image": "image",
    "text_to_image": "image",
    "text_to_video": "video",
}


def _both(value: Any) -> Facts:
    """The column gpai: true both properties, false one of them, null neither known."""
    if value is None:
        return {"model.significant_generality": None, "model.wide_range_of_tasks": None}
    return {"model.significant_generality": value, "model.wide_range_of_tasks": value}


def _to(key: str) -> Callable[[Any], Facts]:
    return lambda value: {key: value}


ACT_FACTS: dict[str, Callable[[Any], Facts]] = {
    "gpai": _both,
    "eu_placed": _to("model.union_market"),
    "placed_on": _to("model.placed_on"),
    "flop": _to("model.cumulative_compute"),
    "designated_on": _to("model.designated_on"),
    "designated_under": lambda v: {
        "model.designation_route": {"52(4)": "annex_xiii", "52(1)": "not_notified"}[v]
    },
    "maintained_on": _to("model.designation_maintained_on"),
    "new_reasons": _to("model.reassessment_new_reasons"),
    "high_impact_capabilities": _to("model.high_impact_capabilities"),
    "rebuttal": _to("model.rebuttal"),
    "met_on": _to("model.systemic_condition_met_on"),
    "known_on": _to("model.compute_known_on"),
    "stage": lambda v: {"model.stage": _STAGES[v]},
    "notified": _to("model.notified"),
    "notified_on": _to("model.notified_on"),
    "business_users_eu": _to("model.business_users_union"),
    "end_users": _to("model.end_users"),
    "arch": _to("model.architecture_public"),
    "usage": _to("model.usage_info_public"),
    "weights": _to("model.weights_public"),
    "foss_licence": _to("model.licence_free_and_open"),
    "monetised": _to("model.monetised"),
    "establishment": lambda v: {"provider.established_in": {"EU": "DE", "third": "US"}[v]},
    "sole_research": _to("model.sole_scientific_research"),
    "internal_only": _to("model.internal_only"),
    "essential_for_third": _to("model.essential_for_third_parties"),
    "rights_affected": _to("model.affects_persons_rights"),
    "integrated_own_system": _to("model.own_system_integrated"),
    "outputs_used_in_union": _to("model.outputs_used_in_union"),
    "new_version_placed_on": _to("model.version_placed_on"),
    "new_model": _to("model.new_pretraining_run"),
    "base_placed_on": lambda v: {"model.derived_from": ["base@1"]},
    "becomes_provider_by_modification": lambda v: {
        "model.modification_compute": "2e24" if v else "1e24",
        "model.original_compute": "3e24",
    },
    "adheres_code": lambda v: {
        "provider.code_chapters_signed": ["transparency", "copyright", "safety"] if v else []
    },
    "standard_met": lambda v: {"provider.harmonised_standards_met": ["an example standard"]},
    "intent": _to("provider.breach_intent"),
    "turnover_eur": _to("provider.turnover_eur"),
    "sme": lambda v: {"provider.size": "small"},
    "complainant": _to("complaint.complainant"),
    "used_in_high_risk": _to("model.used_in_high_risk_system"),
    "msa_request_on": lambda v: {
        "request.kind": "market_surveillance",
        "request.received_on": v,
    },
}


def act_facts(given: Facts) -> Facts:
    """Translate a row of the act file into catalogue keys, fill-ins stated."""
    facts = dict(ACT_FILL_INS)
    if "met_on" in given or "known_on" in given:
        del facts["model.cumulative_compute"]
    if "becomes_provider_by_modification" not in given:
        facts["model.derived_from"] = []
    for column, value in given.items():
        facts |= ACT_FACTS[column](value)
    return {key: value for key, value in facts.items() if value is not None}


def _answer(row: str) -> Callable[[Result], Any]:
    return lambda result: {"met": True, "not_met": False}.get(
        result["answers"][row], result["answers"][row]
    )


def _status(*rows: str) -> Callable[[Result], Any]:
    def read(result: Result) -> Any:
        statuses = {result["obligations"][row]["status"] for row in rows}
        assert len(statuses) == 1, f"{rows} differ: {statuses}"
        status = statuses.pop()
        return "not_applicable" if status == "out_of_scope" else status

    return read


def _value(row: str, name: str) -> Callable[[Result], Any]:
    return lambda result: result["values"].get(row, {}).get(name)


def _clock(row: str, field: str = "due") -> Callable[[Result], Any]:
    return lambda result: result["clocks"].get(row, {}).get(field)


def _scope(result: Result) -> str:
    answers = result["answers"]
    excluded = [answers["act:S03"], answers["act:S04"]]
    if answers["act:S01"] == "not_met" or "met" in excluded:
        return "out_of_scope"
    return "cannot_tell" if "cannot_tell" in [answers["act:S01"], *excluded] else "in"


def _notify_status(result: Result) -> str:
    clock = result["clocks"]["act:C06"]
    if clock["state"] == "satisfied":
        return "done_in_time" if clock["satisfied_on"] <= clock["due"] else "done_late"
    return str({"late": "overdue"}.get(clock["state"], clock["state"]))


ACT_RESULTS: dict[str, Callable[[Result], Any]] = {
    "art53": _status("act:O03", "act:O04"),
    "53_1_a": _status("act:O01"),
    "53_1_b": _status("act:O02"),
    "53_1_c": _status("act:O03"),
    "53_1_d": _status("act:O04"),
    "art54": _status("act:A01"),
    "art55": _status("act:R01", "act:R02", "act:R03", "act:R04"),
    "art78": lambda r: "applies" if r["answers"]["act:E22"] == "met" else "not_yet",
    "25_4_agreement": _status("act:V01"),
    "scope": _scope,
    "presumed_high_impact": _answer("act:C03"),
    "systemic_risk": _answer("act:SR"),
    "interim": _value("act:C08", "interim"),
    "notify_52_1": _answer("act:C06"),
    "notify_by": _clock("act:C06"),
    "notify_status": _notify_status,
    "may_request_reassessment": _answer("act:C11"),
    "annex_xiii_f_presumed": _answer("act:XIII.f"),
    "comply_by": _value("act:T05", "comply_by"),
    "legacy": _answer("act:T05"),
    "art91_request_possible": _answer("act:E07"),
    "art92_evaluation_possible": _answer("act:E10"),
    "art93_measure_possible": _answer("act:E14"),
    "art101_fine_possible": _answer("act:E17"),
    "fine_possible": _answer("act:E17"),
    "fine_cap_eur": _value("act:E17", "fine_cap_eur"),
    "fine_cap_at_least_eur": _value("act:E17", "fine_cap_at_least_eur"),
    "code_general_validity_power": _answer("act:K07"),
    "smc_defined": _answer("act:D14"),
    "smc_relief_chapter_v": _answer("act:X25"),
    "ar_before": _clock("act:A01"),
    "ar_keep_until": _clock("act:A03"),
    "demonstration": _value("act:O07", "demonstration"),
    "presumption": _value("act:O07", "presumption"),
    "code_scope_min": _value("act:K08", "code_scope_min"),
    "incident_days": _value("act:R03", "incident_days"),
    "incident_deadline": _value("act:R03", "incident_deadline"),
    "art89_complaint": _answer("act:E05"),
    "ai_office_answer_by": _clock("act:E03"),
}


def _known(value: Any) -> Any:
    return None if value == "unknown" else value


def _flagged(key: str) -> Callable[[Any], Facts]:
    return lambda value: {key: _known(value)}


def _outputs(value: Any) -> Facts:
    if _known(value) is None:
        return {}
    return {"model.modalities_out": [_OUTPUTS.get(v, f"other:{v}") for v in value]}


def _exclusion(value: Any) -> Facts:
    if value == "unknown":
        return {"model.union_market": None}
    return {
        "model.union_market": "excluded" if value == "clear_and_unequivocal" else "false",
    }


GUIDELINES_FACTS: dict[str, Callable[[Any], Facts]] = {
    "outputs": _outputs,
    "training_compute_flop": _to("model.training_compute"),
    "cumulative_compute_flop": _to("model.cumulative_compute"),
    "planned_cumulative_compute_flop": _to("model.planned_compute"),
    "significant_generality": _flagged("model.significant_generality"),
    "wide_range_of_tasks": _flagged("model.wide_range_of_tasks"),
    "task": _to("model.sole_task"),
    "speech_quality": _to("model.speech_quality"),
    "gpai": _both,
    "actor": _to("change.actor"),
    "after_placing": _to("change.after_placing"),
    "event": _to("change.kind"),
    "same_pretraining_run": _to("change.same_pretraining_run"),
    "known_on": _to("model.compute_known_on"),
    "stage": lambda v: {"model.stage": _STAGES[v], "model.placed_on": None},
    "notification": lambda v: {
        "notification.compute_text": v["compute_text"],
        "notification.method_described": v["method_described"],
    },
    "systemic_presumed": lambda v: {"model.cumulative_compute": "3e25"},
    "rebuttal_filed": lambda v: {"model.rebuttal": "pending"} if v else {},
    "decision": _to("model.rebuttal"),
    "rebuttal_grounds": _to("model.rebuttal_grounds"),
    "informed_on": lambda v: {"model.commission_informed_on": v, "model.designated_on": v},
    "condition_met_on": _to("model.systemic_condition_met_on"),
    "designated_under": ACT_FACTS["designated_under"],
    "maintained_on": _to("model.designation_maintained_on"),
    "in_training_on": lambda v: {"model.stage": "training", "model.placed_on": None},
    "placing": lambda v: {"model.placed_on": None},
    "developer": lambda v: {} if v == "several" else {"model.developed_by": v},
    "developed_for": _to("model.developed_for"),
    "placed_by": _to("model.placed_by"),
    "uploaded_by": _to("model.placed_by"),
    "repository_host": _to("model.hosted_by"),
    "consortium": _to("model.consortium"),
    "coordinator": _flagged("model.consortium_coordinator"),
    "way": lambda v: {"model.placing_routes": [_ROUTES[v]]},
    "first_time": _to("model.first_supply_in_union"),
    "union_market": _to("model.union_market"),
    "affects_rights_in_union": _flagged("model.affects_persons_rights"),
    "essential_for_third_party_service": _flagged("model.essential_for_third_parties"),
    "own_model": _to("model.own_system_integrated"),
    "own_system": _to("model.own_system_integrated"),
    "system": _to("system.union_market"),
    "upstream": _to("model.upstream_provider"),
    "downstream": _to("system.provider"),
    "first_supply": lambda v: {"model.first_supplied_in": v},
    "upstream_excluded_union": _exclusion,
    "upstream_supplies_union": _to("model.upstream_supplies_union"),
    "modification_compute_flop": _to("model.modification_compute"),
    "modifications_flop": _to("model.modification_compute"),
    "original_compute_flop": _to("model.original_compute"),
    "original_known": _flagged("model.original_compute_known"),
    "original_estimable": _flagged("model.original_compute_estimable"),
    "original_systemic": _flagged("model.original_systemic"),
    "rights": _to("model.licence_rights"),
    "restrictions": _to("model.licence_restrictions"),
    "safety_terms": lambda v: {
        f"model.licence_safety_terms.{name}": flag for name, flag in v.items()
    },
    "monetisation": _to("model.monetisation"),
    "transaction": lambda v: {"model.recipients_microenterprises_only": True},
    "public": lambda v: {
        "model.weights_public": "weights" in v,
        "model.architecture_public": "architecture" in v,
        "model.usage_info_public": "usage" in v,
    },
    "systemic": lambda v: {"model.cumulative_compute": {True: "2e25", False: "1e24"}.get(v)},
    "establishment": lambda v: {"provider.established_in": {"EU": "DE", "third": "US"}[v]},
    "foss": lambda v: {"model.licence_free_and_open": v},
    "placed_on": _to("model.placed_on"),
    "breach": _to("provider.breach"),
    "annual_turnover_eur": lambda v: {"provider.turnover_eur": str(int(v))},
    "code_signatory": lambda v: {"provider.code_chapters_signed": []},
    "incident": _to("incident.kind"),
}

_CRITERION = ("VG-X", "VG-B")
_NO_MARKET = ("VG-M", "VG-I", "VG-P")


def guidelines_facts(name: str, given: Facts) -> Facts:
    """Translate a row of the guidelines file into catalogue keys, fill-ins stated."""
    facts = {} if name.startswith((*_CRITERION, *_NO_MARKET)) else dict(GUIDELINES_FILL_INS)
    if "own_model" in given or given.get("first_supply") == "union":
        facts |= {"model.union_market": True, "model.placed_on": "2026-01-01"}
    if given.get("way", "").startswith("internal"):
        facts["model.internal_only"] = True
    for column, value in given.items():
        facts |= GUIDELINES_FACTS[column](value)
    if "decision" in given and given["decision"] != "accepted" and "informed_on" not in given:
        facts.pop("model.designated_on", None)
    if "rebuttal_filed" in given:
        facts.pop("model.designated_on", None)
        facts["model.rebuttal"] = given.get("decision", "pending")
    if "essential_for_service_or_affecting_rights" in given.get("way", ""):
        facts["model.essential_for_third_parties"] = True
    return {key: value for key, value in facts.items() if value is not None}


def _three(row: str) -> Callable[[Result], Any]:
    return lambda r: {"met": True, "not_met": False, "cannot_tell": "unknown"}[r["answers"][row]]


def _gpai(result: Result) -> Any:
    answer = result["answers"]["act:D08"]
    if answer == "cannot_tell":
        return "undetermined"
    if "act:D08" in result["indicated"]:
        return "indicated" if answer == "met" else "not_indicated"
    return answer == "met"


def _first_value(name: str, *rows: str) -> Callable[[Result], Any]:
    def read(result: Result) -> Any:
        found = [result["values"].get(row, {}).get(name) for row in rows]
        return next((value for value in found if value is not None), None)

    return read


_PLACED_ROWS = ("gl:G4.8", "gl:G4.9", "gl:G4.10")


def _model_placed(result: Result) -> bool:
    return any(result["answers"][row] == "met" for row in _PLACED_ROWS)


GUIDELINES_RESULTS: dict[str, Callable[[Result], Any]] = {
    "criterion_met": _three("gl:G1.1"),
    "gpai": _gpai,
    "new_model": _answer("gl:G2.6"),
    "lifecycle_starts": _answer("gl:G2.1"),
    "apply_section": _value("gl:G2.4", "apply_section"),
    "same_lifecycle": _answer("gl:G2.3"),
    "presumed_high_impact": _answer("gl:G3.2"),
    "notify": _answer("gl:G3.5"),
    "monitor": _answer("gl:G3.8"),
    "notify_by": _clock("gl:G3.9"),
    "latest_if_rolled": _clock("gl:G3.9", "due_if_rolled"),
    "content_ok": _answer("gl:G3.10"),
    "missing": _value("gl:G3.10", "missing"),
    "systemic_obligations": lambda r: r["obligations"]["act:R01"]["status"] == "applies",
    "obligations_from": lambda r: r["obligations"]["act:R01"]["from"],
    "obligations_end": lambda r: r["obligations"]["act:R01"]["until"],
    "renotify_on_change": _value("gl:G3.17", "renotify_on_change"),
    "ground_suitable": _value("gl:G3.13", "ground_suitable"),
    "earliest_reassessment_request": _clock("gl:G3.20"),
    "provider": _first_value("provider", "gl:G4.4", "gl:G4.3", "gl:G4.2", "gl:G4.1"),
    "alternative": _value("gl:G4.4", "alternative"),
    "confidence": _value("gl:G4.4", "confidence"),
    "placed_on_market": _three("act:D03"),
    "model_placed": _model_placed,
    "model_provider": _first_value("model_provider", *_PLACED_ROWS),
    "exclusion_effective": _value("gl:G4.12", "exclusion_effective"),
    "becomes_provider": _three("gl:G5.2"),
    "threshold_flop": _value("gl:G5.2", "threshold_flop"),
    "modification_total_flop": _value("gl:G5.10", "modification_total_flop"),
    "systemic": _three("gl:G5.9"),
    "article_54": lambda r: r["obligations"]["act:A01"]["status"] == "applies",
    "obligations_limited_to_modification": _value("gl:G5.8", "obligations_limited_to_modification"),
    "exempt": _three("gl:G6.1"),
    "exempt_from": _value("gl:G6.1", "exempt_from"),
    "still_due": _value("gl:G6.1", "still_due"),
    "reason": _value("gl:G6.1", "reason"),
    "legacy": _answer("gl:E4"),
    "comply_by": _value("gl:E4", "comply_by"),
    "obligations_apply": _value("gl:E1", "obligations_apply"),
    "commission_fines_possible": _value("gl:E1", "commission_fines_possible"),
    "max_fine_eur": _value("gl:E2", "max_fine_eur"),
    "gap_analysis_suggested": _value("gl:E10", "gap_analysis_suggested"),
    "report_measures_to_ai_office": _value("gl:E10", "report_measures_to_ai_office"),
    "serious_incident": _answer("gl:E14"),
}
