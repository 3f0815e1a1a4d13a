"""Logs of Megatron-LM: steps counted once, whatever restarts, ranks and cut lines do to them."""

from __future__ import annotations

import random
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chapterv.evidence import Anomaly, Scan, follow, run_logs
from tests.evidence.writing import notes, reasons, scanned, values

ARGUMENTS = {
    "bf16": "True",
    "fp16": "False",
    "global_batch_size": 8,
    "hidden_size": 64,
    "log_interval": 1,
    "num_layers": 4,
    "rampup_batch_size": "None",
    "recompute_granularity": "None",
    "save": "None",
    "seq_length": 128,
    "train_iters": 100,
    "world_size": 16,
}


def arguments(**changes: object) -> str:
    """The block that a process prints when it starts."""
    lines = [
        f"  {name} {'.' * (48 - len(name))} {value}"
        for name, value in {**ARGUMENTS, **changes}.items()
    ]
    rule = "-" * 24
    return f"{rule} arguments {rule}\n" + "\n".join(lines) + f"\n{rule} end of arguments {rule}\n"


def line(step: int, samples: int, ms: str = "500.0", **changes: str) -> str:
    """A line on steps, as the program writes it."""
    given = {"before": " [2026-03-01 10:00:00] ", "rate": "400.0", "size": "8", "skipped": "0"}
    given |= changes
    rate = f" throughput per GPU (TFLOP/s/GPU): {given['rate']} |" if given["rate"] else ""
    return (
        f"{given['before']}iteration {step:8d}/     100 | consumed samples: {samples:12d} | "
        f"elapsed time per iteration (ms): {ms} |{rate} learning rate: 1.000000E-04 | "
        f"global batch size: {given['size']:>5} | lm loss: 2.500000E+00 | loss scale: 1.0 | "
        f"grad norm: 1.000 | number of skipped iterations: {given['skipped']:>3} | "
        "number of nan iterations:   0 |\n"
    )


def steps(first: int, last: int, ms: str = "500.0", **changes: str) -> str:
    """Lines of consecutive steps of eight samples each."""
    return "".join(line(step, step * 8, ms, **changes) for step in range(first, last + 1))


def read(root: Path, text: str | bytes, name: str = "train.log") -> Scan:
    return scanned(root, {f"run/{name}": text})


def odd(found: Scan) -> dict[str, Anomaly]:
    return {anomaly.kind: anomaly for anomaly in found.anomalies}


def only(found: Scan, key: str) -> object:
    got = values(found, key)
    assert len(got) == 1, (key, got)
    return got[0]


def test_a_plain_log_gives_steps_samples_tokens_and_time(tmp_path: Path) -> None:
    found = read(tmp_path, arguments() + steps(1, 10))
    assert only(found, "run.steps") == 10
    assert only(found, "run.samples") == 80
    assert only(found, "run.tokens") == 80 * 128
    assert only(found, "run.seconds") == 5
    assert only(found, "run.units") == 16
    assert only(found, "run.sequence_length") == 128
    assert only(found, "run.batch_size") == 8
    assert only(found, "run.precision") == "bf16"
    assert only(found, "run.recomputation") is False
    assert only(found, "run.unit_hours") == Decimal("0.022222222")
    assert only(found, "run.framework") == "Megatron-LM"
    assert not found.anomalies
    assert {fact.subject for fact in found.facts} == {"run:run"}


def test_the_tools_own_operations_are_rate_times_time_times_units(tmp_path: Path) -> None:
    found = read(tmp_path, arguments() + steps(1, 10))
    assert only(found, "run.tool_operations") == 400 * 10**12 * 16 * 5
    assert only(found, "run.tool_operations_counts") == "model"
    assert only(found, "run.throughput_per_unit") == 400 * 10**12


def test_a_line_stands_for_all_steps_since_the_line_before(tmp_path: Path) -> None:
    text = arguments(log_interval=10) + line(10, 80) + line(20, 160)
    found = read(tmp_path, text)
    assert only(found, "run.steps") == 20
    assert only(found, "run.seconds") == 10


