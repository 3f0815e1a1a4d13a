"""Formats that are recognised and not read, each with the reason that a scan gives.

Pickles run code when they are opened the usual way, so nothing here opens one.
"""

from __future__ import annotations

from chapterv.evidence.registry import not_read

_PICKLE = (
    "a pickle, which can run code when it is opened: not opened. Convert the weights to "
    "safetensors, or state model.parameters_total with a source."
)
_SETTINGS = (
    "a pickle, which can run code when it is opened, of settings or states and not of weights: "
    "not opened."
)
_RUN = "recognised, not read yet: a record of a training run. State run.tokens with a source."
_LATER = "recognised, not read yet: state what it says with it as the source."

not_read("torch-pickle", _PICKLE, suffixes=(".pkl", ".pickle", ".distcp", ".joblib"))
not_read(
    "torch-settings", _SETTINGS,
    "training_args.bin", "optimizer.bin", "scheduler.bin", "optimizer.pt", "scheduler.pt",
)  # fmt: skip
not_read("megatron-common", _SETTINGS, "common.pt")
not_read(
    "other-weights", "recognised, not read yet: weights in another format than safetensors.",
    suffixes=(
        ".onnx", ".onnx_data", ".tflite", ".h5", ".msgpack", ".npz", ".npy", ".ot", ".mlmodel",
    ),
)  # fmt: skip
not_read(
    "run-record", _RUN,
    "eval_results.json",
)  # fmt: skip
not_read("evaluation-log", _LATER, "results_*.json", "samples_*.jsonl", suffixes=(".eval",))
not_read(
    "dataset-description", "recognised, not read yet: a description of a dataset.",
    "dataset_infos.json", "dataset_info.json", "croissant*.json", "datacard.md", "dataset_card.md",
)  # fmt: skip
not_read(
    "tokenizer-parts", "parts of a tokenizer; its size and class are read from tokenizer.json and "
    "tokenizer_config.json.",
    "vocab.json", "merges.txt", "vocab.txt", "special_tokens_map.json", "added_tokens.json",
    "tokenizer.model", "spiece.model", "sentencepiece*.model", "chat_template.jinja",
    "chat_template.json", suffixes=(".tiktoken",),
)  # fmt: skip
not_read(
    "processor-settings", "settings of a processor or scheduler, which say nothing that is asked.",
    "preprocessor_config.json", "processor_config.json", "feature_extractor.json",
    "video_preprocessor_config.json", "scheduler_config.json", "quantize_config.json",
)  # fmt: skip
not_read("statement", "the statement file, which is read with the dossier", "chapterv.toml")
not_read(
    "acceptable-use", "recognised, not read: a use policy, which a person has to judge.",
    "use_policy*", "usage_policy*", "acceptable_use*",
)  # fmt: skip
not_read("program-code", "program code: never run, never read", suffixes=(".py", ".sh", ".ipynb"))
not_read(
    "software-bill", "recognised, not read yet: a bill of materials.",
    suffixes=(".cdx.json", ".spdx.json"),
)  # fmt: skip
