"""Denoisers built like FLUX.1: FLUX.2, Chroma and HunyuanVideo.

FLUX.2 has one modulation for all layers of a kind, and gated feed-forwards. Chroma makes its
modulations in a small network, once for each of them. HunyuanVideo refines the text first.
"""

from __future__ import annotations

from msgspec.structs import replace

from chapterv.compute.architecture import Architecture, Component, Layer, Stream
from chapterv.compute.encoders import BIASLESS
from chapterv.compute.families import family
from chapterv.compute.families.flux import double, single
from chapterv.compute.pictures import (
    NOTE,
    PATCHES,
    SAMPLE,
    TEXT,
    convolution,
    cross_mixing,
    embedder,
    inner,
    linear,
    projected,
    self_mixing,
    streams,
)
from chapterv.compute.reading import Reader, shown

__all__ = ["describe_chroma", "describe_flux2", "describe_hunyuan"]

_PICTURE = ("to_q", "to_k", "to_v", "to_out.0")
_WORDS = ("add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")
_PACKED = "the latent is packed two by two before it comes in"
_MODULATIONS = "modulations"


@family(classes=("HunyuanVideoTransformer3DModel",), heads=("HunyuanVideoTransformer3DModel",))
def describe_hunyuan(reader: Reader) -> Architecture:
    """Count HunyuanVideo."""
    kind = reader.value("image_condition_type")
    if kind not in (None, "latent_concat"):
        reader.fault(f"a picture that comes in as {shown(kind)} is not counted",
                     "image_condition_type")  # fmt: skip
    if reader.integer("patch_size_t", default=1) != 1:
        reader.fault("patches of several frames are not counted", "patch_size_t")
    if reader.value("mlp_ratio") not in (None, 4, 4.0):
        reader.expected("4.0", "mlp_ratio", reader.value("mlp_ratio"))
    reader.choice("qk_norm", ("rms_norm",), "rms_norm")
    heads = reader.integer("num_attention_heads", default=24)
    width = reader.integer("attention_head_dim", default=128)
    hidden = heads * width
    patch = reader.integer("patch_size", default=2, most=64)
    outputs = patch * patch * reader.integer("out_channels", default=16)
    guided = reader.flag("guidance_embeds", default=True)
    outside = reader.integer("text_embed_dim", default=4096)
    start = (
        convolution(
            "patch projection", reader.integer("in_channels", default=16), hidden, patch,
            stream=PATCHES, raw=True,
        ),
        *embedder("time embedding", 256, hidden),
        *embedder("text vector", reader.integer("pooled_projection_dim", default=768), hidden),
        *(embedder("guidance embedding", 256, hidden) if guided else ()),
        *embedder("refiner time embedding", 256, hidden),
        *embedder("refiner text vector", outside, hidden),
        linear("text projection", outside, hidden, stream=TEXT, raw=True, module="proj_in"),
    )  # fmt: skip
    refine = Layer(
        reader.integer("num_refiner_layers", default=2, most=1000), _refiner(hidden, heads, width)
    )
    return Architecture(
        family="HunyuanVideoTransformer3DModel",
        model_type="HunyuanVideoTransformer3DModel",
        layers=(
            Layer(1, start),
            refine,
            Layer(reader.integer("num_layers", default=20, most=100_000),
                  double(hidden, heads, width)),
            Layer(reader.integer("num_single_layers", default=40, most=100_000),
                  single(hidden, heads, width)),
        ),
        ends=_ends(hidden, outputs),
        part="denoiser",
        streams=streams(PATCHES, patch),
        notes=(NOTE,),
    )  # fmt: skip


def _refiner(hidden: int, heads: int, width: int) -> tuple[Component, ...]:
    """Return a layer in which the tokens of the text see one another."""
    return (
        projected(
            "refiner attention", hidden, heads, width, _PICTURE, stream=TEXT,
            mixing=(self_mixing(heads, width),), extra=4 * hidden,
        ),
        linear("refiner modulation", hidden, 2 * hidden, stream=SAMPLE, module="norm_out.linear"),
        inner(hidden, 4 * hidden, stream=TEXT, name="refiner feed-forward"),
    )  # fmt: skip


def _ends(hidden: int, outputs: int, bias: bool = True) -> tuple[Component, ...]:
    return (
        linear("last modulation", hidden, 2 * hidden, stream=SAMPLE, bias=bias,
               module="norm_out.linear"),
        linear("last projection", hidden, outputs, stream=PATCHES, bias=bias, module="proj_out"),
    )  # fmt: skip


def _packed(
    reader: Reader, words: int, channels: int, heads: int, bias: bool = True
) -> tuple[int, int, int, int, tuple[Component, ...]]:
    """Return heads, their width, the layers' width, the outputs, and what comes first."""
    heads = reader.integer("num_attention_heads", default=heads)
    width = reader.integer("attention_head_dim", default=128)
    hidden = heads * width
    inputs = reader.integer("in_channels", default=channels)
    patch = reader.integer("patch_size", default=1, most=64)
    outputs = patch * patch * reader.integer("out_channels", default=inputs)
    start = (
        linear("text projection", reader.integer("joint_attention_dim", default=words), hidden,
               stream=TEXT, raw=True, bias=bias, module="context_embedder"),
        linear("patch projection", inputs, hidden, stream=PATCHES, raw=True, bias=bias,
               module="x_embedder"),
    )  # fmt: skip
    return heads, width, hidden, outputs, start


