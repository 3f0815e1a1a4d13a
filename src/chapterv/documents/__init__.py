"""Documents: what a person reads. The page frame, its style sheet, and the catalogue of texts.

A document is made from plain values that are given; nothing here reads a dossier, a clock or the
network. Every word of a page stands in `data/texts/`, every colour in `colours.py`.
"""

from __future__ import annotations

from chapterv.documents.catalogue import Texts, texts

__all__ = ["Texts", "texts"]
