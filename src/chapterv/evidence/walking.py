"""Walking a folder of evidence: every file once, in one order, never out of the folder.

Links are followed where they stay inside the root. One exception is normal life: in a hub cache
(`models--org--name/snapshots/<revision>/config.json` is a link to `../../blobs/<digest>`) the blobs
of the same cache entry may be read even where the root is the snapshot alone.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import msgspec

from chapterv.evidence.artefacts import printable
from chapterv.evidence.results import Note, SkippedEntry

__all__ = ["MAX_DEPTH", "MAX_FILES", "FileFound", "Walk", "walk"]

MAX_FILES = 200_000
MAX_DEPTH = 64

_OTHER_FOLDERS = {
    ".chapterv": "working files of this program, not evidence",
    ".git": "version control data, not evidence",
    ".hg": "version control data, not evidence",
    ".svn": "version control data, not evidence",
    ".cache": "download records, not evidence",
    "__pycache__": "compiled program code, not evidence",
    ".ipynb_checkpoints": "working files of an editor, not evidence",
}
_OUTSIDE = "a link that leaves the folder: not followed. Copy the file into the folder."
_BEYOND = (
    f"beyond the first {MAX_FILES} files, which is the bound of one scan. "
    "Scan the folders one by one."
)
_SPECIAL = "not a regular file (a pipe, socket or device). Remove it, or ignore this line."


class FileFound(msgspec.Struct, frozen=True, gc=False):
    """A regular file to be read: path relative to the root, place to open, size in bytes."""

    path: str
    location: str
    size: int


class Walk(msgspec.Struct, frozen=True):
    """The files to read, in order, and a line for each thing that cannot be read."""

    files: tuple[FileFound, ...]
    skipped: tuple[SkippedEntry, ...]
    notes: tuple[Note, ...]


def walk(paths: Sequence[Path], root: Path) -> Walk:
    """List every file under the paths.

    Args:
        paths: files and folders below the root; relative ones count from the root.
        root: folder that paths are shown relative to and that links may not leave.

    Returns: each file once, in the order of the paths and of the names in each folder.
    """
    walker = _Walker(root)
    for path in paths:
        walker.start(path)
    if walker.beyond:
        walker.skip("*", _BEYOND, walker.beyond)
    return Walk(tuple(walker.files), tuple(walker.skipped), tuple(walker.notes))


class _Walker:
    def __init__(self, root: Path) -> None:
        self.root = os.path.abspath(root)
        self.real_root = os.path.realpath(root)
        self.files: list[FileFound] = []
        self.skipped: list[SkippedEntry] = []
        self.notes: list[Note] = []
        self.seen_files: set[str] = set()
        self.seen_folders: set[tuple[int, int]] = set()
        self.caches: set[str] = set()
        self.starts: list[str] = []
        self.beyond = 0

    def skip(self, path: str, reason: str, files: int = 1) -> None:
        self.skipped.append(SkippedEntry(path, reason, files))

    def start(self, path: Path) -> None:
        """Walk one of the paths that were asked for."""
        location = os.path.normpath(os.path.join(self.root, path))
        if not _inside(location, self.root):
            # The path may be written through a link, or the root may be.
            real = os.path.realpath(location)
            if not _inside(real, self.real_root):
                self.skip(
                    printable(os.path.basename(location)),
                    "lies outside the dossier folder. Move it there, or scan its own folder.",
                )
                return
            location = os.path.join(self.root, os.path.relpath(real, self.real_root))
            location = os.path.normpath(location)
        try:
            status = os.lstat(location)
        except (OSError, ValueError) as error:
            self.skip(self._shown(location) or ".", refused(error))
            return
        shown = self._shown(location)
        if stat.S_ISLNK(status.st_mode):
            followed = self._follow(location, shown)
            if followed is None:
                return
            status = followed
        self.starts.append(os.path.realpath(location))
        if stat.S_ISDIR(status.st_mode):
            self._folders(location)
        else:
            self._entry(location, shown, status, 0, [])

    def _shown(self, location: str) -> str:
        relative = os.path.relpath(location, self.root)
        return "" if relative == "." else display_path(relative)

    def _folders(self, location: str) -> None:
        """Walk a folder and all below it; a stack instead of recursion bears any depth."""
        stack = [(location, self._shown(location), 0)]
        while stack:
            location, shown, depth = stack.pop()
            below: list[tuple[str, str, int]] = []
            for name, status in self._list(location, shown):
                path = f"{shown}/{display_path(name)}" if shown else display_path(name)
                self._entry(os.path.join(location, name), path, status, depth, below)
            stack.extend(reversed(below))

    def _list(self, location: str, shown: str) -> list[tuple[str, os.stat_result]]:
        try:
            status = os.stat(location)
            identity = status.st_dev, status.st_ino
            if identity in self.seen_folders:
                self.skip(f"{shown}/", "a folder that is read already under another path")
                return []
            self.seen_folders.add(identity)
            with os.scandir(location) as listing:
                found = [(entry.name, entry.stat(follow_symlinks=False)) for entry in listing]
        except OSError as error:
            self.skip(f"{shown or '.'}/", refused(error))
            return []
        self._note_cache(location, shown)
        return sorted(found, key=lambda item: item[0])

    def _entry(
        self,
        location: str,
        shown: str,
        status: os.stat_result,
        depth: int,
        below: list[tuple[str, str, int]],
    ) -> None:
        """Take one entry of a folder: a file, a folder to walk later, or a line why not."""
        if stat.S_ISLNK(status.st_mode):
            followed = self._follow(location, shown)
            if followed is None:
                return
            status = followed
        if stat.S_ISDIR(status.st_mode):
            self._subfolder(location, shown, depth, below)
        elif stat.S_ISREG(status.st_mode):
            self._file(location, shown, status.st_size)
        else:
            self.skip(shown, _SPECIAL)

    def _subfolder(
        self, location: str, shown: str, depth: int, below: list[tuple[str, str, int]]
    ) -> None:
        name = os.path.basename(location)
        if name in _OTHER_FOLDERS:
            self.skip(f"{shown}/", _OTHER_FOLDERS[name])
        elif depth >= MAX_DEPTH:
            self.skip(f"{shown}/", f"more than {MAX_DEPTH} folders deep. Scan it on its own.")
        else:
            below.append((location, shown, depth + 1))

    def _file(self, location: str, shown: str, size: int) -> None:
        if location in self.seen_files:
            return
        if len(self.seen_files) >= MAX_FILES:
            self.beyond += 1
            return
        self.seen_files.add(location)
        cache = _cache_entry(location)
        if cache and os.path.dirname(location) == os.path.join(cache, "blobs"):
            self.skip(shown, "content of a hub cache, read under its name in snapshots/")
        elif cache and os.path.dirname(location).startswith(os.path.join(cache, "refs")):
            self.skip(shown, "a pointer of the hub cache to one of its snapshots")
        else:
            self.files.append(FileFound(shown, location, size))

    def _follow(self, location: str, shown: str) -> os.stat_result | None:
        """Return what a link leads to, or None after saying why it is not followed."""
        try:
            target = os.path.realpath(location, strict=True)
            status = os.stat(target)
        except (OSError, ValueError) as error:
            self.skip(shown, refused(error, link=True))
            return None
        if not _inside(target, self.real_root) and not self._is_blob(location, target):
            self.skip(shown, _OUTSIDE)
            return None
        if stat.S_ISDIR(status.st_mode) and any(_inside(target, start) for start in self.starts):
            self.skip(shown, "a link to a folder that is read under its own path")
            return None
        return status

    def _is_blob(self, location: str, target: str) -> bool:
        cache = _cache_entry(os.path.join(os.path.realpath(os.path.dirname(location)), "x"))
        return cache is not None and _inside(target, os.path.join(cache, "blobs"))

    def _note_cache(self, location: str, shown: str) -> None:
        """Say which model and revision a snapshot of a hub cache is."""
        above, revision = os.path.split(os.path.realpath(location))
        entry, snapshots = os.path.split(above)
        name = os.path.basename(entry)
        if snapshots != "snapshots" or not name.startswith("models--"):
            return
        model = printable(name.removeprefix("models--").replace("--", "/"))
        text = f"a hub cache of {model} at revision {printable(revision)[:40]}"
        if entry in self.caches:
            text += "; the cache holds another revision too: scan one of them"
        self.caches.add(entry)
        self.notes.append(Note(shown or ".", text))


def _cache_entry(location: str) -> str | None:
    """Return the folder `models--org--name` that a path lies in, if it has one."""
    folder = os.path.dirname(location)
    while folder and folder != os.path.dirname(folder):
        if os.path.basename(folder).startswith("models--"):
            return folder if os.path.isdir(os.path.join(folder, "blobs")) else None
        folder = os.path.dirname(folder)
    return None


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def display_path(path: str) -> str:
    """Return a path as it stands in documents: forward slashes, every byte visible."""
    shown = os.fsencode(path).decode("utf-8", "backslashreplace").replace(os.sep, "/")
    return printable(shown)


def refused(error: Exception, link: bool = False) -> str:
    """Say why the operating system gave nothing."""
    what = "a link to " if link else ""
    if isinstance(error, FileNotFoundError):
        return f"{what}nothing: there is no such file. Check the path."
    if isinstance(error, PermissionError):
        return "no permission to read it. Grant read access, or leave it out."
    if link and isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "a link that leads back to itself. Remove it."
    reason = getattr(error, "strerror", None) or str(error)
    return f"cannot be read: {printable(reason).lower()}"
