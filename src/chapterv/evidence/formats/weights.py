"""From shards to facts: the weight files of a folder, counted together and compared.

The files of one model are those that an index lists or that are numbered `-00001-of-00030`. Their
tensors are sorted by the compute room into logical parameters and what rides along (a tied head
stored twice, buffers, scales, packed values), with the configuration of the same folder where it
has one. Where a configuration and the weights disagree, both facts stand and merging shows it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain

import msgspec

from chapterv import compute
from chapterv.errors import InputError
from chapterv.evidence.artefacts import printable
from chapterv.evidence.formats.configuration import Configuration
from chapterv.evidence.formats.safetensors import Kind, Shard, combined_digest
from chapterv.evidence.registry import Joined, Parts, joins
from chapterv.evidence.results import Note, Part
from chapterv.facts import Fact, Source, make_fact

__all__ = ["join_weights"]

MAX_TENSORS_TOGETHER = 1_000_000
MANY_TENSORS = 10_000

_NUMBERED = re.compile(r"^(.*?)-(\d{5,9})-of-(\d{5,9})((?:\.\w+)*)$")
_MAIN_NAMES = ("model", "diffusion_pytorch_model", "pytorch_model", "consolidated", "adapter_model")
_DTYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16",
           "F8_E4M3": "float8_e4m3", "F8_E5M2": "float8_e5m2", "F4": "float4"}  # fmt: skip
_DIGITS = str.maketrans("123456789", "000000000")


class Group(msgspec.Struct, frozen=True):
    """Weight files of one model in one folder.

    Args:
        name: how the group is shown: a file, or a pattern.
        shards: the files that were read, by path.
        pointers: files of which only a Git LFS pointer is there.
        expected: how many files there should be.
    """

    name: str
    folder: str
    shards: dict[str, Shard]
    pointers: dict[str, int]
    expected: int

    @property
    def stem(self) -> str:
        """Its name without numbers and suffixes; files that an index joins are the model."""
        name = self.name.rpartition("/")[2]
        return "model" if name.startswith("files of ") else name.split("-*")[0].split(".")[0]

    @property
    def present(self) -> bool:
        """All files of the group were read."""
        return len(self.shards) == self.expected


@joins("weights")
def join_weights(parts: Parts) -> Iterator[Joined | Note]:
    """Make facts of the weight files of each folder."""
    for folder in parts.folders("weights", "pointer"):
        groups = _groups(parts, folder)
        if parts.here("pipeline", folder.rpartition("/")[0]) and folder:
            yield from (_component(group) for group in groups if group.shards)
            continue
        chosen = _main(groups)
        for group in groups:
            if group not in chosen:
                yield Note(
                    group.name,
                    "stands beside other weight files without an index that lists both: a part, a "
                    "copy or another model, so it is not counted",
                )
            else:
                yield from _joined(group, parts)


def _groups(parts: Parts, folder: str) -> list[Group]:
    """Sort the weight files of a folder into models."""
    indexes = parts.here("index", folder)
    listed = {name: index.artefact for index in indexes for name in index.content.files}
    members: dict[str, list[Part]] = {}
    expected: dict[str, int] = {}
    for part in (*parts.here("weights", folder), *parts.here("pointer", folder)):
        name = part.artefact.rpartition("/")[2]
        stem, _, suffix = name.rpartition(".")
        numbered = _NUMBERED.match(stem)
        if numbered:
            key = f"{numbered[1]}-*-of-{numbered[3]}{numbered[4]}.{suffix}"
            expected[key] = int(numbered[3])
        elif name in listed:
            key = f"files of {listed[name].rpartition('/')[2]}"
            index = next(each for each in indexes if each.artefact == listed[name])
            expected[key] = len(index.content.files)
        else:
            key = name
        members.setdefault(key, []).append(part)
    return [_group(folder, key, members[key], expected.get(key, 1)) for key in sorted(members)]


def _group(folder: str, key: str, members: list[Part], expected: int) -> Group:
    name = f"{folder}/{key}" if folder else key
    shards = {part.artefact: part.content for part in members if part.kind == "weights"}
    pointers = {part.artefact: part.content.size for part in members if part.kind == "pointer"}
    return Group(name, folder, shards, pointers, expected)


def _main(groups: list[Group]) -> list[Group]:
    """Choose the groups that are the model: all of them where they hold the same tensors.

    Where they differ, the usual names decide, in their order; files that nothing joins and that
    have names of their own may be anything.
    """
    held = [group for group in groups if group.shards]
    if len(held) <= 1 or _alike(held):
        return groups
    for name in _MAIN_NAMES:
        found = [group for group in held if group.stem == name]
        if found:
            return found if _alike(found) else []
    return []


def _alike(groups: list[Group]) -> bool:
    names = [frozenset(chain.from_iterable(s.tensors for s in g.shards.values())) for g in groups]
    return all(each == names[0] for each in names)


def _component(group: Group) -> Note:
    stored = sum(sum(shard.elements_by_type.values()) for shard in group.shards.values())
    return Note(group.name, f"weights of a component of a pipeline: {stored} values stored")


def _joined(group: Group, parts: Parts) -> Iterator[Joined | Note]:
    if group.shards and not any(shard.tensors for shard in group.shards.values()):
        yield Note(group.name, "no tensor is in it")
        return
    yield from _size(group, parts.subject)
    if not group.shards:
        return
    repeated = _repeated(group)
    if repeated:
        yield Note(
            group.name,
            f"several files hold {printable(repeated)[:80]!r}: slices of one tensor or copies of "
            "it, so parameters are not counted. State model.parameters_total with a source.",
        )
        return
    together = sum(len(shard.tensors) for shard in group.shards.values())
    if together > MAX_TENSORS_TOGETHER:
        yield Note(group.name, f"more than {MAX_TENSORS_TOGETHER} tensors: not counted")
        return
    if not group.present:
        there, gone = len(group.shards), group.expected - len(group.shards)
        yield Note(
            group.name, f"{there} of {group.expected} files were read, {gone} not: a lower bound"
        )
    yield from _index_notes(group, parts)
    yield from _dtype(group, parts.subject)
    yield from _parameters(group, parts)


def _size(group: Group, subject: str) -> Iterator[Joined]:
    """State the bytes of all tensors, or the size that pointers claim."""
    if group.shards and group.present:
        size = sum(shard.data_bytes for shard in group.shards.values())
        yield _fact(group, subject, "model.weights_size", size)
    elif len(group.pointers) == group.expected:
        source = Source(group.name, pointer="size", reader="git-lfs-pointer 1")
        size = sum(group.pointers.values())
        fact = make_fact(
            subject,
            "model.weights_size",
            size,
            source,
            basis="declared",
            note="from Git LFS pointers: the files themselves, headers included",
        )
        yield Joined(fact, tuple(group.pointers))


def _repeated(group: Group) -> str | None:
    """Return a tensor name that stands in two files."""
    if sum(len(s.tensors) for s in group.shards.values()) == len(
        set(chain.from_iterable(s.tensors for s in group.shards.values()))
    ):
        return None
    counted = Counter(chain.from_iterable(s.tensors for s in group.shards.values()))
    return counted.most_common(1)[0][0]


def _index_notes(group: Group, parts: Parts) -> Iterator[Note]:
    """Say where an index and the headers differ."""
    names = {path.rpartition("/")[2] for path in group.shards}
    for part in parts.here("index", group.folder):
        index = part.content
        if not names & set(index.files) or not group.present:
            continue
        held = set(chain.from_iterable(s.tensors for s in group.shards.values()))
        if held != index.tensors:
            missing, more = len(index.tensors - held), len(held - index.tensors)
            yield Note(
                part.artefact,
                f"lists {missing} tensors that no file holds, and misses {more} that are there: "
                "the headers count",
            )


def _dtype(group: Group, subject: str) -> Iterator[Joined]:
    """State the number format of most values."""
    counts: Counter[str] = Counter()
    for shard in group.shards.values():
        counts.update(shard.elements_by_type)
    if not counts:
        return
    dtype = min(counts, key=lambda name: (-counts[name], name))
    yield _fact(group, subject, "model.weights_dtype", _DTYPES.get(dtype, dtype.lower()))


def _parameters(group: Group, parts: Parts) -> Iterator[Joined | Note]:
    """Count logical parameters, with the configuration's help where there is one."""
    stored = sum(sum(shard.elements_by_type.values()) for shard in group.shards.values())
    found = parts.nearest("configuration", group.folder)
    configuration: Configuration | None = found[0].content if found else None
    architecture = configuration.architecture if configuration else None
    packed_bits = configuration.packed_bits if configuration else 4
    try:
        comparison = _compare(group, stored, architecture, packed_bits)
    except InputError as error:
        yield Note(group.name, f"parameters are not counted: {error}")
        return
    adapter = next((e for e in comparison.explained if e.cause == "adapter"), None)
    logical = stored - sum(each.amount for each in comparison.explained)
    if adapter and not logical:
        yield _fact(group, parts.subject, "model.adapter_parameters", adapter.amount)
        return
    yield from _causes(group, comparison)
    if architecture is None:
        yield Note(
            group.name,
            "counted without a configuration: an output head that is tied to the embedding and "
            "stored a second time cannot be told from one of its own",
        )
    elif comparison.verdict == "disagrees" and group.present:
        yield from _disagreement(group, comparison, found[0].artefact)
    yield _fact(group, parts.subject, "model.parameters_total", logical)


