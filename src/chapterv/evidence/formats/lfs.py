"""Git LFS pointers: short texts that stand where a large file was not downloaded.

A pointer has the name of the file it stands for, about 130 bytes, and three lines: version, oid
(SHA-256 of the file) and size (specification of Git LFS, version 1). What is in the file cannot be
told from it, so it gives sizes and never parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.registry import SNIFF_BYTES, Found, reader
from chapterv.evidence.results import Note, Part

__all__ = ["Pointer", "read_pointer"]

_START = b"version https://git-lfs.github.com/spec/v1\n"
_OID = re.compile(rb"^oid sha256:([0-9a-f]{64})$", re.M)
_SIZE = re.compile(rb"^size ([0-9]{1,18})$", re.M)
WEIGHTS = (".safetensors", ".bin", ".gguf", ".pt", ".pth")


class Pointer(msgspec.Struct, frozen=True):
    """What a pointer says of the file it stands for."""

    oid: str
    size: int


@reader("git-lfs-pointer", version="1", sniff=lambda start: start.startswith(_START))
def read_pointer(artefact: Artefact) -> Iterator[Found]:
    """Read digest and size of the file that a pointer stands for."""
    text = artefact.read(SNIFF_BYTES)
    oid, size = _OID.search(text), _SIZE.search(text)
    if oid is None or size is None:
        raise InputError(
            "a Git LFS pointer without oid or size", artefact.path, "Run `git lfs pull`."
        )
    pointer = Pointer(oid[1].decode(), int(size[1]))
    yield Note(
        artefact.path,
        f"a Git LFS pointer, not the file: {pointer.size} bytes with SHA-256 {pointer.oid} were "
        "not downloaded. Run `git lfs pull` to have it read.",
    )
    if artefact.name.lower().endswith(WEIGHTS):
        yield Part("pointer", artefact.folder, artefact.path, pointer)
