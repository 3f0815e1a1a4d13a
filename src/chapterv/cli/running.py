"""Running a command and reporting how it ended: exit codes, and errors in one shape."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import traceback
from collections.abc import Iterator, Sequence

import click

from chapterv.cli.root import root
from chapterv.errors import Error, ErrorGroup, StorageError, UsageError

__all__ = ["run"]

STOPPED = 130
INTERNAL = 70
DEBUG = "CHAPTERV_DEBUG"


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name and return its exit code.

    Args:
        arguments: words after the program's name; those of the process where None.
    """
    words = list(arguments) if arguments is not None else None
    try:
        code = root.main(words, prog_name="chapterv", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.Abort:
        click.echo("Stopped. What was written stays; the same command goes on.", err=True)
        return STOPPED
    except click.ClickException as error:
        return _report(_usage(error))
    except Error as error:
        return _report(error)
    except BrokenPipeError:
        # The reader of a pipe (`| head`) has what it wanted; the interpreter must not try again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        where = str(error.filename) if error.filename else None
        what = error.strerror or type(error).__name__
        return _report(StorageError(what, where, "Check the path, its rights and the free space."))
    except Exception as error:
        return _internal(error)


def _usage(error: click.ClickException) -> Error:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "chapterv"
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        # Its message is the whole help page.
        return UsageError("no command is named", path, f"See: {path} --help.")
    what = error.format_message().rstrip(".")
    return UsageError(what[:1].lower() + what[1:], path, f"See: {path} --help.")


def _report(error: Error) -> int:
    for one in _single(error):
        _say(str(one))
    return error.exit_code


def _single(error: Error) -> Iterator[Error]:
    if isinstance(error, ErrorGroup):
        for one in error.errors:
            yield from _single(one)
    else:
        yield error


def _internal(error: Exception) -> int:
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    told = f"{type(error).__name__}: {error}"[:300]
    _say(f"this is a fault of the program itself: {told}. {DEBUG}=1 shows where it arose.")
    return INTERNAL


def _say(message: str) -> None:
    """Print one error: wrapped for a person, on one line for a program."""
    lines = [f"Error: {_harmless(message)}"]
    if sys.stderr.isatty():
        width = min(shutil.get_terminal_size().columns, 80)
        lines = textwrap.wrap(lines[0], width, subsequent_indent="  ", break_on_hyphens=False)
    click.echo("\n".join(lines), err=True)


def _harmless(message: str) -> str:
    """Show control characters of foreign texts as escapes: a terminal obeys them."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in message)
