"""Published models with their training compute, for whoever builds on a base that does not say.

The table is `data/published_models.csv`, made by `scripts/make_published_models.py` from data by
Epoch AI under CC BY 4.0; `ATTRIBUTION` goes wherever a figure of it is shown. A name is compared
word by word; where two models fit, both come back, and nothing is chosen.
"""

from __future__ import annotations

import csv
import importlib.resources
import re
from decimal import Decimal
from fractions import Fraction
from functools import cache

import msgspec

from chapterv.compute.amounts import Amount, plain
from chapterv.compute.repairs import Input, Method
from chapterv.errors import InputError

__all__ = [
    "ATTRIBUTION",
    "Candidate",
    "PublishedModel",
    "check_published",
    "find_published",
    "one_published",
    "published_models",
]

ATTRIBUTION = (
    "Epoch AI, Data on AI Models, https://epoch.ai/data/ai-models, CC BY 4.0; rows and columns "
    "chosen, numbers to six significant figures"
)
"""Goes with every figure of the table that is shown."""

_MAX_NAME = 200
# Words of a repository's name that tell a file format or a further training, not the base.
_FORMATS = re.compile(
    r"hf|gguf|ggml|awq|gptq|exl2|mlx|onnx|fp8|fp16|bf16|int[48]|[48]bit|bnb|q[2-8]|unsloth"
)
_TRAININGS = re.compile(r"instruct|chat|it|sft|dpo|rlhf|thinking|reasoning|preview|v0\.\d")
_MAKERS = re.compile(r"meta|facebook|mistralai|google|openai|microsoft|nvidia|alibaba|ibm|tiiuae")
_NO_WORDS = re.compile(r"base|pt|pretrained")
_SIZE = re.compile(r"a?\d+(?:x\d+)?(?:\.\d+)?[bmt]")
# A mixture uses fewer parameters a token than it has, never more; words, frames and heads that
# work on many patches stay below this.
_MOST_A_TOKEN = 10


class PublishedModel(msgspec.Struct, frozen=True):
    """A model as others published it.

    Args:
        model: name.
        organisation: who made it, as the source has it.
        published: date, ISO.
        domains: kinds of data.
        compute: training compute, FLOP; base models included.
        parameters: total parameters, or None.
        data_size: size of the data as the source has it, in tokens, words or samples, or None.
        epochs: passes over it, or None.
        grade: the source's confidence: Confident, Likely, Speculative, or empty.
        base_model: name of the model it rests on, if any.
        link: where it was published.
        copy: month of the copy that the row was taken from.
    """

    model: str
    organisation: str
    published: str
    domains: tuple[str, ...]
    compute: Amount
    parameters: Amount | None
    data_size: Amount | None
    epochs: Amount | None
    grade: str
    base_model: str
    link: str
    copy: str

    def as_method(self) -> Method:
        """The same as one of the methods that are reconciled."""
        inputs = tuple(
            Input(name, value, origin="published")
            for name, value in (
                ("parameters", self.parameters),
                ("tokens", self.data_size),
                ("epochs", self.epochs),
            )
            if value is not None
        )
        grade = f"the source grades it {self.grade.lower()}" if self.grade else "not graded"
        return Method(
            "published", self.compute, inputs=inputs, notes=(grade, ATTRIBUTION), name=self.model,
            place=self.link,
        )  # fmt: skip


class Candidate(msgspec.Struct, frozen=True):
    """A published model that a name may mean.

    Args:
        model: the model.
        same_name: whether the words are the same once formats and makers are left out.
        why: what fits and what does not.
    """

    model: PublishedModel
    same_name: bool
    why: str


