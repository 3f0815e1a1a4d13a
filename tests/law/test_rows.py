"""Every row of the law is encoded, and says how: nothing with legal effect is left out."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest

from chapterv.facts import catalogue
from chapterv.law import load_pack, rules
from chapterv.law.evaluate import dated_answers
from chapterv.law.registry import CLOCKS, OBLIGATIONS, RULES, is_ruled
from scripts.generate_law_matrix import matrix
from tests.law.row_ids import ROW_IDS

PACK = load_pack()
LAW = Path(str(rules.__file__)).parent.parent

_CONTENT = "content of a document; the duty that owes the document has a status of its own"
_POWER = "power or task of an authority; no fact of a provider is its condition"
_PROCEDURE = "right or safeguard in a procedure; it holds in every procedure from its day on"
_MEANING = "definition; applied by the rules that use the word"
_CHANGE = "change of the text; the rows that it changes carry their versions by day"
_CALENDAR = "date in the calendar of the Act; rules read dates from the parameters"
_RECITAL = "recital; what it says of conditions stands in the rules of the articles it explains"
_CODE = "how codes are made, assessed and used by authorities; adherence is act:O07 and gl:E9"
_CRITERION = "criterion that the Commission weighs when it designates; only point (f) has a number"
_METHOD = "method of counting compute; applied where operations are counted"
_PUBLIC = "what public information has to hold; the answer to gl:A1 and gl:A3 is stated of it"

DATED: dict[str, str] = {
    **dict.fromkeys((f"act:XI.1.1.{point}" for point in "abcdef"), _CONTENT),
    **dict.fromkeys((f"act:XI.1.2.{point}" for point in "abcde"), _CONTENT),
    **dict.fromkeys((f"act:XI.2.{point}" for point in "123"), _CONTENT),
    **dict.fromkeys((f"act:XII.1.{point}" for point in "abcdefgh"), _CONTENT),
    **dict.fromkeys((f"act:XII.2.{point}" for point in "abc"), _CONTENT),
    "act:M01": _CHANGE,
    "act:M02": _CHANGE,
    "act:M03": "power over systems, not models; act:E23 says which",
    "act:M04": "definitions of sizes without any relief in Chapter V",
    "act:M07": "time for a duty of systems, not models",
    "act:M08": "cap for fines of Article 99; act:E20 says that Article 101 has none",
    "act:M10": "effect of codes; act:O07 carries it as a value without presumption",
    "act:C12": _POWER,
    **dict.fromkeys((f"act:XIII.{point}" for point in "abcdeg"), _CRITERION),
    **dict.fromkeys((f"act:K{number:02}" for number in (2, 3, 4, 5, 6, 7)), _CODE),
    "act:K10": "power to set common rules in place of a code; none has been set",
    **dict.fromkeys((f"act:T{number:02}" for number in (1, 2, 7, 9, 10)), _CALENDAR),
    "act:T11": "term of the delegated powers; no act has been adopted under them",
    "act:D05": _MEANING,
    "act:D10": _MEANING,
    "act:D11": _MEANING,
    "act:D14": _MEANING,
    "act:E01": _POWER,
    "act:E02": _POWER,
    "act:E04": _POWER,
    "act:E06": "alert of the scientific panel; what follows is act:E10 or a designation",
    "act:E08": _PROCEDURE,
    "act:E09": _PROCEDURE,
    "act:E12": _PROCEDURE,
    "act:E13": "rules of procedure in an implementing act, by the day on which it is in force",
    "act:E15": _PROCEDURE,
    "act:E18": _PROCEDURE,
    "act:E19": _PROCEDURE,
    "act:E22": _PROCEDURE,
    "act:E23": "competence for systems, not models",
    "act:O08": "power to adopt delegated acts; none has been found",
    "act:O09": _PROCEDURE,
    "act:A04": "who may be addressed; it holds wherever there is a representative (act:D06)",
    "act:rec111": "what counts in cumulative compute; gl:G8.1 to gl:G8.13 hold it by activity",
    "act:rec112": "notice before training ends; act:C06 and gl:G3.7 judge it",
    "act:rec113": "designation of models not notified; act:C07 judges it",
    "act:rec114": _RECITAL,
    **dict.fromkeys((f"gl:G8.{number}" for number in range(21, 30)), _METHOD),
    "gl:E3": "list of powers; act:E07, act:E10, act:E14 and act:E17 judge each",
    "gl:E12": "effect of codes and standards; act:O07 and act:R05 carry it as a value",
    "gl:E16": _PROCEDURE,
    "gl:G2.2": _MEANING,
    "gl:G5.11": "on which basis two amounts are compared; the questions for both say so",
    "gl:A2": _PUBLIC,
    "gl:A4": _PUBLIC,
    "gl:A5": "what the exemption does not ask for; no rule asks for it",
    "gl:G3.14": "level that the Commission judges at the time of the notice; act:D09 asks for it",
    "gl:G3.21": "power to decide under Article 52, by the day from which it is there",
}
"""Rows with legal effect that the day alone answers, each with the reason why no fact decides."""


def row_sets() -> dict[str, set[str]]:
    """Return the rows that each way of encoding holds."""
    ruled = {row for row in PACK.rows if is_ruled(row)}
    parameters = {row for parameter in PACK.parameters.values() for row in parameter.rows}
    duties = {row for duty in PACK.duties.values() for row in duty.rows}
    explained = {row.id for row in PACK.rows.values() if not row.effect}
    return {
        "rule": ruled,
        "parameter": parameters - ruled,
        "duty": duties - ruled,
        "dated": set(DATED),
        "explanation": explained,
    }


def test_every_row_that_has_to_be_there_is_in_the_pack_and_no_other() -> None:
    assert set(PACK.rows) == ROW_IDS


@pytest.mark.parametrize("row", sorted(ROW_IDS))
def test_each_row_is_encoded_in_some_way(row: str) -> None:
    assert any(row in rows for rows in row_sets().values())


def test_rows_that_the_day_answers_are_no_rules_and_have_an_effect() -> None:
    sets = row_sets()
    for row in DATED:
        assert PACK.rows[row].effect, row
        assert row not in sets["rule"] | sets["parameter"] | sets["duty"], row


def test_nothing_with_legal_effect_is_an_explanation_only() -> None:
    sets = row_sets()
    encoded = sets["rule"] | sets["parameter"] | sets["duty"] | sets["dated"]
    assert {row.id for row in PACK.rows.values() if row.effect} <= encoded


@pytest.mark.parametrize("row", sorted(DATED))
def test_a_dated_row_is_answered_from_its_day_on(row: str) -> None:
    one = datetime.timedelta(days=1)
    first = PACK.rows[row].version[0].applies_from
    assert dated_answers(PACK, first - one)[row] == "not_met"
    if not PACK.rows[row].version[0].repealed:
        assert dated_answers(PACK, first)[row] == "met"


def test_what_is_often_met_and_wrong_never_holds() -> None:
    wrong = [row.id for row in PACK.rows.values() if row.wrong]
    assert len(wrong) == 27
    for day in (datetime.date(2024, 1, 1), datetime.date(2026, 11, 25), datetime.date(2040, 1, 1)):
        assert {dated_answers(PACK, day)[row] for row in wrong} == {"not_met"}


def test_parameters_and_duties_name_rows_that_exist() -> None:
    named = {row for parameter in PACK.parameters.values() for row in parameter.rows}
    named |= {row for duty in PACK.duties.values() for row in duty.rows}
    assert named <= set(PACK.rows)


def test_tables_of_words_name_rows_that_exist() -> None:
    for name in ("monetisation", "licence_restrictions", "compute_activities"):
        for word, entry in PACK.parameters[name].value[-1].value.items():
            assert entry["row"] in PACK.rows, (name, word)


def test_rows_refer_to_rows_and_sources_that_exist() -> None:
    for row in PACK.rows.values():
        assert set(row.see) <= set(PACK.rows), row.id
        for version in row.version:
            assert version.reference in PACK.sources, row.id
            assert version.changed_by is None or version.changed_by in PACK.sources, row.id


def sources_of(folder: Path) -> str:
    """Return the text of all modules in a folder."""
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.py")))


RULES_TEXT = sources_of(LAW / "rules")
KINDS = "provider|representative|model|system|change|notification|incident|complaint|request"


def test_every_key_that_a_rule_reads_is_in_the_catalogue() -> None:
    named = set(re.findall(rf'"((?:{KINDS})\.[a-z_.]+[a-z])"', RULES_TEXT))
    assert len(named) > 80
    assert named <= set(catalogue())


def test_every_row_that_a_rule_names_is_in_the_pack() -> None:
    named = set(re.findall(r'"((?:act|gl):[\w.]+)"', RULES_TEXT))
    assert len(named) > 130
    assert named <= set(PACK.rows)


def test_every_parameter_that_a_rule_reads_is_in_the_pack_and_each_is_read_or_explained() -> None:
    read = set(re.findall(r'parameters\["(\w+)"\]', RULES_TEXT))
    read |= set(re.findall(r'"(\w+_compute)", (?:cumulative|training)_bounds', RULES_TEXT))
    assert read <= set(PACK.parameters) | {"model.training_compute"}
    unread = {
        # Shown with the row that names it; what it measures has no fact.
        "hearing_working_days",
        # Read by the counting of operations, not by a rule.
        "compute_activities",
        # Which row each word stands for.
        "placing_ways",
        # Read by the property that silence never flips an answer.
        "decisions_on_record",
    }
    assert set(PACK.parameters) - read <= unread | {"gpai_indicator_compute"}


def step_codes() -> set[str]:
    """Return the codes of steps that rules and the case write, filled in where they are made up."""
    text = RULES_TEXT + (LAW / "case.py").read_text("utf-8")
    calls = re.findall(r"case\.say\(([^,)]*(?:if[^,)]*else[^,)]*)?)", text)
    codes = {code for call in calls for code in re.findall(r'(?<!f)"([\w.]+)"', call)}
    codes |= set(re.findall(r'_steps\.append\(\("(\w+)"', text))
    presets = PACK.parameters["licence_presets"].value[-1].value
    codes |= {f"L12.{group}" for group in presets}
    clocks = re.findall(r'"(clock\.\w+)"', text)
    return {code if "." in code else f"step.{code}" for code in codes} | set(clocks)


_OTHER_TEXTS = ("answer.", "status.", "state.", "word.")


def test_every_step_has_words_and_all_words_of_steps_are_used() -> None:
    texts = {name for name in PACK.texts if not name.startswith(_OTHER_TEXTS)}
    assert step_codes() - texts == set()
    ours = {name for name in texts if re.match(r"step\.|clock\.|[A-Z]\w*(?:\.\d+)?\.", name)}
    assert ours - step_codes() == set()


def test_every_rule_duty_and_clock_has_a_row_with_a_citation() -> None:
    for table in (RULES, OBLIGATIONS, CLOCKS):
        for entry in table.values():
            for row in (entry.id, *entry.also):
                assert PACK.rows[row].citation, row


def test_texts_that_rules_rest_on_are_all_named_as_sources() -> None:
    assert {"ORI", "CON", "OMN", "GL", "IR25", "IR26"} <= set(PACK.sources)


def test_the_matrix_of_row_data_rule_and_cases_has_no_empty_cell() -> None:
    lines = [line for line in matrix(PACK).splitlines() if line.startswith("| `")]
    assert len(lines) >= len(ROW_IDS)
    for line in lines:
        cells = line.replace("\\|", "").strip("|").split("|")
        assert len(cells) == 6, line
        assert all(cell.strip() for cell in cells), line
