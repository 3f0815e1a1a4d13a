"""The commands: names and one line each as a table, modules loaded only when they run."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any

import click

from chapterv import __version__

__all__ = ["COMMANDS", "LazyGroup", "root"]

# Name: module that exports `command`, and the line in the list of commands. The line stands here
# so that `--help` imports no command.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("chapterv.cli.init", "Read a folder and write its chapterv.toml."),
    "scan": ("chapterv.cli.scan", "Read artefacts into facts."),
    "assess": ("chapterv.cli.assess", "Apply the law to a dossier on a day."),
    "report": ("chapterv.cli.report", "Write a report on a folder: page, JSON, questions."),
    "explain": ("chapterv.cli.explain", "Explain one row of the law for a dossier."),
    "law": ("chapterv.cli.law", "The law as data: show, changes, evaluate."),
    "compute": ("chapterv.cli.compute", "Parameters and training operations."),
    "schema": ("chapterv.cli.schema", "Print JSON Schemas and the list of fact keys."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called.

    Args:
        modules: command name to module path and help line.
    """

    def __init__(self, *args: Any, modules: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return [*self.modules, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command by its name."""
        if cmd_name not in self.modules:
            return super().get_command(ctx, cmd_name)
        command = importlib.import_module(self.modules[cmd_name][0]).command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table alone."""
        rows = [(name, line) for name, (_, line) in self.modules.items()]
        rows += [
            (name, command.get_short_help_str())
            for name, command in self.commands.items()
            if not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(
    cls=LazyGroup,
    modules=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Example: chapterv init my-model",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def root(context: click.Context) -> None:
    """What Chapter V of the EU AI Act asks of a general-purpose AI model, from its artefacts.

    Every answer is met, not met or cannot tell, with its reasons and sources. It is an indication,
    not legal advice.
    """
    if os.environ.get("NO_COLOR"):
        context.color = False
