"""Write the pages of the law: how each row is encoded, and row, data, rule and cases side by side.

Usage: python -m scripts.generate_law_matrix [--check]. With --check nothing is written and the exit
code is 1 where a page is stale.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from chapterv.facts import amount_text, encode
from chapterv.law import Pack, Row, load_pack
from chapterv.law.cases import LawCase, load_cases
from chapterv.law.pack import Parameter
from chapterv.law.registry import CLOCKS, OBLIGATIONS, RULES, Registered
from scripts.pages import write_or_check

NOTE = "<!-- Made by scripts/generate_law_matrix.py; change the law data, not this page. -->"
KINDS = {"rule": RULES, "obligation": OBLIGATIONS, "clock": CLOCKS}
ANSWERS = ("met", "not_met", "cannot_tell")
STATUS = {
    "V": "checked in the official text",
    "S": "checked in a second source",
    "U": "not checked",
    "D": "our reading",
}


def main() -> int:
    """Write or check every page."""
    return write_or_check(pages(), "scripts.generate_law_matrix")


def pages() -> Iterator[tuple[str, str]]:
    """Give the name and text of each page."""
    pack = load_pack()
    yield "law-matrix.md", matrix(pack)
    yield "law-rows.md", all_rows(pack)


# --- rows, data, rules, cases -------------------------------------------------------------------


def matrix(pack: Pack) -> str:
    """Every row with its data, its rule and its cases, and then all cases in words."""
    by_row = cases_by_row()
    lines = [
        "# Law row, data, rule and cases",
        "",
        NOTE,
        "",
        f"Law pack {pack.version}, state of {pack.state_date}. Numbers count cases and link to",
        "their sentences below. A duty has a case for each status, a clock for each state.",
        "",
        "| row | data | rule | met | not met | cannot tell |",
        "|---|---|---|---|---|---|",
    ]
    lines += [line for row in pack.rows.values() for line in matrix_lines(pack, row, by_row)]
    return "\n".join([*lines, "", "## Cases", "", *case_sections(pack, by_row)])


def cases_by_row() -> dict[tuple[str, str], list[LawCase]]:
    """Index the cases by what they are of and the row that they test."""
    index: dict[tuple[str, str], list[LawCase]] = {}
    for case in load_cases():
        index.setdefault((case.kind, case.row), []).append(case)
    return index


def matrix_lines(
    pack: Pack, row: Row, by_row: dict[tuple[str, str], list[LawCase]]
) -> Iterator[str]:
    """Give a line of the matrix for each rule, duty and clock of a row, else one that says how."""
    data = data_cell(pack, row)
    owned = list(owners(row.id))
    for kind, entry in owned:
        name = f"`{entry.function.__module__.rpartition('.')[2]}.{entry.function.__name__}`"
        made = by_row[kind, entry.id]
        if kind == "rule":
            cells = [case_cell(kind, entry.id, made, answer) for answer in ANSWERS]
        else:
            name += f" ({kind})"
            open_ones = case_cell(kind, entry.id, made, "cannot_tell")
            cells = [states_cell(kind, entry.id, made), "each status has its case", open_ones]
            if kind == "clock":
                cells[1:] = ["each state has its case", "a clock starts from days that are known"]
        yield table_line(f"`{row.id}` {row.title}", data, name, *cells)
    if not owned:
        where = by_what(pack, row)
        yield table_line(f"`{row.id}` {row.title}", data, where, *day_cells(row))


def owners(row: str) -> Iterator[tuple[str, Registered]]:
    """Give what is registered for a row, under its own name or as another's."""
    for kind, table in KINDS.items():
        for entry in table.values():
            if row == entry.id or row in entry.also:
                yield kind, entry


def data_cell(pack: Pack, row: Row) -> str:
    """The parameters that name a row, else the day from which its text counts."""
    named = [f"`{p.id}` {value_of(p)}" for p in pack.parameters.values() if row.id in p.rows]
    return ", ".join(named) or f"text from {row.version[-1].applies_from}"


