"""What all tests share: the hypothesis profile, golden files, and the rule that nothing may skip.

Golden files are rewritten by ``make goldens``; a test asks for the ``golden`` fixture. Where
``CHAPTERV_NO_SKIP=1`` (as in continuous integration), a skipped test fails the whole run.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Without these the browser asks for hosts outside at every start.
QUIET_CHROMIUM = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]

# "ci" gives the same cases on every run and machine; "explore" looks for new ones.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# Tests keep nothing in anybody's home.
os.environ["XDG_CACHE_HOME"] = os.devnull

# The comparisons need programs of others, which only `make oracles` installs.
collect_ignore = [] if importlib.util.find_spec("euaiact") else ["oracles"]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("chapterv")
    group.addoption("--rewrite-goldens", action="store_true", help="rewrite golden files")
    group.addoption("--record-oracles", action="store_true", help="rewrite recorded oracle values")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--rewrite-goldens"):
        kept = [item for item in items if "golden" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with a golden file, or rewrites the file when asked to."""

    def compare(path: Path, actual: str) -> None:
        if request.config.getoption("--rewrite-goldens"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(actual, encoding="utf-8")
            return
        expected = path.read_text(encoding="utf-8") if path.exists() else None
        assert actual == expected, f"{path.name} differs; if that is meant, run: make goldens"

    return compare


@pytest.fixture
def record_oracles(request: pytest.FixtureRequest) -> bool:
    """Whether recorded values of the programs of others are to be rewritten."""
    return bool(request.config.getoption("--record-oracles"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's chromium, driven by playwright; skips where it is not installed."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium: make setup installs it, as root on Debian")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET_CHROMIUM)
        yield browser
        browser.close()


def _skip_reasons(config: pytest.Config) -> list[str]:
    """What was skipped and why, one line each; empty where skipping is allowed."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CHAPTERV_NO_SKIP") != "1" or reporter is None:
        return []
    lines = set()
    for report in reporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        lines.add(f"{report.nodeid}: {reason}")
    return sorted(lines)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.exitstatus == pytest.ExitCode.OK and _skip_reasons(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if lines := _skip_reasons(config):
        terminalreporter.section("no test may skip here", red=True)
        for line in lines:
            terminalreporter.line(line)