@cache
def published_models() -> tuple[PublishedModel, ...]:
    """Every published model of the table, by name."""
    source = importlib.resources.files("chapterv.compute") / "data" / "published_models.csv"
    lines = source.read_text("utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return tuple(_model(row) for row in rows)


def find_published(name: str) -> tuple[Candidate, ...]:
    """Published models that a name may mean.

    Args:
        name: such as ``meta-llama/Llama-3.1-8B`` in a card or an adapter's settings.

    Returns: models of the same name first, then those that differ by a word of further training;
        none where no model fits. Where the name has a size, a model of another size never fits.
    """
    asked, leftover = _key(name)
    if not asked:
        return ()
    found = []
    for model in published_models():
        words, trained = _key(model.model)
        if words == asked:
            found.append(Candidate(model, trained == leftover, _why(leftover, trained)))
        elif asked == _without_size(asked) == _without_size(words):
            found.append(Candidate(model, False, "the name asked for has no size, this one does"))
    return tuple(sorted(found, key=lambda candidate: not candidate.same_name))


def one_published(name: str) -> PublishedModel:
    """The one published model that a name means.

    Args:
        name: such as ``meta-llama/Llama-3.1-8B``.

    Raises:
        InputError: no model, several, or only one that differs by further training.

    >>> one_published("meta-llama/Llama-3.1-8B").model
    'Llama 3.1-8B'
    """
    found = find_published(name)
    same = [candidate for candidate in found if candidate.same_name]
    if len(same) == 1:
        return same[0].model
    shown = name.strip()[:80]
    if not found:
        raise InputError(
            f"{shown!r} is no published model of the table", None,
            "State the base model's training compute with its source.",
        )  # fmt: skip
    names = "; ".join(f"{c.model.model} ({c.why})" for c in (same or found))
    raise InputError(f"{shown!r} may mean {names}", None, "Say which of them it is.")


def check_published(model: PublishedModel) -> tuple[str, ...]:
    """Doubts about a published row, in sentences; none where it fits together.

    Args:
        model: a row of the table, or one made from figures that others state.

    Returns: parameters that the compute contradicts by orders of magnitude, and figures of the name
        that differ from the columns by a factor of 1 000.
    """
    return (*_too_few_parameters(model), *_named_otherwise(model))


def _too_few_parameters(model: PublishedModel) -> tuple[str, ...]:
    if not (model.parameters and model.data_size) or "Language" not in model.domains:
        return ()
    size = Fraction(model.data_size) * Fraction(model.epochs or 1)
    implied = Fraction(model.compute) / (6 * size)
    if implied <= _MOST_A_TOKEN * Fraction(model.parameters):
        return ()
    said = (
        f"{model.model}: the compute means {int(implied):,} parameters a token, more than the "
        f"{int(model.parameters):,} that the model is said to have"
    )
    if implied <= 1000 * Fraction(model.parameters):
        return (
            f"{said}; the parameters may be off by a factor of 1 000, or epochs or a base model "
            "are not told apart",
        )
    return (f"{said}; the size of the data may count samples, or a base model is contained",)


def _named_otherwise(model: PublishedModel) -> tuple[str, ...]:
    match = re.search(r"(?<![\w.])(\d{1,4}(?:\.\d{1,2})?)\s?([BMT])\b", model.model)
    if match is None or not model.parameters:
        return ()
    named = Fraction(match[1]) * {"M": 10**6, "B": 10**9, "T": 10**12}[match[2]]
    for factor in (Fraction(1000), Fraction(1, 1000)):
        if 10 * abs(named - Fraction(model.parameters) * factor) <= named:
            return (
                f"{model.model}: the name says {match[0]}, the column {int(model.parameters):,} "
                "parameters, which differs by a factor of 1 000",
            )
    return ()


def _model(row: dict[str, str]) -> PublishedModel:
    return PublishedModel(
        model=row["model"],
        organisation=row["organisation"],
        published=row["published"],
        domains=tuple(row["domains"].split(";")),
        compute=plain(Decimal(row["compute"])),
        parameters=_number(row["parameters"]),
        data_size=_number(row["data_size"]),
        epochs=_number(row["epochs"]),
        grade=row["grade"],
        base_model=row["base_model"],
        link=row["link"],
        copy=row["copy"],
    )


def _number(text: str) -> Amount | None:
    return plain(Decimal(text)) if text else None


def _key(name: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """A name's words without maker and format, in order, and the words of further training."""
    text = name.strip()[:_MAX_NAME].rsplit("/", 1)[-1].casefold()
    # A remark in brackets tells one model from another, a size in brackets is part of the name.
    remarks = [remark for remark in re.findall(r"\(([^)]*)\)", text) if not _SIZE.fullmatch(remark)]
    for remark in remarks:
        text = text.replace(f"({remark})", " ")
    words = re.findall(r"v0\.\d|a?\d+(?:\.\d+)?(?:x\d+)?[a-z]*|[^\W\d_]+", text)
    kept = [w for w in words if not any(p.fullmatch(w) for p in (_FORMATS, _MAKERS, _NO_WORDS))]
    trainings = frozenset(word for word in kept if _TRAININGS.fullmatch(word))
    others = frozenset(remark for remark in remarks if not _NO_WORDS.fullmatch(remark))
    return tuple(word for word in kept if word not in trainings), trainings | others


def _without_size(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if not _SIZE.fullmatch(word))


def _why(asked: frozenset[str], has: frozenset[str]) -> str:
    if asked == has:
        return "the same name, without maker and file format"
    extra, lacking = sorted(asked - has), sorted(has - asked)
    parts = [f"the name asked for adds {', '.join(extra)}"] if extra else []
    parts += [f"the published one adds {', '.join(lacking)}"] if lacking else []
    return "the same base name; " + " and ".join(parts)
