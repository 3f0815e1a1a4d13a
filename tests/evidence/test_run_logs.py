"""Logs of torchtitan, NeMo, OLMo-core and levanter, and following logs that grow."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chapterv.errors import InputError, StorageError
from chapterv.evidence import Scan, run_logs, scan
from chapterv.evidence.run_logs import BLOCK, scaled
from chapterv.evidence.run_totals import Covered
from chapterv.evidence.runs import LogState, Point, follow
from tests.evidence.test_run_logs_megatron import arguments, line, odd, only, steps
from tests.evidence.writing import notes, scanned, values


def read(root: Path, text: str | bytes, name: str = "run/train.log") -> Scan:
    return scanned(root, {name: text})


# --- torchtitan ----------------------------------------------------------------------------------
TITAN_HEAD = """\
{tag}[titan] 2026-03-01 10:00:00,858 - main - INFO - Starting job: Llama 3 debug training
{tag}[titan] 2026-03-01 10:00:01,287 - main - INFO - {mesh}
{tag}[titan] 2026-03-01 10:00:01,538 - main - INFO - Building llama3 debugmodel with Args(dim=256)
{tag}[titan] 2026-03-01 10:00:01,547 - main - INFO - CUDA capacity: NVIDIA H200 with 139GiB memory
{tag}[titan] 2026-03-01 10:00:01,595 - main - INFO - Applied selective activation checkpointing
{tag}[titan] 2026-03-01 10:00:01,838 - main - INFO - Peak FLOPS used for computing MFU: 9.890e+14
{tag}[titan] 2026-03-01 10:00:01,838 - main - INFO - Trainer is initialized with local batch \
size 8, global batch size 64, gradient accumulation steps 1, sequence length 2048, total steps 10
{tag}[titan] 2026-03-01 10:00:01,838 - main - INFO - Training starts at step {first}
"""
MESHES = {
    "by sizes": "Building 2-D device mesh with ['dp_shard', 'tp'], [4, 2]",
    "by degrees": "Building device mesh with parallelism: pp=1, dp_replicate=1, dp_shard=4, cp=1, "
    "tp=2, ep=4, etp=1",
}


def titan_head(first: int = 1, tag: str = "", mesh: str = MESHES["by sizes"]) -> str:
    return TITAN_HEAD.format(tag=tag, first=first, mesh=mesh)


def titan(first: int, last: int, tag: str = "", tps: str = "16,384") -> str:
    return "".join(
        f"{tag}[titan] 2026-03-01 10:01:{step:02d},441 - main - INFO - \x1b[31mstep: {step:2d}  "
        f"\x1b[32mloss:  8.0277  \x1b[35mgrad_norm:  1.4604  \x1b[33mmemory:  1.21GiB(0.86%)  "
        f"\x1b[34mtps: {tps}  \x1b[36mtflops: 300.50  \x1b[35mmfu: 30.25%\x1b[39m\n"
        for step in range(first, last + 1)
    )


@pytest.mark.parametrize("mesh", MESHES)
def test_torchtitan_multiplies_steps_by_what_a_step_holds(tmp_path: Path, mesh: str) -> None:
    found = read(tmp_path, titan_head(mesh=MESHES[mesh]) + titan(1, 10))
    assert only(found, "run.steps") == 10
    assert only(found, "run.samples") == 640
    assert only(found, "run.tokens") == 640 * 2048
    assert only(found, "run.units") == 8
    assert only(found, "run.seconds") == 10  # 131 072 tokens a step, 131 072 a second
    assert only(found, "run.utilisation") == Decimal("0.3025")
    assert only(found, "run.throughput_per_unit") == 300_500_000_000_000
    assert only(found, "run.tool_operations") == 3005 * 10**11 * 8 * 10
    assert only(found, "run.chip") == "NVIDIA H200"
    assert only(found, "run.recomputation") is True
    assert only(found, "run.framework") == "torchtitan"
    assert not found.anomalies


def test_torchtitan_ranks_that_write_the_same_steps_count_once(tmp_path: Path) -> None:
    text = titan_head(tag="[rank0]:") + titan_head(tag="[rank1]:")
    for step in range(1, 11):
        text += titan(step, step, "[rank0]:") + titan(step, step, "[rank1]:", "16,380")
    found = read(tmp_path, text)
    assert only(found, "run.steps") == 10
    assert only(found, "run.seconds") == 10
    assert odd(found)["lines_repeated"].times == 10


def test_torchtitan_restarts_repeat_steps(tmp_path: Path) -> None:
    found = read(tmp_path, titan_head() + titan(1, 10) + titan_head(first=6) + titan(6, 20))
    assert only(found, "run.steps") == 20
    assert only(found, "run.steps_repeated") == 5
    assert only(found, "run.tokens") == 20 * 64 * 2048
    assert only(found, "run.tokens_repeated") == 5 * 64 * 2048
    assert only(found, "run.seconds") == 25


def test_torchtitan_without_its_head_gives_steps_and_a_question(tmp_path: Path) -> None:
    found = read(tmp_path, titan(1, 10))
    assert only(found, "run.steps") == 10
    assert not values(found, "run.tokens")
    assert "how many tokens a step has" in notes(found)


def test_torchtitan_lines_cut_in_a_number_are_not_believed(tmp_path: Path) -> None:
    whole = titan(5, 5)
    cut = whole[: whole.index("mfu") + 8] + "\n"
    found = read(tmp_path, titan_head() + titan(1, 4) + cut + titan(6, 10))
    assert only(found, "run.steps") == 10
    assert "line_cut" in odd(found)


# --- NeMo ----------------------------------------------------------------------------------------
NEMO_HEAD = (
    "All distributed processes registered. Starting with 8 processes\n    seq_length: 4096\n"
)


def nemo(first: int, last: int, before: str = "") -> str:
    return "".join(
        f"{before}Training epoch 0, iteration {step}/99 | lr: 6.897e-06 | global_batch_size: 128 | "
        f"global_step: {step} | reduced_train_loss: 11.96 | train_step_timing in s: 6.25 | "
        f"TFLOPS_per_GPU: 1.25e+03 | consumed_samples: {(step + 1) * 128} | val_loss: 2.861\n"
        for step in range(first, last + 1)
    )


def bar(done: int, samples: str, step: str, timing: str = "6.25") -> str:
    return (
        f"\rEpoch 0: :  40%|████      | {done}/1000 [06:19<07:13, v_num=0, "
        f"reduced_train_loss=11.50, global_step={step}, consumed_samples={samples}, "
        f"train_step_timing in s={timing}]"
    )


def test_nemo_counts_steps_from_zero(tmp_path: Path) -> None:
    found = read(tmp_path, NEMO_HEAD + nemo(0, 9))
    assert only(found, "run.steps") == 10
    assert only(found, "run.samples") == 1280
    assert only(found, "run.tokens") == 1280 * 4096
    assert only(found, "run.seconds") == Decimal("62.5")
    assert only(found, "run.units") == 8
    assert only(found, "run.tool_operations") == 1250 * 10**12 * 8 * 625 // 10
    assert not found.anomalies


def test_nemo_lines_with_a_zone_in_their_time_have_a_day(tmp_path: Path) -> None:
    found = read(tmp_path, NEMO_HEAD + nemo(0, 9, "[2025-10-17T23:32:59+08:00] "))
    assert str(only(found, "run.started_on")) == "2025-10-17"


def test_nemo_bars_that_are_drawn_again_count_once(tmp_path: Path) -> None:
    bars = [bar(n, f"{n * 128}.0", f"{n - 1}.000") for n in range(1, 11)]
    text = NEMO_HEAD + "".join(one + one for one in bars) + "\n"
    found = read(tmp_path, text)
    assert only(found, "run.steps") == 10
    assert only(found, "run.samples") == 1280
    assert only(found, "run.seconds") == Decimal("62.5")
    assert not found.anomalies


def test_nemo_bars_with_three_digits_are_counted_by_their_steps(tmp_path: Path) -> None:
    bars = [bar(n, f"{n * 640}.0", f"{n - 1}.0") for n in range(1, 157)]
    bars += [bar(n, f"{n * 640 / 1e5:.2f}e+5", f"{n - 1}.0") for n in range(157, 201)]
    found = read(tmp_path, NEMO_HEAD + "".join(bars) + "\n")
    assert only(found, "run.steps") == 200
    assert only(found, "run.samples") == 200 * 640


# --- OLMo-core -----------------------------------------------------------------------------------
def olmo(step: int, tokens: str, more: str = "", pace: str = "0.5000") -> str:
    return (
        f"2026-03-01 10:00:{step % 60:02d}.123\tnode:0\tconsole_logger:105\tINFO\t"
        f"[step={step}/2385,epoch=1,eta=2h]\n    train/CE loss=7.709\n"
        f"    throughput/device/TPS=30,000\n    throughput/device/TPS (actual avg)=29,000\n"
        f"    throughput/total tokens={tokens}\n    throughput/device/BPS={pace}\n"
        f"    throughput/device/MFU=41.25\n{more}"
    )


def test_olmo_core_blocks_give_total_tokens(tmp_path: Path) -> None:
    more = "    throughput/total petaflops={}\n"
    text = "".join(olmo(n, f"{n * 4096:,}", more.format(f"{n * 2000:,}")) for n in range(1, 11))
    found = read(tmp_path, text)
    assert only(found, "run.steps") == 10
    assert only(found, "run.tokens") == 40960
    assert only(found, "run.seconds") == 20
    assert only(found, "run.tool_operations") == 20_000 * 10**15
    assert only(found, "run.utilisation") == Decimal("0.4125")


def test_olmo_core_headers_without_metrics_are_steps(tmp_path: Path) -> None:
    text = olmo(10, "40,960") + olmo(20, "81,920")
    text += "2026-03-01 10:00:30.123\tnode:0\tx\tINFO\t[step=25/2385,epoch=1]\n"
    found = read(tmp_path, text)
    assert only(found, "run.steps") == 25
    assert only(found, "run.tokens") == 25 * 4096


def test_olmo_core_shortened_numbers_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, olmo(1, "4.00M") + olmo(2, "8.00M"))
    assert only(found, "run.tokens") == 8_000_000


# --- levanter ------------------------------------------------------------------------------------
def levanter(step: int, each: int = 1000, before: str = "", after: int = 1) -> str:
    metrics = {
        "throughput/total_tokens": (step + after) * each,
        "throughput/total_gflops": (step + after) * 7.5e3,
        "throughput/duration": 2.5,
        "throughput/gflops_per_second": 3e3,
        "throughput/mfu": 45.5,
    }
    record = {"tracker": "json_logger", "event": "log", "step": step, "metrics": metrics}
    return before + json.dumps(record) + "\n"


LEVANTER_HEAD = (
    json.dumps(
        {
            "tracker": "json_logger",
            "event": "hparams",
            "hparams": {"trainer": {"train_batch_size": 4, "user": "someone@example.org"}},
        }
    )
    + "\n"
    + json.dumps(
        {
            "tracker": "json_logger",
            "event": "summary",
            "metrics": {
                "throughput/device_kind": "TPU v5p",
                "throughput/theoretical_flops_per_device": 459e12,
                "throughput/theoretical_flops": 459e12 * 4,
            },
        }
    )
    + "\n"
)


@pytest.mark.parametrize("name", ["run/metrics.jsonl", "run/levanter.log"])
def test_levanter_operations_are_giga(tmp_path: Path, name: str) -> None:
    before = "" if name.endswith("jsonl") else "2026-03-01T10:00:00 - levanter - INFO - "
    text = LEVANTER_HEAD + "".join(levanter(step, before=before) for step in range(10))
    found = read(tmp_path, text, name)
    assert only(found, "run.steps") == 10
    assert only(found, "run.tokens") == 10_000
    assert only(found, "run.tool_operations") == 75 * 10**12
    assert only(found, "run.seconds") == 25
    assert only(found, "run.units") == 4
    assert only(found, "run.chip") == "TPU v5p"
    assert only(found, "run.throughput_per_unit") == 750 * 10**9
    assert only(found, "run.utilisation") == Decimal("0.455")
    assert "someone" not in repr(found)


def test_levanter_versions_that_count_before_the_step_are_told_apart(tmp_path: Path) -> None:
    text = LEVANTER_HEAD + "".join(levanter(step, after=0) for step in range(11))
    found = read(tmp_path, text)
    assert only(found, "run.steps") == 10
    assert only(found, "run.tokens") == 10_000


def test_levanter_summaries_on_one_line_each_are_runs_of_their_own(tmp_path: Path) -> None:
    def summary(tokens: int, step: int) -> str:
        held = {
            "throughput/total_tokens": tokens,
            "throughput/total_gflops": 7.148e12,
            "_step": step,
        }
        return json.dumps({"config": {"trainer": {}}, "summary": held}) + "\n"

    found = read(tmp_path, summary(1000, 9) + summary(5000, 4), "run/tracker_metrics.jsonl")
    tokens = {fact.subject: fact.value for fact in found.facts if fact.key == "run.tokens"}
    assert tokens == {"run:run": 1000, "run:run.2": 5000}
    assert values(found, "run.tool_operations") == [7148 * 10**18] * 2


# --- growing logs --------------------------------------------------------------------------------
LOGS = {
    "megatron": arguments() + steps(1, 6) + arguments() + steps(4, 12)
    + line(13, 104)[:70] + "\n" + steps(14, 16) + "\xff\n",
    "ranks": arguments()
    + "".join(
        line(n, n * 8, before="[a:0]: ") + line(n, n * 8, before="[a:1]: ") for n in range(1, 9)
    ),
    "torchtitan": titan_head() + titan(1, 6) + titan_head(first=4) + titan(4, 9),
    "nemo": NEMO_HEAD + nemo(0, 6) + nemo(3, 9),
    "nemo bars": NEMO_HEAD + "".join(bar(n, f"{n * 128}.0", f"{n - 1}.0") for n in range(1, 9)),
    "olmo": "".join(olmo(n, f"{n * 4096:,}") for n in range(1, 7)) + olmo(4, "16,384"),
    "levanter": LEVANTER_HEAD + "".join(levanter(step) for step in (0, 1, 2, 3, 2, 3, 4)),
}  # fmt: skip


def grown(path: Path, data: bytes, cuts: list[int]) -> tuple[LogState, list[Point]]:
    """Follow a log that grows up to each cut in turn, the state kept as bytes in between."""
    state, points = None, []
    for cut in [*sorted(cuts), len(data)]:
        path.write_bytes(data[:cut])
        try:
            state, new = follow(path, state)
        except InputError:
            assert state is None
            continue
        points += new
        state = LogState.from_bytes(state.to_bytes())
        assert state is not None
    assert state is not None
    return state, points


@pytest.mark.parametrize("name", LOGS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_log_that_grows_in_any_pieces_gives_what_the_whole_gives(
    tmp_path: Path, name: str, data: st.DataObject
) -> None:
    content = LOGS[name].encode("latin-1", "replace")
    cuts = data.draw(st.lists(st.integers(0, len(content)), max_size=12))
    whole, all_points = grown(tmp_path / "whole.log", content, [])
    parts, points = grown(tmp_path / "parts.log", content, cuts)
    assert parts.gathered == whole.gathered
    assert (parts.offset, parts.line) == (whole.offset, whole.line)
    assert points == all_points
    assert all_points


HEADS = {"megatron": arguments(), "torchtitan": titan_head(), "nemo": NEMO_HEAD}
BODIES = {"megatron": steps(1, 12, before=" "), "torchtitan": titan(1, 12), "nemo": nemo(0, 11)}


@pytest.mark.parametrize("name", HEADS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_log_cut_into_files_at_any_byte_has_the_same_amounts(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    """As rotation does; only the time of a step on whose line the cut falls is not known."""
    head, body = HEADS[name].encode(), BODIES[name].encode()
    ends = [place + 1 for place, sign in enumerate(body) if sign == 10]
    # The last line stays whole: a step that no line tells of is not known to have been.
    cuts = data.draw(st.lists(st.integers(ends[1], ends[-2]), min_size=1, max_size=4))
    pieces = [
        body[start:end]
        for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), None], strict=True)
    ]
    pieces[0] = head + pieces[0]
    logs = {f"run/train-{n}.log": piece for n, piece in enumerate(pieces)}
    found = scanned(tmp_path_factory.mktemp("cut"), logs)
    whole = scanned(tmp_path_factory.mktemp("whole"), {"run/train.log": head + body})
    for key in ("run.steps", "run.samples", "run.tokens", "run.units"):
        assert values(found, key) == values(whole, key), key
    assert not values(found, "run.steps_repeated")


@settings(max_examples=15, deadline=None)
@given(blocks=st.lists(st.integers(3, 400), min_size=1, max_size=5), cut=st.floats(0, 1))
def test_totals_do_not_depend_on_where_blocks_end(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[int], cut: float
) -> None:
    """Regular stretches of any length, restarts between them, read at once and in two goes."""
    text, at = arguments(), 0
    for length in blocks:
        start = max(0, at - 2)
        text += steps(start + 1, start + length * 8) + arguments()
        at = start + length * 8
    data, folder = text.encode(), tmp_path_factory.mktemp("grown")
    whole, _ = grown(folder / "whole.log", data, [])
    parts, _ = grown(folder / "parts.log", data, [int(len(data) * cut)])
    assert parts.gathered.spans == whole.gathered.spans
    assert whole.gathered.spans[-1].last == at


def test_points_say_how_far_a_run_is(tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    path.write_text(arguments() + steps(1, 3) + steps(2, 4, ms="600.0"))
    _, points = follow(path)
    assert [point.step for point in points] == [1, 2, 3, 2, 3, 4]
    assert [point.tokens for point in points] == [1024, 2048, 3072, 3072, 3072, 4096]
    assert points[-1].seconds == 3_300_000_000
    assert points[-1].time == "2026-03-01 10:00:00"


def test_a_log_that_did_not_grow_gives_nothing_new(tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    path.write_text(arguments() + steps(1, 3))
    state, _ = follow(path)
    assert follow(path, state)[1] == []


@pytest.mark.parametrize("how", ["cut", "replaced"])
def test_a_file_that_was_cut_or_replaced_is_read_anew_and_said(tmp_path: Path, how: str) -> None:
    path = tmp_path / "train.log"
    path.write_text(arguments() + steps(1, 10))
    state, _ = follow(path)
    path.write_text(arguments() + steps(1, 3) if how == "cut" else steps(1, 90))
    state, points = follow(path, state)
    assert points[-1].step == (3 if how == "cut" else 90)
    assert [event.kind for event in state.gathered.events] == ["file_replaced"]


def test_states_are_kept_in_a_cache_and_taken_up(tmp_path: Path) -> None:
    path, cache = tmp_path / "train.log", tmp_path / ".chapterv"
    path.write_text(arguments() + steps(1, 3))
    assert LogState.kept(cache, path) is None
    state, _ = follow(path)
    state.keep(cache, path)
    with path.open("a") as file:
        file.write(steps(4, 5))
    _, points = follow(path, LogState.kept(cache, path))
    assert [point.step for point in points] == [4, 5]


def test_a_kept_state_names_no_person_machine_or_folder(tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    head = arguments(save="/scratch/someone/ckpt", wandb_exp_name="someone", load="someone")
    for end in (200, len(head), len(head) + 2000):
        path.write_text((head + steps(1, 9, before="[someone-node:0]: "))[:end])
        state, _ = follow(path)
        assert b"someone" not in state.to_bytes()


@pytest.mark.parametrize("broken", [b"", b"{}", b"[1]", b'{"dialect": "nothing"}', b"\xff"])
def test_a_broken_state_is_no_state(broken: bytes) -> None:
    assert LogState.from_bytes(broken) is None


def test_a_cache_that_cannot_be_written_is_an_error_of_storage(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(StorageError):
        LogState("megatron-log").keep(tmp_path / "cache", "train.log")


def test_following_what_is_no_log_is_an_error_with_the_formats(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing")
    with pytest.raises(InputError, match="torchtitan"):
        follow(path)
    with pytest.raises(InputError):
        follow(tmp_path / "missing.log")


def test_a_growing_log_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "train.log"
    path.write_text(arguments() + steps(1, 9000))
    state, _ = follow(path)
    size, got = path.stat().st_size, []
    plain = os.pread

    def counted(descriptor: int, length: int, offset: int) -> bytes:
        data = plain(descriptor, length, offset)
        got.append(len(data))
        return data

    with path.open("a") as file:
        file.write(steps(9001, 9010))
    monkeypatch.setattr(os, "pread", counted)
    follow(path, state)
    assert size > 8 * BLOCK
    assert sum(got) < BLOCK + 6 * 64 * 1024


# --- hostile input -------------------------------------------------------------------------------
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), name=st.sampled_from(sorted(LOGS)))
def test_damaged_logs_never_raise_what_is_not_ours(
    tmp_path: Path, data: st.DataObject, name: str
) -> None:
    content = bytearray(LOGS[name].encode("latin-1", "replace"))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content)))
        noise = data.draw(
            st.sampled_from([b"", b"\n", b"\r", b"9" * 50, b"|", b"1e999", b"\0\xff"])
        )
        content[place : place + data.draw(st.integers(0, 30))] = noise
    found = read(tmp_path, bytes(content))
    assert not [entry for entry in found.skipped if "failed" in entry.reason], found.skipped


def test_a_log_that_goes_back_at_every_line_is_bounded_and_said(tmp_path: Path) -> None:
    text = arguments() + "".join(line(2 - n % 2, 16 - n % 2, ms=f"{n}.0") for n in range(6000))
    found = read(tmp_path, text)
    assert "too_many_restarts" in odd(found)
    assert only(found, "run.steps") == 2


@pytest.mark.parametrize(
    ("text", "power", "number"),
    [
        ("1552.8", 6, 1_552_800_000),
        ("1,444", 0, 1444),
        ("1.249e+03", 12, 1_249 * 10**12),
        ("2e+3", 0, 2000),
        ("0.0004", 3, 0),
        ("-1", 0, None),
        ("nan", 0, None),
        ("inf", 0, None),
        ("1e999", 0, None),
        ("1" * 41, 0, None),
        ("٣", 0, None),
        ("", 0, None),
        ("1_0", 0, None),
    ],
)
def test_numbers_of_logs_are_whole_numbers_of_small_units(
    text: str, power: int, number: int | None
) -> None:
    assert scaled(text, power) == number


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=20))
def test_covered_numbers_are_those_of_a_set(intervals: list[tuple[int, int]]) -> None:
    covered = Covered()
    seen: set[int] = set()
    for start, end in intervals:
        numbers = set(range(start, end))
        assert covered.add(start, end) == len(numbers - seen)
        seen |= numbers
    last = max(seen, default=-1)
    assert sum(end - start for start, end in covered.gaps()) == last + 1 - len(seen)


def test_a_large_log_that_grew_is_read_on_from_where_it_was_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_logs, "MIN_KEPT", 1000)
    cache, log = tmp_path / "cache", tmp_path / "root" / "run" / "train.log"
    log.parent.mkdir(parents=True)
    log.write_text(arguments() + steps(1, 200))
    first = scan([log], tmp_path / "root", cache=cache)
    with log.open("a") as file:
        file.write(steps(201, 260))
    read: list[int] = []
    advance = run_logs._advance
    monkeypatch.setattr(
        run_logs, "_advance", lambda data, *more: read.append(len(data)) or advance(data, *more)
    )
    grown = scan([log], tmp_path / "root", cache=cache)
    assert sum(read) == len(steps(201, 260))
    whole = scan([log], tmp_path / "root")
    assert grown == whole
    assert grown != first


def test_a_state_that_is_broken_or_of_another_log_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_logs, "MIN_KEPT", 1000)
    cache, log = tmp_path / "cache", tmp_path / "root" / "run" / "train.log"
    log.parent.mkdir(parents=True)
    log.write_text(arguments() + steps(1, 200))
    scan([log], tmp_path / "root", cache=cache)
    (kept,) = (cache / "logs").iterdir()
    log.write_text(arguments() + steps(50, 120))
    assert scan([log], tmp_path / "root", cache=cache) == scan([log], tmp_path / "root")
    kept.write_bytes(b"{")
    assert scan([log], tmp_path / "root", cache=cache) == scan([log], tmp_path / "root")
    (tmp_path / "in the way").write_text("")
    found = scan([log], tmp_path / "root", cache=tmp_path / "in the way")
    assert found == scan([log], tmp_path / "root")
