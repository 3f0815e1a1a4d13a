"""Does the open-source exemption hold: licence, monetisation, public availability.

Regulation (EU) 2024/1689, Articles 53(2) and 54(6), recitals 102 to 104; guidelines, section 4.
Each limb can be stated directly, or follows from its parts; a failing limb decides alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chapterv.law.answers import CANNOT_TELL, MET, NOT_MET, Answer, all_of, negate, of_bool
from chapterv.law.case import Case
from chapterv.law.registry import rule
from chapterv.law.types import Finding

__all__ = ["licence_class"]

_SAFETY = ("proportionate", "objective", "non_discriminatory")


def licence_class(presets: Mapping[str, list[str]], name: str) -> str | None:
    """Return what a licence name stands for, by the longest matching preset, or None.

    Args:
        presets: class to names in lower case; a name may end with `*`, or hold one.
        name: an SPDX identifier or the name that a model card gives.
    """
    wanted = name.strip().lower()
    best: tuple[int, str] | None = None
    for group, names in presets.items():
        for preset in names:
            if _matches(preset, wanted) and (best is None or len(preset) > best[0]):
                best = len(preset), group
    return best[1] if best else None


def _matches(preset: str, name: str) -> bool:
    head, star, tail = preset.partition("*")
    if not star:
        return name == preset
    return name.startswith(head) and tail.rstrip("*") in name[len(head) :]


@rule("gl:L12")
def licence_by_name(case: Case) -> Finding:
    """The licence is known by name and grants what a free and open-source licence grants."""
    name = case.value("model.licence")
    if name is None:
        return case.close(CANNOT_TELL)
    group = licence_class(case.parameters["licence_presets"], name)
    if group is None or group == "person":
        case.say("L12.unknown" if group is None else "L12.person", name)
        case.missing("model.licence_rights", "model.licence_restrictions")
        return case.close(CANNOT_TELL)
    case.say(f"L12.{group}", name)
    return case.close(of_bool(group == "free"))


def _by_parts(case: Case) -> Answer:
    """Judge a licence by the rights it grants and the restrictions it holds."""
    return all_of(case.answer("gl:L1"), negate(_restricted(case)))


def _restricted(case: Case) -> Answer:
    restrictions = case.value("model.licence_restrictions")
    if restrictions is None:
        return CANNOT_TELL
    table = case.parameters["licence_restrictions"]
    effects = {table[word]["effect"] for word in restrictions}
    if "fails" in effects:
        for word in restrictions:
            if table[word]["effect"] == "fails":
                case.say("L.restriction", word)
        return MET
    if "conditions" in effects and (terms := negate(case.answer("gl:L10"))) != NOT_MET:
        return terms
    if "person" in effects:
        case.say("L11.person")
        case.missing("model.licence_free_and_open")
        return CANNOT_TELL
    return NOT_MET


@rule("gl:G6.4", also=("act:rec102",))
def licence_is_free_and_open(case: Case) -> Finding:
    """The licence allows access, use, modification and distribution without failing terms."""
    stated = case.peek("model.licence_free_and_open")
    if stated is not None:
        return case.close(of_bool(stated))
    if case.knows("model.licence_rights") or case.knows("model.licence_restrictions"):
        return case.close(_by_parts(case))
    return case.close(case.answer("gl:L12"))


@rule("gl:L1")
def four_rights(case: Case) -> Finding:
    """The licence grants all four rights."""
    rights = case.value("model.licence_rights")
    if rights is None:
        return case.close(_rights_by_name(case))
    lacking = [right for right in case.parameters["licence_rights"] if right not in rights]
    for right in lacking:
        case.say("L1.lacks", right)
    return case.close(of_bool(not lacking))


def _rights_by_name(case: Case) -> Answer:
    """Take the rights from a licence of known name; a failing licence says nothing of each."""
    return MET if case.answer("gl:L12") == MET else CANNOT_TELL


def _right(row: str, word: str) -> None:
    @rule(row)
    def grants(case: Case) -> Finding:
        """The licence grants this right."""
        rights = case.value("model.licence_rights")
        if rights is None:
            return case.close(_rights_by_name(case))
        return case.close(of_bool(word in rights))


for _row, _word in (
    ("gl:L2", "access"),
    ("gl:L3", "use"),
    ("gl:L4", "modify"),
    ("gl:L5", "distribute"),
):
    _right(_row, _word)


def _restriction(row: str, *words: str) -> None:
    @rule(row)
    def restricts(case: Case) -> Finding:
        """The licence holds this restriction."""
        held = case.value("model.licence_restrictions")
        if held is None:
            return case.close(NOT_MET if case.answer("gl:L12") == MET else CANNOT_TELL)
        return case.close(of_bool(any(word in held for word in words)))


_restriction("gl:L6", "non_commercial", "research_only")
_restriction("gl:L7", "no_distribution")
_restriction("gl:L8", "user_scale_threshold")
_restriction("gl:L9", "separate_commercial_licence")
_restriction("gl:L11", "acceptable_use_list")
_restriction("gl:L13", "access_denied_by_country")


def _no_safety_terms(case: Case) -> bool:
    """Tell whether the licence is known to hold no safety terms, so that none need judging."""
    if any(case.knows(f"model.licence_safety_terms.{name}") for name in _SAFETY):
        return False
    held = case.peek("model.licence_restrictions")
    if held is not None:
        return "safety_terms" not in held
    return case.answer("gl:L12") == MET


@rule("gl:L10")
def safety_terms_allowed(case: Case) -> Finding:
    """Terms that limit risky uses are proportionate, objective and do not discriminate."""
    if _no_safety_terms(case):
        return case.close(NOT_MET)
    return case.close(
        all_of(*(case.flag(f"model.licence_safety_terms.{name}") for name in _SAFETY))
    )


@rule("gl:G6.5", also=("act:rec103",))
def monetised(case: Case) -> Finding:
    """The model is provided against a price, or monetised in another way."""
    among_micro = case.finding("gl:N9")
    if among_micro.answer == MET:
        case.answer("gl:N9")
        case.say("N9.micro")
        return case.close(NOT_MET)
    paid = _paid(case)
    if paid == MET and among_micro.answer == CANNOT_TELL:
        case.ask(*among_micro.missing)
    return case.close(paid)


def _paid(case: Case) -> Answer:
    """Tell whether money or money's worth is asked, whoever the recipients are."""
    stated = case.peek("model.monetised")
    if stated is not None:
        return of_bool(stated)
    forms = case.peek("model.monetisation")
    if forms is None:
        case.value("model.monetised")
        return CANNOT_TELL
    table = case.parameters["monetisation"]
    counted = [form for form in forms if table[form]["monetised"]]
    for form in counted:
        case.say("N.form", form)
    return of_bool(bool(counted))


