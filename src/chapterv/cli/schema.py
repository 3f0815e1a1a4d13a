"""`chapterv schema NAME`: JSON Schemas of what commands print, and the list of fact keys."""

from __future__ import annotations

from typing import Any

import click

from chapterv.cli.output import format_option, print_json, table
from chapterv.errors import UsageError

__all__ = ["SCHEMAS", "command"]

SCHEMAS = (
    *(
        "assess",
        "compute-estimate",
        "compute-forecast",
        "compute-ledger",
        "explain",
        "init",
        "law-changes",
        "law-evaluate",
    ),
    *("law-rows", "law-show", "scan"),
    *("clock", "conflict", "fact", "finding", "obligation", "question", "source"),
)
"""Names of `shapes.SHAPES`; they stand here so that help loads none of the types."""


@click.command(
    name="schema",
    epilog="Example: chapterv schema scan",
    help=f"Print the JSON Schema of what a command prints with --format json, or of a part of it "
    f"({', '.join(SCHEMAS)}), or the list of fact keys (keys). Without a name, list the names.",
)
@click.argument("name", required=False)
@format_option
def command(name: str | None, form: str) -> None:
    """Print what is asked for."""
    if name is None:
        click.echo("\n".join([*SCHEMAS, "keys"]))
    elif name == "keys":
        _print_keys(form)
    elif name in SCHEMAS:
        print_json(_schema(name))
    else:
        raise UsageError(
            f"there is no schema {name!r}",
            "chapterv schema",
            _near(name),
        )


def _near(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, (*SCHEMAS, "keys"), n=1)
    listed = f"One of: {', '.join(SCHEMAS)}, keys."
    return f"Did you mean {near[0]!r}? {listed}" if near else listed


def _schema(name: str) -> dict[str, Any]:
    import msgspec

    from chapterv.cli.shapes import SHAPES

    schema = msgspec.json.schema(SHAPES[name])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _print_keys(form: str) -> None:
    import msgspec

    from chapterv.facts import catalogue

    if form == "json":
        print_json({key: msgspec.to_builtins(entry) for key, entry in catalogue().items()})
        return
    kinds = {key: _type(entry.type, entry.unit) for key, entry in catalogue().items()}
    click.echo(table([(key, kinds[key], entry.label) for key, entry in catalogue().items()]))


def _type(kind: str, unit: str | None) -> str:
    return f"{kind} ({unit})" if unit else kind
