"""Small made-up models with an encoder, several for each family, that an oracle has counted."""

from __future__ import annotations

from typing import Any

__all__ = ["CASES", "cases"]

_PAIR = {"tokens": 24, "source tokens": 40}
_T5 = {
    "vocab_size": 1000,
    "d_model": 96,
    "d_kv": 24,
    "d_ff": 200,
    "num_layers": 3,
    "num_heads": 6,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "decoder_start_token_id": 0,
}
_BART = {
    "vocab_size": 1000,
    "d_model": 96,
    "encoder_layers": 3,
    "decoder_layers": 2,
    "encoder_attention_heads": 6,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 200,
    "decoder_ffn_dim": 160,
    "max_position_embeddings": 128,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "pad_token_id": 1,
    "decoder_start_token_id": 2,
}
_TEXT = {
    "vocab_size": 1000,
    "hidden_size": 96,
    "intermediate_size": 200,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "max_position_embeddings": 64,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "pad_token_id": 1,
}
_GEMMA = {
    "vocab_size": 1000,
    "hidden_size": 96,
    "intermediate_size": 200,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 64,
}
_SOUND = {"samples": 400, "sound 1": 79, "sound 2": 39, "frames": 19}
_HEARD = {
    "vocab_size": 32,
    "hidden_size": 96,
    "intermediate_size": 200,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "conv_dim": [16, 24, 32],
    "conv_kernel": [10, 3, 3],
    "conv_stride": [5, 2, 2],
    "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 9,
    "num_conv_pos_embedding_groups": 1,
}
_ALONE = {"tokens": 40}
_SPOKEN = {
    **{key: value for key, value in _BART.items() if key != "max_position_embeddings"},
    "max_target_positions": 64,
}
_DEEPER = {"decoder_layers": 4, "encoder_ffn_dim": 120}