def _payment(row: str, *words: str) -> None:
    @rule(row)
    def paid(case: Case) -> Finding:
        """The model is paid for, or not, in this form."""
        forms = case.value("model.monetisation")
        return case.close(of_bool(None if forms is None else any(w in forms for w in words)))


_payment("gl:N1", "price_for_access")
_payment("gl:N2", "dual_licence_commercial_paid")
_payment("gl:N3", "paid_support_indistinguishably_linked")
_payment("gl:N4", "mandatory_support_purchase")
_payment("gl:N5", "exclusive_paid_hosting", "exclusive_hosting_with_ads")
_payment("gl:N6", "personal_data_collection")
_payment("gl:N7", "optional_unrelated_services")
_payment("gl:N8", "optional_premium_version_or_support")
_payment("gl:N10", "paid_api_beside_open_weights")


@rule("gl:N9")
def between_microenterprises(case: Case) -> Finding:
    """All recipients and the provider are microenterprises: no monetisation is considered."""
    size = case.peek("provider.size")
    if size is not None and size != "micro":
        return case.close(NOT_MET)
    return case.close(case.flag("model.recipients_microenterprises_only"))


_PUBLIC = ("model.weights_public", "model.architecture_public", "model.usage_info_public")


@rule("gl:A1")
def publicly_available(case: Case) -> Finding:
    """Weights, information on the architecture and information on usage are all public."""
    return case.close(all_of(*(case.flag(key) for key in _PUBLIC)))


@rule("gl:A3")
def usage_information(case: Case) -> Finding:
    """Usage information is public."""
    return case.close(case.flag("model.usage_info_public"))


@rule("gl:A6")
def gated_download(case: Case) -> Finding:
    """The download is gated; that passes only within the limits for access and personal data."""
    return case.close(case.flag("model.access_gated"))


@rule("act:FOSS")
def free_and_open(case: Case) -> Finding:
    """Free and open-source licence, public parts and no monetisation; systemic risk apart."""
    return case.close(
        all_of(case.answer("gl:G6.4"), negate(case.answer("gl:G6.5")), case.answer("gl:A1"))
    )


_LIMBS = (
    ("licence", "gl:G6.4", MET),
    ("monetisation", "gl:G6.5", NOT_MET),
    ("public_availability", "gl:A1", MET),
    ("systemic", "act:SRP", NOT_MET),
)


@rule("gl:G6.1", also=("act:O05",))
def exempt(case: Case) -> Finding:
    """The exemption holds: relief from documentation and from the representative, nothing else."""
    free = case.answer("act:FOSS")
    answer = free if free == NOT_MET else all_of(free, negate(case.answer("act:SRP")))
    return case.close(answer, value=_consequence(case, answer))


def _consequence(case: Case, answer: Answer) -> dict[str, Any] | None:
    if answer == MET:
        return {
            "exempt_from": ["53(1)(a)", "53(1)(b)", "54"],
            "still_due": ["53(1)(c)", "53(1)(d)"],
        }
    if answer == NOT_MET:
        for name, row, wanted in _LIMBS:
            if case.finding(row).answer == negate(wanted):
                return {"reason": name}
    return None


@rule("gl:G6.3")
def no_exemption_with_systemic_risk(case: Case) -> Finding:
    """The model carries systemic risk, so that no exemption holds."""
    return case.close(case.answer("act:SR"))


@rule("act:R06")
def relief_lost(case: Case) -> Finding:
    """An open model carries systemic risk: documentation and representative are due again."""
    return case.close(all_of(case.answer("act:FOSS"), case.answer("act:SR")))


@rule("gl:G6.2", also=("act:rec104",))
def never_exempt(case: Case) -> Finding:
    """Copyright policy and summary of training content are due, exempt or not."""
    return case.close(case.answer("act:REACH"))
