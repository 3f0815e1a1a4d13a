"""How commands end: exit codes, and errors in one shape on standard error."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import click
import pytest

from chapterv import __version__
from chapterv.cli import root, running
from chapterv.cli.root import COMMANDS
from chapterv.errors import (
    ErrorGroup,
    EvidenceConflict,
    InputError,
    LawDataError,
    RenderError,
    StorageError,
    UsageError,
)
from tests.cli.running import PROGRAM, run


def test_help_lists_every_command_with_one_line() -> None:
    result = run("--help")
    assert result.returncode == 0
    for name, (_, line) in COMMANDS.items():
        assert f"  {name}" in result.stdout
        assert line in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command_has_a_real_example(name: str) -> None:
    result = run(name, "--help")
    assert result.returncode == 0
    assert f"Usage: chapterv {name}" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    with click.Context(root.root) as context:
        command = root.root.get_command(context, name)
    subcommands = command.commands.values() if isinstance(command, click.Group) else [command]
    for one in subcommands:
        assert one is not None
        assert str(one.epilog).startswith(f"Example: chapterv {name}")


def test_version_is_printed() -> None:
    assert run("--version").stdout == f"chapterv {__version__}\n"


def test_help_loads_no_module_of_a_command() -> None:
    start = "import sys\nfrom chapterv.cli import main\n"
    program = start + "try: main(['--help'])\nfinally: print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert "chapterv.cli.root" in loaded
    assert not loaded & {"msgspec", "chapterv.facts", "chapterv.cli.scan", "tomllib"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["foo"], "Error: chapterv: no such command 'foo'. See: chapterv --help."),
        (["law"], "Error: chapterv law: no command is named. See: chapterv law --help."),
        (
            ["scan"],
            "Error: chapterv scan: missing argument 'PATHS...'. See: chapterv scan --help.",
        ),
        (
            ["scan", "--no"],
            "Error: chapterv scan: no such option '--no'. See: chapterv scan --help.",
        ),
        (
            ["scan", "/nowhere/at/all"],
            "Error: chapterv scan: invalid value for 'PATHS...': Path '/nowhere/at/all' does not "
            "exist. See: chapterv scan --help.",
        ),
        (
            ["schema", "nothing", "--format", "text"],
            "Error: chapterv schema: there is no schema 'nothing'. One of: ",
        ),
    ],
)
def test_wrong_use_exits_with_2_and_says_where_help_is(words: list[str], message: str) -> None:
    result = run(*words)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1


def test_every_fault_of_a_statement_is_a_line_and_exits_with_3(tmp_path: Path) -> None:
    (tmp_path / "chapterv.toml").write_text("[model]\nnam = 1\nstage = 'placd'\n")
    result = run("init", tmp_path)
    assert result.returncode == 3
    assert result.stderr.splitlines() == [
        "Error: chapterv.toml:2 (model.nam): unknown key 'model.nam'. Did you mean 'model.name'?",
        "Error: chapterv.toml:3 (model.stage): model.stage does not take 'placd'. "
        "Did you mean 'placed'?",
    ]
    assert (tmp_path / "chapterv.toml").read_text() == "[model]\nnam = 1\nstage = 'placd'\n"


class Broken(click.Command):
    """A command that fails in a given way."""

    def __init__(self, error: BaseException) -> None:
        super().__init__("broken")
        self.error = error

    def invoke(self, ctx: click.Context) -> None:
        """Fail."""
        raise self.error


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (EvidenceConflict("they differ"), 1, "Error: they differ.\n"),
        (UsageError("wrong", "chapterv"), 2, "Error: chapterv: wrong.\n"),
        (InputError("broken", "a.json", "Mend it."), 3, "Error: a.json: broken. Mend it.\n"),
        (InputError("bad\x1b[2J\r", "a\x07"), 3, "Error: a\\x07: bad\\x1b[2J\\r.\n"),
        (LawDataError("no date"), 3, "Error: no date.\n"),
        (ErrorGroup([InputError("one"), InputError("two")]), 3, "Error: one.\nError: two.\n"),
        (StorageError("full"), 4, "Error: full.\n"),
        (
            OSError(28, "No space left on device", "x.html"),
            4,
            "Error: x.html: No space left on device. "
            "Check the path, its rights and the free space.\n",
        ),
        (RenderError("no font"), 5, "Error: no font.\n"),
        (
            KeyboardInterrupt(),
            130,
            "Stopped. What was written stays; the same command goes on.\n",
        ),
        (
            KeyError("x"),
            70,
            "Error: this is a fault of the program itself: KeyError: 'x'. "
            "CHAPTERV_DEBUG=1 shows where it arose.\n",
        ),
    ],
)
def test_family_of_an_error_fixes_the_exit_code(
    error: BaseException,
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(root.root.commands, "broken", Broken(error))
    assert running.run(["broken"]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.lstrip("\n") == message


def test_fault_of_the_program_shows_where_it_arose_when_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAPTERV_DEBUG", "1")
    monkeypatch.setitem(root.root.commands, "broken", Broken(KeyError("x")))
    assert running.run(["broken"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_reader_of_a_pipe_may_leave_early() -> None:
    program = " ".join(f"'{word}'" for word in PROGRAM)
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {program} schema keys | head -n 1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0
    assert result.stderr == ""
    assert result.stdout.count("\n") == 1


def test_interrupt_while_starting_exits_with_130() -> None:
    program = textwrap.dedent(
        """
        import os, signal, sys
        sys.modules["chapterv.cli.running"] = None
        class Stop:
            def find_spec(self, name, path, target=None):
                if name == "chapterv.cli.running":
                    os.kill(os.getpid(), signal.SIGINT)
        del sys.modules["chapterv.cli.running"]
        sys.meta_path.insert(0, Stop())
        from chapterv.cli import main
        main([])
        """
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert result.returncode == 130
    assert result.stderr.strip() == "Stopped. Nothing was written."


def _on_terminal(words: list[str], **environment: str) -> str:
    """What a command prints on a terminal of 80 columns."""
    main_end, other_end = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *words],
        stdin=subprocess.DEVNULL,
        stdout=other_end,
        stderr=other_end,
        env={**os.environ, "COLUMNS": "80", "TERM": "xterm", **environment},
    )
    process.wait(timeout=60)
    os.close(other_end)
    parts = []
    while True:
        try:
            part = os.read(main_end, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(main_end)
    return b"".join(parts).decode()


def test_colour_is_for_terminals_and_no_color_is_honoured(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert "\x1b[" in _on_terminal(["scan", str(tmp_path)], NO_COLOR="")
    assert "\x1b[" not in _on_terminal(["scan", str(tmp_path)], NO_COLOR="1")
    assert "\x1b[" not in run("scan", tmp_path).stdout


def test_error_is_wrapped_on_a_terminal() -> None:
    lines = _on_terminal(["scan", "/nowhere/" + "x" * 40]).splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= 80


def test_signal_numbers_are_those_of_this_system() -> None:
    assert running.STOPPED == 128 + signal.SIGINT


@pytest.mark.parametrize(
    "words",
    [
        ["scan", "FOLDER"],
        ["assess", "FOLDER", "--assume", "model.monetised=true"],
        ["explain", "act:O04", "FOLDER"],
        ["law", "show", "act:C03"],
        ["compute", "estimate", "FOLDER/config.json", "--tokens", "1e12"],
        ["schema", "keys"],
    ],
)
def test_narrow_terminal_gets_narrow_lines(words: list[str], tmp_path: Path) -> None:
    from tests.dossier.folders import make_folder

    folder = make_folder(tmp_path, "[model]\nname = 'm'\n")
    filled = [word.replace("FOLDER", str(folder)) for word in words]
    told = _on_terminal(filled, COLUMNS="44", NO_COLOR="1").splitlines()
    # A path is longer than the line and cannot be broken.
    assert max(len(line) for line in told if str(tmp_path) not in line) <= 46
