"""Qwen4-Exp (text): gated delta layers, indexed attention, several streams, tables of word groups.

Some layers look up groups of the last tokens in a hashed table. The table's number of rows follows
from the configuration: each way of hashing has as many rows as a prime number above the stated
base. Causal operations assume the sparse stage of training: the indexer scores pooled keys, and
attention goes to the chosen ones.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Mixing, Projection, stack
from chapterv.compute.blocks import embedding, head, key_heads
from chapterv.compute.families import family
from chapterv.compute.families.gated_delta import qwen_delta, qwen_experts
from chapterv.compute.families.mamba_attention import layer_kinds
from chapterv.compute.reading import Reader
from chapterv.compute.recurrence import convolution, gated_attention

__all__ = ["describe"]

_KINDS = ("linear_attention", "full_attention", "indexed_attention", "qwen_sparse_attention")
_NOTE = (
    "causal operations assume the sparse stage of training: pooled keys are scored by the indexer, "
    "and only the chosen ones are attended"
)
# Bases for which the test of Miller and Rabin decides every number below 3.2 * 10^9.
_WITNESSES = (2, 3, 5, 7)
_MAX_TABLES = 4096


@family("qwen4_exp_text")
def describe(reader: Reader) -> Architecture:
    """Count the text part of Qwen4-Exp."""
    hidden = reader.integer("hidden_size")
    layers = reader.layers("num_hidden_layers")
    vocabulary = reader.integer("vocab_size")
    tied = reader.flag("tie_word_embeddings", default=False)
    streams = reader.integer("hc_count", default=4, least=2, most=64)
    low = reader.integer("hc_lowrank", default=320)
    kinds = layer_kinds(reader, "layer_types", layers, _KINDS)
    if kinds is None:
        period = reader.integer("full_attention_interval", default=4)
        kinds = [_KINDS[(index + 1) % period == 0] for index in range(layers)]
    delta, full = qwen_delta(reader, "qwen4_exp_text", hidden), (_attention(reader, hidden),)
    count = reader.integer("num_experts", "num_local_experts", default=512)
    joined = _connection(hidden, streams, low, inject=True)
    rest = (joined, *qwen_experts(reader, hidden, count), joined)
    tables = _tables(reader, hidden, streams, layers)

    def layer(index: int, kind: str) -> tuple[Component, ...]:
        return (*tables.get(index, ()), *(delta if kind == _KINDS[0] else full), *rest)

    return Architecture(
        family="qwen4_exp",
        model_type="qwen4_exp_text",
        layers=stack(layer(index, kind) for index, kind in enumerate(kinds)),
        ends=(
            embedding(vocabulary, hidden),
            _connection(hidden, streams, low, inject=False),
            *head(vocabulary, hidden, tied),
        ),
        context_length=reader.maybe("max_position_embeddings"),
        tied=tied,
        notes=(_NOTE,),
    )


def _attention(reader: Reader, hidden: int) -> Component:
    heads = reader.integer("num_attention_heads")
    kv_heads = key_heads(reader, heads)
    width = reader.integer("head_dim", default=256)
    bias = reader.flag("attention_bias", default=False)
    plain = gated_attention(hidden, heads, kv_heads, width, bias=bias, extra=2 * width)
    index_heads = reader.integer("indexer_n_heads")
    index_width = reader.integer("indexer_head_dim")
    if reader.integer("indexer_kv_heads", default=1) != 1:
        reader.fault("this family's indexer has one key head", "indexer_kv_heads")
    pooled = reader.integer("indexer_compress_ratio")
    budget = reader.integer("indexer_budget")
    made = Projection("index_qk_proj", hidden, (index_heads + 1) * index_width)
    return replace(
        plain,
        name="indexed attention",
        matrices=plain.matrices + made.inputs * made.outputs,
        vectors=plain.vectors + 2 * index_width,
        mixing=(
            Mixing(heads, width, width, limit=budget),
            Mixing(index_heads, index_width, 0, stride=pooled),
        ),
        projections=(*plain.projections, made),
    )


def _connection(hidden: int, streams: int, low: int, *, inject: bool) -> Component:
    """Return what mixes the streams into one and, but for the last, what adds to them again."""
    wide = streams * hidden
    names = [
        Projection("input_mix_weight_down", wide, low),
        Projection("input_mix_weight_up", low, wide),
    ]
    if inject:
        names.append(Projection("block_inject_weight", wide, streams))
    matrices = sum(one.inputs * one.outputs for one in names)
    return Component("hyper-connection", matrices, wide, projections=tuple(names))


def _tables(
    reader: Reader, hidden: int, streams: int, layers: int
) -> dict[int, tuple[Component, ...]]:
    """Return what stands before the layers that look up groups of tokens, by layer number."""
    chosen = sorted(reader.members("ple_layer_ids"))
    if not chosen:
        return {}
    if any(not 1 <= one <= layers for one in chosen):
        reader.fault("layers are numbered from 1", "ple_layer_ids")
        return {}
    width = reader.integer("ple_embed_dim", default=hidden)
    ways = (reader.integer("ngram_size", default=3, least=2) - 1) * reader.integer(
        "heads_per_ngram", default=8
    )
    share = reader.divides(width, ways, "ple_embed_dim", "the hashes do not share the width")
    base = reader.integer("ngram_vocab_size_base", default=20_000_000)
    step = reader.integer("make_ngram_vocab_size_divisible_by", default=128)
    kernel = reader.integer("ple_conv_kernel_size", default=4)
    if ways * len(chosen) > _MAX_TABLES:
        reader.fault(f"more than {_MAX_TABLES} hashes", "heads_per_ngram")
        return {}
    sizes = _primes_from(base, ways * len(chosen))
    wide = streams * hidden
    names = (Projection("key_proj", width, wide), Projection("value_proj", width, hidden))
    into = Component("table projections", width * (wide + hidden), 3 * wide, projections=names)
    found: dict[int, tuple[Component, ...]] = {}
    for place, number in enumerate(chosen):
        rows = sum(sizes[place * ways : (place + 1) * ways])
        rows = -(-rows // step) * step
        table = embedding(rows, share, "table of token groups")
        found[number - 1] = (table, into, convolution(wide, kernel))
    return found


def _primes_from(least: int, count: int) -> list[int]:
    """Return the first `count` primes that are at least `least`."""
    found: list[int] = []
    number = least
    while len(found) < count:
        if _is_prime(number):
            found.append(number)
        number += 1
    return found


def _is_prime(number: int) -> bool:
    if number < 2 or any(number % small == 0 for small in _WITNESSES):
        return number in _WITNESSES
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(_passes(pow(base, odd, number), twos, number) for base in _WITNESSES)


def _passes(power: int, twos: int, number: int) -> bool:
    if power in (1, number - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False
