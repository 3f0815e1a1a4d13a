"""Model cards and licence files: fixed keys and distinctive phrases, never guesses."""

from __future__ import annotations

from pathlib import Path

import pytest

from chapterv.evidence import scan
from chapterv.evidence.formats.licence import LICENCES, licence_name, recognise
from tests.evidence.writing import notes, reasons, scanned, values
from tests.real_data import real_data

CARD = """---
license: apache-2.0
base_model: example/base
base_model_relation: finetune
datasets:
- example/corpus
language:
- en
- no
pipeline_tag: text-generation
tags: [chat, 1.0]
---
# Example 7B, trained on 6 trillion tokens
"""


def test_a_card_gives_what_its_block_states(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"README.md": CARD})
    assert values(found, "model.licence") == ["Apache-2.0"]
    assert values(found, "model.derived_from") == [("example/base",)]
    assert values(found, "model.derivation") == ["fine_tune"]
    assert values(found, "model.datasets") == [("example/corpus",)]
    assert values(found, "model.languages") == [("en", "no")], "no is Norwegian, not false"
    assert values(found, "model.modalities_out") == [("text",)]
    assert values(found, "model.tags") == [("chat",)]
    assert {fact.basis for fact in found.facts} == {"declared"}
    (licence,) = [fact for fact in found.facts if fact.key == "model.licence"]
    assert licence.source.pointer == "line 2"


def test_running_text_gives_nothing(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"MODEL_CARD.md": "# Example 7B\nTrained on 6T tokens. MIT.\n"})
    assert found.facts == ()
    assert "nothing is taken from running text" in notes(found)


NAMES = "README.md readme.md MODEL_CARD.md modelcard.md model_card.md model-card.md MODEL_CARD_2.md"


@pytest.mark.parametrize("name", NAMES.split())
def test_cards_have_several_names(name: str, tmp_path: Path) -> None:
    assert values(scanned(tmp_path, {name: CARD}), "model.licence") == ["Apache-2.0"]


BROKEN = {
    "not_closed": ("---\nlicense: mit\n# Example\n", "the block at the head is not closed"),
    "duplicate_key": ("---\nlicense: mit\nlicense: gpl\n---\n", "'license' stands twice"),
    "bad_indent": ("---\na: 1\n b: 2\n---\n", "not YAML"),
    "a_list": ("---\n- mit\n---\n", "the block is not a table"),
    "alias_without_anchor": ("---\na: *b\n---\n", "not YAML|an alias without its anchor"),
    "many_aliases": (
        "---\na: &x [1]\nb: [" + "*x, " * 100 + "]\n---\n",
        "more than 64 aliases",
    ),
    "deep": ("---\na: " + "[" * 100 + "]" * 100 + "\n---\n", "nested more than 64"),
    "long": ("---\na: |\n" + "  x\n" * 70_000 + "---\n", "longer than 262144 characters"),
    "a_table_as_key": ("---\n? {a: 1}\n: 2\n---\n", "stands as a key"),
    "tab": ("---\na:\n\t- b\n---\n", "not YAML"),
}


@pytest.mark.parametrize("defect", BROKEN)
def test_a_broken_card_is_skipped_with_what_is_wrong(defect: str, tmp_path: Path) -> None:
    text, expected = BROKEN[defect]
    reason = reasons(scanned(tmp_path, {"README.md": text}))["README.md"]
    assert any(part in reason for part in expected.split("|"))


def test_a_card_in_another_encoding_is_skipped(tmp_path: Path) -> None:
    found = scanned(tmp_path / "a", {"README.md": CARD.encode("utf-16")})
    assert "the text is UTF-16" in reasons(found)["README.md"]
    found = scanned(tmp_path / "b", {"README.md": CARD.replace("chat", "ö").encode("latin-1")})
    assert "not UTF-8: byte 0xf6" in reasons(found)["README.md"]


def test_a_byte_order_mark_before_a_card_does_no_harm(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"README.md": CARD.encode("utf-8-sig")})
    assert values(found, "model.licence") == ["Apache-2.0"]


def test_a_tag_in_a_card_makes_no_object(tmp_path: Path) -> None:
    text = "---\nlicense: !!python/object/apply:os.system [ls]\nlanguage: !foo en\n---\n"
    found = scanned(tmp_path, {"README.md": text})
    assert values(found, "model.languages") in ([("en",)], [])


