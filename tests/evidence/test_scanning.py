"""Scanning folders: links, special files, bounds, order, digests, plug-ins."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chapterv.errors import InputError
from chapterv.evidence import Artefact, Note, Reader, registry, scan, walking
from chapterv.facts import Fact
from tests.evidence.writing import (
    LLAMA,
    folder_of,
    header_of,
    llama_tensors,
    notes,
    reasons,
    safetensors,
    scanned,
    values,
)

BASIC: dict[str, Any] = {
    "config.json": LLAMA,
    "README.md": "---\nlicense: mit\n---\n",
    "notes.xyz": "nothing",
}


def listed(found: Any) -> list[str]:
    """Every artefact of both lists."""
    return sorted([e.artefact for e in found.read] + [e.artefact for e in found.skipped])


def test_every_file_is_in_exactly_one_list(tmp_path: Path) -> None:
    found = scanned(tmp_path, {**BASIC, "sub/config.json": LLAMA, "sub/x.bin": b"1"})
    assert listed(found) == [
        "README.md", "config.json", "notes.xyz", "sub/config.json", "sub/x.bin",
    ]  # fmt: skip


def test_the_order_does_not_depend_on_how_files_were_made(tmp_path: Path) -> None:
    one = scanned(tmp_path / "a", BASIC)
    two = scanned(tmp_path / "b", dict(reversed(BASIC.items())))
    assert one == two
    assert one.to_json() == two.to_json()


def test_a_scan_as_json_writes_amounts_as_decimal_strings(tmp_path: Path) -> None:
    plain = scanned(tmp_path, BASIC).to_json()
    total = next(fact for fact in plain["facts"] if fact["key"] == "model.parameters_total")
    assert isinstance(total["value"], str)
    assert set(plain) == {"facts", "read", "skipped", "notes", "anomalies"}
    assert set(plain["read"][0]) >= {"artefact", "reader", "facts"}
    assert set(plain["skipped"][0]) == {"artefact", "reason"}
    json.dumps(plain)


def test_a_path_that_does_not_exist_is_a_skipped_line(tmp_path: Path) -> None:
    folder_of(tmp_path, BASIC)
    found = scan(["gone", "config.json"], tmp_path)
    assert "there is no such file" in reasons(found)["gone"]
    assert [entry.artefact for entry in found.read] == ["config.json"]


@pytest.mark.parametrize("path", ["..", "../other", "/etc"])
def test_a_path_outside_the_root_is_not_read(path: str, tmp_path: Path) -> None:
    folder_of(tmp_path, {"root/a.xyz": "1", "other/config.json": LLAMA})
    found = scan([path], tmp_path / "root")
    assert found.read == ()
    assert "lies outside the dossier folder" in found.skipped[0].reason


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    folder_of(tmp_path, BASIC)
    found = scan([".", "config.json", tmp_path / "config.json"], tmp_path)
    assert [entry.artefact for entry in found.read].count("config.json") == 1


def test_links_that_lead_back_do_not_stop_a_scan(tmp_path: Path) -> None:
    folder_of(tmp_path, {"sub/config.json": LLAMA})
    (tmp_path / "sub" / "up").symlink_to("..")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    (tmp_path / "self").symlink_to("self")
    found = scan(["."], tmp_path)
    assert [entry.artefact for entry in found.read] == ["sub/config.json"]
    assert "read under its own path" in reasons(found)["sub/up"]
    assert all("leads back to itself" in reasons(found)[n] for n in ("one", "two", "self"))


def test_a_link_that_leaves_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder_of(tmp_path, {"outside/config.json": LLAMA, "root/a.xyz": "1"})
    (tmp_path / "root" / "config.json").symlink_to("../outside/config.json")
    (tmp_path / "root" / "sub").symlink_to("../outside")
    (tmp_path / "root" / "gone").symlink_to("nothing")
    found = scan(["."], tmp_path / "root")
    assert found.read == ()
    assert "leaves the folder" in reasons(found)["config.json"]
    assert "leaves the folder" in reasons(found)["sub"]
    assert "there is no such file" in reasons(found)["gone"]


def test_a_link_to_another_folder_of_the_dossier_is_followed(tmp_path: Path) -> None:
    folder_of(tmp_path, {"store/config.json": LLAMA, "weights/a.xyz": "1"})
    (tmp_path / "weights" / "model").symlink_to("../store")
    found = scan(["weights"], tmp_path)
    assert [entry.artefact for entry in found.read] == ["weights/model/config.json"]


def test_a_path_that_is_a_link_is_followed(tmp_path: Path) -> None:
    folder_of(tmp_path, {"store/config.json": LLAMA})
    (tmp_path / "link").symlink_to("store")
    (tmp_path / "file").symlink_to("store/config.json")
    found = scan(["link"], tmp_path)
    assert [entry.artefact for entry in found.read] == ["link/config.json"]
    assert [entry.artefact for entry in scan([".", "link"], tmp_path).read] == ["store/config.json"]


def hub_cache(root: Path) -> Path:
    """A cache entry as hub clients lay it out; returns the snapshot."""
    entry = root / "models--example--tiny"
    folder_of(entry, {"blobs/aaaa": json.dumps(LLAMA), "refs/main": "abc"})
    weights = safetensors(header_of(llama_tensors()))
    (entry / "blobs" / "bbbb").write_bytes(weights)
    snapshot = entry / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").symlink_to("../../blobs/aaaa")
    (snapshot / "model.safetensors").symlink_to("../../blobs/bbbb")
    return snapshot


def test_a_hub_cache_is_read_through_its_links(tmp_path: Path) -> None:
    hub_cache(tmp_path)
    found = scan(["."], tmp_path)
    base = "models--example--tiny"
    assert [e.artefact for e in found.read] == [
        f"{base}/snapshots/abc/config.json",
        f"{base}/snapshots/abc/model.safetensors",
    ]
    assert "read under its name in snapshots/" in reasons(found)[f"{base}/blobs/aaaa"]
    assert "pointer of the hub cache" in reasons(found)[f"{base}/refs/main"]
    assert "a hub cache of example/tiny at revision abc" in notes(found)


def test_a_snapshot_alone_may_read_its_blobs_and_nothing_else(tmp_path: Path) -> None:
    snapshot = hub_cache(tmp_path)
    folder_of(tmp_path, {"secret.json": "{}"})
    (snapshot / "generation_config.json").symlink_to("../../../secret.json")
    found = scan(["."], snapshot)
    assert [e.artefact for e in found.read] == ["config.json", "model.safetensors"]
    assert "leaves the folder" in reasons(found)["generation_config.json"]


def test_special_files_are_named_and_not_opened(tmp_path: Path) -> None:
    folder_of(tmp_path, BASIC)
    os.mkfifo(tmp_path / "model.safetensors")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "tokenizer.json"))
        found = scan(["."], tmp_path)
    assert "not a regular file" in reasons(found)["model.safetensors"]
    assert "not a regular file" in reasons(found)["tokenizer.json"]
    assert len(found.read) == 2


def test_a_pipe_that_took_the_place_of_a_file_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.json")
    artefact = Artefact("config.json", str(tmp_path / "config.json"), 10)
    with pytest.raises(InputError, match="not a regular file"):
        artefact.read(100)


def test_an_unreadable_file_is_a_line_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_of(tmp_path, BASIC)
    really = os.open

    def refusing(path: Any, *arguments: Any, **options: Any) -> int:
        if str(path).endswith("config.json"):
            raise PermissionError(13, "Permission denied")
        return really(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refusing)
    for digest in (False, True):
        found = scan(["."], tmp_path, digest=digest)
        assert "no permission. Grant read access" in reasons(found)["config.json"]
        assert values(found, "model.licence") == ["MIT"]


def test_an_unreadable_folder_is_a_line_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_of(tmp_path, {**BASIC, "closed/config.json": LLAMA})
    really = os.scandir

    def refusing(path: Any) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return really(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = scan(["."], tmp_path)
    assert "no permission" in reasons(found)["closed/"]
    assert len(found.read) == 2


def test_names_that_are_no_text_are_shown_escaped(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    for name in (b"bad\xff.xyz", b"new\nline.xyz", b"red\x1b[31m.xyz"):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(b"1")
    found = scan(["."], tmp_path)
    assert sorted(reasons(found)) == ["bad\\xff.xyz", "new line.xyz", "red\\x1b[31m.xyz"]
    json.dumps(found.to_json()).encode()


def test_too_many_files_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MAX_FILES", 3)
    found = scanned(tmp_path, {f"{n}.xyz": "1" for n in range(10)})
    (beyond,) = [entry for entry in found.skipped if entry.artefact == "*"]
    assert beyond.files == 7
    assert sum(entry.files for entry in found.skipped) == 10


def test_files_of_unknown_formats_are_counted_beyond_a_bound(tmp_path: Path) -> None:
    found = scanned(tmp_path, {f"{n:04}.xyz": "1" for n in range(250)} | {"a.abc": "1"})
    assert sum(entry.files for entry in found.skipped) == 251
    assert found.skipped[-1].files == 50 or found.skipped[-2].files == 51
    assert len(found.skipped) <= 202


def test_a_folder_hundreds_deep_ends(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(walking.MAX_DEPTH + 5):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "config.json").write_text("{}")
    found = scan(["."], tmp_path)
    assert "folders deep" in found.skipped[0].reason


def test_folders_that_hold_no_evidence_are_one_line(tmp_path: Path) -> None:
    found = scanned(tmp_path, {".git/config": "1", ".git/HEAD": "1", ".chapterv/x": "1", **BASIC})
    assert "version control" in reasons(found)[".git/"]
    assert "working files of this program" in reasons(found)[".chapterv/"]


def test_a_digest_on_request_is_that_of_the_whole_file(tmp_path: Path) -> None:
    content = safetensors(header_of(llama_tensors()))
    seen: list[tuple[str, int, int]] = []
    files = {"model.safetensors": content, **BASIC}
    found = scanned(tmp_path, files, digest=True, progress=lambda *step: seen.append(step))
    entry = next(e for e in found.read if e.artefact == "model.safetensors")
    assert (entry.digest, entry.digest_of) == (hashlib.sha256(content).hexdigest(), "file")
    (fact,) = [f for f in found.facts if f.source.reader == "safetensors 1"
               and f.key == "model.parameters_total"]  # fmt: skip
    assert fact.source.digest == entry.digest
    total = sum((tmp_path / name).stat().st_size for name in files)
    assert [step for step in seen if step[0] == "digest"][-1] == ("digest", total, total)
    assert seen[-1] == ("read", 4, 4)


def test_an_empty_folder_is_an_empty_scan(tmp_path: Path) -> None:
    found = scan(["."], tmp_path)
    assert (found.facts, found.read, found.skipped, found.notes) == ((), (), (), ())


@pytest.fixture
def plug_in() -> Iterator[list[str]]:
    """A reader of a format of its own; the registry is as before afterwards."""
    registry.load()
    before = dict(registry._READERS)
    seen: list[str] = []

    @registry.reader("example-format", version="7", suffixes=(".example",))
    def read(artefact: Artefact) -> Iterator[Fact | Note]:
        seen.append(artefact.path)
        text = artefact.read(100)
        if text == b"crash":
            raise ZeroDivisionError("on purpose")
        yield artefact.fact("model.name", text.decode(), "line 1")
        yield Note(artefact.path, "a note")

    yield seen
    registry._READERS.clear()
    registry._READERS.update(before)
    registry._table.cache_clear()


def test_a_plug_in_reads_its_format(plug_in: list[str], tmp_path: Path) -> None:
    found = scanned(tmp_path, {"a.example": "tiny"})
    assert plug_in == ["a.example"]
    assert values(found, "model.name") == ["tiny"]
    assert found.facts[0].source.reader == "example-format 7"
    assert notes(found) == "a.example: a note"


def test_a_plug_in_that_fails_stops_nothing(plug_in: list[str], tmp_path: Path) -> None:
    found = scanned(tmp_path, {"a.example": "crash", **BASIC})
    reason = reasons(found)["a.example"]
    assert "the reader example-format 7 failed: ZeroDivisionError" in reason
    assert len(found.read) == 2


def test_two_readers_of_one_name_are_an_error_of_their_author(plug_in: list[str]) -> None:
    with pytest.raises(ValueError, match="two readers"):
        registry.reader("example-format", version="1")(lambda artefact: iter(()))


def test_readers_are_found_by_looking() -> None:
    found = registry.readers()
    assert {"safetensors", "configuration", "model-card", "licence"} <= found.keys()
    assert all(isinstance(entry, Reader) for entry in found.values())
    assert all(entry.read or entry.reason for entry in found.values())


def test_a_file_longer_than_its_kind_may_be_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b"{}")
    os.truncate(path, 5 * 1024 * 1024)
    assert stat.S_ISREG(path.stat().st_mode)
    found = scan(["."], tmp_path)
    assert "5242880 bytes, more than the 4194304" in reasons(found)["config.json"]