# For each class: the model_type, the lengths, the common keys, then what each case changes.
CASES: list[tuple[str, str, dict[str, int], dict[str, Any], list[dict[str, Any]]]] = [
    (
        "t5",
        "T5ForConditionalGeneration",
        _PAIR,
        _T5,
        [{}, {"num_decoder_layers": 2, "feed_forward_proj": "gated-gelu", "num_heads": 4}],
    ),
    ("t5", "T5EncoderModel", {"tokens": 40}, _T5, [{}, {"feed_forward_proj": "gated-gelu"}]),
    (
        "mt5",
        "MT5ForConditionalGeneration",
        _PAIR,
        _T5,
        [{}, {"num_decoder_layers": 2, "feed_forward_proj": "relu"}],
    ),
    (
        "umt5",
        "UMT5ForConditionalGeneration",
        _PAIR,
        _T5,
        [{}, {"num_decoder_layers": 2, "relative_attention_num_buckets": 16}],
    ),
    ("umt5", "UMT5EncoderModel", {"tokens": 40}, _T5, [{}, {"feed_forward_proj": "relu"}]),
    (
        "longt5",
        "LongT5ForConditionalGeneration",
        {"tokens": 24, "source tokens": 64},
        {**_T5, "local_radius": 15},
        [
            {},
            {"encoder_attention_type": "transient-global", "global_block_size": 16},
        ],
    ),
    (
        "switch_transformers",
        "SwitchTransformersForConditionalGeneration",
        _PAIR,
        {**_T5, "num_layers": 6, "num_experts": 4},
        [
            {"num_sparse_encoder_layers": 3, "num_sparse_decoder_layers": 2},
            {
                "num_decoder_layers": 4,
                "num_sparse_encoder_layers": 0,
                "num_sparse_decoder_layers": 4,
                "router_bias": True,
            },
        ],
    ),
    ("bart", "BartForConditionalGeneration", _PAIR, _BART, [{}, _DEEPER]),
    ("bart", "BartModel", _PAIR, _BART, [{}]),
    ("mbart", "MBartForConditionalGeneration", _PAIR, _BART, [{}, _DEEPER]),
    ("plbart", "PLBartForConditionalGeneration", _PAIR, _BART, [{}, _DEEPER]),
    ("mvp", "MvpForConditionalGeneration", _PAIR, _BART, [{}, _DEEPER]),
    ("pegasus", "PegasusForConditionalGeneration", _PAIR, _BART, [{}, _DEEPER]),
    (
        "bigbird_pegasus",
        "BigBirdPegasusForConditionalGeneration",
        _PAIR,
        _BART,
        [{}, {**_DEEPER, "use_bias": True}],
    ),
    ("blenderbot", "BlenderbotForConditionalGeneration", _PAIR, _BART, [{}, _DEEPER]),
    ("blenderbot-small", "BlenderbotSmallForConditionalGeneration", _PAIR, _BART, [{}, _DEEPER]),
    (
        "marian",
        "MarianMTModel",
        _PAIR,
        {**_BART, "decoder_vocab_size": 1000},
        [{}, {**_DEEPER, "share_encoder_decoder_embeddings": False, "decoder_vocab_size": 700}],
    ),
    ("m2m_100", "M2M100ForConditionalGeneration", _PAIR, _BART, [{}, _DEEPER]),
    (
        "nllb-moe",
        "NllbMoeForConditionalGeneration",
        _PAIR,
        {**_BART, "num_experts": 4},
        [
            {"encoder_sparse_step": 2, "decoder_sparse_step": 1},
            {**_DEEPER, "router_bias": True, "decoder_sparse_step": 0},
        ],
    ),
    (
        "fsmt",
        "FSMTForConditionalGeneration",
        _PAIR,
        {**_BART, "vocab_size": None, "langs": ["en", "de"]},
        [
            {"src_vocab_size": 900, "tgt_vocab_size": 700},
            {"src_vocab_size": 900, "tgt_vocab_size": 900, "tie_word_embeddings": True},
        ],
    ),
    (
        "led",
        "LEDForConditionalGeneration",
        {"tokens": 24, "source tokens": 64, "global tokens": 1},
        {
            **_BART,
            "max_position_embeddings": None,
            "max_encoder_position_embeddings": 128,
            "max_decoder_position_embeddings": 64,
        },
        [{"attention_window": 16}, {"attention_window": [8, 16, 32], "decoder_layers": 3}],
    ),
    (
        "whisper",
        "WhisperForConditionalGeneration",
        {"tokens": 24, "frames": 20, "mel frames": 40},
        {**_SPOKEN, "num_mel_bins": 16, "max_source_positions": 20},
        [{}, {"num_mel_bins": 24, "decoder_layers": 4, "encoder_attention_heads": 4}],
    ),
    (
        "speech_to_text",
        "Speech2TextForConditionalGeneration",
        {"tokens": 24, "frames": 20, "mel frames": 80},
        {**_SPOKEN, "input_feat_per_channel": 16, "conv_channels": 64},
        [{}, {"conv_kernel_sizes": [3, 7], "decoder_layers": 4, "tie_word_embeddings": False}],
    ),
    ("clip_text_model", "CLIPTextModel", _ALONE, _TEXT, [{}, {"num_attention_heads": 4}]),
    (
        "clip_text_model",
        "CLIPTextModelWithProjection",
        _ALONE,
        _TEXT,
        [{"projection_dim": 48}, {"num_hidden_layers": 2}],
    ),
    (
        "siglip_text_model",
        "SiglipTextModel",
        _ALONE,
        _TEXT,
        [{}, {"projection_size": 48, "num_attention_heads": 4}],
    ),
    ("bert", "BertForMaskedLM", _ALONE, _TEXT, [{}, {"type_vocab_size": 3}]),
    ("bert", "BertModel", _ALONE, _TEXT, [{}]),
    ("bert", "BertForPreTraining", _ALONE, _TEXT, [{}, {"num_attention_heads": 4}]),
    ("roberta", "RobertaForMaskedLM", _ALONE, _TEXT, [{}, {"type_vocab_size": 1}]),
    ("roberta", "RobertaModel", _ALONE, _TEXT, [{}]),
    ("xlm-roberta", "XLMRobertaForMaskedLM", _ALONE, _TEXT, [{}, {"num_hidden_layers": 2}]),
    ("camembert", "CamembertForMaskedLM", _ALONE, _TEXT, [{}, {"type_vocab_size": 1}]),
    ("ernie", "ErnieForMaskedLM", _ALONE, _TEXT, [{}, {"num_hidden_layers": 2}]),
    ("ernie", "ErnieModel", _ALONE, _TEXT, [{}]),
    ("megatron-bert", "MegatronBertForPreTraining", _ALONE, _TEXT, [{}, {"vocab_size": 700}]),
    ("megatron-bert", "MegatronBertForMaskedLM", _ALONE, _TEXT, [{}]),
    ("electra", "ElectraForMaskedLM", _ALONE, {**_TEXT, "embedding_size": 48}, [{}]),
    (
        "electra",
        "ElectraForPreTraining",
        _ALONE,
        _TEXT,
        [{"embedding_size": 48}, {"embedding_size": 96}],
    ),
    (
        "distilbert",
        "DistilBertForMaskedLM",
        _ALONE,
        {
            "vocab_size": 1000,
            "dim": 96,
            "hidden_dim": 200,
            "n_layers": 3,
            "n_heads": 6,
            "max_position_embeddings": 64,
        },
        [{}, {"sinusoidal_pos_embds": True, "n_heads": 4}],
    ),
    ("mpnet", "MPNetForMaskedLM", _ALONE, _TEXT, [{}, {"num_attention_heads": 4}]),
    ("mpnet", "MPNetModel", _ALONE, _TEXT, [{}]),
    (
        "modernbert",
        "ModernBertForMaskedLM",
        _ALONE,
        _TEXT,
        [
            {"num_hidden_layers": 5},
            {"norm_bias": True, "attention_bias": True, "mlp_bias": True, "classifier_bias": True},
            {"decoder_bias": False, "local_attention": 16, "num_hidden_layers": 4},
        ],
    ),
    ("nomic_bert", "NomicBertForMaskedLM", _ALONE, _TEXT, [{"head_dim": 16}]),
    ("nomic_bert", "NomicBertModel", _ALONE, _TEXT, [{"head_dim": 24, "type_vocab_size": 3}]),
    (
        "eurobert",
        "EuroBertForMaskedLM",
        _ALONE,
        _TEXT,
        [
            {"head_dim": 16},
            {
                "head_dim": 24,
                "num_key_value_heads": 2,
                "attention_bias": True,
                "mlp_bias": True,
                "tie_word_embeddings": True,
            },
        ],
    ),
    ("eurobert", "EuroBertModel", _ALONE, _TEXT, [{}]),
    (
        "t5gemma",
        "T5GemmaForConditionalGeneration",
        _PAIR,
        {"vocab_size": 1000},
        [
            {"encoder": _GEMMA, "decoder": {**_GEMMA, "num_hidden_layers": 2}},
            {
                "encoder": {**_GEMMA, "sliding_window": 16, "attention_bias": True},
                "decoder": {**_GEMMA, "hidden_size": 64, "num_attention_heads": 4, "head_dim": 24},
                "tie_word_embeddings": False,
            },
        ],
    ),
    (
        "pegasus_x",
        "PegasusXForConditionalGeneration",
        {"tokens": 24, "source tokens": 64, "global tokens": 8},
        {**_BART, "num_global_tokens": 8, "block_size": 16, "stagger_local_blocks": False},
        [{}, {**_DEEPER, "encoder_layers": 1, "block_size": 32}],
    ),
    ("wav2vec2", "Wav2Vec2Model", _SOUND, _HEARD, [{}, {"conv_bias": True}]),
    (
        "wav2vec2",
        "Wav2Vec2ForCTC",
        _SOUND,
        _HEARD,
        [{"feat_extract_norm": "layer", "do_stable_layer_norm": True}, {"mask_time_prob": 0.0}],
    ),
    ("hubert", "HubertModel", _SOUND, _HEARD, [{}, {"feat_proj_layer_norm": False}]),
    (
        "hubert",
        "HubertForCTC",
        _SOUND,
        _HEARD,
        [
            {"feat_extract_norm": "layer"},
            {"num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 4},
        ],
    ),
    (
        "moonshine",
        "MoonshineForConditionalGeneration",
        {"samples": 4000, "sound 1": 61, "sound 2": 19, "frames": 9, "tokens": 12},
        {
            "vocab_size": 500,
            "hidden_size": 48,
            "intermediate_size": 100,
            "encoder_num_hidden_layers": 2,
            "decoder_num_hidden_layers": 3,
            "encoder_num_attention_heads": 4,
            "decoder_num_attention_heads": 4,
        },
        [{}, {"attention_bias": True, "encoder_num_hidden_layers": 3, "vocab_size": 300}],
    ),
    (
        "deberta-v2",
        "DebertaV2ForMaskedLM",
        _ALONE,
        _TEXT,
        [
            {
                "relative_attention": True,
                "pos_att_type": ["p2c", "c2p"],
                "share_att_key": True,
                "position_buckets": 16,
                "norm_rel_ebd": "layer_norm",
                "position_biased_input": False,
            },
            {"type_vocab_size": 2, "legacy": False},
            {"relative_attention": True, "pos_att_type": ["c2p"], "share_att_key": True},
        ],
    ),
    (
        "deberta-v2",
        "DebertaV2Model",
        _ALONE,
        _TEXT,
        [
            {"relative_attention": True, "pos_att_type": ["c2p"], "position_buckets": 8},
            {"relative_attention": True, "pos_att_type": "c2p|p2c", "embedding_size": 48},
        ],
    ),
]


def cases() -> list[tuple[dict[str, Any], str, dict[str, int]]]:
    """Return every case: the configuration, the class that is counted, the lengths."""
    found = []
    for model_type, name, shape, common, changes in CASES:
        for change in changes:
            merged = {"model_type": model_type, "architectures": [name], **common, **change}
            kept = {key: value for key, value in merged.items() if value is not None}
            found.append((kept, name, shape))
    return found
