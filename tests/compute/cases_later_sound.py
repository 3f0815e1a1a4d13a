"""Small made-up models that hear."""

from __future__ import annotations

from typing import Any

__all__ = ["SOUND"]

_RAW = {"input_values": ["numbers", 1, 400]}
_SOUND = {"sound 1": 79, "sound 2": 39, "frames": 19}
_HEARD = {
    "vocab_size": 32,
    "hidden_size": 96,
    "intermediate_size": 200,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "conv_dim": [16, 24, 32],
    "conv_kernel": [10, 3, 3],
    "conv_stride": [5, 2, 2],
    "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 9,
    "num_conv_pos_embedding_groups": 1,
}
_WITH = "patches with class token"
_AST = {
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 72,
    "max_length": 64,
    "num_mel_bins": 36,
}
_FAST = {
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "num_mel_bins": 24,
    "subsampling_conv_channels": 8,
}
_SPECTRUM = {"input_features": ["numbers", 1, 50, 24]}
_STEPS = {"steps 1": 25, "steps 2": 13, "frames": 7, "distances": 13}
_HALVED = {"steps 1": 25, "frames": 13, "distances": 25}
_WRITER = {
    "vocab_size": 60,
    "hidden_size": 48,
    "intermediate_size": 72,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 40,
    "head_dim": 12,
}
_DECODED = {**_SPECTRUM, "decoder_input_ids": ["indices", 1, 12], "use_cache": False}
_DIA_ENCODER = {
    "num_hidden_layers": 2,
    "hidden_size": 48,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "intermediate_size": 64,
    "vocab_size": 50,
}
_DIA_DECODER = {
    "num_hidden_layers": 3,
    "hidden_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "cross_num_attention_heads": 4,
    "cross_head_dim": 20,
    "cross_num_key_value_heads": 4,
    "cross_hidden_size": 48,
    "intermediate_size": 72,
    "vocab_size": 60,
    "num_channels": 3,
}
_SPOKEN = {"input_ids": ["indices", 1, 20], "decoder_input_ids": ["indices", 1, 12, 3],
           "use_cache": False}  # fmt: skip
