"""The meter in the real trainers of others, and beside torch's own operation counter."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from chapterv.compute import NOTHING, describe, document_operations
from chapterv.meter import LightningMeter, Meter, TrainerMeter, cross_check
from tests.meter.runs import LLAMA, totals_of

GPT2 = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": 64, "n_layer": 3,
        "n_head": 4, "n_positions": 256, "vocab_size": 500}  # fmt: skip
MIXTRAL = {**LLAMA, "model_type": "mixtral", "architectures": ["MixtralForCausalLM"],
           "num_local_experts": 4, "num_experts_per_tok": 2}  # fmt: skip
GPT_OSS = {**LLAMA, "model_type": "gpt_oss", "architectures": ["GptOssForCausalLM"],
           "num_local_experts": 4, "num_experts_per_tok": 2, "head_dim": 16,
           "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
           "sliding_window": 32}  # fmt: skip


def build(config: dict[str, Any], attention: str = "eager", experts: str | None = None) -> Any:
    """A small model with random weights."""
    values = dict(config)
    settings = transformers.AutoConfig.for_model(values.pop("model_type"), **values)
    if experts is not None:
        settings._experts_implementation = experts
    return transformers.AutoModelForCausalLM.from_config(settings, attn_implementation=attention)


def batch(length: int = 64, count: int = 2) -> dict[str, Any]:
    """Arguments of a forward pass that also run on shapes alone."""
    return {
        "input_ids": torch.zeros((count, length), dtype=torch.long),
        "attention_mask": torch.zeros((count, 1, length, length)),
        "position_ids": torch.arange(length).unsqueeze(0).expand(count, length),
        "use_cache": False,
    }


@pytest.mark.parametrize(
    ("config", "experts"),
    [(LLAMA, None), (GPT2, None), (MIXTRAL, "batched_mm"), (GPT_OSS, "batched_mm")],
    ids=["llama", "gpt2", "mixtral", "gpt_oss"],
)
def test_one_pass_equals_torch_s_counter_to_the_last_operation(
    config: dict[str, Any], experts: str | None, tmp_path: Path
) -> None:
    with Meter(config, tmp_path / "m.jsonl", strict=True) as meter:
        check = meter.cross_check(build(config, experts=experts), batch())
    assert check.ratio == 1, str(check)
    assert check.agrees
    assert not check.unknown


@pytest.mark.parametrize("config", [MIXTRAL, GPT_OSS], ids=["mixtral", "gpt_oss"])
def test_operators_that_the_counter_does_not_know_are_named(config: dict[str, Any]) -> None:
    from chapterv.compute import terms_of

    model = build(config, experts="grouped_mm").to(torch.bfloat16)
    given = {**batch(), "attention_mask": batch()["attention_mask"].to(torch.bfloat16)}
    check = cross_check(terms_of(describe(config)), model, given)
    assert not check.agrees
    assert check.ratio < 1
    assert [name for name, _ in check.unknown if "grouped_mm" in name], str(check)
    assert "does not know" in str(check)


def test_recomputation_of_activations_is_seen_as_a_difference() -> None:
    from chapterv.compute import terms_of

    model = build(LLAMA)
    model.activation_checkpointing_enable()
    model.train()
    check = cross_check(terms_of(describe(LLAMA)), model, batch(), on="model")
    assert check.ratio > Fraction(12, 10)
    assert "recomputation" in str(check)


def test_attention_in_one_kernel_is_named_where_the_counter_does_not_know_it() -> None:
    from chapterv.compute import terms_of

    given = {"input_ids": batch()["input_ids"], "use_cache": False}
    check = cross_check(terms_of(describe(LLAMA)), build(LLAMA, "sdpa"), given, on="model")
    assert not check.agrees
    assert all("flash_attention_for_cpu" in name for name, _ in check.unknown), str(check)
    assert len(check.unknown) == 2


def test_a_check_leaves_weights_and_gradients_alone() -> None:
    from chapterv.compute import terms_of

    model = build(LLAMA)
    model(**batch()).logits.sum().backward()
    before = [one.grad.clone() for one in model.parameters()]
    for on in ("model", "meta"):
        assert cross_check(terms_of(describe(LLAMA)), model, batch(), on=on).ratio == 1
    after = [one.grad for one in model.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert next(model.parameters()).device.type == "cpu"


class Texts(torch.utils.data.Dataset):  # type: ignore[misc]
    """Texts of random tokens with lengths from 5 to 40, padded to 40 or less."""

    def __init__(self, number: int) -> None:
        generator = torch.Generator().manual_seed(number)
        lengths = torch.randint(5, 40, (number,), generator=generator).tolist()
        self.rows = [torch.randint(3, 500, (n,), generator=generator) for n in lengths]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"input_ids": self.rows[index], "labels": self.rows[index]}


def padded(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows as one batch with a mask."""
    longest = max(len(row["input_ids"]) for row in rows)
    found = {"input_ids": torch.zeros((len(rows), longest), dtype=torch.long)}
    found["attention_mask"] = torch.zeros_like(found["input_ids"])
    found["labels"] = torch.full_like(found["input_ids"], -100)
    for number, row in enumerate(rows):
        size = len(row["input_ids"])
        found["input_ids"][number, :size] = row["input_ids"]
        found["attention_mask"][number, :size] = 1
        found["labels"][number, :size] = row["labels"]
    return found


