"""Licence files: the common ones known by phrases that only they have.

A text is recognised or it is not: an unknown one gives a note, never a guess. Names are SPDX
identifiers where there is one, else the names that model hubs use, so that a file and a model card
that mean the same licence say the same word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.registry import Found, reader
from chapterv.evidence.results import Note

__all__ = ["Licence", "licence_name", "read_licence", "read_notice", "recognise"]

MAX_LICENCE = 1024 * 1024

# Hub names differ from SPDX identifiers in their letters' case only.
_SPDX = {
    name.lower(): name
    for line in (
        "Apache-2.0 MIT BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear CC0-1.0 CC-BY-2.0 CC-BY-2.5",
        "CC-BY-3.0 CC-BY-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC-BY-NC-2.0 CC-BY-NC-3.0 CC-BY-NC-4.0",
        "CC-BY-ND-4.0 CC-BY-NC-ND-3.0 CC-BY-NC-ND-4.0 CC-BY-NC-SA-2.0 CC-BY-NC-SA-3.0",
        "CC-BY-NC-SA-4.0 GPL-2.0 GPL-3.0 AGPL-3.0 LGPL-2.1 LGPL-3.0 MPL-2.0 EPL-2.0 EUPL-1.1",
        "EUPL-1.2 Unlicense ISC WTFPL Artistic-2.0 BSL-1.0 OSL-3.0 AFL-3.0 MS-PL ECL-2.0 Zlib",
        "PostgreSQL NCSA ODbL-1.0 PDDL-1.0 ODC-By-1.0 CDLA-Permissive-2.0",
    )
    for name in line.split()
}

# Names that cards write where the licence is "other", for one that hubs have a name for.
_ALIASES = {
    "gemma-terms-of-use": "gemma",
    "gemma-license": "gemma",
    "tongyi-qianwen-license-agreement": "tongyi-qianwen",
    "llama-2": "llama2",
    "llama-3": "llama3",
    "llama-3.1": "llama3.1",
    "llama-3.2": "llama3.2",
    "microsoft-research-license": "msrla",
    "nvidia-open-model-license-agreement": "nvidia-open-model-license",
}


def licence_name(name: str) -> str:
    """Return the SPDX spelling of a licence's name where it has one, else the name itself.

    >>> licence_name("apache-2.0")
    'Apache-2.0'
    """
    plain = name.strip().lower()
    return _SPDX.get(plain) or _ALIASES.get(plain) or name.strip()


class Licence(msgspec.Struct, frozen=True):
    """A licence and the phrases that tell it.

    Args:
        name: SPDX identifier, or the name that hubs use.
        title: a phrase that stands near the beginning.
        phrases: phrases that must stand in the text as well.
        unless: phrases that only a related licence has.
        within: how far from the start the title may stand, in characters.
    """

    name: str
    title: str
    phrases: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    within: int = 250


_CC_PARTS = {
    "by": "attribution",
    "by-sa": "attribution-sharealike",
    "by-nc": "attribution-noncommercial",
    "by-nd": "attribution-noderivatives",
    "by-nc-sa": "attribution-noncommercial-sharealike",
    "by-nc-nd": "attribution-noncommercial-noderivatives",
}
_BSD = "redistribution and use in source and binary forms"
_GNU = "free software foundation"

LICENCES = (
    Licence(
        "Apache-2.0",
        "apache license version 2.0, january 2004",
        ("grant of patent license", "redistribution."),
        within=2000,
    ),
    Licence(
        "MIT",
        "permission is hereby granted, free of charge, to any person obtaining a copy",
        ('the software is provided "as is"', "shall be included in all copies"),
        ("neither the name of", "except as contained in this notice"),
        2000,
    ),
    Licence("BSD-3-Clause", _BSD, ("neither the name",), ("all advertising materials",), 2000),
    Licence("BSD-2-Clause", _BSD, ("this software is provided",), ("neither the name",), 2000),
    Licence("CC0-1.0", "cc0 1.0 universal"),
    Licence("GPL-3.0", "gnu general public license version 3, 29 june 2007", (_GNU,), (), 2000),
    Licence("GPL-2.0", "gnu general public license version 2, june 1991", (_GNU,), (), 2000),
    Licence("AGPL-3.0", "gnu affero general public license version 3", (_GNU,), (), 2000),
    Licence("LGPL-3.0", "gnu lesser general public license version 3", (_GNU,), (), 2000),
    Licence("MPL-2.0", "mozilla public license version 2.0", ("covered software",)),
    Licence("Unlicense", "this is free and unencumbered software released into the public domain"),
    Licence("creativeml-openrail-m", "creativeml open rail-m", (), ("rail++",)),
    Licence("openrail++", "creativeml open rail++-m"),
    Licence("bigscience-bloom-rail-1.0", "bigscience rail license v1.0"),
    Licence("bigscience-openrail-m", "bigscience open rail-m"),
    Licence("bigcode-openrail-m", "bigcode open rail-m"),
    Licence("llama2", "llama 2 community license agreement"),
    Licence("llama3", "meta llama 3 community license agreement"),
    Licence("llama3.1", "llama 3.1 community license agreement"),
    Licence("llama3.2", "llama 3.2 community license agreement"),
    Licence("llama3.3", "llama 3.3 community license agreement"),
    Licence("llama4", "llama 4 community license agreement"),
    Licence("gemma", "gemma terms of use"),
    Licence("deepseek", "deepseek license agreement"),
    Licence("tongyi-qianwen", "tongyi qianwen license agreement"),
    Licence("qwen-research", "qwen research license agreement"),
    Licence("qwen", "qwen license agreement"),
    Licence("nvidia-open-model-license", "nvidia open model license agreement"),
    Licence("msrla", "microsoft research license terms"),
    Licence("stabilityai-ai-community", "stability ai community license agreement"),
    Licence("flux-1-dev-non-commercial-license", "flux.1 [dev] non-commercial license"),
    Licence("mrl", "mistral ai research license"),
    Licence("mnpl", "mistral ai non-production license"),
    Licence("health-ai-developer-foundations", "health ai developer foundations terms of use"),
    *(
        Licence(
            f"CC-{short.upper()}-{version}",
            f"{long} {version} {where}",
            ("creative commons",),
            within=1500,
        )
        for short, long in _CC_PARTS.items()
        for version, where in (("4.0", "international"), ("3.0", "unported"))
    ),
)
"""Licences that are recognised. A title is compared after case, spaces and quotes are evened."""

_PROPRIETARY = (("all rights reserved", "proprietary"), ("all rights reserved", "confidential"))
_CODE_ONLY = re.compile(r"code|third.?party|dependenc", re.I)


@reader(
    "licence",
    version="1",
    names=(
        "license", "license.*", "license-*", "license_*", "licence", "licence.*", "licence-*",
        "licence_*", "copying", "copying.*", "unlicense", "*_license.txt", "*-license.txt",
        "terms_of_use*", "terms.txt", "terms.md",
    ),
)  # fmt: skip
def read_licence(artefact: Artefact) -> Iterator[Found]:
    """Recognise the licence in a licence file."""
    text = _text(artefact)
    found = recognise(text)
    if len(found) != 1:
        what = ", ".join(found) if found else "no licence that is known by its phrases"
        more = "several texts are in it" if found else "nothing is guessed"
        yield Note(artefact.path, f"{what}: {more}. State model.licence.")
        return
    name = found[0]
    if _CODE_ONLY.search(artefact.name):
        yield Note(artefact.path, f"{name}, for code or third parties by the name of the file")
        return
    yield artefact.fact("model.licence", name, f"line {_line(text, name)}")
    if name not in _SPDX.values() and name != "proprietary":
        yield Note(artefact.path, f"{name} is no SPDX identifier but the name that model hubs use")


@reader("notice", version="1", names=("notice", "notice.*"))
def read_notice(artefact: Artefact) -> Iterator[Found]:
    """Read a notice, which attributes and does not license."""
    _text(artefact)
    yield Note(artefact.path, "a notice: it names those to be credited, and grants no licence")


def recognise(text: str) -> list[str]:
    """Return the licences whose phrases stand in a text, related ones told apart.

    Args:
        text: the whole text of a licence file.
    """
    plain = _plain(text)
    found = [
        licence
        for licence in LICENCES
        if 0 <= plain.find(licence.title) <= licence.within
        and all(phrase in plain for phrase in licence.phrases)
        and not any(phrase in plain for phrase in licence.unless)
    ]
    # A title may hold that of another ("... llama 3 ..." in "meta llama 3 ..."): the longest wins.
    titles = [licence.title for licence in found]
    longest = [
        each for each in found if not any(each.title != t and each.title in t for t in titles)
    ]
    if not longest and any(all(p in plain for p in phrases) for phrases in _PROPRIETARY):
        return ["proprietary"]
    return [licence.name for licence in longest]


def _plain(text: str) -> str:
    """Even out case, spaces, quotes and the signs of Markdown."""
    text = text.lower().translate(_EVEN)
    return " ".join(text.split())


_EVEN = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "*": " ",
                       "#": " ", "_": " ", "\ufeff": " "})  # fmt: skip


def _line(text: str, name: str) -> int:
    """Return the line on which a licence's title begins, counted from 1."""
    title = next((each.title for each in LICENCES if each.name == name), "all rights reserved")
    first = title.split()[0]
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if first in line.lower() and title in _plain("\n".join(lines[number - 1 : number + 4])):
            return number
    return 1


def _text(artefact: Artefact) -> str:
    """Return the text of a licence file in whatever encoding: its phrases are ASCII."""
    data = artefact.read(MAX_LICENCE)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        raise InputError("not a text", artefact.path, "Put the licence there as plain text.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
