"""Formats that are recognised and not read, each with the reason that a scan gives.

Pickles run code when they are opened the usual way, so nothing here opens one.
"""

from __future__ import annotations

from chapterv.evidence.registry import not_read

_PICKLE = (
    "a pickle, which can run code when it is opened: not opened. Convert the weights to "
    "safetensors, or state model.parameters_total with a source."
)
_RUN = "recognised, not read yet: a record of a training run. State run.tokens with a source."
_LATER = "recognised, not read yet: state what it says with it as the source."

not_read(
    "torch-pickle", _PICKLE,
    "pytorch_model*.bin", "adapter_model.bin", "consolidated*.pth", "diffusion_pytorch_model*.bin",
    "optimizer.bin", "training_args.bin", "scheduler.bin", "model*.bin",
    suffixes=(".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".distcp", ".joblib"),
)  # fmt: skip
not_read("distributed-checkpoint", _PICKLE, ".metadata", "common.pt")
not_read("gguf", "recognised, not read yet: weights in the GGUF format.", suffixes=(".gguf",))
not_read(
    "other-weights", "recognised, not read yet: weights in another format than safetensors.",
    suffixes=(
        ".onnx", ".onnx_data", ".tflite", ".h5", ".msgpack", ".npz", ".npy", ".ot", ".mlmodel",
    ),
)  # fmt: skip
not_read(
    "run-record", _RUN,
    "trainer_state.json", "all_results.json", "train_results.json", "eval_results.json",
    "wandb-summary.json", "wandb-metadata.json", "*.wandb", "events.out.tfevents.*",
    "emissions.csv", "*codecarbon*.csv", "meta.yaml", "sacct*.txt", "sacct*.csv",
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
