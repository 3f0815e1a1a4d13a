"""`chapterv schema NAME`: JSON Schemas of what commands print, and the list of fact keys."""

from __future__ import annotations

import importlib
from typing import Any

import click

from chapterv.cli.output import format_option, print_json, table
from chapterv.errors import UsageError

__all__ = ["SCHEMAS", "command"]

# Name of a schema: module and type. Those whose module is not there are not offered.
SCHEMAS = {
    "assessment": ("chapterv.law", "Assessment"),
    "clock": ("chapterv.law", "Clock"),
    "conflict": ("chapterv.facts", "Conflict"),
    "fact": ("chapterv.facts", "Fact"),
    "finding": ("chapterv.law", "Finding"),
    "obligation": ("chapterv.law", "Obligation"),
    "question": ("chapterv.facts", "Question"),
    "scan": ("chapterv.evidence", "Scan"),
    "source": ("chapterv.facts", "Source"),
}


@click.command(
    name="schema",
    epilog="Example: chapterv schema scan",
    help=f"Print a JSON Schema ({', '.join(SCHEMAS)}), or the list of fact keys (keys). Without "
    "a name, list the names.",
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
        print_json(_schema(*SCHEMAS[name]))
    else:
        raise UsageError(
            f"there is no schema {name!r}",
            "chapterv schema",
            f"One of: {', '.join(SCHEMAS)}, keys.",
        )


def _schema(module: str, name: str) -> dict[str, Any]:
    import msgspec

    kind = getattr(importlib.import_module(module), name)
    schema = msgspec.json.schema(kind)
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
