"""save and load: everything comes back as it was, damage is always noticed, other files are refused."""

import io
import json
import math
import os
import random
import struct
from collections import Counter, OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings, strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_rnn as tg
from tinygrad_rnn import optim
from tinygrad_rnn.amp import GradScaler
from tinygrad_rnn.interop import load, save
from tinygrad_rnn.nn import Linear, Parameter


def again(obj):
    file = io.BytesIO()
    save(obj, file)
    file.seek(0)
    return load(file)


def same(a, b):
    """Equal in type, order and every bit of every number."""
    if type(a) is not type(b):
        return False
    if isinstance(a, tg.Tensor):
        return a.requires_grad == b.requires_grad and same(a.array, b.array)
    if isinstance(a, (np.ndarray, np.generic)):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        pairs = zip(a.items(), b.items(), strict=True)
        return len(a) == len(b) and all(same(k, m) and same(v, w) for (k, v), (m, w) in pairs)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b) or (math.isnan(a) and math.isnan(b))
    if isinstance(a, (set, frozenset)):
        return sorted(map(repr, a)) == sorted(map(repr, b))  # NaN does not equal itself
    if isinstance(a, complex):
        return same((a.real, a.imag), (b.real, b.imag))
    return a == b


# --- round trips ----------------------------------------------------------------------------------------

