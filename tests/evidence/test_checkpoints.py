"""Weights of torch and distributed checkpoints: described, never run."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from chapterv.errors import InputError
from chapterv.evidence import Note, Part, Scan, Unclaimed, scan
from chapterv.evidence.formats.torch_zip_opcodes import Made, walk_pickle

from .containers import (
    RECORDED,
    archive,
    pickled,
    read_with,
    shape,
    table,
    tensor,
    text,
    whole,
)
from .writing import BYTES, LLAMA, LLAMA_PARAMETERS, llama_tensors, notes, reasons, scanned, values

STORAGES = {"BF16": "BFloat16Storage", "F32": "FloatStorage"}
SMALL = table({"a.weight": tensor("0", [4, 3]), "a.bias": tensor("1", [4])})
SIZES = {"0": 48, "1": 16}
SYSTEM = b"cposix\nsystem\n" + text("echo unsafe") + b"\x85R"
"""Instructions that would call a program if anyone ran them."""


def llama_archive() -> bytes:
    """The small Llama as torch saves it."""
    described = llama_tensors()
    root, sizes = {}, {}
    for key, (name, (dtype, dimensions)) in enumerate(described.items()):
        root[name] = tensor(str(key), dimensions, STORAGES[dtype])
        count = 1
        for size in dimensions:
            count *= size
        sizes[str(key)] = count * BYTES[dtype]
    return archive(table(root), sizes)


def refused(data: bytes, file: str = "pytorch_model.bin", name: str = "torch-zip") -> str:
    """The error of a file that is refused."""
    with pytest.raises(InputError) as caught:
        read_with(name, file, data)
    return str(caught.value)


def total(found: Scan) -> list[object]:
    """Parameters that a scan counted."""
    return values(found, "model.parameters_total")


# --- torch.save -------------------------------------------------------------------------------


def test_weights_of_torch_count_as_those_of_safetensors(tmp_path: Path) -> None:
    found = scanned(tmp_path, {"config.json": LLAMA, "pytorch_model.bin": llama_archive()})
    assert total(found) == [LLAMA_PARAMETERS, LLAMA_PARAMETERS]
    assert "bfloat16" in values(found, "model.weights_dtype")
    assert values(found, "model.weights_size") == [2 * LLAMA_PARAMETERS]


def test_recorded_weights_are_counted_once_where_two_names_share_them() -> None:
    found = scan(["weights/pytorch_model.bin"], RECORDED)
    assert total(found) == [8128]
    assert "1 names stand for values of another name: lm_head.weight" in notes(found)


def test_weights_inside_a_checkpoint_of_training_are_found() -> None:
    found = scan(["weights/checkpoint.pt"], RECORDED)
    assert total(found) == [8128]
    assert "read from 'model'" in notes(found)


def test_the_older_layout_is_refused_by_name() -> None:
    found = scan(["weights/legacy.pth"], RECORDED)
    assert "before release 1.6" in reasons(found)["weights/legacy.pth"]


def test_a_name_beyond_weights_ends_the_walk_with_that_name() -> None:
    root = table({"a.weight": tensor("0", [4, 3]), "run": SYSTEM})
    assert "would call 'posix.system'" in refused(archive(root, SIZES))


@pytest.mark.parametrize(
    "code",
    [
        b"ios\nsystem\n.",
        b"(cos\nsystem\no.",
        b"cos\nsystem\n)\x81.",
        text("os") + text("system") + b"\x93)R.",
        b"\x82\x01.",
        b"c__builtin__\neval\n" + text("1") + b"\x85R.",
        b"cnumpy.core.multiarray\n_reconstruct\n)R.",
        b"ctorch\nload\n)R.",
        b"Ptail\n.",
        b"I99\n.",
    ],
)
def test_every_way_to_name_a_function_is_refused(code: bytes) -> None:
    with pytest.raises(InputError, match=r"would call|which torch does not write"):
        walk_pickle(b"\x80\x02" + code, "x", {"collections.OrderedDict"})


@pytest.mark.parametrize(
    ("code", "what"),
    [
        (b"", "broken"),
        (b"K", "cut off"),
        (b".", "broken"),
        (b"h\x05.", "reference to nothing"),
        (b"K\x01K\x02e.", "list without its start"),
        (b"K\x01(K\x02u.", "no table"),
        (b"}(K\x01u.", "no table|keys"),
        (b"}]K\x01s.", "key that is no text"),
        (b"}((K\x01tK\x02u.", "key that is no text"),
        (b"K\x01K\x02b.", "state for something"),
        (b"K\x01)R.", "no name"),
        (b"\x8a\xff" + b"1" * 255 + b".", "many digits"),
        (b"K\x01Q.", "from outside"),
        (b"(.", "a mark in place"),
        (b"(q\x00.", "a mark in place"),
        (b"](a.", "a mark in place"),
        (b"}K\x01(s.", "a mark in place"),
        (b"X\xff\xff\xff\x7fabc.", "cut off"),
        (b"K\x01" * 1_000_002 + b".", "more values"),
    ],
)
def test_broken_and_endless_pickles_are_refused(code: bytes, what: str) -> None:
    with pytest.raises(InputError, match=what):
        walk_pickle(b"\x80\x02" + code, "x", set())


def test_a_pickle_that_holds_itself_a_million_times_ends() -> None:
    laughs = b"]q\x00" + b"".join(
        b"h" + bytes([n]) + b"h" + bytes([n]) + b"\x86q" + bytes([n + 1]) for n in range(200)
    )
    assert isinstance(walk_pickle(b"\x80\x02" + laughs + b".", "x", set()), tuple)


def test_a_state_is_kept_beside_what_it_belongs_to() -> None:
    made = walk_pickle(
        b"\x80\x02ccollections\nOrderedDict\n)R" + text("a") + b"K\x01s}(K\x02K\x03ub.",
        "x",
        {"collections.OrderedDict"},
    )
    assert isinstance(made, Made)
    assert (made.items, made.state) == ({"a": 1}, {2: 3})


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (archive(SMALL, SIZES, method=zipfile.ZIP_DEFLATED), "is compressed"),
        (archive(SMALL, {"0": 48}), "the storage of 'a.bias' is missing"),
        (archive(SMALL, {"0": 48, "1": 15}), "has 15 bytes instead of 16"),
        (archive(SMALL, SIZES, {"archive/code/a.py": b"x"}), "TorchScript"),
        (archive(SMALL, SIZES, {"other/data.pkl": b"x"}), "no single data.pkl"),
        (archive(SMALL, SIZES)[:-10], "no directory at its end"),
        (archive(table({"a": tensor("0", [1000, 1000], length=12)}), SIZES), "than its storage"),
        (archive(table({"a": tensor("0", [4], offset=9, length=12)}), SIZES), "passes the end"),
        (archive(table({"a": tensor("0", [4, 3], "QInt8Storage")}), SIZES), "would call"),
        (archive(table({"step": b"K\x05"}), {}), "no tensors at its top"),
        (archive(b"K\x05", {}), "no table of tensors"),
        (b"\x80\x04.", "a pickle, which can run code"),
    ],
)
def test_files_that_are_not_as_torch_writes_them_are_refused(data: bytes, what: str) -> None:
    assert what in refused(data)


def test_a_row_shown_many_times_is_not_counted_as_many() -> None:
    root = table({"a": tensor("0", [1000, 12], length=12, steps=[0, 1])})
    assert "larger than its storage" in refused(archive(root, SIZES))


def test_entries_that_overlap_or_are_encrypted_are_refused() -> None:
    data = bytearray(archive(SMALL, SIZES))
    directory = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", directory + 4)
    overlapping = bytearray(data)
    overlapping[second + 42 : second + 46] = overlapping[directory + 42 : directory + 46]
    assert "overlap" in refused(bytes(overlapping))
    encrypted = bytearray(data)
    encrypted[directory + 8] |= 1
    assert "is encrypted" in refused(bytes(encrypted))


def test_two_entries_of_one_name_are_refused() -> None:
    data = bytearray(archive(SMALL, SIZES))
    start = data.index(b"PK\x01\x02")
    for at in (data.index(b"archive/data/1", start), data.index(b"archive/data/1")):
        data[at + 13] = ord("0")
    assert "two entries are called 'archive/data/0'" in refused(bytes(data))


def test_files_of_other_kinds_are_not_claimed() -> None:
    with pytest.raises(Unclaimed):
        read_with("torch-zip", "tokens.bin", b"\x01\x02\x03\x04" * 10)


def test_settings_and_optimisers_are_not_opened(tmp_path: Path) -> None:
    bomb = pickled(SYSTEM)
    names = ("training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth", "x.pkl",
             "bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt")  # fmt: skip
    found = scanned(tmp_path, dict.fromkeys(names, bomb))
    assert not found.read
    assert set(reasons(found)) == set(names)


def test_slices_of_the_same_tensors_are_not_counted(tmp_path: Path) -> None:
    data = archive(SMALL, SIZES)
    both = scanned(tmp_path / "a", {"consolidated.00.pth": data, "consolidated.01.pth": data})
    assert not total(both)
    assert "one of several slices" in notes(both)
    assert total(scanned(tmp_path / "b", {"consolidated.00.pth": data})) == [16]


def test_tables_in_tables_of_a_model_are_walked(tmp_path: Path) -> None:
    inner = table({"embedding": table({"weight": tensor("0", [4, 3])}), "depth": b"K\x02"})
    root = table({"model": table({"language_model": inner}), "iteration": b"K\x09"})
    found = scanned(tmp_path, {"model_optim_rng.pt": archive(root, {"0": 48})})
    assert total(found) == [12]


# --- distributed checkpoints ------------------------------------------------------------------


def test_a_distributed_checkpoint_counts_the_model_and_not_its_optimiser() -> None:
    found = scan(["weights/dcp"], RECORDED)
    # A tied head has two names here, and nothing says that they are one.
    assert total(found) == [8128 + 64 * 16]
    assert "optimisers and loaders left out" in notes(found)


def test_metadata_that_would_call_something_is_refused() -> None:
    assert "would call 'posix.system'" in refused(
        b"\x80\x04" + SYSTEM + b".", ".metadata", "torch-distributed"
    )


def size(sizes: list[int]) -> bytes:
    """A shape as torch's own class."""
    return b"ctorch\nSize\n" + shape(sizes) + b"\x85R"