def test_a_resumed_process_starts_where_its_checkpoint_says(tmp_path: Path) -> None:
    loaded = "  successfully loaded checkpoint from ckpt [ t 0, p 0 ] at iteration 15\n"
    first = arguments(log_interval=10) + line(10, 80) + line(20, 160)
    again = arguments(log_interval=10) + loaded + line(20, 160) + line(30, 240)
    found = read(tmp_path, first + again)
    assert only(found, "run.steps") == 30
    assert only(found, "run.steps_repeated") == 5
    assert only(found, "run.tokens") == 30 * 8 * 128
    assert only(found, "run.tokens_repeated") == 5 * 8 * 128
    assert only(found, "run.seconds") == Decimal("17.5")


def test_steps_taken_again_after_a_restart_count_once(tmp_path: Path) -> None:
    found = read(tmp_path, arguments() + steps(1, 10) + arguments() + steps(6, 20))
    assert only(found, "run.steps") == 20
    assert only(found, "run.tokens") == 20 * 8 * 128
    assert only(found, "run.steps_repeated") == 5
    assert only(found, "run.seconds") == Decimal("12.5")
    seen = odd(found)["steps_repeated"]
    assert seen.amount == 5
    assert seen.pointer == f"line {len(arguments().splitlines()) + 10}"
    assert "once" in seen.effect


def test_a_counter_that_goes_back_without_a_word_is_a_restart_too(tmp_path: Path) -> None:
    found = read(tmp_path, arguments() + steps(1, 10) + steps(6, 20, ms="600.0"))
    assert only(found, "run.steps") == 20
    assert only(found, "run.steps_repeated") == 5


def test_restarts_in_several_files_are_one_run(tmp_path: Path) -> None:
    logs = {
        "run/job-9.out": arguments() + steps(1, 10),
        "run/job-10.out": arguments(world_size=32) + steps(9, 20),
    }
    found = scanned(tmp_path, logs)
    assert only(found, "run.steps") == 20
    assert only(found, "run.steps_repeated") == 2
    assert only(found, "run.unit_hours") == Decimal("0.075555556")
    assert not values(found, "run.units")
    assert "run.units changed during the run (16, 32)" in notes(found)


def test_sums_are_taken_by_parts_where_the_sequence_length_changes(tmp_path: Path) -> None:
    found = read(tmp_path, arguments() + steps(1, 10) + arguments(seq_length=256) + steps(11, 20))
    assert only(found, "run.tokens") == 80 * 128 + 80 * 256
    assert not values(found, "run.sequence_length")


def test_a_growing_batch_is_counted_by_the_samples(tmp_path: Path) -> None:
    ramp = line(1, 4, size="4") + line(2, 8, size="4") + line(3, 16) + line(4, 24)
    found = read(tmp_path, arguments(rampup_batch_size="['4', '4', '16']") + ramp)
    assert only(found, "run.samples") == 24
    assert only(found, "run.tokens") == 24 * 128
    assert not values(found, "run.batch_size")


def test_lines_of_two_ranks_count_once(tmp_path: Path) -> None:
    text = arguments()
    for step in range(1, 11):
        text += line(step, step * 8, before="[default0]: ")
        text += line(step, step * 8, before="[default7]: ", ms="501.0")
    found = read(tmp_path, text)
    assert only(found, "run.steps") == 10
    assert only(found, "run.seconds") == 5
    assert odd(found)["lines_repeated"].times == 10
    assert not values(found, "run.steps_repeated")


def test_the_same_process_in_two_files_counts_once(tmp_path: Path) -> None:
    log = arguments() + "".join(
        line(step, step * 8, before=f" [2026-03-01 10:00:{step:02d}] ") for step in range(1, 11)
    )
    found = scanned(tmp_path, {"run/rank0.log": log, "run/rank1.log": log})
    assert only(found, "run.steps") == 10
    assert only(found, "run.seconds") == 5
    assert odd(found)["log_repeated"].amount == 10


