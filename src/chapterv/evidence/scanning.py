"""Scanning: every file of a folder to its reader, every finding in one place."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from chapterv.errors import Error, InputError
from chapterv.evidence.artefacts import Artefact, file_digest, printable
from chapterv.evidence.registry import (
    SNIFF_BYTES,
    Joined,
    Parts,
    Reader,
    Unclaimed,
    describe_error,
    join_order,
    load,
    matching,
)
from chapterv.evidence.results import Anomaly, Note, Part, ReadEntry, Scan, SkippedEntry
from chapterv.evidence.walking import FileFound, walk
from chapterv.facts import Fact

__all__ = ["Progress", "scan"]

Progress = Callable[[str, int, int], None]
"""Called with the stage ("digest" in bytes, "read" in files), what is done, and the total."""

MAX_UNKNOWN_LINES = 200
MAX_NOTES = 5_000
MAX_ANOMALIES = 5_000
MAX_FACTS = 100_000


def scan(
    paths: Iterable[Path | str],
    root: Path | str,
    subject: str = "model",
    digest: bool = False,
    progress: Progress | None = None,
    runs: Mapping[str, str] | None = None,
    cache: Path | None = None,
) -> Scan:
    """Read every artefact under the paths.

    Args:
        paths: files and folders below `root`; relative ones count from it.
        root: folder that artefacts are named relative to.
        subject: subject of the facts, such as "model:northlight-1b@1.0".
        digest: take the SHA-256 of every file; without it, of headers and small files.
        progress: told how far the work is.
        runs: subjects of training runs by the file or folder that records them, relative to the
            root; a run that is not listed is named by its folder.
        cache: folder in which to keep how far large logs were read, so that a log that grew is not
            read again. It must be the reader's own: whoever writes there decides what logs say.

    Returns: facts, what was read, what was skipped and why. Each file is in exactly one of the
        two lists; nothing that a file holds raises an error here.
    """
    walked = walk([Path(path) for path in paths], Path(root))
    work = _Scan(subject, walked.files, progress or (lambda stage, done, total: None), runs or {})
    work.cache = cache
    work.notes.extend(walked.notes)
    work.skipped.extend(walked.skipped)
    work.notes.extend(Note("plug-ins", printable(fault)) for fault in load())
    if digest:
        work.take_digests()
    work.read_all()
    work.join()
    return work.result()


class _Scan:
    """The state of one scan."""

    def __init__(
        self,
        subject: str,
        files: Sequence[FileFound],
        progress: Progress,
        runs: Mapping[str, str],
    ) -> None:
        self.subject = subject
        self.runs = runs
        self.cache: Path | None = None
        self.files = files
        self.progress = progress
        self.paths = {file.path for file in files}
        self.digests: dict[str, str] = {}
        self.unreadable: dict[str, InputError] = {}
        self.facts: list[Fact] = []
        self.parts: list[Part] = []
        self.notes: list[Note] = []
        self.anomalies: list[Anomaly] = []
        self.skipped: list[SkippedEntry] = []
        self.entries: list[tuple[Artefact, str]] = []
        self.counts: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.unknown_lines = 0

    def take_digests(self) -> None:
        """Take the digest of every file, one thread a file; hashing does not hold the lock."""
        total = sum(file.size for file in self.files)
        done = 0
        lock = Lock()

        def advance(count: int) -> None:
            nonlocal done
            with lock:
                done += count
                self.progress("digest", done, total)

        def one(file: FileFound) -> tuple[str, str | InputError]:
            try:
                artefact = Artefact(file.path, file.location, file.size)
                return file.path, file_digest(artefact, advance)
            except InputError as error:
                return file.path, error

        with ThreadPoolExecutor(os.cpu_count()) as threads:
            for path, result in threads.map(one, self.files):
                if isinstance(result, InputError):
                    self.unreadable[path] = result
                else:
                    self.digests[path] = result

    def read_all(self) -> None:
        """Hand every file to its reader."""
        for number, file in enumerate(self.files, 1):
            artefact = Artefact(
                file.path,
                file.location,
                file.size,
                self.subject,
                self.digests.get(file.path),
                self.paths.__contains__,
                self._run(file.path),
                self.cache,
            )
            try:
                self._read(artefact)
            except Error as error:
                self.skip(file.path, describe_error(error, file.path))
            self.progress("read", number, len(self.files))
        for suffix, count in sorted(self.unknown.items()):
            self.skip(f"*{suffix}", f"{count} further files of a format that is not known", count)

    def _run(self, path: str) -> str | None:
        """Return the run whose file or folder a path is or lies in, the nearest one."""
        while path:
            if path in self.runs:
                return self.runs[path]
            path = path.rpartition("/")[0]
        return self.runs.get("")

    def _read(self, artefact: Artefact) -> None:
        if artefact.path in self.unreadable:
            raise self.unreadable[artefact.path]
        start = b""
        if 0 < artefact.size <= SNIFF_BYTES:
            with artefact.opened() as window:
                start = window.read(0, SNIFF_BYTES)
        reason = ""
        for entry in matching(artefact.name, start):
            if entry.read is None:
                self.skip(artefact.path, entry.reason)
                return
            try:
                self._apply(entry, artefact)
            except Unclaimed as error:
                reason = str(error) or reason
                continue
            return
        self._skip_unknown(artefact, reason)

    def _apply(self, entry: Reader, artefact: Artefact) -> None:
        """Run one reader; what a broken file gave before it broke is dropped."""
        artefact.reader = entry.label
        try:
            found = list(entry.read(artefact)) if entry.read else []
        except (Error, Unclaimed):
            raise
        except RecursionError:
            raise InputError("nested too deeply", artefact.path, "Check what wrote it.") from None
        except Exception as error:
            # A plug-in may fail in any way; the rest of the folder is read all the same.
            what = f"the reader {entry.label} failed: {type(error).__name__}: {error}"
            raise InputError(
                printable(what)[:300], artefact.path, "Report it with the file."
            ) from error
        facts = [item for item in found if isinstance(item, Fact)]
        self.facts.extend(facts)
        self.parts.extend(item for item in found if isinstance(item, Part))
        self.notes.extend(item for item in found if isinstance(item, Note))
        self.anomalies.extend(item for item in found if isinstance(item, Anomaly))
        self.counts[artefact.path] += len(facts)
        self.entries.append((artefact, entry.label))

    def _skip_unknown(self, artefact: Artefact, reason: str) -> None:
        if reason:
            self.skip(artefact.path, reason)
            return
        suffix = printable(os.path.splitext(artefact.name)[1])
        if self.unknown_lines < MAX_UNKNOWN_LINES:
            self.unknown_lines += 1
            self.skip(artefact.path, "a format that is not known" if artefact.size else "empty")
        else:
            self.unknown[suffix[:20]] += 1

    def skip(self, path: str, reason: str, files: int = 1) -> None:
        """Keep the reason why an artefact gave nothing."""
        self.skipped.append(SkippedEntry(path, reason, files))

    def join(self) -> None:
        """Make facts of what only several files give together."""
        parts = Parts(self.parts, self.subject)
        for join in join_order():
            for item in join(parts):
                if isinstance(item, Joined):
                    self.facts.append(item.fact)
                    self.counts.update(item.artefacts)
                elif isinstance(item, Anomaly):
                    self.anomalies.append(item)
                else:
                    self.notes.append(item)

    def result(self) -> Scan:
        """Close the scan."""
        notes = [Note(note.artefact, printable(note.text)) for note in self.notes[:MAX_NOTES]]
        if len(self.notes) > MAX_NOTES:
            notes.append(Note("*", f"{len(self.notes) - MAX_NOTES} further notes are left out"))
        read = tuple(
            ReadEntry(
                artefact.path,
                label,
                self.counts[artefact.path],
                artefact.size,
                artefact.digest,
                artefact.digest_of,
            )
            for artefact, label in self.entries
        )
        unique = {fact.id: fact for fact in self.facts}
        skipped, anomalies = tuple(self.skipped), tuple(self.anomalies[:MAX_ANOMALIES])
        if len(self.anomalies) > MAX_ANOMALIES:
            rest = len(self.anomalies) - MAX_ANOMALIES
            notes.append(Note("*", f"{rest} further anomalies are left out of the list"))
        return Scan(tuple(unique.values()), read, skipped, tuple(notes), anomalies)
