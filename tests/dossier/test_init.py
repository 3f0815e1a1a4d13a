"""Writing the statement file: what was found, what is open, and every byte of a person kept."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chapterv.dossier import (
    Gathered,
    Written,
    gather,
    open_dossier,
    open_questions,
    write_statement,
)
from chapterv.dossier.editing import Page
from chapterv.dossier.init import compose, question_lines
from chapterv.errors import StorageError
from chapterv.facts import Question, catalogue, parse_statement
from tests.dossier.folders import gathered, make_folder

LICENCE = Question("model.licence", "model:m@1", "Which licence?", (), "", settles=3)
ROUTES = Question("model.placing_routes", "model:m@1", "Which ways?", (), "", settles=9)


def write(path: Path, *questions: Question) -> Written:
    return write_statement(gather(open_dossier(path)), questions)


def text_of(path: Path) -> str:
    return (path / "chapterv.toml").read_bytes().decode()


def test_new_file_states_nothing_and_can_be_read(tmp_path: Path) -> None:
    written = write(make_folder(tmp_path), LICENCE)
    assert written.created
    assert written.open == 1
    statement = parse_statement(text_of(tmp_path))
    assert statement.facts == ()
    assert tomllib.loads(text_of(tmp_path)) == {"provider": {}, "model": {}}


def test_lines_fit_the_page(tmp_path: Path) -> None:
    known = gather(open_dossier(make_folder(tmp_path)))
    write_statement(known, open_questions(known))
    prose = [line for line in text_of(tmp_path).splitlines() if " = " not in line]
    assert max(map(len, prose)) <= 80


def test_what_was_found_is_a_comment_that_names_its_place(tmp_path: Path) -> None:
    written = write(make_folder(tmp_path))
    text = text_of(tmp_path)
    assert '# Found: architecture_family = "llama", in config.json\n' in text
    assert "# architecture_family" not in text
    assert "model.architecture_family" in {fact.key for fact in written.found}


def test_questions_stand_in_the_order_given_before_the_other_keys(tmp_path: Path) -> None:
    write(make_folder(tmp_path), ROUTES, LICENCE)
    text = text_of(tmp_path)
    places = [text.index(f"\n# {name} = ") for name in ("placing_routes", "licence", "monetised")]
    assert places == sorted(places)


def test_question_says_what_why_where_and_gives_an_example() -> None:
    lines = "\n".join(question_lines("provider.size"))
    for part in ("?", "#   Why: ", "#   Where: ", "#   One of: micro, small", '# size = "small"'):
        assert part in lines


@pytest.mark.parametrize(
    "key", [k for k in catalogue() if k.split(".")[0] in ("provider", "model")]
)
def test_removing_the_mark_of_a_question_gives_a_valid_answer(key: str) -> None:
    kind, _, _ = key.partition(".")
    line = question_lines(key)[-1].removeprefix("# ")
    (fact,) = parse_statement(f"[{kind}]\n{line}\n").facts
    assert fact.key == key


def test_running_again_changes_nothing(tmp_path: Path) -> None:
    write(make_folder(tmp_path), LICENCE)
    before = (tmp_path / "chapterv.toml").stat()
    again = write(tmp_path, LICENCE)
    assert not again.created
    assert again.added == ()
    assert (tmp_path / "chapterv.toml").stat() == before


def test_running_again_keeps_every_byte_and_adds_what_is_new(tmp_path: Path) -> None:
    own = (
        "# my notes\n\n[model]   # mine\nname='m'\n\n# licence = 'mine'\n"
        "# about the run\n[[run]]\nid = 'r'\n"
    )
    written = write(make_folder(tmp_path, own), LICENCE)
    text = text_of(tmp_path)
    rest = iter(text)
    assert all(sign in rest for sign in own)
    assert "model.licence" not in written.added
    assert "# Found: architecture_family" in text
    model = text[text.index("[model]") : text.index("# about the run\n[[run]]")]
    assert "# Found: vocabulary_size = " in model
    assert model.count("# licence = ") == 1
    assert parse_statement(text).facts == tuple(
        fact for fact in parse_statement(text).facts if fact.key == "model.name"
    )
    assert write(tmp_path, LICENCE).added == ()


def test_new_finding_is_added_once(tmp_path: Path) -> None:
    write(make_folder(tmp_path))
    (tmp_path / "LICENSE").write_text(
        "MIT License\n\nPermission is hereby granted, free of charge,"
    )
    first = write(tmp_path)
    assert write(tmp_path).added == ()
    assert all("licence" in name for name in first.added)


def test_windows_line_ends_and_mark_are_kept(tmp_path: Path) -> None:
    make_folder(tmp_path)
    (tmp_path / "chapterv.toml").write_bytes(b"\xef\xbb\xbf[model]\r\nname = 'm'\r\n")
    write(tmp_path, LICENCE)
    content = (tmp_path / "chapterv.toml").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf[model]\r\nname = 'm'\r\n")
    assert content.count(b"\n") == content.count(b"\r\n")


def test_table_that_is_written_with_dots_gets_no_second_header(tmp_path: Path) -> None:
    write(make_folder(tmp_path, "model.name = 'm'\n"))
    text = text_of(tmp_path)
    assert "[model]" not in text
    assert len(parse_statement(text).facts) == 1


def test_rights_of_the_file_are_kept_and_a_link_is_followed(tmp_path: Path) -> None:
    folder = tmp_path / "dossier"
    folder.mkdir()
    make_folder(folder)
    target = folder / "real.toml"
    target.write_text("[model]\nname = 'm'\n")
    target.chmod(0o600)
    (folder / "chapterv.toml").symlink_to("real.toml")
    write(folder)
    assert (folder / "chapterv.toml").is_symlink()
    assert "# Found" in target.read_text()
    assert target.stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(folder)) == ["chapterv.toml", "config.json", "real.toml"]


def test_folder_that_cannot_be_written_is_an_error_of_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(StorageError) as caught:
        write(make_folder(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path}/chapterv.toml: cannot be written: Permission denied. "
        "Check the rights of the folder and the free space."
    )
    assert os.listdir(tmp_path) == ["config.json"]


lines = st.lists(
    st.sampled_from(
        [
            "# a remark",
            "",
            "[[run]]",
            "tokens = 1",
            "# [[run]]",
            "#tokens = 2",
            "[provider]",
            "# size = 'small'",
            "[[dataset]]",
            "kind = 'public'  # c",
            "# [model]",
        ]
    ),
    max_size=12,
)


@given(lines)
def test_any_statement_keeps_its_lines_in_order_and_its_meaning(given_lines: list[str]) -> None:
    import tempfile

    from chapterv.errors import InputError

    before = "\n".join(given_lines)
    try:
        meaning = parse_statement(before)
    except InputError:
        return
    with tempfile.TemporaryDirectory() as name:
        known: Gathered = gathered(Path(name), before)
        after, _ = compose(known, [LICENCE], before)
        again, added = compose(known, [LICENCE], after)
    assert again == after
    assert added == []
    rest = iter(Page(after).text.split("\n"))
    assert all(line in rest for line in given_lines if line)
    values = [
        [(f.subject, f.key, f.value) for f in s.facts] for s in (meaning, parse_statement(after))
    ]
    assert values[0] == values[1]