@pytest.mark.parametrize(("ms", "repeated"), [("501.0", []), ("600.0", [10])])
def test_without_a_clock_a_copy_is_known_by_its_times(
    tmp_path: Path, ms: str, repeated: list[int]
) -> None:
    logs = {
        "run/rank0.log": arguments() + steps(1, 10, before=" "),
        "run/rank1.log": arguments() + steps(1, 10, before=" ", ms=ms),
    }
    found = scanned(tmp_path, logs)
    assert only(found, "run.steps") == 10
    assert values(found, "run.steps_repeated") == repeated


def test_one_log_in_two_runs_is_named(tmp_path: Path) -> None:
    log = arguments() + steps(1, 10)
    found = scanned(tmp_path, {"jobs/1.out": log, "tracker/output.log": "started\n" + log})
    assert odd(found)["run_told_twice"].artefact == "tracker/output.log"
    other = scanned(tmp_path / "b", {"a/1.out": log, "b/1.out": log.replace("500.0", "500.1")})
    assert not other.anomalies


def test_two_models_in_one_file_are_two_runs(tmp_path: Path) -> None:
    found = read(tmp_path, arguments() + steps(1, 10) + arguments(hidden_size=99) + steps(1, 4))
    by_run = {f.subject: f.value for f in found.facts if f.key == "run.steps"}
    assert by_run == {"run:run": 10, "run:run.2": 4}


def test_a_log_that_begins_late_counts_what_the_numbering_says(tmp_path: Path) -> None:
    found = read(tmp_path, arguments() + steps(51, 60))
    assert only(found, "run.steps") == 60
    assert only(found, "run.tokens") == 60 * 8 * 128
    assert only(found, "run.seconds") == 5
    assert odd(found)["steps_missing"].amount == 50
    seconds = next(fact for fact in found.facts if fact.key == "run.seconds")
    assert seconds.relation == "at_least"


def test_skipped_steps_are_steps(tmp_path: Path) -> None:
    found = read(tmp_path, arguments() + steps(1, 3, skipped="1"))
    assert only(found, "run.steps") == 3
    assert "3 steps were skipped" in notes(found)
    assert only(found, "run.tokens") == 3 * 8 * 128


CUT = {
    "in a number": (150, "line_cut"),
    "after the first number": (50, "line_cut"),
    "before any number": (38, "lines_missing"),
    "before the last field": (-40, "line_cut"),
}


@pytest.mark.parametrize("how", CUT)
def test_a_line_cut_in_half_loses_no_step(tmp_path: Path, how: str) -> None:
    place, kind = CUT[how]
    text = arguments() + steps(1, 4) + line(5, 40)[:place] + "\n" + steps(6, 10)
    found = read(tmp_path, text)
    assert only(found, "run.steps") == 10
    assert only(found, "run.samples") == 80
    assert only(found, "run.seconds") == 5
    assert kind in odd(found)


def test_a_line_that_has_not_ended_waits(tmp_path: Path) -> None:
    found = read(tmp_path, arguments() + steps(1, 4) + line(5, 40)[:-1])
    assert only(found, "run.steps") == 4
    assert "line_unfinished" in odd(found)


def test_two_lines_written_over_one_another_are_named(tmp_path: Path) -> None:
    text = arguments() + steps(1, 4) + line(5, 40)[:60] + line(6, 48) + steps(7, 10)
    found = read(tmp_path, text)
    assert only(found, "run.samples") == 80
    assert "line_cut" in odd(found)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_end_of_a_line_will_do(tmp_path: Path, end: str) -> None:
    text = (arguments() + steps(1, 10)).replace("\n", end)
    assert only(read(tmp_path, text.encode()), "run.tokens") == 80 * 128


def test_bytes_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    noise = b"\xff\xfe\x00 loss \x80\n"
    text = arguments().encode() + noise + steps(1, 10).encode().replace(b"\n", b"\n" + noise)
    found = read(tmp_path, text)
    assert only(found, "run.steps") == 10


def test_a_line_of_ten_megabytes_is_left_out_and_named(tmp_path: Path) -> None:
    text = arguments() + steps(1, 5) + "x" * 10_000_000 + "\n" + steps(6, 10)
    found = read(tmp_path, text)
    assert only(found, "run.steps") == 10
    assert odd(found)["line_too_long"].times == 1


