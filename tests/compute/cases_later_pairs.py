"""Small made-up models that read with one half and write with the other."""

from __future__ import annotations

from typing import Any

__all__ = ["PAIRS"]

_WRITTEN = {"input_ids": ["indices", 1, 12]}
_SOURCED = {**_WRITTEN, "encoder_hidden_states": ["numbers", 1, 20, 48]}
_SIDE = {
    "vocab_size": 100,
    "hidden_size": 48,
    "intermediate_size": 72,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 40,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
}
_WRITES = {"is_decoder": True, "add_cross_attention": True}
_GPT2 = {"vocab_size": 90, "n_positions": 32, "n_embd": 48, "n_layer": 2, "n_head": 4,
         "bos_token_id": 1, "eos_token_id": 2}  # fmt: skip
_TROCR = {
    "vocab_size": 90,
    "d_model": 48,
    "decoder_layers": 3,
    "decoder_attention_heads": 4,
    "decoder_ffn_dim": 72,
    "max_position_embeddings": 32,
}
_VIT = {
    "model_type": "vit",
    "hidden_size": 36,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 64,
    "image_size": 32,
    "patch_size": 8,
}
_WAVE = {
    "model_type": "wav2vec2",
    "hidden_size": 36,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "conv_dim": [16, 24, 32],
    "conv_kernel": [10, 3, 3],
    "conv_stride": [5, 2, 2],
    "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 9,
    "num_conv_pos_embedding_groups": 1,
}
_TEXT = {"input_ids": ["indices", 1, 20], "decoder_input_ids": ["indices", 1, 12]}
_SEEN = {"pixel_values": ["numbers", 1, 3, 32, 32], "decoder_input_ids": ["indices", 1, 12]}
_HEARD = {"input_values": ["numbers", 1, 400], "decoder_input_ids": ["indices", 1, 12]}
_PAIR = {"tokens": 12, "source tokens": 20}
_PICTURE = {"tokens": 12, "patches": 16, "patches with class token": 17}
_SOUND = {"tokens": 12, "sound 1": 79, "sound 2": 39, "frames": 19}
_GEMMA = {
    "vocab_size": 60,
    "hidden_size": 48,
    "intermediate_size": 64,
    "num_hidden_layers": 7,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 12,
    "sliding_window": 8,
}
_SIGHT = {
    "hidden_size": 36,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "image_size": 32,
    "patch_size": 8,
}
_PIX_TEXT = {"vocab_size": 50, "hidden_size": 48, "d_kv": 12, "d_ff": 64, "num_layers": 2,
             "num_heads": 4}  # fmt: skip
_PIX_SIGHT = {"hidden_size": 48, "patch_embed_hidden_size": 40, "d_ff": 56, "d_kv": 16,
              "num_hidden_layers": 3, "num_attention_heads": 4, "seq_len": 20}  # fmt: skip
_FLAT = {"flattened_patches": ["numbers", 1, 16, 42], "decoder_input_ids": ["indices", 1, 12]}
_BART = {
    "vocab_size": 100,
    "d_model": 48,
    "encoder_layers": 3,
    "decoder_layers": 2,
    "encoder_attention_heads": 6,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 72,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 40,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "pad_token_id": 1,
}
# Decoders that are a class of their own.
_ALONE = {
    "bart": "BartForCausalLM",
    "mbart": "MBartForCausalLM",
    "plbart": "PLBartForCausalLM",
    "mvp": "MvpForCausalLM",
    "pegasus": "PegasusForCausalLM",
    "blenderbot": "BlenderbotForCausalLM",
    "blenderbot-small": "BlenderbotSmallForCausalLM",
    "marian": "MarianForCausalLM",
}