arrays = hnp.arrays(
    st.sampled_from(["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
floats = hnp.arrays(st.sampled_from(["f2", "f4", "f8"]), hnp.array_shapes(min_dims=0, max_side=3))
tensors = st.builds(lambda a, g: tg.tensor(a, requires_grad=g), floats, st.booleans())
text = st.text(st.characters(codec=None, exclude_categories=()), max_size=8)
numbers = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.integers(min_value=2**62))
keys = st.recursive(st.one_of(numbers, text, st.binary(max_size=3)), lambda k: st.tuples(k, k), max_leaves=3)
plain = st.one_of(numbers, text, st.binary(max_size=20), st.complex_numbers(), arrays, tensors, st.just(tg.float64))
objects = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(keys, inner, max_size=4),
        st.dictionaries(text, inner, max_size=3).map(OrderedDict),
        st.sets(keys.filter(lambda k: k == k), max_size=4),
        st.frozensets(st.integers(), max_size=4),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(objects)
def test_nested_objects_come_back_as_they_were(obj):
    assert same(obj, again(obj))


def test_special_values():
    obj = {
        "nan": [math.nan, math.inf, -math.inf, -0.0, 5e-324],
        "ints": [2**63, -(2**63), 2**64 - 1, 10**5000],
        "keys": {0: "a", "0": "b", 1.5: "c", None: "d", (1, "x"): "e", b"k": "g", np.int64(7): "h"},
        "scalars": [np.float32(0.1), np.int8(-3), np.bool_(True)],
        "more": [bytearray(b"ab"), b"", tg.device("cpu"), tg.Size((2, 3)), 1 + 2j, np.array([], np.int32)],
        "names": {"__metadata__": tg.ones(1), "a.b": tg.ones(2), "a": {"b": tg.ones(3)}, "\ud800": tg.ones(1), "": tg.ones(1)},
        "zeros": ["0" * 64, "sha256 " + "0" * 64 + " {"],
        "orders": [np.arange(6.0).reshape(2, 3).T, np.arange(9)[::-2], np.asfortranarray(np.ones((2, 3))), np.arange(3, dtype=">i4").astype("i4")],
    }  # fmt: skip
    assert same(obj, again(obj))
    for root in (tg.ones(2), np.ones(2), 3, None, "text", [], {}):
        assert same(root, again(root))


def test_headers_of_every_length_come_back():
    for length in range(1200):  # a length may look like the first bytes of another kind of file
        assert again("x" * length) == "x" * length


def test_requires_grad_and_parameters_come_back():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    obj = again(
        {"w": w, "x": tg.ones(2), "computed": w * 2, "p": Parameter(tg.ones(3)), "q": Parameter(tg.ones(1), False)}
    )
    assert [t.requires_grad for t in obj.values()] == [True, False, True, True, False]
    assert all(t.is_leaf for t in obj.values())
    assert [type(t).__name__ for t in obj.values()] == ["Tensor", "Tensor", "Tensor", "Parameter", "Parameter"]
    (obj["w"] * 3).sum().backward()
    assert obj["w"].grad.tolist() == [3.0, 3.0]
    obj["x"][0] = 5.0  # loaded memory can be written


def test_shared_tensors_stay_shared():
    w = tg.randn(3, 4)
    obj = again(
        {"same": [w, w], "tied": w.detach(), "turned": w.t(), "row": w[1], "back": w.flip(0), "other": tg.ones(12)}
    )
    assert obj["same"][0] is obj["same"][1]
    first = obj["same"][0]
    first[1, 2] = 77.0
    assert obj["tied"][1, 2].item() == 77.0
    assert obj["turned"][2, 1].item() == 77.0
    assert obj["row"][2].item() == 77.0
    assert obj["back"][1, 2].item() != 77.0  # flip copies
    assert obj["other"].tolist() == [1.0] * 12


def test_arrays_that_look_into_one_memory_in_any_direction():
    base = np.arange(24.0).reshape(4, 6)
    views = [base[1:3, ::2], base[::-1, ::-1], base[2], base.T, np.broadcast_to(base[1], (3, 6)), base[:0]]
    loaded = again(views)
    assert same(views, loaded)
    loaded[1][0, 0] = -5.0  # base[3, 5]
    assert loaded[3][5, 3] == -5.0


def test_neighbours_in_one_memory_are_stored_apart():
    base = np.zeros(1_000_000, np.float32)
    file = io.BytesIO()
    save([base[:10], base[999_990:], base[10:20]], file)
    assert len(file.getvalue()) < 2000


def test_a_training_program_resumes(tmp_path):
    def run(steps, model, optimizer, scheduler):
        for k in range(steps):
            optimizer.zero_grad()
            (model(tg.ones(2, 3) * (k + 1)) ** 2).mean().backward()
            optimizer.step()
            scheduler.step()

    def fresh():
        tg.manual_seed(0)
        model = Linear(3, 2)
        optimizer = optim.Adam(model.parameters(), lr=0.1)
        return model, optimizer, optim.lr_scheduler.MultiStepLR(optimizer, [2, 4], gamma=0.5)

    whole = fresh()
    run(3, *whole)
    save([part.state_dict() for part in whole] + [tg.get_rng_state()], tmp_path / "state.tg")
    run(3, *whole)
    resumed = fresh()
    *states, generator = load(tmp_path / "state.tg", map_location="cpu", weights_only=True)
    for part, state in zip(resumed, states, strict=True):
        part.load_state_dict(state)
    tg.set_rng_state(generator)
    run(3, *resumed)
    for a, b in zip(whole[0].parameters(), resumed[0].parameters(), strict=True):
        assert a.tolist() == b.tolist()


def test_several_objects_in_one_open_file(tmp_path):
    with open(tmp_path / "two", "wb") as file:
        save({"a": 1}, file)
        save(tg.ones(3), file)
    with open(tmp_path / "two", "rb") as file:
        assert load(file) == {"a": 1}
        assert load(file).tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(RuntimeError, match="goes on after its end"):
        load(tmp_path / "two")


def test_the_same_object_gives_the_same_bytes(tmp_path):
    def saved(k):
        save({"b": tg.ones(2), "a": {3: {"x", "y", "z"}, "k": 1.5}}, tmp_path / str(k))
        return (tmp_path / str(k)).read_bytes()

    assert saved(1) == saved(2)


# --- what cannot be saved -------------------------------------------------------------------------------

Pair = namedtuple("Pair", "a b")


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (len, "a builtin_function_or_method cannot be saved"),
        (lambda: 0, "a function cannot be saved"),
        (GradScaler(enabled=False), r"a whole GradScaler cannot be saved here.*obj\['model'\]\[1\]\.state_dict\(\)"),
        (Pair(1, 2), r"a Pair cannot be saved; make it a plain tuple"),
        (defaultdict(list), "a defaultdict cannot be saved; make it a plain dict"),
        (Counter("ab"), "a Counter"),
        (np.array([object()]), "an array of object"),
        (np.array(["text"]), "an array of <U4"),
        (np.ones(2, complex), "an array of complex128"),
        (np.ma.array([1.0]), "a MaskedArray cannot be saved"),
        (object(), "a object cannot be saved"),
        ({tg.float32, (len,)}, r"\[\d\]\[0\]: a builtin"),
        ({(len,): 1}, "a builtin"),
        ({frozenset(): 1}, "a key of type frozenset"),
        (io.BytesIO(), "a BytesIO"),
    ],
    ids=lambda x: type(x).__name__,
)
def test_foreign_objects_are_refused_with_their_place_before_anything_is_opened(tmp_path, thing, words):
    path = tmp_path / "state"
    path.write_bytes(b"old")
    with pytest.raises(TypeError, match=r"obj\['model'\]\[1\].*" + words):
        save({"model": [1, thing]}, path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["state"]


def test_a_list_that_contains_itself():
    endless = []
    endless.append(endless)
    with pytest.raises(ValueError, match="contain itself"):
        save(endless, io.BytesIO())


# --- damage ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def good():
    tg.manual_seed(0)
    w = tg.randn(3, 4)
    obj = {
        "model": OrderedDict(w=w, tied=w.t(), b=tg.zeros(4)),
        "steps": {0: 1, 1: 2.5},
        "text": "abc",
        "raw": b"\x00" * 20,
    }
    file = io.BytesIO()
    save(obj, file)
    return file.getvalue()


def test_every_flipped_bit_is_noticed(good):
    for place in range(len(good) * 8):
        bad = bytearray(good)
        bad[place // 8] ^= 1 << place % 8
        with pytest.raises(RuntimeError):
            load(io.BytesIO(bytes(bad)))


def test_400_random_flips_in_a_larger_file_are_noticed(tmp_path):
    path = tmp_path / "state"
    save({f"layer{k}": tg.randn(50, 20) for k in range(20)}, path)
    good, draw = path.read_bytes(), random.Random(0)
    for _ in range(400):
        bad = bytearray(good)
        bad[draw.randrange(len(bad))] ^= 1 << draw.randrange(8)
        path.write_bytes(bad)
        with pytest.raises(RuntimeError, match="state"):
            load(path)


def test_every_truncation_is_noticed(good, tmp_path):
    path = tmp_path / "state"
    for length in range(len(good)):
        with pytest.raises(RuntimeError, match="incomplete"):
            load(io.BytesIO(good[:length]))
    path.write_bytes(good[:-1])
    with pytest.raises(RuntimeError, match=r"state: incomplete: the arrays should have \d+ bytes, \d+ are there"):
        load(path)
    path.write_bytes(good + b"x")
    with pytest.raises(RuntimeError, match="goes on after its end"):
        load(path)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_random_bytes_are_refused(data, framed):
    if framed:
        data = len(data).to_bytes(8, "little") + data
    with pytest.raises(RuntimeError):
        load(io.BytesIO(data))


def with_description(change, w=np.ones(4, np.float32)):
    """A file whose digest is right but whose description is not what `save` writes."""
    import hashlib

    description = {"version": 1, "obj": ["tensor", 0], "tensors": [[0, False, "Tensor"]], "arrays": [["w"]]}
    change(description)
    zeros = "0" * 64
    data = safetensors.numpy.save({"w": w}, {"tinygrad_rnn": f"sha256 {zeros} {json.dumps(description)}"})
    return io.BytesIO(data.replace(zeros.encode(), hashlib.sha256(data).hexdigest().encode(), 1))


def test_a_forged_description_runs_nothing_and_reads_no_foreign_memory():
    assert load(with_description(lambda d: None)).tolist() == [1.0] * 4
    for change, words in [
        (lambda d: d.update(arrays=[["w", 0, [5], [4]]]), "does not fit"),
        (lambda d: d.update(arrays=[["w", -4, [1], [4]]]), "does not fit"),
        (lambda d: d.update(arrays=[["w", 8, [3], [4]]]), "does not fit"),
        (lambda d: d.update(arrays=[["w", 0, [2], [-4]]]), "does not fit"),
        (lambda d: d.update(arrays=[["v"]]), "does not fit"),
        (lambda d: d.update(obj=["os.system", "true"]), "unknown kind"),
        (lambda d: d.update(obj=["dtype", "O"]), "unknown kind"),
        (lambda d: d.update(obj=["tensor", 3]), "does not fit"),
        (lambda d: d.update(obj=[]), "does not fit"),
        (lambda d: d.update(obj=["dict", [[["list", []], 1]]]), "does not fit"),
        (lambda d: d.pop("tensors"), "does not fit"),
        (lambda d: d.update(version=3), "newer"),
    ]:
        with pytest.raises(RuntimeError, match=f"^the file: .*{words}"):
            load(with_description(change))


@pytest.mark.parametrize(
    ("obj", "words"), [(["device", "cuda"], "cuda"), (["device", 3], "does not fit"), (["tensor", 0], "does not fit")]
)
def test_a_forged_device_and_an_integer_with_grad_name_the_file(tmp_path, obj, words):
    def change(description):
        description.update(obj=obj, tensors=[[0, obj[0] == "tensor", "Tensor"]])

    path = tmp_path / "forged.tgr"
    path.write_bytes(with_description(change, np.ones(4, np.int64)).getvalue())
    with pytest.raises(RuntimeError, match=f"^{path}: its description .*{words}"):
        load(path)


def test_a_huge_size_in_the_header_reserves_no_memory():
    header = b'{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}'
    with pytest.raises(RuntimeError, match="should have 4000000000000 bytes, 3 are there"):
        load(io.BytesIO(len(header).to_bytes(8, "little") + header + b"abc"))
    with pytest.raises(RuntimeError, match="should have 99999999 bytes"):
        load(io.BytesIO((99_999_999).to_bytes(8, "little") + b"{"))


# --- other files ----------------------------------------------------------------------------------------


@pytest.mark.torch
@pytest.mark.parametrize("zipped", [True, False])
def test_files_of_pytorch_are_refused_and_named(tmp_path, zipped):
    torch = pytest.importorskip("torch")
    path = tmp_path / "model.pt"
    torch.save({"w": torch.ones(2)}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(
        RuntimeError, match=r"torch\.save.*tinygrad-rnn convert FILE; or in PyTorch: safetensors\.torch\.save_file"
    ):
        load(path)


def test_other_kinds_of_files_are_named(tmp_path):
    np.save(tmp_path / "a.npy", np.ones(2))
    with pytest.raises(RuntimeError, match=r"NumPy \.npy"):
        load(tmp_path / "a.npy")
    (tmp_path / "b").write_text("hello, this is text")
    with pytest.raises(RuntimeError, match="not a file of tinygrad_rnn"):
        load(tmp_path / "b")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none")
    with pytest.raises(TypeError, match="'rb'"), open(tmp_path / "b") as file:
        load(file)
    with pytest.raises(TypeError, match="'wb'"), open(tmp_path / "c", "w") as file:
        save(1, file)
    with pytest.raises(RuntimeError, match="cuda"):
        load(tmp_path / "b", map_location="cuda")


@pytest.mark.torch
def test_safetensors_of_pytorch_give_a_dict_of_tensors(tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    path = tmp_path / "model.safetensors"
    values = {
        "half": torch.tensor([[1.5, -2.25]], dtype=torch.float16),
        "single": torch.randn(2, 3),
        "double": torch.randn(4, dtype=torch.float64),
        "ints": torch.arange(5),
        "mask": torch.tensor([True, False]),
        "none": torch.zeros(0, 3),
        "scalar": torch.tensor(3.5),
    }
    save_file(values, path, {"format": "pt"})
    loaded = load(path)
    assert set(loaded) == set(values)
    for key, value in values.items():
        assert isinstance(loaded[key], tg.Tensor)
        assert loaded[key].dtype == value.numpy().dtype
        np.testing.assert_array_equal(loaded[key].numpy(), value.numpy())

    brain = torch.randn(3, 5).to(torch.bfloat16)
    save_file({"w": brain, "k": torch.tensor([1, 2], dtype=torch.uint16)}, path)
    with pytest.warns(UserWarning, match="tensors of type") as notes:
        loaded = load(path)
    assert sorted(str(note.message).split(": ")[1][:40] for note in notes) == [
        "1 tensors of type BF16 became float32 ('",
        "1 tensors of type U16 became int32 ('k',",
    ]
    np.testing.assert_array_equal(loaded["w"].numpy(), brain.float().numpy())
    save_file({"w": torch.zeros(2, dtype=torch.float8_e4m3fn)}, path)
    with pytest.raises(RuntimeError, match="'w' has the type F8_E4M3"):
        load(path)


def test_other_programs_can_read_the_arrays(tmp_path):
    path = tmp_path / "state"
    save({"model": {"fc.weight": tg.ones(2, 3)}, "step": 4}, path)
    found = safetensors.numpy.load_file(path)
    assert list(found) == ["model.fc.weight"]
    assert found["model.fc.weight"].shape == (2, 3)
