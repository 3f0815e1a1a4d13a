"""Small dossier folders for tests: a configuration of a real format with invented sizes."""

from __future__ import annotations

import json
from pathlib import Path

from chapterv.dossier import Gathered, gather, open_dossier

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 256,
    "intermediate_size": 512,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "num_key_value_heads": 8,
    "vocab_size": 1000,
    "max_position_embeddings": 64,
    "tie_word_embeddings": False,
    "attention_bias": False,
    "mlp_bias": False,
}


def make_folder(path: Path, statement: str | None = None, **changes: object) -> Path:
    """Write a dossier folder.

    Args:
        path: an existing empty folder.
        statement: text of `chapterv.toml`, or None for none.
        changes: keys of the configuration that differ.
    """
    (path / "config.json").write_text(json.dumps({**CONFIG, **changes}))
    if statement is not None:
        (path / "chapterv.toml").write_text(statement)
    return path


def gathered(path: Path, statement: str | None = None, **changes: object) -> Gathered:
    """Write a dossier folder and gather its facts."""
    return gather(open_dossier(make_folder(path, statement, **changes)))
