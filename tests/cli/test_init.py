"""`chapterv init`: the statement file and the interview."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import subprocess
import termios
import time
from pathlib import Path

import pytest

from chapterv.facts import read_statement
from tests.cli.running import PROGRAM, run
from tests.dossier.folders import make_folder


def test_file_is_written_and_the_way_on_is_told(tmp_path: Path) -> None:
    result = run("init", make_folder(tmp_path))
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    words = " ".join(result.stdout.split())
    # A long path is wrapped at its strokes, so spaces do not count.
    assert words.replace(" ", "").startswith(f"Written:{tmp_path}/chapterv.toml,with")
    assert words.endswith(f"or: chapterv init {tmp_path} --ask")
    assert "model.architecture_family  llama" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines() if str(tmp_path) not in line) <= 80
    assert read_statement(tmp_path / "chapterv.toml").facts == ()


def test_second_run_says_that_nothing_was_changed(tmp_path: Path) -> None:
    run("init", make_folder(tmp_path))
    result = run("init", tmp_path)
    assert "holds everything already; nothing was changed." in " ".join(result.stdout.split())


def test_json_tells_what_was_found_and_added(tmp_path: Path) -> None:
    told = json.loads(run("init", make_folder(tmp_path), "--format", "json").stdout)
    assert told["created"] is True
    assert told["open_questions"] > 10
    found = {fact["key"]: fact for fact in told["found"]}
    assert found["model.parameters_total"]["basis"] == "computed"
    assert isinstance(found["model.parameters_total"]["value"], str)


def test_interview_keeps_each_answer_and_stops_when_asked(tmp_path: Path) -> None:
    make_folder(tmp_path)
    typed = "?\ntext, zzz\ntext\n\n\nq\n"
    result = run("init", tmp_path, "--ask", stdin=typed)
    assert result.returncode == 0, result.stderr
    assert "Enter skips, ? explains, q stops." in result.stdout
    assert "What can the model generate?" in result.stdout
    assert "model.modalities_out does not take 'zzz'" in " ".join(result.stdout.split())
    assert "Answered 1; " in result.stdout
    facts = read_statement(tmp_path / "chapterv.toml").facts
    assert [(fact.key, fact.value) for fact in facts] == [("model.modalities_out", ("text",))]


def test_end_of_input_stops_the_interview(tmp_path: Path) -> None:
    result = run("init", make_folder(tmp_path), "--ask", stdin="text")
    assert result.returncode == 0, result.stderr
    assert "Answered 1; " in result.stdout


def test_interview_takes_up_where_it_stopped(tmp_path: Path) -> None:
    run("init", make_folder(tmp_path), "--ask", stdin="text\nq\n")
    result = run("init", tmp_path, "--ask", stdin="q\n")
    assert "What can the model generate?" not in result.stdout


def test_interview_is_not_for_programs(tmp_path: Path) -> None:
    result = run("init", make_folder(tmp_path), "--ask", "--format", "json")
    assert result.returncode == 2
    assert result.stderr == (
        "Error: chapterv init: --ask speaks with a person. Leave --format json out.\n"
    )
    assert not (tmp_path / "chapterv.toml").exists()


def test_transcript_of_a_pipe_reads_like_that_of_a_terminal(tmp_path: Path) -> None:
    result = run("init", make_folder(tmp_path), "--ask", stdin="?\ntext, zzz\nq\n")
    lines = result.stdout.splitlines()
    prompts = [line for line in lines if " open) > " in line]
    assert [line.rpartition(" > ")[2] for line in prompts] == ["?", "text, zzz", "q"]
    assert "  key               model.modalities_out" in lines
    assert any(line.startswith("  model.modalities_out does not take") for line in lines)


def test_first_file_asks_in_full_only_what_something_waits_for(tmp_path: Path) -> None:
    run("init", make_folder(tmp_path))
    text = (tmp_path / "chapterv.toml").read_text()
    model = text[text.index("[model]") : text.index("# [[run]]")]
    asked, _, special = model.partition("# Asked only in special cases:\n")
    assert "\n# modalities_out = " in asked
    assert "#   Why: " in asked
    assert "Why: " not in special
    assert all(line.startswith("# ") for line in special.split("\n\n")[0].splitlines())
    assert asked.index("# name = ") < asked.index("# Found: ")


def test_complete_statement_is_left_as_it_is(tmp_path: Path) -> None:
    from tests.dossier.folders import CONFIG

    run("init", make_folder(tmp_path))
    before = (tmp_path / "chapterv.toml").read_bytes()
    make_folder(tmp_path, None, vocab_size=CONFIG["vocab_size"])
    run("init", tmp_path)
    assert (tmp_path / "chapterv.toml").read_bytes() == before


def test_statement_without_special_cases_gets_none(tmp_path: Path) -> None:
    own = "[model]\nname = 'm'\nmodalities_out = ['text']\ncontext_length = 64\n"
    run("init", make_folder(tmp_path, own))
    text = (tmp_path / "chapterv.toml").read_text()
    assert "special cases" not in text
    assert "[[run]]" not in text
    assert "# Found: architecture_family" in text
    assert "# Found: context_length" not in text


class Terminal:
    """`chapterv init --ask` in a pseudo-terminal of 60 columns."""

    def __init__(self, folder: Path) -> None:
        self.end, other = pty.openpty()
        self.process = subprocess.Popen(
            [*PROGRAM, "init", str(folder), "--ask"],
            stdin=other, stdout=other, stderr=other, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**os.environ, "COLUMNS": "60", "TERM": "xterm", "NO_COLOR": "1"},
        )  # fmt: skip
        os.close(other)
        self.seen, self.typed = "", b""
        self.until(PROMPT)

    def until(self, sign: str) -> None:
        """Read until a sign appears, or the program ends."""
        start, last = len(self.seen), time.monotonic() + 60
        while sign not in self.seen[start:] and time.monotonic() < last:
            if not select.select([self.end], [], [], 15)[0]:
                # Keys that fall between prompt and reading are lost when the terminal changes its
                # mode, as at a real one: a person types them again.
                os.write(self.end, self.typed)
                continue
            try:
                part = os.read(self.end, 65536)
            except OSError:
                return
            if not part:
                return
            self.seen += part.decode()

    def type(self, text: str) -> None:
        """Type a text and wait for the next prompt or the end."""
        self.typed = text.encode()
        os.write(self.end, self.typed)
        self.until(PROMPT)

    def finish(self) -> int:
        """Wait for the end and return the exit code."""
        self.until("\0")
        code = self.process.wait(timeout=60)
        os.close(self.end)
        return code


PROMPT = " open) > "


@pytest.mark.parametrize(
    ("last", "code", "told"),
    [("q\n", 0, "Answered 1; "), ("\x04", 0, "Answered 1; "), ("\x03", 130, "Stopped. ")],
)
def test_interview_on_a_terminal_keeps_what_was_answered(
    tmp_path: Path, last: str, code: int, told: str
) -> None:
    terminal = Terminal(make_folder(tmp_path))
    for typed in ("zzz\n", "?\n", "text\n", "\n", last):
        terminal.type(typed)
    assert terminal.finish() == code
    assert told in terminal.seen
    assert max(len(line) for line in terminal.seen.splitlines() if str(tmp_path) not in line) <= 60
    facts = read_statement(tmp_path / "chapterv.toml").facts
    assert [(fact.key, fact.value) for fact in facts] == [("model.modalities_out", ("text",))]
