"""`chapterv compute estimate CONFIG`: parameters and operations in closed form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chapterv.cli.output import bullet, format_option, heading, print_json, table, wrapped
from chapterv.errors import InputError

if TYPE_CHECKING:
    from chapterv.compute import Architecture, Estimate, Span, Trained
    from chapterv.facts import Amount

__all__ = ["command"]


@click.command(
    name="estimate",
    epilog="Examples: chapterv compute estimate config.json --tokens 15e12 --sequence-length 4096; "
    "chapterv compute estimate unet/config.json --samples 2e9 --image-size 512x512 "
    "--length 'text tokens=77'",
    help="Count parameters from a configuration (JSON, or GPT-NeoX YAML) and estimate the training "
    "compute of N tokens, or of N samples of a model that is counted by the sample: pictures, "
    "recordings, pairs. A family that is not covered is refused, never guessed.",
)
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tokens", metavar="N", help="Tokens processed, repeats counted.")
@click.option("--samples", metavar="N", help="Samples processed, repeats counted.")
@click.option(
    "--sequence-length",
    metavar="S",
    help="Tokens in a training sequence; the configured context where left out.",
)
@click.option(
    "--length",
    "lengths",
    multiple=True,
    metavar="STREAM=N",
    help="Positions of another stream in one sequence or sample, such as 'source tokens=512'; "
    "N x M for M sequences of it. Repeatable.",
)
@click.option("--images", metavar="N", help="Pictures in one sequence or sample; 1 if left out.")
@click.option("--image-size", metavar="HxW", help="Height and width of a picture in pixels.")
@click.option(
    "--frozen", multiple=True, metavar="PART", help="A part that is not trained. Repeatable."
)
@click.option("--frozen-layers", metavar="N", help="So many first layers are not trained.")
@click.option("--adapter-rank", metavar="R", help="Only a LoRA adapter of this rank is trained.")
@click.option(
    "--adapter-targets",
    metavar="NAMES",
    help="Matrices that the adapter stands beside, with commas, or all-linear.",
)
@click.option(
    "--adapter-experts",
    type=click.Choice(["apart", "joined", "converted"]),
    help="How the training program holds experts: each by itself, as one tensor that gets no "
    "adapter, or as one tensor with an adapter. Asked for where targets may mean experts.",
)
@click.option("--adapter-parameters", metavar="N", help="Parameters of the adapter, if known.")
@click.option("--forward-only", is_flag=True, help="Inference: nothing is trained.")
@format_option
def command(
    config: Path,
    tokens: str | None,
    samples: str | None,
    sequence_length: str | None,
    lengths: tuple[str, ...],
    images: str | None,
    image_size: str | None,
    form: str,
    **training: Any,
) -> None:
    """Describe a configuration and estimate its training compute."""
    from chapterv.compute import describe, training_compute, training_compute_of_samples
    from chapterv.dossier import read_configuration
    from chapterv.dossier.gathering import estimate_margin

    if (tokens is None) == (samples is None):
        raise InputError("give either --tokens or --samples", None, "Add one of them.")
    architecture = describe(read_configuration(config, str(config)), str(config))
    trained = _trained(architecture, training)
    shape = _shape(architecture, lengths, images, image_size)
    if samples is not None:
        given = _with_main(architecture, shape, sequence_length)
        count = _whole(samples, "--samples")
        result = training_compute_of_samples(architecture, count, given, estimate_margin(), trained)
    else:
        length = _length(architecture, sequence_length, str(config))
        count = _whole(tokens or "", "--tokens")
        result = training_compute(
            architecture, count, length, estimate_margin(), trained, shape or None
        )
    if form == "json":
        print_json(_object(architecture, result))
    else:
        click.echo(_text(architecture, result, str(config)))


def _trained(architecture: Architecture, given: dict[str, Any]) -> Trained:
    """Return which weights the options say are trained."""
    from chapterv.compute import ALL, NOTHING, Trained

    _check_together(given)
    if given["forward_only"]:
        return NOTHING
    if given["adapter_parameters"] or given["adapter_rank"]:
        return Trained("adapter", adapter_parameters=_adapter(architecture, given))
    if not given["frozen"] and not given["frozen_layers"]:
        return ALL
    layers = _whole(given["frozen_layers"] or "0", "--frozen-layers")
    return Trained(frozen=frozenset(given["frozen"]), frozen_layers=layers)


def _check_together(given: dict[str, Any]) -> None:
    """Refuse options of which one would be passed over without a word."""
    adapter = given["adapter_rank"] or given["adapter_parameters"]
    frozen = given["frozen"] or given["frozen_layers"]
    if given["forward_only"] and (adapter or frozen or given["adapter_targets"]):
        what = "nothing is trained in a forward pass, so no part of it is frozen or adapted"
        raise InputError(what, "--forward-only", "Leave it out, or the other options.")
    if given["adapter_targets"] and not adapter:
        raise InputError("the adapter's rank is not known", "--adapter-targets", "Give its rank.")
    if adapter and frozen:
        what = "an adapter leaves the whole model frozen"
        raise InputError(what, "--frozen", "Leave out what is frozen beside it.")


def _adapter(architecture: Architecture, given: dict[str, Any]) -> int:
    from chapterv.compute.adapters import adapter_parameters

    if given["adapter_parameters"]:
        return _whole(given["adapter_parameters"], "--adapter-parameters")
    if not given["adapter_targets"]:
        raise InputError(
            "the adapter's targets are not known",
            "--adapter-targets",
            "Give q_proj,v_proj or such.",
        )
    targets = [name.strip() for name in given["adapter_targets"].split(",") if name.strip()]
    rank = _whole(given["adapter_rank"], "--adapter-rank")
    names = targets[0] if len(targets) == 1 else targets
    return adapter_parameters(architecture, rank, names, experts=given["adapter_experts"])


def _shape(
    architecture: Architecture, lengths: tuple[str, ...], images: str | None, size: str | None
) -> dict[str, Span]:
    """Return the lengths of the streams that the options tell."""
    from chapterv.compute import Span

    shape: dict[str, Span] = {}
    if images is not None or size is not None:
        height, width = _size(size) if size is not None else (None, None)
        count = _whole(images, "--images") if images is not None else 1
        shape.update(_pictures(architecture, height, width, count))
    for given in lengths:
        name, sign, number = given.partition("=")
        if not sign:
            raise InputError(f"{given!r} names no length", "--length", "Write STREAM=N.")
        length, cross, count_text = number.lower().partition("x")
        count = _whole(count_text.strip(), "--length") if cross else 1
        shape[name.strip()] = Span(_whole(length.strip(), "--length"), count)
    return shape


def _pictures(
    architecture: Architecture, height: int | None, width: int | None, count: int
) -> dict[str, Span]:
    """Return the streams of pictures, of a model that sees them or of one that makes them."""
    if architecture.streams[0].name == "tokens":
        from chapterv.compute.images import image_shape

        return dict(image_shape(architecture, height, width, count).shape)
    from chapterv.compute.pipelines import picture_shape

    if height is None or width is None:
        raise InputError("the size of a picture is not known", "--image-size", "Give 512x512.")
    return dict(picture_shape(architecture, height, width))


def _size(text: str) -> tuple[int, int]:
    height, cross, width = text.lower().partition("x")
    if not cross:
        raise InputError(f"{text!r} is no size", "--image-size", "Write 512x512.")
    return _whole(height.strip(), "--image-size"), _whole(width.strip(), "--image-size")


def _with_main(
    architecture: Architecture, shape: dict[str, Span], sequence_length: str | None
) -> dict[str, Span]:
    """Return the shape with the main stream's own length, where an option gives it."""
    from chapterv.compute import Span

    main = architecture.streams[0].name
    if sequence_length is not None:
        return {**shape, main: Span(_whole(sequence_length, "--sequence-length"))}
    if main == "tokens" and main not in shape and architecture.context_length is not None:
        return {**shape, main: Span(architecture.context_length)}
    return shape


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
    content = {
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
        "full_attention": amount_text(result.full),
        "tokens": amount_text(result.tokens),
        "sequence_length": operations.sequence_length,
        "notes": list(result.notes),
    }
    if result.samples is not None:
        content["samples"] = amount_text(result.samples)
        content["parts"] = [
            {"part": name, "full": amount_text(full), "causal": amount_text(causal)}
            for name, full, causal in result.parts
        ]
    return content


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
        *_counted(result),
        ("exactly", f"{grouped(result.amount)} FLOP"),
        ("with full attention", f"{scientific(result.full)} FLOP"),
    ]
    after = "state the tokens in chapterv.toml as training_tokens under [model]."
    return "\n".join(
        [
            heading(wrapped(title)),
            f"from {config}",
            "",
            table(rows),
            "",
            *(bullet(note) for note in result.notes),
            *(["", wrapped(f"Next: {after}")] if result.samples is None else []),
        ]
    )


def _counted(result: Estimate) -> list[tuple[str, str]]:
    """The rows on tokens, or on samples and the share of each part."""
    from fractions import Fraction

    from chapterv.facts.wording import grouped, percent, scientific

    if result.samples is None:
        return [
            ("operations a token, causal", f"{scientific(result.operations.causal)} FLOP"),
            ("operations a token, full", f"{scientific(result.operations.full)} FLOP"),
            ("tokens", grouped(result.tokens)),
            ("sequence length", grouped(result.operations.sequence_length)),
        ]
    whole = sum(causal for _, _, causal in result.parts)
    return [
        ("samples", grouped(result.samples)),
        *(
            (f"a sample, {name}", f"{scientific(one)} FLOP, {percent(Fraction(one, whole or 1))}")
            for name, _, one in result.parts
        ),
    ]