def test_deepspeed_gives_shapes_and_counters(tmp_path: Path) -> None:
    root = table(
        {
            "module": table({"a": tensor("0", [0])}),
            "param_shapes": b"](" + table({"a": size([4, 3]), "b": size([4])}) + b"e",
            "global_steps": whole(500),
            "global_samples": whole(64_000),
        }
    )
    data = archive(root, {"0": 0})
    files = {
        "global_step500/zero_pp_rank_0_mp_rank_00_model_states.pt": data,
        "global_step500/zero_pp_rank_1_mp_rank_00_model_states.pt": data,
        "latest": "global_step500\n",
    }
    found = scanned(tmp_path, files)
    assert total(found) == [16]
    assert values(found, "run.steps") == [500, 500]
    assert values(found, "run.samples") == [64_000]
    assert all(f.relation == "at_least" for f in found.facts if f.key.startswith("run."))


def test_deepspeed_without_stage_3_counts_its_tensors(tmp_path: Path) -> None:
    root = table({"module": SMALL, "global_steps": whole(5)})
    found = scanned(tmp_path, {"mp_rank_00_model_states.pt": archive(root, SIZES)})
    assert total(found) == [16]


def test_deepspeed_in_slices_is_not_counted(tmp_path: Path) -> None:
    data = archive(table({"module": SMALL}), SIZES)
    names = ("mp_rank_00_model_states.pt", "mp_rank_01_model_states.pt")
    found = scanned(tmp_path, dict.fromkeys(names, data))
    assert not total(found)
    assert notes(found).count("one of several slices") == 2