def test_the_card_of_a_dataset_is_no_model_card(tmp_path: Path) -> None:
    text = "---\nlicense: mit\ndataset_info: {}\n---\n"
    found = scanned(tmp_path, {"README.md": text})
    assert found.facts == ()
    assert reasons(found) == {"README.md": "recognised, not read yet: the card of a dataset"}


@pytest.mark.parametrize(
    ("block", "licence", "said"),
    [
        ("license: other\nlicense_name: example-terms", ["example-terms"], ""),
        ("license: other\nlicense_name: gemma-terms-of-use", ["gemma"], ""),
        ("license: other", [], "state model.licence"),
        ("license: unknown", [], "state model.licence"),
        ("license: [mit, apache-2.0]", [], "several licences are named"),
        ("license: 5", [], ""),
        ("license: mit\nextra_gated_prompt: agree", ["MIT"], "model.access_gated"),
    ],
)
def test_a_licence_is_taken_where_one_is_named(
    block: str, licence: list[str], said: str, tmp_path: Path
) -> None:
    found = scanned(tmp_path, {"README.md": f"---\n{block}\n---\n"})
    assert values(found, "model.licence") == licence
    assert said in notes(found)


def text_of(name: str) -> str:
    """A text that holds what tells a licence, in another case and broken lines."""
    licence = next(each for each in LICENCES if each.name == name)
    words = " ".join((licence.title, "x " * 5, *licence.phrases)).upper().split()
    return "Example\n" + "\n".join(" ".join(words[n : n + 4]) for n in range(0, len(words), 4))


@pytest.mark.parametrize("name", [licence.name for licence in LICENCES])
def test_every_licence_is_known_by_its_phrases_alone(name: str) -> None:
    assert recognise(text_of(name)) == [name]


def test_a_licence_file_gives_the_licence_with_its_place(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"LICENSE": "Copyright\n\n" + text_of("Apache-2.0")})
    (fact,) = found.facts
    assert (fact.key, fact.value, fact.basis) == ("model.licence", "Apache-2.0", "measured")
    assert fact.source.pointer == "line 4"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_a_licence_file_may_be_in_any_encoding(encoding: str, tmp_path: Path) -> None:
    text = "© Müller\n" + text_of("MIT")
    found = scanned(tmp_path, {"LICENSE.md": text.encode(encoding)})
    assert values(found, "model.licence") == ["MIT"]


def test_an_unknown_text_is_no_guess(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"LICENSE": "You may look at this like the MIT licence."})
    assert found.facts == ()
    assert "nothing is guessed" in notes(found)


def test_a_licence_that_is_only_mentioned_is_not_the_licence() -> None:
    text = "Terms of Example\n" + "You may use it. " * 30 + "It builds on Gemma Terms of Use."
    assert recognise(text) == []


def test_a_proprietary_text_is_said_to_be_one() -> None:
    assert recognise("Copyright Example. All rights reserved. Proprietary.") == ["proprietary"]


def test_two_licences_in_one_file_are_not_chosen_between(tmp_path: Path) -> None:
    both = text_of("MIT") + "\n" + text_of("BSD-2-Clause")
    found = scanned(tmp_path, {"LICENSE": both})
    assert found.facts == ()
    assert "several texts" in notes(found)


def test_the_licence_of_code_is_not_that_of_the_model(tmp_path: Path) -> None:
    files = {"LICENSE-CODE": text_of("MIT"), "NOTICE": "MIT"}
    found = scanned(tmp_path, files)
    assert found.facts == ()
    assert "for code or third parties" in notes(found)
    assert "grants no licence" in notes(found)


def test_a_card_and_a_file_say_the_same_word() -> None:
    hub_names = ["apache-2.0", "mit", "llama3.1", "gemma", "openrail++", "cc-by-nc-4.0"]
    known = {licence.name for licence in LICENCES}
    assert {licence_name(name) for name in hub_names} <= known


def test_the_projects_own_licence_is_recognised() -> None:
    root = Path(__file__).resolve().parents[2]
    assert recognise((root / "LICENSE").read_text("utf-8")) == ["Apache-2.0"]


def test_real_cards_give_their_licences() -> None:
    found = scan(["configs"], real_data("models"))
    licences = {f.source.artefact.split("/")[1]: f.value for f in found.facts
                if f.key == "model.licence"}  # fmt: skip
    assert licences["bigscience--bloom"] == "bigscience-bloom-rail-1.0"
    assert licences["google--gemma-2b-it"] == "gemma"
    assert licences["ibm-granite--granite-3.1-1b-a400m-instruct"] == "Apache-2.0"
    assert "microsoft--phi-2" not in licences