PAIRS: list[Any] = [
    ("gpt2", "GPT2LMHeadModel", _SOURCED, _PAIR, _GPT2,
     [{"add_cross_attention": True}, {"add_cross_attention": True, "n_inner": 64}]),
    ("trocr", "TrOCRForCausalLM", _SOURCED, _PAIR, _TROCR,
     [{}, {"layernorm_embedding": False, "tie_word_embeddings": False},
      {"cross_attention_hidden_size": 48}]),
    ("encoder-decoder", "EncoderDecoderModel", _TEXT, _PAIR,
     {"encoder": {"model_type": "bert", **_SIDE},
      "decoder": {"model_type": "bert", **_SIDE, **_WRITES}},
     [{}, {"encoder": {"model_type": "roberta", **_SIDE, "hidden_size": 36},
           "decoder": {"model_type": "gpt2", **_GPT2, "add_cross_attention": True}}]),
    ("vision-encoder-decoder", "VisionEncoderDecoderModel", _SEEN, _PICTURE,
     {"encoder": _VIT, "decoder": {"model_type": "gpt2", **_GPT2, "add_cross_attention": True}},
     [{}, {"decoder": {"model_type": "trocr", **_TROCR, "cross_attention_hidden_size": 36}}]),
    ("vision-encoder-decoder", "VisionEncoderDecoderModel", _SEEN,
     {**_PICTURE, "patches with class token": 18},
     {"encoder": {**_VIT, "model_type": "deit"},
      "decoder": {"model_type": "roberta", **_SIDE, **_WRITES}}, [{}]),
    ("speech-encoder-decoder", "SpeechEncoderDecoderModel", _HEARD, _SOUND,
     {"encoder": _WAVE, "decoder": {"model_type": "bert", **_SIDE, **_WRITES}},
     [{}, {"encoder": {**_WAVE, "model_type": "hubert", "hidden_size": 48,
                       "num_attention_heads": 4}}]),
    ("t5gemma2", "T5Gemma2ForConditionalGeneration", _TEXT, _PAIR,
     {"encoder": {"text_config": _GEMMA, "vision_config": _SIGHT, "mm_tokens_per_image": 4,
                  "image_token_index": 59},
      "decoder": _GEMMA},
     [{}, {"decoder": {**_GEMMA, "num_hidden_layers": 2, "attention_bias": True}}]),
    ("t5gemma2", "T5Gemma2ForConditionalGeneration",
     {"input_ids": ["indices", 1, 4], "decoder_input_ids": ["indices", 1, 12],
      "pixel_values": ["numbers", 1, 3, 32, 32]},
     {"tokens": 12, "source tokens": 4, "patches": 16, "pictures": 1},
     {"encoder": {"text_config": _GEMMA, "vision_config": _SIGHT, "mm_tokens_per_image": 4,
                  "image_token_index": 3},
      "decoder": _GEMMA, "image_token_index": 3},
     [{}]),
    ("pix2struct", "Pix2StructForConditionalGeneration", _FLAT, {"tokens": 12, "patches": 16},
     {"text_config": _PIX_TEXT, "vision_config": _PIX_SIGHT},
     [{}, {"tie_word_embeddings": True, "text_config": {**_PIX_TEXT, "num_layers": 1}}]),
    *((name, kind, _SOURCED, _PAIR, _BART, [{}, {"decoder_layers": 1, "vocab_size": 70}])
      for name, kind in _ALONE.items()),
    ("vision-encoder-decoder", "VisionEncoderDecoderModel",
     {"pixel_values": ["numbers", 1, 3, 64, 32], "decoder_input_ids": ["indices", 1, 12]},
     {"tokens": 12, "patches": 16 * 8, "patches merged 4 to one": 32},
     {"encoder": {"model_type": "donut-swin", "embed_dim": 12, "depths": [2, 1], "patch_size": 4,
                  "num_heads": [2, 3], "window_size": 4, "image_size": [64, 32]},
      "decoder": {"model_type": "mbart", **_BART, "add_cross_attention": True,
                  "is_decoder": True}},
     [{}]),
]  # fmt: skip
