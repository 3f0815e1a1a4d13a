"""What a meter keeps between lines, and what it writes in one.

Pending sums are those of this process since the last line; those of all ranks are joined, written
as added and as running totals, and only then forgotten. A line that could not be written leaves
them where they are, so the next one holds them too.
"""

from __future__ import annotations

import datetime
import os
import uuid
from typing import TYPE_CHECKING, Any

from chapterv import __version__
from chapterv.errors import Error, InputError, StorageError
from chapterv.meter.devices import Chips, Place, gathered
from chapterv.meter.model import Model, digest, terms_table, trained_table
from chapterv.meter.record import FORMAT, VERSION, Record, Resumed
from chapterv.meter.sums import Key, Sums

if TYPE_CHECKING:
    from chapterv.compute import Terms
    from chapterv.meter.energy import Counters
    from chapterv.meter.trained import Mask

__all__ = ["Kind", "Writer"]

MAX_KEYS = 1000
MAX_NAME = 100


class Kind:
    """A kind of pass: its terms and which weights it trains.

    Args:
        table: as the record holds it.
        terms: the operations of a pass, or None where none are counted.
    """

    def __init__(self, table: dict[str, Any], terms: Terms | None) -> None:
        self.table = table
        self.terms = terms
        self.id = digest(table)

    @classmethod
    def of(cls, terms: Terms | None, mask: Mask | None, prediction: bool = False) -> Kind:
        """Return the kind of a pass with these terms and this mask."""
        exact = mask.exact if mask else True
        trained = trained_table(mask.trained if mask else None, exact, prediction)
        if mask and mask.of:
            trained = {**trained, "parameters": str(mask.parameters), "of": str(mask.of)}
        return cls({"terms": terms_table(terms) if terms else None, "trained": trained}, terms)

    @classmethod
    def forward(cls, terms: Terms | None) -> Kind:
        """Return the kind of a forward pass."""
        table = terms_table(terms) if terms else None
        return cls({"terms": table, "trained": {"weights": "none"}}, terms)

    @classmethod
    def read(cls, table: dict[str, Any], where: str) -> Kind:
        """Return a kind as a record holds it."""
        from chapterv.compute import terms_from

        given = table.get("terms")
        return cls(table, None if given is None else terms_from(given, where))