def test_numbers_beyond_all_reason_are_no_numbers(tmp_path: Path) -> None:
    text = arguments() + steps(1, 3) + line(4, int("9" * 60)) + steps(5, 6)
    found = read(tmp_path, text)
    assert only(found, "run.samples") == 48
    assert "line_cut" in odd(found)


def test_steps_of_no_time_are_no_error(tmp_path: Path) -> None:
    found = read(tmp_path, arguments() + steps(1, 3, ms="0.0"))
    assert only(found, "run.seconds") == 0
    assert not values(found, "run.throughput_per_unit")


def test_a_clock_that_goes_back_is_named_and_not_used(tmp_path: Path) -> None:
    times = ["10:00:01", "10:00:02", "09:00:03", "09:00:04"]
    text = arguments() + "".join(
        line(step, step * 8, before=f" [2026-10-25 {time}] ") for step, time in enumerate(times, 1)
    )
    found = read(tmp_path, text)
    assert {"clock_back", "clock_contradicts"} <= set(odd(found))
    assert not values(found, "run.idle_seconds")
    assert only(found, "run.seconds") == 2


@pytest.mark.parametrize("zone", ["", "+01:00", "Z"])
def test_waiting_between_processes_is_idle_time(tmp_path: Path, zone: str) -> None:
    def at(step: int, time: str) -> str:
        return line(step, step * 8, before=f" [2026-03-01 {time}{zone}] ")

    begun = "[before the start of training step] datetime: 2026-03-01 10:00:00\n"
    text = arguments() + (begun if not zone else "") + at(1, "10:00:01") + at(2, "10:00:02")
    text += arguments() + at(3, "11:00:00") + at(4, "11:00:01")
    found = read(tmp_path, text)
    whole = 3601 if not zone else Decimal("3600.5")
    assert only(found, "run.idle_seconds") == whole - 2
    assert str(only(found, "run.started_on")) == "2026-03-01"
    assert ("names no time zone" in notes(found)) == (not zone)


