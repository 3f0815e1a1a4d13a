"""Small made-up text models of BERT's line and others."""

from __future__ import annotations

from typing import Any

__all__ = ["TEXT"]

_READ = {"input_ids": ["indices", 1, 24]}
_SOURCED = {**_READ, "encoder_hidden_states": ["numbers", 1, 24, 48]}
_ALONE = {"tokens": 24}
# As long as the text, since one of the classes cannot read another length.
_PAIR = {"tokens": 24, "source tokens": 24}
_BERT = {
    "vocab_size": 100,
    "hidden_size": 48,
    "intermediate_size": 72,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 40,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
}
_WRITES = {"is_decoder": True}
_CROSSES = {"is_decoder": True, "add_cross_attention": True}
# Decoders without and with a source: for each family the name of its class.
_DECODERS = {
    "bert": "BertLMHeadModel",
    "roberta": "RobertaForCausalLM",
    "xlm-roberta": "XLMRobertaForCausalLM",
    "camembert": "CamembertForCausalLM",
    "ernie": "ErnieForCausalLM",
    "megatron-bert": "MegatronBertForCausalLM",
    "electra": "ElectraForCausalLM",
    "data2vec-text": "Data2VecTextForCausalLM",
    "roberta-prelayernorm": "RobertaPreLayerNormForCausalLM",
    "xlm-roberta-xl": "XLMRobertaXLForCausalLM",
    "xmod": "XmodForCausalLM",
    "rembert": "RemBertForCausalLM",
    "roformer": "RoFormerForCausalLM",
    "roc_bert": "RoCBertForCausalLM",
    "bert-generation": "BertGenerationDecoder",
    "big_bird": "BigBirdForCausalLM",
}
_OWN: dict[str, dict[str, Any]] = {
    "electra": {"embedding_size": 24},
    "xmod": {"languages": ["en_XX", "de_DE", "sw_KE"], "default_language": "en_XX"},
    "rembert": {"input_embedding_size": 16, "output_embedding_size": 28},
    "roformer": {"embedding_size": 24},
    "roc_bert": {"pronunciation_vocab_size": 30, "pronunciation_embed_dim": 20,
                 "shape_vocab_size": 50, "shape_embed_dim": 12},
    "big_bird": {"attention_type": "original_full"},
}  # fmt: skip
_XLM = {"vocab_size": 100, "emb_dim": 48, "n_layers": 2, "n_heads": 4,
        "max_position_embeddings": 40}  # fmt: skip
_BEAM = {
    "vocab_size": 100,
    "hidden_size": 48,
    "intermediate_size": 72,
    "num_hidden_layers": 8,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "sliding_window": 8,
    "moe_intermediate_size": 20,
    "num_experts": 8,
    "num_experts_per_tok": 2,
    "n_group": 2,
    "topk_group": 2,
}