class Writer:
    """The sums of a meter and its file.

    Args:
        path: the file.
        run: name of the run.
        ranks: "one", "sum" or "own".
        place: this process among those of the run.
        model: the model, or None.
        chips: accelerators of this process.
    """

    def __init__(
        self, path: str, run: str | None, ranks: str, place: Place, model: Model | None,
        chips: Chips,
    ) -> None:  # fmt: skip
        self.path = _own_path(path, place) if ranks == "own" else path
        self.exchanges = ranks == "sum" and place.world > 1
        self.writes = place.rank == 0 or not self.exchanges
        self.run = str(run)[:MAX_NAME] if run else None
        self.ranks, self.place, self.model, self.chips = ranks, place, model, chips
        self.kinds: dict[str, Kind] = {}
        self.pending: dict[Key, Sums] = {}
        self.unwritten: dict[Key, Sums] = {}
        self.totals: dict[Key, Sums] = {}
        self.lost = 0
        self._record: Record | None = None
        self._counters: Counters | None = None
        self._known = 0
        self._session = 0

    def keep(self, kind: Kind) -> Kind:
        """Remember a kind of pass."""
        return self.kinds.setdefault(kind.id, kind)

    def sums(self, key: Key) -> Sums:
        """Return the pending sums of a key.

        Raises:
            InputError: too many keys.
        """
        found = self.pending.get(key)
        if found is None:
            known = {*self.pending, *self.unwritten, *self.totals}
            if key not in known and len(known) >= MAX_KEYS:
                raise InputError(
                    f"more than {MAX_KEYS} phases and activities", None, "Use fewer names."
                )
            terms = self.kinds[key[3]].terms
            found = self.pending[key] = Sums(len(terms.by_length) if terms else 0)
        return found

    def top(self, key: Key) -> int:
        """Return the highest step of a key that was counted before its pending sums."""
        found = (table.get(key) for table in (self.totals, self.unwritten))
        return max((sums.top for sums in found if sums is not None), default=-1)

    def open(self, counters: Counters) -> str | None:
        """Open the file and go on where it ends.

        Returns: what the system refused, or None.

        Raises:
            InputError: the file is of another model, run or rank, or no meter's.
            StorageError: another process writes it.
        """
        self._counters = counters
        if not self.writes:
            return None
        try:
            record = Record(self.path)
        except OSError as error:
            return _reason(error)
        try:
            self._begin(record)
        except OSError as error:
            record.close()
            return _reason(error)
        except BaseException:
            record.close()
            raise
        self._record = record
        return None

    def write(self) -> str | None:
        """Join what all ranks counted and write it as one line.

        Returns: why it could not be written, or None.
        """
        self._join()
        if not self.writes:
            return None
        if self._record is None:
            try:
                error = self.open(self._counters) if self._counters else "not opened"
            except Error as refused:
                error = str(refused)
            if error is not None:
                return error
        if not self.unwritten or self._record is None:
            return None
        try:
            self._append(self._record)
        except OSError as error:
            self.lost += 1
            return _reason(error)
        return None

    def tables(self) -> list[dict[str, Any]]:
        """Return all sums of this process so far, as the record holds totals."""
        return self._tables(_joined(_joined(self.totals, self.unwritten), self.pending))

    def close(self) -> None:
        """Let go of the file."""
        if self._record is not None:
            self._record.close()
            self._record = None
        self.writes = False

    def _append(self, record: Record) -> None:
        self._write_works(record)
        totals = _joined(self.totals, self.unwritten)
        line: dict[str, Any] = {
            "kind": "sums", "utc": _now(), "session": self._session,
            "added": self._tables(self.unwritten), "totals": self._tables(totals),
        }  # fmt: skip
        if self.lost:
            line["failed_writes"] = self.lost
        record.append(line)
        self.totals, self.unwritten = totals, {}

    def _join(self) -> None:
        """Move pending sums to those that wait for a line, together with those of other ranks."""
        units = self.chips.units or 0
        mine = {key: sums for key, sums in self.pending.items() if not sums.is_empty()}
        for sums in mine.values():
            sums.chip_microseconds = sums.microseconds * units
        if not self.exchanges:
            self.unwritten, self.pending = _joined(self.unwritten, mine), {}
            return
        every = gathered([[list(key), sums.table()] for key, sums in mine.items()])
        if len(every) != self.place.world:
            raise StorageError(
                f"{len(every)} of {self.place.world} processes are connected", None,
                "Start torch.distributed before the first line is due.",
            )  # fmt: skip
        self.pending = {}
        merged: dict[Key, Sums] = {}
        for names, table in (entry for rank in every for entry in rank):
            key: Key = (names[0], names[1], names[2], names[3])
            terms = self.kinds[key[3]].terms
            sums = Sums.of(table, len(terms.by_length) if terms else 0)
            if key in merged:
                merged[key].add_rank(sums)
            else:
                merged[key] = sums
        self.unwritten = _joined(self.unwritten, merged) if self.writes else {}

    def _begin(self, record: Record) -> None:
        """Write the header or check it, then the session."""
        resumed = record.resumed
        if resumed is None:
            record.append(self._header())
        else:
            self._check(resumed, record.name)
            self._go_on(resumed, record.name)
        self._session = 1 + (resumed.sessions if resumed else 0)
        self._known = 0
        record.append(self._start())
        self._write_works(record)

    def _header(self) -> dict[str, Any]:
        configuration = self.model.configuration if self.model else None
        return {
            "kind": "header", "format": FORMAT, "version": VERSION, "id": uuid.uuid4().hex,
            "made_by": f"chapterv {__version__}", "utc": _now(), "run": self.run,
            "ranks": self.ranks, "rank": self.place.rank, "world": self.place.world,
            "model": self.model.table() if self.model else None,
            "configuration": configuration,
            "configuration_digest": digest(configuration) if configuration else None,
            "clock": "durations by a clock that never goes back; utc as the system gives it",
        }  # fmt: skip

    def _start(self) -> dict[str, Any]:
        own = self.chips.units
        counters = self._counters
        return {
            "kind": "session", "utc": _now(), "session": self._session,
            "made_by": f"chapterv {__version__}", "world": self.place.world,
            "units": own * self.place.world if own and self.exchanges else own,
            "chip": self.chips.name,
            "energy_counters": sorted({c.name for c in counters.counters}) if counters else [],
            "energy_absent": counters.absent if counters else [],
        }  # fmt: skip

    def _write_works(self, record: Record) -> None:
        """Write the kinds of pass again when one is new."""
        if len(self.kinds) > self._known:
            works = [kind.table for kind in self.kinds.values()]
            record.append({"kind": "works", "works": works})
            self._known = len(works)

    def _check(self, resumed: Resumed, name: str) -> None:
        """Refuse a file that another model, run or rank wrote.

        Raises:
            InputError: with what differs.
        """
        header = resumed.header
        mine = self._header()
        asked = ["run"] if mine["run"] else []
        if "own" in (header.get("ranks"), mine["ranks"]):
            asked += ["ranks", "rank"]
        differing = [
            f"{what} {header.get(what)!r} in the file, {mine[what]!r} now"
            for what in asked
            if header.get(what) != mine[what]
        ]
        # Another version of this program may count a family otherwise, and another version of a
        # library may write more into a configuration: only both together are another model.
        same = mine["configuration"] and header.get("configuration") == mine["configuration"]
        if not same and header.get("model") != mine["model"]:
            differing.append(_model_differs(header, mine))
        if differing:
            raise InputError(
                "the file is of another run: " + "; ".join(differing), name,
                "Give the meter another path.",
            )  # fmt: skip

    def _go_on(self, resumed: Resumed, name: str) -> None:
        """Take over kinds of pass and totals."""
        try:
            kinds = [Kind.read(table, name) for table in resumed.works]
            mine, self.kinds = self.kinds, {kind.id: kind for kind in kinds}
            self.kinds.update({one.id: one for one in mine.values() if one.id not in self.kinds})
            if resumed.last is not None:
                self.totals = dict(_entry(table, kinds) for table in resumed.last["totals"])
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            raise InputError(
                "the totals of its last line cannot be read", name, "Give the meter another path."
            ) from None

    def _tables(self, sums: dict[Key, Sums]) -> list[dict[str, Any]]:
        numbers = {name: number for number, name in enumerate(self.kinds)}
        return [
            {
                "phase": key[0], "activity": key[1], "passes": key[2], "work": numbers[key[3]],
                **one.table(), **self._operations(key, one),
            }
            for key, one in sums.items()
        ]  # fmt: skip

    def _operations(self, key: Key, sums: Sums) -> dict[str, Any]:
        terms = self.kinds[key[3]].terms
        if terms is None:
            return {}
        pairs = [(causal, full) for causal, full in sums.pairs]
        causal, full = terms.operations(sums.tokens, sums.positions, sums.squared, pairs)
        return {"operations": {"causal": str(causal), "full": str(full)}}


