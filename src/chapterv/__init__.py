"""What Chapter V of the EU AI Act asks of a general-purpose AI model, from its real artefacts.

Importing the package loads nothing but this file: the rooms are imported by those who use them.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
