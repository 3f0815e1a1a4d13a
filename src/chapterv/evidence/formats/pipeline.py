"""Pipelines of several models (`model_index.json`): which class, and which components.

The class fixes what goes in and what comes out for the pipelines named here; what the components
hold together is not added up, since text encoders and codecs come from other models.
"""

from __future__ import annotations

from collections.abc import Iterator

from chapterv.errors import InputError
from chapterv.evidence.artefacts import Artefact
from chapterv.evidence.registry import Found, reader
from chapterv.evidence.results import Note, Part
from chapterv.evidence.strict import decode_json

__all__ = ["read_pipeline"]

MAX_PIPELINE = 1024 * 1024

_TEXT_TO_IMAGE = (
    "StableDiffusionPipeline", "StableDiffusionXLPipeline", "StableDiffusion3Pipeline",
    "FluxPipeline", "PixArtAlphaPipeline", "PixArtSigmaPipeline", "KandinskyPipeline",
    "HunyuanDiTPipeline", "SanaPipeline", "QwenImagePipeline", "AuraFlowPipeline",
)  # fmt: skip
_TEXT_TO_VIDEO = ("TextToVideoSDPipeline", "CogVideoXPipeline", "WanPipeline", "LTXPipeline",
                  "MochiPipeline", "HunyuanVideoPipeline")  # fmt: skip


@reader("pipeline", version="1", names=("model_index.json",))
def read_pipeline(artefact: Artefact) -> Iterator[Found]:
    """Read the class of a pipeline and the names of its components."""
    table = decode_json(artefact.read(MAX_PIPELINE), artefact.path)
    name = table.get("_class_name") if isinstance(table, dict) else None
    if not isinstance(name, str) or not name:
        raise InputError(
            "no class is named", f"{artefact.path}#/_class_name", "Write the file again."
        )
    yield artefact.fact("model.architecture", name, "/_class_name")
    given = "image" if name in _TEXT_TO_IMAGE else "video" if name in _TEXT_TO_VIDEO else None
    if given:
        yield artefact.fact("model.modalities_in", ["text"], "/_class_name")
        yield artefact.fact("model.modalities_out", [given], "/_class_name")
    components = tuple(
        sorted(
            key
            for key, value in table.items()
            if not key.startswith("_") and isinstance(value, list) and value and value[0]
        )
    )
    yield Note(
        artefact.path,
        f"a pipeline of {len(components)} components ({', '.join(components)[:300]}): their "
        "parameters are not added up. State model.parameters_total with a source.",
    )
    yield Part("pipeline", artefact.folder, artefact.path, components)
