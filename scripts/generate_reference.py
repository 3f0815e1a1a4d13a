"""Write the reference pages: commands, fact keys, readers, parameters of the law.

Usage: python -m scripts.generate_reference [--check]. With --check nothing is written and the exit
code is 1 where a page is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from scripts.pages import write_or_check

NOTE = "<!-- Made by scripts/generate_reference.py; change the program, not this page. -->"


def main() -> int:
    """Write or check every page."""
    return write_or_check(pages(), "scripts.generate_reference")


def pages() -> Iterator[tuple[str, str]]:
    """Give the name and text of each page."""
    yield "commands.md", commands()
    yield "keys.md", keys()
    yield "readers.md", readers_page()
    yield "parameters.md", parameters()
    yield "families.md", families_page()
    yield "accelerators.md", accelerators()


def commands() -> str:
    """Every command with its help, as the terminal prints it."""
    from chapterv.cli.root import root

    lines = ["# Commands", "", NOTE, ""]
    for path, command in _commands("chapterv", root, None):
        context = click.Context(command, info_name=path)
        context.max_content_width = 80
        context.terminal_width = 80
        lines += [f"## {path}", "", "```text", command.get_help(context).strip(), "```", ""]
    return "\n".join(lines)


def _commands(
    path: str, command: click.Command, parent: click.Context | None
) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, parent=parent, info_name=path)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from _commands(f"{path} {name}", below, context)


def families_page() -> str:
    """Every family of models that is counted in closed form, by the names that files use."""
    from chapterv.compute import families
    from chapterv.facts import datafiles

    names = families()
    refused = datafiles.load_tables("chapterv.compute", "refused")["needed"]
    types = [name for name in names if not name[0].isupper()]
    classes = [name for name in names if name[0].isupper()]
    return "\n".join(
        [
            "# Families of models", "", NOTE, "",
            "Parameters and operations of these are counted exactly from the configuration. Any "
            "other is refused by name, and a plug-in adds one in one file.", "",
            f"## By `model_type` ({len(types)})", "", ", ".join(f"`{name}`" for name in types),
            "", f"## By `_class_name` ({len(classes)})", "",
            ", ".join(f"`{name}`" for name in classes), "",
            f"## Known and refused ({len(refused)})", "", "What a count would need:", "",
            *(f"- `{name}`: {needed}" for name, needed in sorted(refused.items())), "",
        ]
    )  # fmt: skip


def accelerators() -> str:
    """Every accelerator with its dense peaks, where they come from and how they were checked."""
    from chapterv.compute.peaks import chips

    lines = [
        "# Accelerators", "", NOTE, "",
        "Dense peaks in TFLOP/s by number format, as the hardware method takes them. Checked: V in "
        "the maker's document, S in a secondary source, U not seen again.", "",
        "| id | accelerator | peaks | power | released | checked | source |",
        "|---|---|---|---:|---|---|---|",
    ]  # fmt: skip
    for chip in chips():
        peaks = ", ".join(f"{name} {peak / 10**12:g}" for name, peak in chip.peaks.items())
        power = f"{chip.tdp_watts} W" if chip.tdp_watts else ""
        lines.append(
            f"| `{chip.id}` | {chip.label} | {peaks} | {power} | {chip.released} | {chip.status} "
            f"| {chip.source} |"
        )
    return "\n".join([*lines, ""])


def keys() -> str:
    """Every fact key with its type, unit, question and why it is asked."""
    from chapterv.facts import catalogue

    lines = ["# Fact keys", "", NOTE, ""]
    for name, key in catalogue().items():
        unit = f", {key.unit}" if key.unit else ""
        lines += [f"## `{name}`", "", f"{key.label} ({key.type}{unit}). {key.question}", ""]
        lines += [f"Why: {key.why}", "", f"Where: {key.where}. Example: `{key.example}`", ""]
        if key.values:
            lines += [
                f"- `{value}`: {key.values_help.get(value, value)}" for value in key.values
            ] + [""]
        if key.about:
            lines += [key.about, ""]
    return "\n".join(lines)


def readers_page() -> str:
    """Every reader of artefacts."""
    from chapterv.evidence import readers

    lines = ["# Readers", "", NOTE, ""]
    lines += ["| format | version | names | ends | read |", "|---|---|---|---|---|"]
    for entry in readers().values():
        names = ", ".join(f"`{name}`" for name in entry.names) or "any"
        ends = ", ".join(f"`{end}`" for end in entry.suffixes) or "any"
        read = "yes" if entry.read else f"no: {entry.reason}"
        lines.append(f"| {entry.name} | {entry.version} | {names} | {ends} | {read} |")
    return "\n".join([*lines, ""])


def parameters() -> str:
    """Every number, date and list of the law pack."""
    from chapterv.law import load_pack

    lines = ["# Parameters of the law", "", NOTE, ""]
    for parameter in load_pack().parameters.values():
        lines += [f"## {parameter.title}", ""]
        lines += [f"`{parameter.id}`, {parameter.unit}, {parameter.citation}.", ""]
        lines += [f"Rows: {', '.join(parameter.rows)}.", ""]
        for value in parameter.value:
            shown = (
                ", ".join(map(str, value.value))
                if isinstance(value.value, dict | list)
                else value.value
            )
            lines += [f"- since {value.applies_from}: {shown} ({value.reference})"]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