_POP = {
    "vocab_size": 100,
    "d_model": 48,
    "d_kv": 12,
    "d_ff": 64,
    "num_layers": 2,
    "num_heads": 4,
    "decoder_start_token_id": 0,
}
_EAR = {
    "hidden_size": 48,
    "conv_dim": [8, 12, 8],
    "conv_kernel": [10, 3, 3],
    "conv_stride": [5, 2, 2],
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "intermediate_size": 64,
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 1,
}
_LLAMA = {
    "vocab_size": 100,
    "hidden_size": 40,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
_CONFORMER = {**_HEARD, "conv_depthwise_kernel_size": 5}
_BERT2 = {
    "hidden_size": 48,
    "intermediate_size": 72,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "feature_projection_input_dim": 20,
    "conv_depthwise_kernel_size": 5,
}
_FEATURES = {"input_features": ["numbers", 1, 20, 20]}
_WHISPER = {
    "num_mel_bins": 20,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "hidden_size": 48,
    "max_source_positions": 38,
}
_QWEN = {**_LLAMA, "num_key_value_heads": 4, "model_type": "qwen2"}

SOUND: list[Any] = [
    *(
        (name, f"{kind}{head}", _RAW, _SOUND, _HEARD, [change])
        for name, kind, second in (
            ("wavlm", "WavLM", {"do_stable_layer_norm": True, "feat_extract_norm": "layer"}),
            ("unispeech", "UniSpeech", {"feat_extract_norm": "layer"}),
            ("unispeech-sat", "UniSpeechSat", {"conv_bias": True}),
            ("data2vec-audio", "Data2VecAudio", {"conv_pos_kernel_size": 7}),
        )
        for head, change in (("Model", {}), ("ForCTC", second))
    ),
    ("wavlm", "WavLMModel", _RAW, _SOUND, _HEARD, [{"num_buckets": 40, "max_bucket_distance": 90}]),
    ("audio-spectrogram-transformer", "ASTModel", {"input_values": ["numbers", 1, 64, 36]},
     {"patches": 15, _WITH: 17}, _AST, [{}]),
    ("audio-spectrogram-transformer", "ASTForAudioClassification",
     {"input_values": ["numbers", 1, 64, 36]}, {"patches": 16, _WITH: 18}, _AST,
     [{"qkv_bias": False, "frequency_stride": 5, "patch_size": 20, "time_stride": 14}]),
    ("parakeet_ctc", "ParakeetForCTC", _SPECTRUM, _STEPS,
     {"encoder_config": _FAST, "vocab_size": 30}, [{}]),
    ("parakeet_ctc", "ParakeetForCTC", _SPECTRUM, _HALVED,
     {"encoder_config": {**_FAST, "subsampling_factor": 4, "attention_bias": False,
                         "convolution_bias": False, "conv_kernel_size": 5}, "vocab_size": 30},
     [{}]),
    ("canary", "CanaryForConditionalGeneration", _DECODED, {"tokens": 12, **_STEPS},
     {"encoder_config": _FAST, "decoder_config": _WRITER, "vocab_size": 60},
     [{}, {"decoder_config": {**_WRITER, "attention_bias": False, "num_key_value_heads": 4},
           "tie_word_embeddings": False}]),
    ("cohere_asr", "CohereAsrForConditionalGeneration", _DECODED, {"tokens": 12, **_STEPS},
     {"encoder_config": {**_FAST, "hidden_size": 40}, **_WRITER},
     [{}, {"tie_word_embeddings": True, "num_key_value_heads": None}]),
    ("dia", "DiaForConditionalGeneration", _SPOKEN, {"tokens": 12, "source tokens": 20},
     {"delay_pattern": [0, 8, 9], "encoder_config": _DIA_ENCODER, "decoder_config": _DIA_DECODER},
     [{}, {"encoder_config": {**_DIA_ENCODER, "num_key_value_heads": 4, "num_hidden_layers": 1}}]),
    ("pop2piano", "Pop2PianoForConditionalGeneration",
     {"input_features": ["numbers", 1, 20, 48], "decoder_input_ids": ["indices", 1, 12]},
     {"tokens": 12, "source tokens": 20}, _POP,
     [{}, {"num_decoder_layers": 3, "feed_forward_proj": "relu", "composer_vocab_size": 7}]),
    ("omniasr", "OmniASRForConditionalGeneration",
     {"input_ids": ["indices", 1, 19], "input_values": ["numbers", 1, 1, 400]},
     {"tokens": 19, "sound 1": 79, "sound 2": 39, "frames": 19},
     {"audio_config": _EAR, "text_config": _LLAMA, "audio_token_id": 3},
     [{}, {"audio_config": {**_EAR, "conv_bias": False, "num_hidden_layers": 1},
           "tie_word_embeddings": True}]),
    ("wav2vec2-conformer", "Wav2Vec2ConformerModel", _RAW, {**_SOUND, "distances": 37}, _CONFORMER,
     [{}]),
    ("wav2vec2-conformer", "Wav2Vec2ConformerForCTC", _RAW, _SOUND, _CONFORMER,
     [{"position_embeddings_type": "rotary", "feat_extract_norm": "layer"}]),
    ("wav2vec2-bert", "Wav2Vec2BertModel", _FEATURES, {"frames": 20}, _BERT2,
     [{}, {"position_embeddings_type": "rotary", "mask_time_prob": 0.0}]),
    ("wav2vec2-bert", "Wav2Vec2BertForCTC", _FEATURES, {"frames": 20, "distances": 39}, _BERT2,
     [{"position_embeddings_type": "relative", "vocab_size": 30}]),
    ("omniasr_ctc", "OmniASRForCTC", {"input_values": ["numbers", 1, 1, 400]}, _SOUND,
     {"audio_config": _EAR, "vocab_size": 30},
     [{}, {"audio_config": {**_EAR, "conv_bias": False}, "vocab_size": 20}]),
    *(
        (name, f"{kind}FlamingoForConditionalGeneration".replace("AudioFlamingo", "AudioFlamingo3"),
         {"input_ids": ["indices", 1, 19], "input_features": ["numbers", 1, 20, 76],
          "input_features_mask": ["marks", 1, 76]},
         {"tokens": 19, "frames": 38},
         {"audio_config": {**_WHISPER, "model_type": "audioflamingo3_encoder"},
          "text_config": _QWEN, "audio_token_id": 3},
         [{}, {"projector_bias": False, "text_config": {**_QWEN, "num_hidden_layers": 1}}])
        for name, kind in (("audioflamingo3", "Audio"), ("musicflamingo", "Music"))
    ),
]  # fmt: skip
