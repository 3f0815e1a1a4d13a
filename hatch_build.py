"""Build hook: compiles the data files, so that a wheel holds the form that starts fast."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileData(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before each build, that of an editable installation included."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and take the results into the build though version control ignores them."""
        sys.path.insert(0, str(Path(self.root) / "scripts"))
        from compile_data import load_datafiles

        package = Path(self.root) / "src" / "chapterv"
        for path in load_datafiles(package).compile_all(package):
            build_data["artifacts"].append(path.relative_to(self.root).as_posix())