def _compare(
    group: Group, stored: int, architecture: compute.Architecture | None, packed_bits: int
) -> compute.Comparison:
    """Compare all tensors, or only one of each kind where that is sure to give the same."""
    total = architecture.parameters_total if architecture else 0
    many = sum(len(shard.tensors) for shard in group.shards.values()) > MANY_TENSORS
    if many and architecture and stored == total:
        return compute.Comparison("agrees", total, stored)
    if many and architecture is None:
        kinds = _kinds(group)
        one_each = compute.compare_with_weights(_NEUTRAL, kinds, packed_bits)
        if not one_each.explained:
            return compute.Comparison("agrees", 0, stored)
    tensors = (
        (name, kind.dtype, kind.shape)
        for shard in group.shards.values()
        for name, kind in shard.tensors.items()
    )
    return compute.compare_with_weights(architecture or _NEUTRAL, tensors, packed_bits)


def _kinds(group: Group) -> list[tuple[str, str, tuple[int, ...]]]:
    """Return one tensor of each kind: names that differ in digits only, of one type and shape."""
    names: dict[tuple[str, Kind], str] = {}
    for shard in group.shards.values():
        # One call on all names at once: a call on each costs more than reading the header.
        evened = "\n".join(shard.tensors).translate(_DIGITS).split("\n")
        if len(evened) != len(shard.tensors):
            evened = list(shard.tensors)
        names.update(
            zip(zip(evened, shard.tensors.values(), strict=True), shard.tensors, strict=True)
        )
    return [(name, kind.dtype, kind.shape) for (_, kind), name in names.items()]