def _entry(table: dict[str, Any], kinds: list[Kind]) -> tuple[Key, Sums]:
    kind = kinds[table["work"]]
    pairs = len(kind.terms.by_length) if kind.terms else 0
    return (table["phase"], table["activity"], table["passes"], kind.id), Sums.of(table, pairs)


def _joined(first: dict[Key, Sums], second: dict[Key, Sums]) -> dict[Key, Sums]:
    """Return the sums of both, neither changed."""
    found: dict[Key, Sums] = {}
    for key, sums in (*first.items(), *second.items()):
        if key not in found:
            found[key] = Sums(len(sums.pairs))
        found[key].add(sums)
    return found


def _model_differs(header: dict[str, Any], mine: dict[str, Any]) -> str:
    old, new = header.get("configuration") or {}, mine["configuration"] or {}
    keys = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    if keys:
        shown = [f"{key} {str(old.get(key))[:40]} and {str(new.get(key))[:40]}" for key in keys[:5]]
        return "another model (" + ", ".join(shown) + ")"
    return "another model, or other layers of it are counted"


def _own_path(path: str, place: Place) -> str:
    stem, suffix = os.path.splitext(path)
    return f"{stem}.rank{place.rank}{suffix}"


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _now() -> str:
    moment = datetime.datetime.now(datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