@family(classes=("ChromaTransformer2DModel",), heads=("ChromaTransformer2DModel",))
def describe_chroma(reader: Reader) -> Architecture:
    """Count Chroma."""
    heads, width, hidden, outputs, start = _packed(reader, 4096, 64, 24)
    both = reader.integer("num_layers", default=19, most=100_000)
    later = reader.integer("num_single_layers", default=38, most=100_000)
    wide = reader.integer("approximator_hidden_dim", default=5120)
    channels = reader.integer("approximator_num_channels", default=64)
    steps = reader.integer("approximator_layers", default=5, most=1000)
    network = (
        linear("modulation network in", channels, wide, stream=_MODULATIONS, raw=True),
        *(
            linear("modulation network", wide, wide, stream=_MODULATIONS, extra=extra)
            for _ in range(steps)
            for extra in (wide, 0)
        ),
        linear("modulation network out", wide, hidden, stream=_MODULATIONS),
    )
    count = 3 * later + 12 * both + 2
    return Architecture(
        family="ChromaTransformer2DModel",
        model_type="ChromaTransformer2DModel",
        layers=(
            Layer(1, (*network, *start)),
            Layer(both, double(hidden, heads, width)[2:]),
            Layer(later, single(hidden, heads, width)[1:]),
        ),
        ends=(linear("last projection", hidden, outputs, stream=PATCHES, module="proj_out"),),
        part="denoiser",
        streams=(*streams(PATCHES, 2)[:2], Stream(_MODULATIONS, "sample", count)),
        notes=(NOTE, _PACKED),
    )


@family(classes=("Flux2Transformer2DModel",), heads=("Flux2Transformer2DModel",))
def describe_flux2(reader: Reader) -> Architecture:
    """Count FLUX.2."""
    heads, width, hidden, outputs, start = _packed(reader, 15360, 128, 48, bias=False)
    channels = reader.integer("timestep_guidance_channels", default=256)
    ratio = reader.value("mlp_ratio")
    wide = 3 * hidden if ratio is None else int(hidden * ratio) if _number(ratio) else 0
    if not wide:
        reader.expected("a number", "mlp_ratio", ratio)
    names = ("time", "guidance") if reader.flag("guidance_embeds", default=True) else ("time",)
    vectors = tuple(
        replace(one, vectors=0)
        for name in names
        for one in embedder(f"{name} embedding", channels, hidden)
    )
    modulations = tuple(
        linear(f"{name} modulation", hidden, sets * hidden, bias=False, stream=SAMPLE)
        for name, sets in (("picture", 6), ("text", 6), ("joint", 3))
    )
    layers = reader.integer("num_layers", default=8, most=100_000)
    later = reader.integer("num_single_layers", default=48, most=100_000)
    return Architecture(
        family="Flux2Transformer2DModel",
        model_type="Flux2Transformer2DModel",
        layers=(
            Layer(1, (*vectors, *modulations, *start)),
            Layer(layers, _double(hidden, heads, width, wide)),
            Layer(later, _single(hidden, heads, width, wide)),
        ),
        ends=_ends(hidden, outputs, bias=False),
        part="denoiser",
        streams=streams(PATCHES, 2),
        notes=(NOTE, _PACKED),
    )


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1000


def _double(hidden: int, heads: int, width: int, wide: int) -> tuple[Component, ...]:
    among = self_mixing(heads, width)

    def wider(stream: str, name: str, module: str) -> tuple[Component, ...]:
        return (
            linear(f"{name} in", hidden, 2 * wide, bias=False, stream=stream,
                   module=f"{module}.linear_in"),
            linear(f"{name} out", wide, hidden, bias=False, stream=stream,
                   module=f"{module}.linear_out"),
        )  # fmt: skip

    return (
        projected(
            "attention", hidden, heads, width, _PICTURE, stream=PATCHES, biases=BIASLESS,
            mixing=(among, cross_mixing(heads, width, TEXT)), extra=2 * width,
        ),
        projected(
            "text attention", hidden, heads, width, _WORDS, stream=TEXT, biases=BIASLESS,
            mixing=(among, cross_mixing(heads, width, PATCHES)), extra=2 * width,
        ),
        *wider(PATCHES, "feed-forward", "ff"),
        *wider(TEXT, "text feed-forward", "ff_context"),
    )  # fmt: skip


def _single(hidden: int, heads: int, width: int, wide: int) -> tuple[Component, ...]:
    """Return a layer whose first matrix makes queries, keys, values and the feed-forward's gate."""
    first = linear(
        "attention and up", hidden, 3 * hidden + 2 * wide, bias=False, stream=PATCHES,
        module="to_qkv_mlp_proj", extra=2 * width,
    )  # fmt: skip
    first = replace(first, mixing=(self_mixing(heads, width), cross_mixing(heads, width, TEXT)))
    last = linear(
        "output and down", hidden + wide, hidden, bias=False, stream=PATCHES, module="to_out"
    )
    meets = (self_mixing(heads, width), cross_mixing(heads, width, PATCHES))
    words = tuple(
        replace(one, stream=TEXT, stored=0, projections=(), mixing=meets if one.mixing else ())
        for one in (first, last)
    )
    return (first, last, *words)
