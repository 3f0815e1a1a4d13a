"""Foreign texts made harmless for a page: what cannot be seen is shown, what is too long is cut.

Escaping keeps a text from becoming markup. It does not keep a control character from breaking a
parser, nor a direction mark from turning the words around it, so both are written out as code
points.
"""

from __future__ import annotations

import re

from chapterv.facts.wording import grouped

__all__ = ["LONGEST", "cut", "visible"]

LONGEST = 4000
"""No text on a page is longer than this; the whole stands in the JSON twin."""

# Control and format characters, private use, lone surrogates, non-characters. Zero-width joiners
# stay: scripts of India and Persian need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\uf8ff\ufdd0-\ufdef\ufeff\ufff0-\uffff\U000e0000-\U000e0fff"
    "\U000f0000-\U0010ffff]"
)


def visible(text: str) -> str:
    """Return a text with unseen characters as code points.

    >>> visible("a" + chr(0x202E) + "b")
    'a[U+202E]b'
    """
    return _UNSEEN.sub(lambda found: f"[U+{ord(found.group()):04X}]", text)


def cut(text: str, most: int = LONGEST) -> str:
    """Return a text of at most about `most` characters, with what was left out said.

    >>> cut("word " * 5, 8)
    'word wor… (25 characters)'
    """
    if len(text) <= most:
        return text
    return f"{text[:most].rstrip()}… ({grouped(len(text))} characters)"
