"""`chapterv compute`: parameters and operations in closed form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chapterv.cli.output import bullet, format_option, heading, print_json, table, wrapped
from chapterv.errors import InputError

if TYPE_CHECKING:
    from chapterv.compute import Architecture, Estimate
    from chapterv.facts import Amount

__all__ = ["command"]


@click.group(name="compute", help="Parameters and training operations of a model.")
def command() -> None:
    """Hold the commands on compute."""


@command.command(
    name="estimate",
    epilog="Example: chapterv compute estimate config.json --tokens 15e12 --sequence-length 4096",
    help="Count parameters from a configuration (JSON, or GPT-NeoX YAML) and estimate the "
    "training compute of N tokens. A family that is not covered is refused, never guessed.",
)
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tokens", required=True, metavar="N", help="Tokens processed, repeats counted.")
@click.option(
    "--sequence-length",
    metavar="S",
    help="Tokens in a training sequence; the configured context where left out.",
)
@format_option
def estimate(config: Path, tokens: str, sequence_length: str | None, form: str) -> None:
    """Describe a configuration and estimate its training compute."""
    from chapterv.compute import describe, training_compute
    from chapterv.dossier import read_configuration
    from chapterv.dossier.gathering import estimate_margin

    architecture = describe(read_configuration(config, str(config)), str(config))
    length = _length(architecture, sequence_length, str(config))
    result = training_compute(architecture, _whole(tokens, "--tokens"), length, estimate_margin())
    content = _object(architecture, result)
    if form == "json":
        print_json(content)
    else:
        click.echo(_text(architecture, result, str(config)))


def _length(architecture: Architecture, given: str | None, where: str) -> int:
    if given is not None:
        return _whole(given, "--sequence-length")
    if architecture.context_length is None:
        raise InputError(
            "the configuration names no context length", where, "Give --sequence-length."
        )
    return architecture.context_length


def _whole(text: str, option: str) -> int:
    from chapterv.facts import parse_amount

    amount = parse_amount(text, option)
    if not isinstance(amount, int):
        raise InputError(f"expected a whole number, got {text}", option, "Write 15e12 or 4096.")
    return amount


def _object(architecture: Architecture, result: Estimate) -> dict[str, Any]:
    """The shape that other programs rely on; amounts are decimal strings."""
    from chapterv.facts import amount_text

    operations = result.operations
    return {
        "family": architecture.family,
        "parameters_total": amount_text(architecture.parameters_total),
        "parameters_active": amount_text(architecture.parameters_active),
        "operations_per_token": {
            "full": amount_text(operations.full),
            "causal": amount_text(operations.causal),
        },
        "training_compute": {
            "amount": amount_text(result.amount),
            **{name: amount_text(end) for name, end in _ends(result)},
        },
        "tokens": amount_text(result.tokens),
        "sequence_length": operations.sequence_length,
        "notes": list(result.notes),
    }


def _ends(result: Estimate) -> list[tuple[str, Amount]]:
    """The ends of the interval, where the law gives a margin."""
    ends = (("low", result.low), ("high", result.high))
    return [(name, end) for name, end in ends if end is not None]


def _text(architecture: Architecture, result: Estimate, config: str) -> str:
    from chapterv.facts.wording import grouped, scientific

    ends = " to ".join(scientific(end) for _, end in _ends(result))
    title = f"Training compute: {scientific(result.amount)} FLOP{', ' if ends else ''}{ends}"
    rows = [
        ("family", architecture.family),
        ("parameters", grouped(architecture.parameters_total)),
        ("active for one token", grouped(architecture.parameters_active)),
        ("operations a token, causal", f"{scientific(result.operations.causal)} FLOP"),
        ("operations a token, full", f"{scientific(result.operations.full)} FLOP"),
        ("tokens", grouped(result.tokens)),
        ("sequence length", grouped(result.operations.sequence_length)),
        ("exactly", f"{grouped(result.amount)} FLOP"),
    ]
    return "\n".join(
        [
            heading(wrapped(title)),
            f"from {config}",
            "",
            table(rows),
            "",
            *(bullet(note) for note in result.notes),
            "",
            wrapped("Next: state the tokens in chapterv.toml as training_tokens under [model]."),
        ]
    )
