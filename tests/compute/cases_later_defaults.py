"""Configurations that leave their sizes to the class, whose parameters alone an oracle counted."""

from __future__ import annotations

from typing import Any

__all__ = ["defaults"]

_ALONE = {
    "albert": "AlbertModel",
    "audio-spectrogram-transformer": "ASTModel",
    "beam": "BeamForCausalLM",
    "beit": "BeitModel",
    "canary": "CanaryForConditionalGeneration",
    "clip_vision_model": "CLIPVisionModel",
    "cohere_asr": "CohereAsrForConditionalGeneration",
    "convnext": "ConvNextModel",
    "convnextv2": "ConvNextV2Model",
    "data2vec-audio": "Data2VecAudioModel",
    "data2vec-vision": "Data2VecVisionModel",
    "deit": "DeiTModel",
    "dia": "DiaForConditionalGeneration",
    "dinov2": "Dinov2Model",
    "dinov2_with_registers": "Dinov2WithRegistersModel",
    "dinov3_convnext": "DINOv3ConvNextModel",
    "dinov3_vit": "DINOv3ViTModel",
    "donut-swin": "DonutSwinModel",
    "esmc": "EsmcForMaskedLM",
    "flaubert": "FlaubertModel",
    "gte": "GteModel",
    "ijepa": "IJepaModel",
    "jina_embeddings_v3": "JinaEmbeddingsV3Model",
    "omniasr_ctc": "OmniASRForCTC",
    "parakeet_ctc": "ParakeetForCTC",
    "siglip2_text_model": "Siglip2TextModel",
    "siglip2_vision_model": "Siglip2VisionModel",
    "siglip_vision_model": "SiglipVisionModel",
    "swin": "SwinModel",
    "trocr": "TrOCRForCausalLM",
    "unispeech": "UniSpeechModel",
    "unispeech-sat": "UniSpeechSatModel",
    "vit": "ViTModel",
    "vit_mae": "ViTMAEForPreTraining",
    "vit_msn": "ViTMSNModel",
    "vjepa2": "VJEPA2Model",
    "wav2vec2-bert": "Wav2Vec2BertModel",
    "wav2vec2-conformer": "Wav2Vec2ConformerModel",
    "wavlm": "WavLMModel",
    "xlm": "XLMModel",
}
_PARTS = {
    "clip": ("CLIPModel", ("text_config", "vision_config")),
    "pix2struct": ("Pix2StructForConditionalGeneration", ("text_config", "vision_config")),
    "siglip": ("SiglipModel", ("text_config", "vision_config")),
    "siglip2": ("Siglip2Model", ("text_config", "vision_config")),
}
_CLASSES = (
    "AutoencoderDC", "AutoencoderKLFlux2", "AutoencoderKLQwenImage", "AutoencoderKLWan",
    "AutoencoderTiny",
)  # fmt: skip
# The second autoencoder of Wan, as it is published.
_WAN = {
    "_class_name": "AutoencoderKLWan",
    "base_dim": 160,
    "decoder_base_dim": 256,
    "z_dim": 48,
    "in_channels": 12,
    "out_channels": 12,
    "patch_size": 2,
    "is_residual": True,
}


def defaults() -> list[tuple[dict[str, Any], str]]:
    """Return each configuration with the class that is counted."""
    found: list[tuple[dict[str, Any], str]] = [
        ({"model_type": name, "architectures": [kind]}, kind) for name, kind in _ALONE.items()
    ]
    for name, (kind, parts) in _PARTS.items():
        tables: dict[str, Any] = {part: {} for part in parts}
        found.append(({"model_type": name, "architectures": [kind], **tables}, kind))
    found += [({"_class_name": name}, name) for name in _CLASSES]
    return [*found, (_WAN, "AutoencoderKLWan")]
