"""Reading `chapterv.toml`: facts with their line, and every fault of a file at once."""

from __future__ import annotations

import datetime
import os
import textwrap
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.errors import ErrorGroup, InputError
from chapterv.facts import Fact, Statement, parse_statement, part_kinds, read_statement

GOOD = """\
covers = ["../northlight-1b-v1"]

[provider]
name = "Northlight Research GmbH"
established_in = "DE"

[model]
name = "northlight-1b"
version = "1.0"
placed_on = 2026-03-02
placing_routes = ["repository", "api"]
licence = { value = "Apache-2.0", source = "LICENSE", as_of = 2026-03-01, note = "checked" }
licence_safety_terms.proportionate = true
cumulative_compute = { value = 1.44e23, relation = "at_least", bound = 0.3, basis = "assumed" }

[[evidence]]
path = "weights"

[[run]]
id = "pretrain"
path = "runs/pretrain"
stage = "pre-training"
[run.compute]
parameter_updates = "1.4e23"

[[run]]
tokens = 1000

[[dataset]]
id = "web-2025"
kind = "crawled"
path = "data/web/*.parquet"
size = { value = 12, unit = "hours" }

[[settle]]
key = "model.licence"
choose = "LICENSE"
why = "the card is older"

[[document]]
path = "docs/model-documentation.pdf"

[form]
t.design = "decoder"
[summary]
3.1.b = "text"
"""


def faults(text: str) -> list[str]:
    with pytest.raises(ErrorGroup) as caught:
        parse_statement(textwrap.dedent(text))
    return str(caught.value).splitlines()


def values(statement: Statement) -> dict[tuple[str, str], Any]:
    return {(one.subject, one.key): one.value for one in statement.facts}


def one(statement: Statement, key: str) -> Fact:
    return next(fact for fact in statement.facts if fact.key == key)


def test_tables_become_declared_facts_of_their_subject() -> None:
    statement = parse_statement(GOOD)
    model = "model:northlight-1b@1.0"
    assert values(statement) == {
        ("provider", "provider.name"): "Northlight Research GmbH",
        ("provider", "provider.established_in"): "DE",
        (model, "model.name"): "northlight-1b",
        (model, "model.version"): "1.0",
        (model, "model.placed_on"): datetime.date(2026, 3, 2),
        (model, "model.placing_routes"): ("repository", "api"),
        (model, "model.licence"): "Apache-2.0",
        (model, "model.licence_safety_terms.proportionate"): True,
        (model, "model.cumulative_compute"): 144 * 10**21,
        ("run:pretrain", "run.stage"): "pre-training",
        ("run:pretrain", "run.compute.parameter_updates"): 14 * 10**22,
        ("run:2", "run.tokens"): 1000,
        ("dataset:web-2025", "dataset.kind"): "crawled",
        ("dataset:web-2025", "dataset.size"): 12,
    }
    assert {fact.basis for fact in statement.facts} == {"declared", "assumed"}


def test_fact_names_the_line_and_the_source_in_the_persons_words() -> None:
    licence = one(parse_statement(GOOD), "model.licence")
    assert licence.source.artefact == "chapterv.toml"
    assert licence.source.pointer == "line 12"
    assert licence.source.stated == "LICENSE"
    assert licence.note == "checked"
    assert licence.as_of == datetime.date(2026, 3, 1)


def test_value_table_says_basis_relation_bound_and_unit() -> None:
    statement = parse_statement(GOOD)
    compute = one(statement, "model.cumulative_compute")
    assert (compute.basis, compute.relation, compute.bound) == (
        "assumed",
        "at_least",
        Decimal("0.3"),
    )
    assert one(statement, "dataset.size").unit == "hours"


def test_what_is_for_other_rooms_is_kept() -> None:
    statement = parse_statement(GOOD)
    assert statement.covers == ("../northlight-1b-v1",)
    assert statement.evidence == ("weights",)
    assert [(part.subject, part.paths) for part in statement.parts] == [
        ("run:pretrain", ("runs/pretrain",)),
        ("run:2", ()),
        ("dataset:web-2025", ("data/web/*.parquet",)),
    ]
    settling = statement.settled[0]
    assert (settling.subject, settling.key, settling.choose) == (
        "model:northlight-1b@1.0",
        "model.licence",
        "LICENSE",
    )
    assert statement.documents == ({"path": "docs/model-documentation.pdf"},)
    assert statement.form == {"t": {"design": "decoder"}}
    assert statement.summary == {"3": {"1": {"b": "text"}}}


def test_empty_statement_is_one() -> None:
    statement = parse_statement("", folder="northlight")
    assert statement.facts == ()
    assert statement.model == "model:northlight@unstated"


def test_every_list_of_the_catalogue_can_be_stated() -> None:
    kinds = part_kinds()
    assert {"run", "dataset", "crawl", "change", "system", "incident", "evaluation"} <= set(kinds)
    text = "".join(f"[[{kind}]]\n" for kind in kinds)
    assert [part.subject for part in parse_statement(text).parts] == [f"{k}:1" for k in kinds]