def value_of(parameter: Parameter) -> str:
    """A parameter's latest value, where it is one number or day."""
    value = encode(parameter.value[-1].value)
    if isinstance(value, dict) and set(value) == {"numerator", "denominator"}:
        return f"= {value['numerator']}/{value['denominator']}"
    if isinstance(value, dict | list | tuple):
        return "(table)"
    shown = amount_text(value) if isinstance(value, int) else str(value)
    return f"= {shown}"


def case_cell(kind: str, row: str, made: list[LawCase], answer: str) -> str:
    """A link to the first case of an answer, with their number."""
    count = sum(case.expect == answer for case in made)
    return f"[{count}](#{anchor(kind, row)})" if count else "a status that it cannot have"


def states_cell(kind: str, row: str, made: list[LawCase]) -> str:
    """The statuses or states that have cases, each with their number."""
    counts: dict[str, int] = {}
    for case in made:
        counts[case.expect] = counts.get(case.expect, 0) + 1
    listed = ", ".join(f"{name} {number}" for name, number in counts.items())
    return f"[{listed}](#{anchor(kind, row)})"


def by_what(pack: Pack, row: Row) -> str:
    """How a row without a rule of its own is encoded."""
    duties = [duty.id for duty in pack.duties.values() if row.id in duty.rows]
    if duties:
        return f"part of the duty {', '.join(f'`{name}`' for name in duties)}"
    if row.wrong:
        return "a statement that is often met and does not hold"
    if not row.effect:
        return "explanation"
    if any(row.id in parameter.rows for parameter in pack.parameters.values()):
        return "parameter"
    return "dated text"


def day_cells(row: Row) -> tuple[str, str, str]:
    """What the day alone answers for a row without a rule."""
    if row.wrong:
        return ("never", "on every day", "never")
    if not row.effect:
        return ("no answer: it has no effect of its own",) * 3
    first, last = row.version[0], row.version[-1]
    met = f"from {first.applies_from}"
    if last.repealed:
        return f"{met} until the day before {last.applies_from}", "before and after", "never"
    return met, f"before {first.applies_from}", "never"


def table_line(*cells: str) -> str:
    """One line of a table; a bar in a cell would end it."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def anchor(kind: str, row: str) -> str:
    """The name of the heading under which the cases of a row stand."""
    return re.sub(r"[^a-z0-9]+", "-", f"{kind}-{row}".lower())


def case_sections(pack: Pack, by_row: dict[tuple[str, str], list[LawCase]]) -> Iterator[str]:
    """All cases in words, under a heading for each rule, duty and clock."""
    for (kind, row), made in by_row.items():
        yield f'<a id="{anchor(kind, row)}"></a>'
        yield ""
        yield f"### {kind.capitalize()} {row}: {pack.rows[row].title}"
        yield ""
        for case in made:
            yield f"- {case.on}, **{case.expect.replace('_', ' ')}**: {case.sentence}"
        yield ""


# --- all rows -----------------------------------------------------------------------------------


def all_rows(pack: Pack) -> str:
    """Every row with its title, citation, status and way of being encoded."""
    lines = ["# Rows of the law", "", NOTE, ""]
    lines += [f"Law pack {pack.version}, state of {pack.state_date}: {len(pack.rows)} rows.", ""]
    lines += ["Status: " + "; ".join(f"{key} {words}" for key, words in STATUS.items()) + ".", ""]
    lines += [
        "| row | title | citation | status | encoded as | from |",
        "|---|---|---|---|---|---|",
    ]
    for row in pack.rows.values():
        kinds = dict.fromkeys(kind for kind, _ in owners(row.id))
        encoded = ", ".join(kinds) or by_what(pack, row)
        days = ", ".join(
            f"{version.applies_from}{' (ended)' if version.repealed else ''}"
            for version in row.version
        )
        lines.append(table_line(f"`{row.id}`", row.title, row.citation, row.status, encoded, days))
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
