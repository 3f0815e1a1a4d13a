"""Compiles the data files of the package (TOML) to the form that starts fast (JSON).

`make setup` runs it in a checkout, the build of a wheel through `hatch_build.py`. It uses the
standard library alone, so it needs nothing that is to be installed.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "chapterv"


def load_datafiles(package: Path = PACKAGE) -> ModuleType:
    """Load the module that knows the format, without its package and what that imports."""
    path = package / "facts" / "datafiles.py"
    spec = importlib.util.spec_from_file_location("chapterv_datafiles", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Compile everything and say how much it was."""
    written = list(load_datafiles().compile_all(PACKAGE))
    print(f"· compiled {len(written)} data files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
