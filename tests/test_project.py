"""The project as a whole: light imports, clean files, documented targets, named records."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import chapterv

ROOT = Path(__file__).resolve().parent.parent

HEAVY = {
    "cryptography",
    "duckdb",
    "jinja2",
    "msgspec",
    "pyarrow",
    "ray",
    "ruamel",
    "sqlalchemy",
    "starlette",
    "torch",
    "typst",
}

STARTS = {
    "import chapterv": "import chapterv",
    "chapterv --help": (
        "import sys, contextlib, io\n"
        "sys.argv = ['chapterv', '--help']\n"
        "from chapterv.cli import main\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()): main()"
    ),
}

# Written so that this file does not hold what it forbids.
FORBIDDEN = {
    "a machine path": r"(?<![\w.:/*-])/(?:w[o]rk|r[o]ot|v[a]r/tmp|t[m]p|h[o]me/\w+)/\w",
    "a package registry host": (
        r"(?:p[y]pi\.org|pytho[n]hosted\.org|np[m]js\.(?:org|com)|de[b]\.debian\.org"
        r"|crate[s]\.io|prox[y]\.golang\.org)"
    ),
    "unfinished work": r"\b(?:TO[D]O|FIX[M]E|X[X]X|[Ll]orem [i]psum|NotImplemented[E]rror)\b",
    "a ticket number": r"\b[i]ssues? #?\d+\b",
}
RECORD_HEADINGS = ["Context", "Options", "Outcome", "What we lose"]

PICKLES = re.compile(
    r"^\s*(?:import|from)\s+(?:pickle|cPickle|cloudpickle|dill|shelve|marshal|joblib)\b", re.M
)


@cache
def project_files() -> tuple[Path, ...]:
    """Every file that git holds or would hold."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = (ROOT / name for name in listing.split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def texts(*suffixes: str) -> Iterator[tuple[str, str]]:
    """Name and text of each project file that is text, of these suffixes if any are given."""
    for path in project_files():
        if suffixes and path.suffix not in suffixes:
            continue
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def make_targets() -> list[str]:
    """The targets that `make help` lists."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return re.findall(r"^([a-z-]+):.*## ", makefile, re.M)


@pytest.mark.parametrize("start", STARTS)
def test_starting_loads_nothing_heavy(start: str) -> None:
    program = f"{STARTS[start]}\nimport sys\nprint(*sys.modules)"
    command = [sys.executable, "-W", "error", "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT / "tests")
    assert result.returncode == 0, result.stderr
    loaded = {name.partition(".")[0] for name in result.stdout.split()}
    assert "chapterv" in loaded
    assert not loaded & HEAVY


def test_version_is_three_numbers() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", chapterv.__version__)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts()
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)


def test_no_module_unpickles() -> None:
    assert not [name for name, text in texts(".py") if PICKLES.search(text)]


def package_modules() -> Iterator[tuple[str, ast.Module]]:
    """Name and syntax of every module of the package."""
    for path in sorted((ROOT / "src").rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def public_functions(node: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef]:
    """Public functions and methods, those inside other functions left out."""
    for child in node.body:
        if isinstance(child, ast.ClassDef) and not child.name.startswith("_"):
            yield from public_functions(child)
        elif isinstance(child, ast.FunctionDef) and not child.name.startswith("_"):
            yield child


def test_functions_fit_on_a_screen() -> None:
    sizes = {
        f"{name}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for name, module in package_modules()
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not {place: lines for place, lines in sizes.items() if lines > 60}


def test_modules_and_public_functions_say_what_they_do() -> None:
    silent = [name for name, module in package_modules() if not ast.get_docstring(module)]
    silent += [
        f"{name}:{node.lineno} {node.name}"
        for name, module in package_modules()
        for node in public_functions(module)
        if not ast.get_docstring(node)
    ]
    assert not silent


def test_changelog_fragments_are_named_subject_dot_kind() -> None:
    names = {path.name for path in (ROOT / "changelog.d").iterdir()} - {"README.md"}
    wanted = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.(law|findings|added|fixed|removed)\.md")
    assert names
    assert not [name for name in names if not wanted.fullmatch(name)]


def test_decision_records_are_numbered_without_gap() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [path.name[:5] for path in records] == [f"{n:04}-" for n in range(1, len(records) + 1)]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")), ids=lambda path: path.stem
)
def test_decision_record_says_what_we_lose(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.M)
    assert text.startswith(f"# {path.name[:4]}. ")
    assert [h for h in headings if h in RECORD_HEADINGS] == RECORD_HEADINGS


def test_every_decision_record_is_listed() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    records = (ROOT / "docs" / "decisions").glob("[0-9]*.md")
    assert not [path.name for path in records if f"decisions/{path.name}" not in index]


@pytest.mark.parametrize("target", make_targets())
def test_make_target_is_documented(target: str) -> None:
    pages = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md")]
    assert any(f"make {target}" in page for page in pages)


def test_locked_files_hold_every_dependency_with_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    wanted = {
        re.split(r"[<>=~! \[;]", need)[0].replace(".", "-") for need in project["dependencies"]
    }
    assert wanted <= set(re.findall(r"^([a-z0-9-]+)==", locked, re.M))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name
)
def test_locked_file_pins_and_hashes_each_package(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    pins = re.findall(r"^[a-z0-9-]+==.*$", text, re.M)
    assert pins
    assert all(pin.endswith("\\") for pin in pins), "each pin is followed by its hashes"
    assert "://" not in text


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/index.md"])
def test_links_between_pages_lead_somewhere(name: str) -> None:
    page = ROOT / name
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_python_examples_of_a_page_run(name: str, tmp_path: Path) -> None:
    page = (ROOT / name).read_text(encoding="utf-8")
    for example in re.findall(r"^```python\n(.*?)^```", page, re.M | re.S):
        subprocess.run([sys.executable, "-W", "error", "-c", example], cwd=tmp_path, check=True)


def test_architecture_page_names_every_room() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    layers = tools["importlinter"]["contracts"][0]["layers"]
    rooms = {room.strip(" ()") for layer in layers for room in layer.split("|")} - {"__main__"}
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert not [room for room in rooms if f"`{room}`" not in page]