@pytest.mark.parametrize(
    ("content", "steps"), [("iter_0000500", [500]), ("500\n", [500]), ("release", [])]
)
def test_the_pointer_to_the_last_checkpoint_gives_a_lower_bound(
    tmp_path: Path, content: str, steps: list[int]
) -> None:
    found = scanned(tmp_path, {"latest_checkpointed_iteration.txt": content})
    assert values(found, "run.steps") == steps
    assert len(found.read) == 1


def test_a_checkpoint_of_megatron_says_its_format_and_is_not_opened(tmp_path: Path) -> None:
    files = {
        "metadata.json": {"sharded_backend": "torch_dist", "sharded_backend_version": 1},
        "common.pt": pickled(SYSTEM),
        "other/metadata.json": {"title": "something else"},
    }
    found = scanned(tmp_path, files)
    assert "in the format 'torch_dist'" in notes(found)
    assert "not opened" in reasons(found)["common.pt"]
    assert reasons(found)["other/metadata.json"] == "a format that is not known"


def test_large_archives_use_the_large_directory() -> None:
    """Sizes beyond four gigabytes stand in a block of their own, here with small numbers."""
    data = archive(SMALL, SIZES)
    end = data.rindex(b"PK\x05\x06")
    count, length, start = struct.unpack_from("<HII", data, end + 10)
    end64 = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, length, start)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
    small = bytearray(data[end:])
    small[8:20] = struct.pack("<HHII", 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    found = read_with("torch-zip", "a.bin", data[:end] + end64 + locator + bytes(small))
    assert [type(item) for item in found] == [Part]


def test_a_note_names_what_was_left_out() -> None:
    found = read_with("torch-zip", "a.bin", (RECORDED / "weights/pytorch_model.bin").read_bytes())
    assert [type(item) for item in found] == [Note, Part]