TEXT: list[Any] = [
    *((name, kind, _READ, _ALONE, {**_BERT, **_OWN.get(name, {})}, [_WRITES])
      for name, kind in _DECODERS.items()),
    *((name, kind, _SOURCED, _PAIR, {**_BERT, **_OWN.get(name, {})}, [_CROSSES])
      for name, kind in _DECODERS.items() if name != "big_bird"),
    ("data2vec-text", "Data2VecTextForMaskedLM", _READ, _ALONE, _BERT, [{}]),
    ("data2vec-text", "Data2VecTextModel", _READ, _ALONE, _BERT, [{"type_vocab_size": 1}]),
    ("roberta-prelayernorm", "RobertaPreLayerNormModel", _READ, _ALONE, _BERT, [{}]),
    ("xlm-roberta-xl", "XLMRobertaXLForMaskedLM", _READ, _ALONE, _BERT, [{}]),
    ("xmod", "XmodForMaskedLM", _READ, _ALONE, {**_BERT, **_OWN["xmod"]},
     [{}, {"pre_norm": True, "adapter_layer_norm": True, "adapter_reduction_factor": 4}]),
    ("rembert", "RemBertForMaskedLM", _READ, _ALONE, {**_BERT, **_OWN["rembert"]}, [{}]),
    ("rembert", "RemBertModel", _READ, _ALONE, {**_BERT, **_OWN["rembert"]}, [{}]),
    ("roformer", "RoFormerForMaskedLM", _READ, _ALONE, _BERT, [{}, {"embedding_size": 20}]),
    ("roformer", "RoFormerModel", _READ, _ALONE, _BERT, [{"rotary_value": True}]),
    ("roc_bert", "RoCBertForMaskedLM", _READ, _ALONE, {**_BERT, **_OWN["roc_bert"]},
     [{}, {"enable_shape": False}]),
    ("roc_bert", "RoCBertModel", _READ, _ALONE, {**_BERT, **_OWN["roc_bert"]}, [{}]),
    ("bert-generation", "BertGenerationEncoder", _READ, _ALONE, _BERT, [{}]),
    ("big_bird", "BigBirdForMaskedLM", _READ, _ALONE, _BERT, [{}]),
    ("big_bird", "BigBirdForPreTraining", _READ, _ALONE, _BERT, [{"use_bias": False}]),
    ("big_bird", "BigBirdModel", _READ, _ALONE, _BERT, [{}]),
    ("layoutlm", "LayoutLMForMaskedLM", _READ, _ALONE, _BERT, [{"max_2d_position_embeddings": 20}]),
    ("layoutlm", "LayoutLMModel", _READ, _ALONE, _BERT, [{"max_2d_position_embeddings": 16}]),
    ("esm", "EsmForMaskedLM", _READ, _ALONE, {**_BERT, "mask_token_id": 4},
     [{"token_dropout": False}, {"position_embedding_type": "rotary",
                                 "emb_layer_norm_before": True}]),
    ("esm", "EsmModel", _READ, _ALONE, {**_BERT, "mask_token_id": 4}, [{}]),
    ("albert", "AlbertForMaskedLM", _READ, _ALONE, {**_BERT, "embedding_size": 20},
     [{}, {"num_hidden_layers": 7, "num_hidden_groups": 3, "inner_group_num": 2}]),
    ("albert", "AlbertForPreTraining", _READ, _ALONE, {**_BERT, "embedding_size": 48}, [{}]),
    ("albert", "AlbertModel", _READ, _ALONE, {**_BERT, "embedding_size": 20},
     [{"num_hidden_layers": 6, "num_hidden_groups": 2}]),
    ("gte", "GteForMaskedLM", _READ, _ALONE, _BERT, [{}]),
    ("gte", "GteModel", _READ, _ALONE, _BERT, [{"type_vocab_size": 2}]),
    ("jina_embeddings_v3", "JinaEmbeddingsV3ForMaskedLM", _READ, _ALONE, _BERT, [{}]),
    ("jina_embeddings_v3", "JinaEmbeddingsV3Model", _READ, _ALONE, _BERT, [{"type_vocab_size": 2}]),
    ("esmc", "EsmcForMaskedLM", _READ, _ALONE, _BERT,
     [{}, {"tie_word_embeddings": True, "attention_bias": True, "mlp_bias": True}]),
    ("esmc", "EsmcModel", _READ, _ALONE, _BERT, [{}]),
    *((name, f"{kind}WithLMHeadModel", _READ, _ALONE, _XLM,
       [{}, {"causal": True, "n_langs": 3}, {"n_langs": 2, "use_lang_emb": False}])
      for name, kind in (("xlm", "XLM"), ("flaubert", "Flaubert"))),
    *((name, f"{kind}Model", _READ, _ALONE, _XLM, [{"sinusoidal_embeddings": True}])
      for name, kind in (("xlm", "XLM"), ("flaubert", "Flaubert"))),
    ("beam", "BeamForCausalLM", _READ, _ALONE, _BEAM,
     [{}, {"attention_bias": True, "tie_word_embeddings": True, "num_hidden_layers": 3,
           "layer_types": ["full_attention", "sliding_attention", "full_attention"],
           "mlp_layer_types": ["sparse", "dense", "sparse"]}]),
]  # fmt: skip