class Seen:
    """The shapes of all batches that a trainer really processed."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, int]] = []
        self.real = 0

    def take(self, found: dict[str, Any]) -> None:
        """Remember a batch."""
        self.shapes.append(tuple(found["input_ids"].shape))
        self.real += int(found["attention_mask"].sum())

    def operations(self) -> tuple[int, int]:
        """Tokens and operations of all batches, by the closed form."""
        documents: dict[int, int] = {}
        for count, length in self.shapes:
            documents[length] = documents.get(length, 0) + count
        tokens = sum(count * length for count, length in self.shapes)
        return tokens, document_operations(describe(LLAMA), documents).causal


def trainer_for(folder: Path, seen: Seen, looking: Any = None, **options: Any) -> Any:
    """A Trainer with accumulation, checkpoints and the meter."""

    class Watched(transformers.Trainer):  # type: ignore[misc,name-defined]
        def training_step(self, model: Any, inputs: Any, *others: Any, **named: Any) -> Any:
            seen.take(inputs)
            return super().training_step(model, inputs, *others, **named)

    args = transformers.TrainingArguments(
        output_dir=str(folder), per_device_train_batch_size=4, gradient_accumulation_steps=2,
        save_steps=2, logging_steps=2, report_to=[], use_cpu=True, disable_tqdm=True,
        include_num_input_tokens_seen="all", dataloader_num_workers=0,
        dataloader_pin_memory=False, **options,
    )  # fmt: skip
    return Watched(
        model=build(LLAMA, "sdpa"), args=args, train_dataset=Texts(48), eval_dataset=looking,
        data_collator=padded, callbacks=[TrainerMeter(folder / "meter.jsonl", flush_steps=2)],
    )  # fmt: skip


def test_a_trainer_run_is_counted_exactly(tmp_path: Path) -> None:
    seen = Seen()
    trainer = trainer_for(tmp_path, seen, max_steps=5)
    trainer.train()
    (total,) = totals_of(tmp_path / "meter.jsonl")
    tokens, operations = seen.operations()
    assert (total["tokens"], total["steps"]) == (str(tokens), "5")
    assert int(total["operations"]["causal"]) == operations
    assert int(total["padding"]) == tokens - seen.real
    assert trainer.state.num_input_tokens_seen == tokens


def test_evaluation_of_a_trainer_is_a_forward_pass_apart(tmp_path: Path) -> None:
    trainer = trainer_for(
        tmp_path, Seen(), Texts(16), max_steps=2, eval_strategy="steps", eval_steps=1,
        per_device_eval_batch_size=16,
    )  # fmt: skip
    trainer.train()
    update, looked = totals_of(tmp_path / "meter.jsonl")
    assert (update["steps"], looked["activity"]) == ("2", "evaluation_red_teaming")
    longest = max(len(row) for row in Texts(16).rows)
    assert looked["tokens"] == str(2 * 16 * longest)
    wanted = document_operations(describe(LLAMA), {longest: 32}, NOTHING).causal
    assert int(looked["operations"]["causal"]) == wanted


def test_a_trainer_resumed_from_a_checkpoint_adds_to_its_record(tmp_path: Path) -> None:
    seen = Seen()
    trainer_for(tmp_path, seen, max_steps=3).train()
    trainer_for(tmp_path, seen, max_steps=5).train(
        resume_from_checkpoint=str(tmp_path / "checkpoint-2")
    )
    (total,) = totals_of(tmp_path / "meter.jsonl")
    assert (total["steps"], total["steps_repeated"], total["last_step"]) == ("6", "1", "5")
    tokens, operations = seen.operations()
    assert total["tokens"] == str(tokens)
    assert int(total["operations"]["causal"]) == operations


def test_samples_drawn_while_training_are_rollouts_counted_exactly(tmp_path: Path) -> None:
    from chapterv.meter.watching import Watching

    model = build(LLAMA, "sdpa")
    with Meter(LLAMA, tmp_path / "m.jsonl", strict=True) as meter:
        watching = Watching(meter)
        watching.watch(model)
        model.train()
        prompt = torch.ones((3, 7), dtype=torch.long)
        settings = transformers.GenerationConfig(
            max_new_tokens=5, min_new_tokens=5, do_sample=False, pad_token_id=0
        )
        drawn = model.generate(prompt, attention_mask=torch.ones_like(prompt),
                               generation_config=settings)  # fmt: skip
        with torch.no_grad():
            model(input_ids=drawn, use_cache=False)
        model(input_ids=drawn, use_cache=False).logits.sum().backward()
        watching.step(1)
    found = {one["activity"]: one for one in totals_of(tmp_path / "m.jsonl")}
    architecture = describe(LLAMA)
    read = document_operations(architecture, {12: 3}, NOTHING)
    # The last token drawn is never read.
    written = document_operations(architecture, {11: 3}, NOTHING)
    assert found["rl_rollouts_used_for_updates"]["operations"]["causal"] == str(written.causal)
    assert found["auxiliary_model_forward"]["operations"]["causal"] == str(read.causal)
    assert found["parameter_updates"]["operations"]["causal"] == str(3 * read.causal)


def test_a_compiled_model_is_counted_at_every_step(tmp_path: Path) -> None:
    seen = Seen()
    trainer = trainer_for(tmp_path, seen, max_steps=4, torch_compile=True,
                          torch_compile_backend="eager")  # fmt: skip
    trainer.train()
    (total,) = totals_of(tmp_path / "meter.jsonl")
    assert (total["tokens"], total["steps"]) == (str(seen.operations()[0]), "4")


PARALLEL = """
import os, sys
from pathlib import Path
import torch
from tests.oracles.test_meter import Seen, Texts, trainer_for
folder, seen = Path(sys.argv[1]), Seen()
options = dict(max_steps=5, eval_strategy="steps", eval_steps=2, ddp_backend="gloo")
trainer_for(folder, seen, Texts(16), **options).train()
(folder / f"{os.environ['RANK']}.txt").write_text(str(seen.operations()[1]))
torch.distributed.destroy_process_group()
"""


def test_a_trainer_of_two_processes_is_counted_exactly(tmp_path: Path) -> None:
    environment = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
                   "MASTER_PORT": str(free_port()), "GLOO_SOCKET_IFNAME": "lo",
                   "OMP_NUM_THREADS": "1"}  # fmt: skip
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PARALLEL, str(tmp_path)],
            env={**environment, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            cwd=Path(__file__).resolve().parents[2],
        )
        for rank in range(2)
    ]
    assert [process.wait(timeout=200) for process in processes] == [0, 0]
    update, looked = totals_of(tmp_path / "meter.jsonl")
    whole = sum(int((tmp_path / f"{rank}.txt").read_text()) for rank in range(2))
    assert int(update["operations"]["causal"]) == whole
    assert (update["steps"], looked["activity"]) == ("5", "evaluation_red_teaming")


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
def test_a_lightning_run_is_counted_exactly(tmp_path: Path) -> None:
    lightning = pytest.importorskip("lightning.pytorch")

    class Module(lightning.LightningModule):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.model = build(LLAMA, "sdpa")

        def training_step(self, batch: Any, number: int) -> Any:
            seen.take(batch)
            return self.model(**batch).loss

        def validation_step(self, batch: Any, number: int) -> Any:
            looking.take(batch)
            return self.model(**batch).loss

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.01)

    seen, looking = Seen(), Seen()
    loader = torch.utils.data.DataLoader(Texts(24), batch_size=4, collate_fn=padded)
    other = torch.utils.data.DataLoader(Texts(8), batch_size=4, collate_fn=padded)
    trainer = lightning.Trainer(
        max_epochs=2, accumulate_grad_batches=3, accelerator="cpu", logger=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        num_sanity_val_steps=0, callbacks=[LightningMeter(tmp_path / "m.jsonl", config=LLAMA)],
    )  # fmt: skip
    trainer.fit(Module(), loader, other)
    update, looked = totals_of(tmp_path / "m.jsonl")
    tokens, operations = seen.operations()
    assert (update["tokens"], update["steps"]) == (str(tokens), "4")
    assert int(update["operations"]["causal"]) == operations
    assert looked["tokens"] == str(looking.operations()[0])


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


WORKER = """
import sys, torch
from chapterv.meter import Meter
rank, world, path, port = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
torch.distributed.init_process_group(
    "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world)
with Meter(CONFIG, path, ranks="sum", flush_steps=2, energy=False, units=1) as meter:
    for step in range(5):
        meter.add(64 * (rank + 1), documents=[64] * (rank + 1), index=step)
torch.distributed.destroy_process_group()
"""


def test_real_processes_exchange_their_counts_and_the_first_writes(tmp_path: Path) -> None:
    port = free_port()
    program = f"CONFIG = {LLAMA!r}\n{WORKER}"
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo"}
    command = [sys.executable, "-c", program]
    processes = [
        subprocess.Popen(
            [*command, str(rank), "2", str(tmp_path / "m.jsonl"), str(port)], env=environment
        )
        for rank in range(2)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    (total,) = totals_of(tmp_path / "m.jsonl")
    assert (total["steps"], total["tokens"]) == ("5", str(5 * 3 * 64))
    wanted = document_operations(describe(LLAMA), {64: 15}).causal
    assert int(total["operations"]["causal"]) == wanted


class Lora(torch.nn.Module):  # type: ignore[misc]
    """A frozen matrix with a small trained one beside it."""

    def __init__(self, base: Any, rank: int = 4) -> None:
        super().__init__()
        self.base_layer = base
        self.lora_A = torch.nn.Linear(base.in_features, rank, bias=False)
        self.lora_B = torch.nn.Linear(rank, base.out_features, bias=False)

    def forward(self, x: Any) -> Any:
        """Return the sum of both."""
        return self.base_layer(x) + self.lora_B(self.lora_A(x))


def test_adapters_are_read_from_a_model_and_near_torch_s_count(tmp_path: Path) -> None:
    deep = {**LLAMA, "num_hidden_layers": 12}
    model = build(deep)
    model.requires_grad_(False)
    for layer in model.model.layers:
        layer.self_attn.q_proj = Lora(layer.self_attn.q_proj)
        layer.self_attn.v_proj = Lora(layer.self_attn.v_proj)
    with Meter(deep, tmp_path / "m.jsonl", model=model, strict=True) as meter:
        check = meter.cross_check(model, batch())
    # The first layer's matrices have nothing trained before them, so torch does a little less.
    assert Fraction(95, 100) < check.ratio <= 1, str(check)
