"""`chapterv compute`: operations and energy, from a configuration, from records, and ahead."""

from __future__ import annotations

from chapterv.cli.root import LazyGroup

__all__ = ["command"]

command = LazyGroup(
    name="compute",
    help="Training compute and energy: of a configuration, of a dossier's runs, and ahead.",
    modules={
        "estimate": ("chapterv.cli.estimate", "Operations of a configuration and N tokens."),
        "ledger": ("chapterv.cli.ledger", "Every run of a dossier, and the two sums."),
        "forecast": ("chapterv.cli.forecast", "When a threshold will be passed."),
    },
)