def test_faults_of_all_kinds_are_named_at_once() -> None:
    assert faults(
        """\
        [provider]
        size = "smal"
        size = "small"
        [model]
        placed_on = 2026-02-30
        licens = "MIT"
        monetised = "no"
        name = ""
        [[run]]
        tokens = -4
        [modl]
        """
    ) == [
        "chapterv.toml:2 (provider.size): provider.size does not take 'smal'. "
        "Did you mean 'small'?",
        'chapterv.toml:3: this key stands twice: size = "small". Keep one of the two.',
        "chapterv.toml:5: this date does not exist: placed_on = 2026-02-30. "
        "Write dates as 2026-03-02.",
        "chapterv.toml:6 (model.licens): unknown key 'model.licens'. Did you mean 'model.licence'?",
        "chapterv.toml:7 (model.monetised): model.monetised takes true or false, got 'no'.",
        "chapterv.toml:8 (model.name): model.name is empty. "
        "Leave the line out where it is not known.",
        "chapterv.toml:10 (run[0].tokens): run.tokens cannot be negative, got -4.",
        "chapterv.toml:11 (modl): unknown name 'modl'. Did you mean 'model'?",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model = 3", "chapterv.toml:1 (model): model is one table. Write [model] once."),
        ("[run]\n", "chapterv.toml:1 (run): run is a list of tables. Write [[run]] for each."),
        ("[[model]]\n", "chapterv.toml:1 (model): model is one table. Write [model] once."),
        (
            "[[run]]\nid = 'a b'",
            "chapterv.toml:2 (run[0].id): an id has letters, digits, dot, hyphen and underscore, "
            'at most 100. Write it as id = "pretrain-2".',
        ),
        (
            "[[run]]\nid = 'a'\n[[run]]\nid = 'a'",
            "chapterv.toml:3 (run[1]): two entries of [[run]] have the id 'a'. "
            "The other is on line 1: give each its own id.",
        ),
        (
            "[[evidence]]\n",
            "chapterv.toml:1 (evidence[0]): an [[evidence]] entry needs a path. "
            'Write path = "weights".',
        ),
        (
            "[[evidence]]\npath = '../x'",
            "chapterv.toml:2 (evidence[0].path): the path '../x' leaves the folder of the "
            "statement. Put the statement into a folder that holds all artefacts.",
        ),
        (
            "[[run]]\npath = 3",
            "chapterv.toml:2 (run[0].path): path takes a text or a list of texts.",
        ),
        (
            "[model]\nname = { valu = 'x' }",
            "chapterv.toml:2 (model.name.valu): unknown name 'valu'. Did you mean 'value'?",
        ),
        (
            "[model]\nname = { value = 'x', basis = 'measured' }",
            "chapterv.toml:2 (model.name.basis): basis is one of declared, assumed.",
        ),
        (
            "[model]\nname = { value = 'x', relation = 'at_least' }",
            "chapterv.toml:2 (model.name): model.name is no amount, so it has no bound. "
            "Leave relation out.",
        ),
        (
            "[model]\nend_users = { value = 1, bound = 30 }",
            "chapterv.toml:2 (model.end_users.bound): bound is a relative error between 0 and 1. "
            "Write 0.3 for 30 %.",
        ),
        (
            "[model]\nend_users = { value = 1, as_of = 2026 }",
            "chapterv.toml:2 (model.end_users.as_of): as_of takes a date. "
            "Write dates as 2026-03-02.",
        ),
        (
            "[model]\nend_users = { value = 1, unit = 'FLOP' }",
            "chapterv.toml:2 (model.end_users.unit): model.end_users is counted in users. "
            "Convert it to users.",
        ),
        (
            "[model]\nend_users = { value = 1, note = 3 }",
            "chapterv.toml:2 (model.end_users.note): note takes a text of at most 2000 characters.",
        ),
        (
            "[model]\nend_users = nan",
            "chapterv.toml:2 (model.end_users): expected a finite amount, got NaN. "
            'Write a plain number or a decimal string such as "1.44e23".',
        ),
        (
            "[model]\nend_users = 1e99999999999999999999",
            "chapterv.toml:2 (model.end_users): expected a finite amount, got NaN. "
            'Write a plain number or a decimal string such as "1.44e23".',
        ),
        (
            f"[model]\nend_users = {'9' * 5000}",
            "chapterv.toml:2: a number has thousands of digits. Write it as 1e25.",
        ),
        (
            "[[settle]]\nkey = 'model.licens'\nchoose = 'x'\nwhy = 'y'",
            "chapterv.toml:2 (settle[0].key): unknown key 'model.licens'. "
            "Did you mean 'model.licence'?",
        ),
        (
            "[[settle]]\nkey = 'run.tokens'\nchoose = 'x'\nwhy = 'y'",
            "chapterv.toml:1 (settle[0]): subject of run.tokens is missing or of another kind. "
            'Write subject = "run:<id>".',
        ),
        (
            "[[settle]]\nkey = 'model.licence'\nchoose = 'x'",
            "chapterv.toml:1 (settle[0]): a [[settle]] entry needs why as a text. "
            "Write key, choose (an artefact, a stated source or a fact) and why.",
        ),
        (
            "[model]\n[model]\nname = 'x'",
            "chapterv.toml:2: this table stands twice: [model]. Join the two into one.",
        ),
        (
            "[model]\nname = x",
            "chapterv.toml:2: a value cannot be read: name = x. "
            'Put texts in quotes: name = "value".',
        ),
        (
            "[model]\nname = 'x",
            "chapterv.toml:2: a text has no closing quote: name = 'x. Add the quote.",
        ),
        (
            '[model]\nname = """x',
            'chapterv.toml:2: a text has no closing quote: name = """x. Add the quote.',
        ),
        (
            "[model]\nname",
            'chapterv.toml:2: a key has no value: name. Write name = "value".',
        ),
        (
            "[model]\nend_users = 1 000",
            "chapterv.toml:2: something stands after the value: end_users = 1 000. "
            "Put texts in quotes.",
        ),
        (
            "[model]\nend_users = { value = 1,\n  bound = 0.1 }",
            "chapterv.toml:2: a key cannot be read: end_users = { value = 1,. "
            "Write name = value; a table in braces stands on one line.",
        ),
        (
            "covers = " + "[" * 500,
            "chapterv.toml:1: values are nested deeper than 16. Write it with fewer levels.",
        ),
        (
            ".".join("a" * 20) + " = 1",
            "chapterv.toml:1: a key has more than 8 parts. Write it with fewer levels.",
        ),
    ],
)
def test_fault_says_what_where_and_what_to_do(text: str, message: str) -> None:
    assert message in faults(text)


