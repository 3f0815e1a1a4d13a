"""How long a training log of 250 MB takes to read, beside `grep -c iteration` on the same file.

The log is one of Megatron-LM: arguments, a line for each step, validation every hundred steps and a
checkpoint every thousand. grep finds the same lines and reads nothing from them.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.harness import Row, time_calls
from chapterv.evidence.runs import follow

LOG_BYTES = 250 * 10**6
BATCH = 1024

_ARGUMENTS = """\
------------------------ arguments ------------------------
  bf16 ............................................ True
  global_batch_size ............................... 1024
  hidden_size ..................................... 8192
  log_interval .................................... 1
  num_layers ...................................... 80
  seq_length ...................................... 8192
  world_size ...................................... 2048
-------------------- end of arguments ---------------------
[before the start of training step] datetime: 2026-03-01 00:00:00
"""


def run() -> list[Row]:
    """Read the log from the start to the last step."""
    folder = Path(tempfile.mkdtemp(prefix="chapterv-bench-"))
    try:
        return [_read(folder / "train.log")] if shutil.which("grep") else []
    finally:
        shutil.rmtree(folder)


def _read(path: Path) -> Row:
    steps = _write(path)
    state, points = follow(path)
    assert (points[-1].step, points[-1].tokens) == (steps, steps * BATCH * 8192)
    assert not state.gathered.events, state.gathered.events
    # With nobody to read its output, grep would stop at the first line it finds.
    command = ["grep", "-c", "iteration", str(path)]
    took = time_calls(
        {
            "follow": lambda: follow(path),
            "grep": lambda: subprocess.run(command, check=True, stdout=subprocess.PIPE),
        }
    )
    name = f"training log of {LOG_BYTES // 10**6} MB"
    return Row(name, took["follow"], "grep -c iteration", took["grep"], limit=20)


def _write(path: Path) -> int:
    """Write the log, and return its number of steps."""
    step, elapsed, written = 0, 0, len(_ARGUMENTS)
    with path.open("w") as file:
        file.write(_ARGUMENTS)
        while written < LOG_BYTES:
            step += 1
            tenths = 11_000 + step * 37 % 2_000
            elapsed += tenths
            written += file.write(_line(step, tenths, elapsed // 10_000) + _others(step))
    return step


def _line(step: int, tenths: int, seconds: int) -> str:
    day, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return (
        f" [2026-03-{day + 1:02d} {clock}] iteration {step:8d}/ 1000000 | consumed samples: "
        f"{step * BATCH:12d} | elapsed time per iteration (ms): {tenths / 10:.1f} | throughput "
        f"per GPU (TFLOP/s/GPU): {4_500_000 / tenths:.1f} | learning rate: 1.500000E-04 | global "
        f"batch size: {BATCH:5d} | lm loss: {2 + 9 / step:.6E} | loss scale: 1.0 | grad norm: "
        "0.251 | number of skipped iterations:   0 | number of nan iterations:   0 |\n"
    )


def _others(step: int) -> str:
    text = ""
    if step % 100 == 0:
        rule = "-" * 100 + "\n"
        text += f"{rule} validation loss at iteration {step} | lm loss value: 2.1E+00 |\n{rule}"
    if step % 1000 == 0:
        text += (
            f"saving checkpoint at iteration {step:7d} to checkpoints in torch_dist format\n"
            f"  successfully saved checkpoint from iteration {step:7d} to checkpoints\n"
        )
    return text
