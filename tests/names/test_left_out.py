"""Every public name of PyTorch's modules for sequence programs is here, or is left out on purpose, with the way round."""

import inspect

import pytest

import tinygrad_rnn as tg
from tests.names.left_out import PAGE, page
from tinygrad_rnn._left_out import WAY_ROUND


def test_the_page_says_what_the_package_says():
    assert PAGE.read_text("utf8") == page(), "python -m tests.names.left_out"


# What these homes hold that is nobody's to use: types, flags, helpers, parts of compilers and of devices that are not here.
INSIDE = """
unfold common_types factory_kwargs grad BroadcastingList1 BroadcastingList2 BroadcastingList3 Callable DType Optional ScalingType
SwizzleType TYPE_CHECKING assert_int_or_pair boolean_dispatch dataclasses handle_torch_function importlib math np torch warnings reproducibility_notes
sparse_support_notes tf32_notes has_torch_function has_torch_function_unary has_torch_function_variadic GRID_SAMPLE_INTERPOLATION_MODES
GRID_SAMPLE_PADDING_MODES native_channel_shuffle conv_tbc grouped_mm scaled_grouped_mm scaled_mm sparse dirac swap_in_optimizer_params_and_state
argument_validation functional_datapipe guaranteed_datapipes_determinism non_deterministic runtime_validation runtime_validation_disabled
biject_to identity_transform register_kl transform_to clip_grads_with_norm_ fuse_conv_bn_weights fuse_linear_bn_weights
convert_conv2d_weight_memory_format convert_conv3d_weight_memory_format as_strided_scatter as_subclass ccol_indices cdouble cfloat col_indices
conj_physical conj_physical_ const_data_ptr crow_indices dense_dim dim_order grad_dtype hash_tensor index indices int_repr is_coalesced is_cpu
is_inference is_ipu is_maia is_meta is_mkldnn is_mtia is_neg is_nested is_same_size is_set_to is_vulkan is_xla isreal module_load narrow_copy
new_empty_strided put q_per_channel_axis q_per_channel_scales q_per_channel_zero_points q_scale q_zero_point qscheme reinforce resize resize_as
resize_as_sparse_ resolve_neg row_indices slice_inverse sparse_dim sparse_mask sparse_resize_ sparse_resize_and_clear_ sspaddmm storage_type
to_padded_tensor to_sparse_bsc to_sparse_bsr to_sparse_coo to_sparse_csc unsafe_chunk unsafe_split unsafe_split_with_sizes values volatile
""".split()  # noqa: SIM905


@pytest.mark.torch
@pytest.mark.parametrize(
    "home", ["nn", "nn.functional", "nn.init", "nn.utils", "optim", "optim.lr_scheduler", "utils.data", "distributions", "Tensor"]
)  # fmt: skip
def test_what_is_missing_is_left_out_on_purpose(home):
    torch = pytest.importorskip("torch")
    theirs, ours = torch, tg
    for part in home.split("."):
        theirs, ours = getattr(theirs, part), getattr(ours, part)
    names = dir(theirs) if home in ("Tensor", "nn.functional") else getattr(theirs, "__all__", dir(theirs))
    missing = [n for n in names if n[0] != "_" and not hasattr(ours, n) and n not in WAY_ROUND and n not in INSIDE]
    assert [
        n
        for n in missing
        if not n.endswith(("_with_indices", "Transform")) and not inspect.ismodule(getattr(theirs, n))
    ] == []