def test_statement_that_cannot_be_read_leaves_the_others_checked() -> None:
    found = faults("[model]\nname = [1,\n  x,\n]\nmonetised = 3\nstage = 'x\n")
    assert [line.partition(":")[2].partition(":")[0] for line in found] == [
        "3",
        "5 (model.monetised)",
        "6",
    ]


def test_errors_beyond_a_hundred_are_counted() -> None:
    found = faults("[model]\n" + "".join(f"unknown{n} = 1\n" for n in range(150)))
    assert len(found) == 101
    assert found[-1] == "chapterv.toml: 50 more errors are not shown."


def test_entries_beyond_the_bound_are_refused() -> None:
    message = "chapterv.toml:1 (run): more than 5000 entries. Join entries that are alike."
    assert faults("[[run]]\n" * 5001) == [message]


def test_file_with_a_mark_and_windows_line_ends_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "chapterv.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert values(read_statement(path)) == values(parse_statement(GOOD))
    assert one(read_statement(path), "model.licence").source.pointer == "line 12"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "[model]\nname = 'ü'".encode("latin-1"),
            "chapterv.toml:2: the text is not UTF-8. Save the file as UTF-8.",
        ),
        (
            "[model]".encode("utf-16"),
            "chapterv.toml:1: the text is not UTF-8. Save the file as UTF-8.",
        ),
        (
            b"#" * 1_000_001,
            "chapterv.toml: the statement is larger than 1000000 bytes. Name files by their path.",
        ),
    ],
)
def test_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "chapterv.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_statement(path)
    assert str(caught.value) == message


def test_missing_file_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^chapterv\.toml: cannot be read: No such file"):
        read_statement(tmp_path / "chapterv.toml")
    with pytest.raises(InputError, match=r"^chapterv\.toml: this is no regular file"):
        read_statement(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"^chapterv\.toml: this is no regular file"):
        read_statement(tmp_path / "pipe")


SIGNS = (*"[]{}\"'=.,#\n\r0e-\\é\0", "", "[[", '"""')


@given(st.data())
def test_mutated_statement_gives_a_statement_or_our_own_errors(data: st.DataObject) -> None:
    text = list(GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.sampled_from(SIGNS))
    assert all(line.startswith("chapterv.toml") for line in _told("".join(text)))


def _told(text: str) -> list[str]:
    """The errors of a text, none where it can be read."""
    try:
        parse_statement(text)
    except InputError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize(
    "text",
    [
        'a = "' + '\\"' * 400_000,
        'a = """\n' * 100_000,
        "'''" * 300_000,
        "[[run]]\n" * 100_000,
        "\n".join(f"[x{n}]" for n in range(100_000)),
        "[model]\n" + "".join(f"name{n} = 1\n" for n in range(60_000)),
        "a = [" + "{b = 1}," * 100_000 + "]",
        "a" * 900_000,
        "a = " + "-" * 900_000,
    ],
    ids=range(9),
)
def test_hostile_text_is_refused_in_seconds(text: str) -> None:
    start = time.process_time()
    assert _told(text)
    assert time.process_time() - start < 10
