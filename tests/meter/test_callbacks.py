"""The meter in the trainers of others, as those call it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chapterv.compute import describe, document_operations
from chapterv.errors import InputError
from chapterv.meter import LightningMeter, TrainerMeter, batches, lightning, trainer
from tests.meter.fakes import Cache, Model, Tensor, tokens
from tests.meter.runs import LLAMA, totals_of


@pytest.fixture(autouse=True)
def fake_libraries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Libraries whose callbacks are empty classes."""
    monkeypatch.setitem(sys.modules, "transformers", SimpleNamespace(TrainerCallback=object))  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "lightning", SimpleNamespace())  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "lightning.pytorch", SimpleNamespace(Callback=object))  # type: ignore[arg-type]
    trainer._callback_class.cache_clear()
    lightning._callback_class.cache_clear()
    yield
    trainer._callback_class.cache_clear()
    lightning._callback_class.cache_clear()


def train(callback: Any, model: Model, steps: range, skip: tuple[int, ...] = ()) -> None:
    """Two micro-batches a step, an evaluation at the end, as the Trainer calls it."""
    args, state = SimpleNamespace(world_size=1), SimpleNamespace(global_step=steps.start)
    callback.on_train_begin(args, state, None, model=model, optimizer=None)
    for step in steps:
        for _ in range(2):
            mask = Tensor([[1] * 60 + [0] * 4 for _ in range(3)])
            model(input_ids=tokens(3, 64), attention_mask=mask, labels=None)
        optimizer = SimpleNamespace(step_was_skipped=step in skip)
        callback.on_optimizer_step(args, state, None, model=model, optimizer=optimizer)
        state.global_step = step + 1
        callback.on_step_end(args, state, None, model=model)
    model.training = False
    model(tokens(2, 32))
    model.training = True
    callback.on_evaluate(args, state, None, metrics={})
    callback.on_train_end(args, state, None)


def test_the_trainer_is_counted_batch_by_batch(tmp_path: Path) -> None:
    model = Model()
    train(TrainerMeter(tmp_path / "m.jsonl"), model, range(4), skip=(1,))
    update, looked = totals_of(tmp_path / "m.jsonl")
    assert (update["tokens"], update["padding"]) == (str(4 * 2 * 3 * 64), str(4 * 2 * 3 * 4))
    assert (update["steps"], update["skipped"]) == ("3", "1")
    wanted = document_operations(describe(LLAMA), {64: 24})
    assert update["operations"] == {"causal": str(wanted.causal), "full": str(wanted.full)}
    assert (looked["activity"], looked["tokens"]) == ("evaluation_red_teaming", "64")
    assert not model.hooks


def test_a_trainer_resumed_from_a_checkpoint_goes_on(tmp_path: Path) -> None:
    for steps in (range(4), range(2, 6)):
        train(TrainerMeter(tmp_path / "m.jsonl"), Model(), steps)
    update = totals_of(tmp_path / "m.jsonl")[0]
    assert (update["steps"], update["steps_repeated"], update["last_step"]) == ("8", "2", "6")


def test_a_batch_that_cannot_be_read_does_not_stop_the_trainer(tmp_path: Path) -> None:
    callback = TrainerMeter(tmp_path / "m.jsonl")
    model, args = Model(), SimpleNamespace(world_size=1)
    callback.on_train_begin(args, SimpleNamespace(global_step=0), None, model=model)
    model(pixel_values=tokens(2, 2))
    model(input_ids=SimpleNamespace(shape=("a", "b")))
    callback.on_train_end(args, None, None)
    assert totals_of(tmp_path / "m.jsonl")[0]["uncounted"] == "2"


def test_processes_that_share_tokens_must_be_told_apart(tmp_path: Path) -> None:
    parallel = SimpleNamespace(tp_size=4, dp_size=2)
    args = SimpleNamespace(world_size=1, parallelism_config=parallel)
    with pytest.raises(InputError, match="tp_size is 4"):
        TrainerMeter(tmp_path / "m.jsonl").on_train_begin(args, None, None, model=Model())
    callback = TrainerMeter(tmp_path / "m.jsonl", duplicate=True)
    callback.on_train_begin(args, None, None, model=Model())
    callback.on_train_end(args, None, None)


def test_lightning_is_counted_batch_by_batch(tmp_path: Path) -> None:
    callback = LightningMeter(tmp_path / "m.jsonl", config=LLAMA)
    work = SimpleNamespace(world_size=1, global_step=0)
    callback.on_fit_start(work, Model())
    callback.on_train_start(work, None)
    for number in range(4):
        work.global_step = (number + 1) // 2
        batch = {"input_ids": tokens(2, 16)} if number % 2 else [tokens(2, 16), None]
        callback.on_train_batch_end(work, None, None, batch, number)
    callback.on_validation_batch_end(work, None, None, tokens(1, 16), 0)
    callback.on_fit_end(work, None)
    update, looked = totals_of(tmp_path / "m.jsonl")
    assert (update["steps"], update["tokens"], update["last_step"]) == ("2", "128", "2")
    assert looked["tokens"] == "16"


def test_lightning_counts_other_batches_by_a_function(tmp_path: Path) -> None:
    def count(batch: str) -> dict[str, Any]:
        return {"tokens": len(batch), "documents": [len(batch)]}

    callback = LightningMeter(tmp_path / "m.jsonl", config=LLAMA, count=count)
    work = SimpleNamespace(world_size=1, global_step=0)
    callback.on_fit_start(work, Model())
    callback.on_train_batch_end(work, None, None, "a text", 0)
    callback.on_exception(work, None, ValueError())
    assert totals_of(tmp_path / "m.jsonl")[0]["tokens"] == "6"


@pytest.mark.parametrize(
    ("missing", "make"),
    [("transformers", TrainerMeter), ("lightning", LightningMeter)],
)
def test_a_missing_library_is_named_in_one_line(
    missing: str, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (missing, f"{missing}.pytorch", "pytorch_lightning"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match=f"{missing} is not installed"):
        make("m.jsonl")


@pytest.mark.parametrize(
    ("inputs", "documents"),
    [
        ({"input_ids": tokens(2, 8)}, {8: 2}),
        ({"input_ids": tokens(1, 8), "cu_seq_lens_q": Tensor([0, 3, 3, 8])}, {3: 1, 5: 1}),
        ({"input_ids": tokens(1, 6), "position_ids": Tensor([[0, 1, 2, 0, 1, 0]])},
         {3: 1, 2: 1, 1: 1}),
        ({"input_ids": tokens(1, 4), "position_ids": Tensor([[7, 8, 9, 10]])}, {4: 1}),
        ({"input_ids": tokens(3, 1), "cache": Cache(9)}, {10: 3, 9: -3}),
        ({"input_ids": tokens(3, 5), "past_key_values": Cache(0)}, {5: 3}),
    ],
)  # fmt: skip
def test_lengths_are_read_from_what_a_model_is_called_with(
    inputs: dict[str, Any], documents: dict[int, int]
) -> None:
    batch = batches.read_batch(inputs)
    kept = batches.Kept()
    assert batch is not None
    kept.keep(batch)
    counts = kept.read()
    assert counts is not None
    assert counts["documents"] == documents
    assert kept.read() is None
