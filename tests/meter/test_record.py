"""The meter's file survives what happens to long runs: kills, full disks, resumes."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from chapterv.errors import InputError, StorageError
from chapterv.meter import Meter
from chapterv.meter.record import Record
from tests.meter.runs import LLAMA, lines_of, read, totals_of, values

ROOT = Path(__file__).resolve().parents[2]


def meter(path: Path, **options: object) -> Meter:
    """A meter that writes after every second step."""
    given = {"config": LLAMA, "sequence_length": 64, "flush_steps": 2, "energy": False, **options}
    return Meter(path=path, **given)  # type: ignore[arg-type]


def program(body: str) -> list[str]:
    """A command that runs a program with a meter on the path in argument 1."""
    head = f"import sys, time\nfrom chapterv.meter import Meter\nCONFIG = {LLAMA!r}\n"
    return [sys.executable, "-c", head + textwrap.dedent(body)]


def test_first_line_is_a_header_and_all_others_have_their_number(tmp_path: Path) -> None:
    with meter(tmp_path / "m.jsonl", run="a") as one:
        for _ in range(5):
            one.add(64)
    lines = lines_of(tmp_path / "m.jsonl")
    assert [line["line"] for line in lines] == list(range(len(lines)))
    assert [line["kind"] for line in lines] == ["header", "session", "works", *["sums"] * 3]
    assert (lines[0]["format"], lines[0]["run"], lines[0]["world"]) == ("chapterv meter", "a", 1)


def test_each_line_holds_what_was_added_and_the_totals(tmp_path: Path) -> None:
    with meter(tmp_path / "m.jsonl") as one:
        for _ in range(5):
            one.add(64)
    sums = [line for line in lines_of(tmp_path / "m.jsonl") if line["kind"] == "sums"]
    assert [line["added"][0]["steps"] for line in sums] == ["2", "2", "1"]
    assert [line["totals"][0]["steps"] for line in sums] == ["2", "4", "5"]


def test_a_resume_adds_and_never_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    for start in range(3):
        with meter(path) as one:
            for index in range(4):
                one.add(64, index=4 * start + index)
    total = totals_of(path)[0]
    assert (total["steps"], total["tokens"], total["last_step"]) == ("12", str(12 * 64), "11")
    assert [line["session"] for line in lines_of(path) if line["kind"] == "session"] == [1, 2, 3]
    assert "steps_repeated" not in total


def test_a_resume_from_an_older_checkpoint_names_the_repeated_steps(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    for start in (0, 2):
        with meter(path) as one:
            for index in range(start, start + 4):
                one.add(64, index=index)
    total = totals_of(path)[0]
    assert (total["steps"], total["steps_repeated"]) == ("8", "2")


def test_another_model_is_refused_with_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    meter(path).close()
    before = path.read_bytes()
    with pytest.raises(InputError, match="num_hidden_layers 3 and 4"):
        Meter({**LLAMA, "num_hidden_layers": 4}, path)
    meter(tmp_path / "n.jsonl", run="a").close()
    with pytest.raises(InputError, match="run 'a'"):
        meter(tmp_path / "n.jsonl", run="b")
    assert path.read_bytes() == before


def test_one_process_may_become_several_and_a_library_may_write_more(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    with meter(path) as one:
        one.add(64)
    with meter(path, ranks="sum", config={**LLAMA, "new_switch": 7}) as one:
        one.add(64)
    assert totals_of(path)[0]["steps"] == "2"


def test_a_file_counted_otherwise_by_an_older_program_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    with meter(path) as one:
        one.add(64)
    old = path.read_text(encoding="utf-8")
    path.write_text(old.replace('"operations":"855552"', '"operations":"855550"'), encoding="utf-8")
    with meter(path) as one:
        one.add(64)
    assert len(totals_of(path)) == 2


def test_other_trained_weights_of_the_same_model_go_on_in_the_same_file(tmp_path: Path) -> None:
    from chapterv.compute import Trained

    path = tmp_path / "m.jsonl"
    with meter(path) as one:
        one.add(64)
    with meter(path, trained=Trained("adapter", adapter_parameters=10)) as one:
        one.add(64)
    first, second = totals_of(path)
    assert first["work"] != second["work"]
    assert int(second["operations"]["causal"]) < int(first["operations"]["causal"])


def test_a_file_of_something_else_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"step": 1}\n', encoding="utf-8")
    with pytest.raises(InputError, match="no meter wrote"):
        meter(path)
    assert path.read_text(encoding="utf-8") == '{"step": 1}\n'


@pytest.mark.parametrize("left", [0, 1, 20, 300])
def test_a_header_cut_by_a_crash_begins_anew(left: int, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    meter(path).close()
    path.write_bytes(path.read_bytes()[:left])
    with meter(path) as one:
        one.add(64)
    assert [line["kind"] for line in lines_of(path)] == ["header", "session", "works", "sums"]


def test_a_torn_line_stays_alone_and_totals_go_on_from_before_it(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    with meter(path) as one:
        for _ in range(4):
            one.add(64)
    data = path.read_bytes()
    path.write_bytes(data[:-30])
    with meter(path) as one:
        one.add(64)
    assert path.read_bytes().startswith(data[:-30] + b"\n{")
    assert totals_of(path)[0]["steps"] == "3"


def test_a_whole_last_line_without_its_end_counts(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    with meter(path) as one:
        one.add(64)
        one.add(64)
    path.write_bytes(path.read_bytes()[:-1])
    with meter(path) as one:
        one.add(64)
    assert totals_of(path)[0]["steps"] == "3"
    assert len(lines_of(path)) == 7


@pytest.mark.parametrize("pause", [0.15, 0.4])
def test_kill_and_resume_lose_at_most_one_interval_and_double_nothing(
    pause: float, tmp_path: Path
) -> None:
    body = """
        meter = Meter(CONFIG, sys.argv[1], sequence_length=64, flush_steps=10, energy=False)
        for step in range(10**9):
            meter.add(64, index=step)
            print(step, flush=True)
            time.sleep(0.001)
    """
    path = tmp_path / "m.jsonl"
    done = 0
    for _ in range(3):
        process = subprocess.Popen([*program(body), str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().splitlines()
        process.wait()
        process.stdout.close()
        before, done = done, int(totals_of(path)[0]["steps"]) if totals_of(path) else 0
        taken = int(rest[-1]) + 1 if rest else 1
        assert taken - 10 <= done - before <= taken + 1
    last = lines_of(path)[-1]
    added = [entry for line in lines_of(path) if line["kind"] == "sums" for entry in line["added"]]
    assert sum(int(entry["steps"]) for entry in added) == int(last["totals"][0]["steps"])


def test_a_program_that_ends_without_closing_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    body = """
        meter = Meter(CONFIG, sys.argv[1], sequence_length=64, energy=False)
        meter.add(64)
    """
    subprocess.run([*program(body), str(path)], check=True)
    assert totals_of(path)[0]["steps"] == "1"


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    with meter(path):
        body = "Meter(CONFIG, sys.argv[1])"
        result = subprocess.run([*program(body), str(path)], capture_output=True, text=True)
        assert "another process writes this file" in result.stderr
        with pytest.raises(StorageError):
            meter(path)
    meter(path).close()


def test_a_full_disk_is_said_once_and_the_next_line_holds_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "m.jsonl"
    real = os.write
    full = False

    def write(file: int, data: bytes) -> int:
        if full:
            real(file, data[:25])
            return 25
        return real(file, data)

    monkeypatch.setattr(os, "write", write)
    with caplog.at_level(logging.WARNING), meter(path) as one:
        one.add(64)
        full = True
        for _ in range(6):
            one.add(64)
        full = False
        one.add(64)
    assert len(caplog.records) == 1
    assert totals_of(path)[0]["steps"] == "8"
    assert all(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    assert lines_of(path)[-1]["failed_writes"] == 3


def test_a_real_limit_on_the_file_size_does_not_stop_the_training(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    body = """
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))
        meter = Meter(CONFIG, sys.argv[1], sequence_length=64, flush_steps=1, energy=False)
        for step in range(50):
            meter.add(64)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        meter.add(64)
        meter.close()
        print("trained")
    """
    result = subprocess.run([*program(body), str(path)], capture_output=True, text=True)
    assert result.stdout == "trained\n", result.stderr
    assert result.stderr.count("cannot be written") == 1
    assert totals_of(path)[0]["steps"] == "51"


def test_a_place_that_cannot_be_written_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "runs"
    folder.write_text("in the way", encoding="utf-8")
    with caplog.at_level(logging.WARNING), meter(folder / "m.jsonl") as one:
        for _ in range(4):
            one.add(64)
        folder.unlink()
        one.add(64)
    assert len(caplog.records) == 1
    assert totals_of(folder / "m.jsonl")[0]["steps"] == "5"


def test_a_closed_meter_lets_go_of_its_file(tmp_path: Path) -> None:
    one = meter(tmp_path / "m.jsonl")
    one.close()
    one.close()
    Record(str(tmp_path / "m.jsonl")).close()


def test_lines_are_written_after_some_time(tmp_path: Path) -> None:
    with Meter(LLAMA, tmp_path / "m.jsonl", sequence_length=64, flush_seconds=0.01) as one:
        one.add(64)
        time.sleep(0.02)
        one.add(64)
        assert totals_of(tmp_path / "m.jsonl")[0]["steps"] == "2"


def test_forked_processes_neither_write_nor_keep_the_file(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    body = """
        import os
        meter = Meter(CONFIG, sys.argv[1], sequence_length=64, energy=False)
        meter.add(64)
        ready, told = os.pipe()
        if os.fork() == 0:
            os.write(told, b".")
            meter.add(64)
            meter.close()
            time.sleep(0.5)
            sys.exit()
        os.read(ready, 1)
        meter.close()
        Meter(CONFIG, sys.argv[1]).close()
        os.wait()
    """
    subprocess.run([*program(body), str(path)], check=True)
    assert totals_of(path)[0]["steps"] == "1"


def test_a_crash_at_any_byte_loses_only_the_line_it_cut(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    with meter(path) as one:
        for _ in range(6):
            one.add(64)
    data = path.read_bytes()
    for cut in range(0, len(data) + 1, 53):
        path.write_bytes(data[:cut])
        kept = totals_of(path)
        with meter(path) as one:
            one.add(64)
        before = int(kept[0]["steps"]) if kept else 0
        assert totals_of(path)[0]["steps"] == str(before + 1)
        found = values(read(tmp_path), "run:m.jsonl.training")
        assert (found["run.steps"], found["run.tokens"]) == (before + 1, 64 * (before + 1))


def test_a_folder_that_may_not_be_written_does_not_stop_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*names: object, **options: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with meter(tmp_path / "m.jsonl") as one:
        for _ in range(5):
            one.add(64)
        assert one.totals()["sums"][0]["steps"] == "5"
    assert "cannot be opened (permission denied)" in caplog.text
    assert len(caplog.records) == 1