VARIANTS = {
    "seconds": ("elapsed time per iteration (ms): 500.0", "elapsed time per iteration (s): 0.5"),
    "now and mean": (
        "elapsed time per iteration (ms): 500.0 | throughput per GPU (TFLOP/s/GPU): 400.0",
        "elapsed time per iteration (ms): 500.0/612.5 | compute per GPU (TFLOP/s/GPU): 400.0 "
        "(avg 390.0) | tokens/s/GPU inst/harmonic mean: 128.0/100.0",
    ),
    "now and mean, older name": (
        "(ms): 500.0 | throughput per GPU (TFLOP/s/GPU): 400.0",
        "(ms): 500.0/612.5 | throughput per GPU (TFLOP/s/GPU): 400.0/390.0 ",
    ),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_forks_and_releases_write_the_same_otherwise(tmp_path: Path, variant: str) -> None:
    old, new = VARIANTS[variant]
    found = read(tmp_path, arguments() + steps(1, 10).replace(old, new))
    assert only(found, "run.seconds") == 5
    assert only(found, "run.tool_operations") == 400 * 10**12 * 16 * 5


def test_operations_with_recomputation_are_told_apart(tmp_path: Path) -> None:
    text = steps(1, 10, rate="").replace(
        "nan iterations:   0 |", "nan iterations:   0 | samples per second: 16.0 | TFLOPs: 99.0 |"
    )
    found = read(tmp_path, arguments(checkpoint_activations="True") + text)
    assert only(found, "run.tool_operations_counts") == "hardware"
    assert only(found, "run.recomputation") is True


def test_validation_and_saving_are_no_steps(tmp_path: Path) -> None:
    more = (
        " validation loss at iteration 10 | lm loss value: 2.5E+00 | lm loss PPL: 1.2E+01 |\n"
        "saving checkpoint at iteration      10 to ckpt\n"
        "[exiting program at iteration 10]\nexiting program at iteration 10\n"
        "  successfully saved checkpoint from iteration      10 to ckpt [ t 1/1, p 1/1 ]\n"
    )
    found = read(tmp_path, arguments() + steps(1, 10) + more + steps(11, 20))
    assert only(found, "run.steps") == 20
    assert not found.anomalies


def test_the_command_line_tells_the_sequence_length_too(tmp_path: Path) -> None:
    command = "pretrain_gpt.py --num-layers 24 --seq-length 4096 --micro-batch-size 4\n"
    assert only(read(tmp_path, command + steps(1, 10)), "run.tokens") == 80 * 4096


def test_facts_of_several_logs_name_them_together(tmp_path: Path) -> None:
    logs = {f"run/job-{n}.out": arguments() + steps(n * 5 + 1, n * 5 + 5) for n in range(3)}
    found = scanned(tmp_path, logs)
    source = next(fact.source for fact in found.facts if fact.key == "run.tokens")
    assert source.artefact == "run/*.out"
    assert source.digest
    assert [entry.facts > 5 for entry in found.read] == [True] * 3


def test_many_restarts_are_listed_shortly(tmp_path: Path) -> None:
    text = "".join(arguments() + steps(n * 5 + 1, n * 5 + 6) for n in range(30))
    found = read(tmp_path, text)
    repeated = [each for each in found.anomalies if each.kind == "steps_repeated"]
    assert len(repeated) == 21
    assert sum(int(each.amount or 0) for each in repeated) == 29
    assert only(found, "run.steps_repeated") == 29


def test_without_a_sequence_length_there_are_samples_and_a_question(tmp_path: Path) -> None:
    found = read(tmp_path, steps(1, 10))
    assert only(found, "run.samples") == 80
    assert not values(found, "run.tokens")
    assert "state run.tokens" in notes(found)


def test_other_texts_are_of_a_format_that_is_not_known(tmp_path: Path) -> None:
    found = read(tmp_path, "iteration 3 of the design was better\nstep: one\n", "notes.txt")
    assert reasons(found) == {"run/notes.txt": "a format that is not known"}


def test_no_folder_or_user_of_the_machine_is_kept(tmp_path: Path) -> None:
    text = arguments(save="/scratch/someone/ckpt", wandb_exp_name="someone@example.org")
    found = read(tmp_path, text + steps(1, 3, before="[someone-node7:0]: "))
    assert "someone" not in repr(found)


PLAIN = r"\(ms\): (\S+) \| throughput per GPU \(TFLOP/s/GPU\): (\S+) \|"
SPEED = "tokens/s/GPU inst/harmonic mean: 1.0/2.0 |"
FORMS = {
    "plain": r"(ms): \1 | throughput per GPU (TFLOP/s/GPU): \2 |",
    "without a rate": r"(ms): \1 |",
    "now and mean": rf"(ms): \1/7.7 | throughput per GPU (TFLOP/s/GPU): \2/6.6  | {SPEED}",
    "renamed": rf"(ms): \1/7.7 | compute per GPU (TFLOP/s/GPU): \2 (avg 6.6) | {SPEED}",
    "mean of the rate": rf"(ms): \1 | compute per GPU (TFLOP/s/GPU): \2 (avg 6.6) | {SPEED}",
    "seconds": r"(s): \1 | throughput per GPU (TFLOP/s/GPU): \2 |",
}


def regular(form: str) -> str:
    """Four thousand lines in one form, enough for several blocks."""
    lines = (
        line(
            step,
            step * 8,
            ms=f"{400 + step % 97}.{step % 10}",
            rate=f"{300 + step % 13}.{step % 7}",
            before=" ",
        )
        for step in range(1, 4001)
    )
    return re.sub(PLAIN, FORMS[form], "".join(lines))


@pytest.mark.parametrize("form", FORMS)
def test_columns_give_what_lines_give(tmp_path: Path, form: str) -> None:
    """One odd line in each block makes the log go by the line."""
    odd_line = "time (ms) | elapsed time per iteration | forward: 3.2\n"
    odd_ones = "".join(
        part + (odd_line if at % 50 == 0 else "")
        for at, part in enumerate(regular(form).splitlines(keepends=True))
    )
    one = read(tmp_path / "one", arguments() + regular(form))
    other = read(tmp_path / "other", arguments() + odd_ones)
    assert {f.key: f.value for f in one.facts} == {f.key: f.value for f in other.facts}
    assert only(one, "run.steps") == 4000
    assert not one.anomalies


@pytest.mark.parametrize("form", sorted(set(FORMS) - {"seconds"}))
def test_regular_logs_go_by_the_column(tmp_path: Path, form: str) -> None:
    path = tmp_path / "train.log"
    path.write_text(arguments() + regular(form))
    state, points = follow(path)
    assert state.gathered.spans[-1].last == 4000
    assert len(points) < 1500  # one for each line of the first block, then one a block


def test_a_restart_in_the_middle_of_a_block_of_columns_is_seen(tmp_path: Path) -> None:
    text = arguments() + steps(1, 2000) + arguments() + steps(1500, 3500) + steps(3000, 5000)
    found = read(tmp_path, text)
    assert only(found, "run.steps") == 5000
    assert only(found, "run.steps_repeated") == 501 + 501


def messy(chance: random.Random) -> str:
    """A log of regular stretches, restarts, copies, cut lines, skipped steps and other lines."""
    text, at = arguments(), 0
    for _ in range(chance.randint(1, 8)):
        what, count = chance.random(), chance.randint(1, 120)
        if what < 0.1:
            text += arguments()
        elif what < 0.2:
            at = max(0, at - chance.randint(0, 20))
        elif what < 0.3:
            text += line(at + 1, at * 8 + 8)[: chance.randint(1, 300)] + "\n"
        elif what < 0.4:
            text += "".join(line(at, at * 8, before=tag) for tag in ("[a:0]: ", "[a:1]: "))
        else:
            text += " validation loss at iteration 10 | lm loss value: 2.5 |\n" * (what < 0.6)
            for step in range(at + 1, at + count + 1):
                ms = f"{chance.randint(300, 900)}.{chance.randint(0, 9)}"
                skipped = str(int(what > 0.9 and chance.random() < 0.1))
                text += line(step, step * 8, ms, before=" ", skipped=skipped)
            at += count
    return text


@pytest.mark.parametrize("seed", range(40))
def test_it_does_not_matter_how_much_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Small blocks go by the line, larger ones by the column where they are regular."""
    path = tmp_path / "train.log"
    path.write_text(messy(random.Random(seed)))
    spans = []
    for size in (1500, 4096, 16384, 262144):
        monkeypatch.setattr(run_logs, "BLOCK", size)
        spans.append(follow(path)[0].gathered.spans)
    assert spans[1:] == spans[:-1]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_sums_are_those_of_counting_step_by_step(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Processes that take up any earlier checkpoint, in one file or many, of any length."""
    logs: dict[str, str] = {}
    winner: dict[int, int] = {}
    taken, reached, spent, place = 0, 0, 0, 0
    for number in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, reached))
        end = start + data.draw(st.integers(2, 12))
        length, ms = data.draw(st.sampled_from([64, 128])), 500 + 50 * number
        loaded = f"  successfully loaded checkpoint from ckpt [ t 0, p 0 ] at iteration {start}\n"
        text = arguments(seq_length=length) + (loaded if start else "")
        text += steps(start + 1, end, ms=f"{ms}.0", before=" ")
        place += data.draw(st.integers(0, 1))
        name = f"run/job-{place}.out"
        logs[name] = logs.get(name, "") + text
        winner |= dict.fromkeys(range(start + 1, end + 1), length)
        taken += (end - start) * 8 * length
        spent += (end - start) * ms
        reached = max(reached, end)
    found = scanned(tmp_path_factory.mktemp("runs"), logs)
    once = sum(8 * length for length in winner.values())
    assert only(found, "run.steps") == reached
    assert only(found, "run.samples") == reached * 8
    assert only(found, "run.tokens") == once
    assert values(found, "run.tokens_repeated") == ([taken - once] if taken > once else [])
    assert only(found, "run.seconds") * 1000 == spent  # type: ignore[operator]