# Stands for a configuration that is not there: no tied head, no layer too many, nothing expected.
_NEUTRAL = compute.Architecture(
    "", "", (compute.Layer(10**9, (compute.Component("unknown", 0),)),), ()
)


def _causes(group: Group, comparison: compute.Comparison) -> Iterator[Note]:
    for each in comparison.explained:
        amount = f"{abs(each.amount)} values"
        verb = "are not counted" if each.amount >= 0 else "are counted more"
        yield Note(
            group.name,
            f"{amount} in {each.tensors} tensors {verb}: {each.cause} "
            f"(such as {printable(each.example)[:100]})",
        )


def _disagreement(
    group: Group, comparison: compute.Comparison, configuration: str
) -> Iterator[Note]:
    more = comparison.unexplained
    yield Note(
        group.name,
        f"the weights hold {abs(more)} parameters {'more' if more > 0 else 'fewer'} than "
        f"{configuration} gives ({comparison.configured})",
    )
    yield from (Note(group.name, hint) for hint in comparison.hints)


def _fact(group: Group, subject: str, key: str, value: object) -> Joined:
    """Make a fact that rests on all files of a group."""
    shards = group.shards
    first = next(iter(shards.values()))
    if len(shards) == 1:
        artefact, digest = next(iter(shards)), first.digest
    else:
        artefact = group.name
        digest = combined_digest([(p.rpartition("/")[2], s.digest) for p, s in shards.items()])
    source = Source(artefact, digest, first.digest_of, "header", first.reader)
    bounded = key == "model.parameters_total" and not group.present
    fact: Fact = make_fact(
        subject,
        key,
        value,
        source,
        relation="at_least" if bounded else "exactly",
        note=None if len(shards) == 1 else f"{len(shards)} files, digest over digests and names",
    )
    return Joined(fact, tuple(shards))
