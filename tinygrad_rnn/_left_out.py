"""PyTorch's names that are left out on purpose, and the way round: what looking one of them up is answered with.

`LEFT_OUT` maps names, several in a row, to why they are not here and what to use instead. A name that comes to the
package leaves its row; tests/messages/test_messages.py finds those that are in both.
"""

from __future__ import annotations

LEFT_OUT = {
    "Conv3d conv3d ConvTranspose3d conv_transpose3d MaxPool3d max_pool3d AvgPool3d avg_pool3d AdaptiveAvgPool3d "
    "adaptive_avg_pool3d AdaptiveMaxPool3d adaptive_max_pool3d BatchNorm3d InstanceNorm3d Dropout3d dropout3d LPPool3d "
    "lp_pool3d MaxUnpool3d max_unpool3d FractionalMaxPool3d fractional_max_pool3d ZeroPad3d ConstantPad3d CircularPad3d "
    "ReflectionPad3d ReplicationPad3d": (
        "layers for volumes are left out; of a video take each frame by itself and run a recurrent layer over the frames"
    ),
    "LazyConv3d LazyConvTranspose3d LazyBatchNorm3d LazyInstanceNorm3d UninitializedBuffer": (
        "lazy layers for volumes are left out; run a layer of one or two dimensions over the frames"
    ),
    "grid_sample affine_grid grid_sampler grid_sampler_2d grid_sampler_3d affine_grid_generator LocalResponseNorm "
    "local_response_norm Fold fold Unfold PixelShuffle pixel_shuffle PixelUnshuffle pixel_unshuffle ChannelShuffle "
    "channel_shuffle LPPool1d lp_pool1d LPPool2d lp_pool2d UpsamplingBilinear2d CrossMapLRN2d FractionalMaxPool2d fractional_max_pool2d MaxUnpool1d MaxUnpool2d max_unpool1d "
    "max_unpool2d": "layers for pictures alone are left out; compose it of indexing, or change the data beforehand",
    "SyncBatchNorm is_distributed": (
        "training on several processes or machines is left out; take smaller batches and add up gradients over several "
        "before optimizer.step()"
    ),
    "compiler fx export onnx hub overrides cpp_extension model_zoo": (
        "there is no compiler; run the model as it is (whole layers such as nn.LSTM are fused already)"
    ),
    "vmap forward_ad": (
        "automatic batching and forward mode are left out; write the batch as the first axis, and for Jacobians use "
        "autograd.functional.jacobian"
    ),
    "quantization ao qint8 qint32 quint8 quantize_per_tensor quantize_per_channel quantized_lstm quantized_gru dequantize "
    "fake_quantize_per_tensor_affine quantized quantizable qat intrinsic QuantStub DeQuantStub": (
        "quantised numbers are left out; .half() stores a model in half the memory"
    ),
    "sparse_coo_tensor sparse_csr_tensor sparse_coo sparse_csr to_sparse to_sparse_csr to_dense coalesce spmm smm "
    "is_sparse_csr": (
        "sparse tensors are left out; keep indices and values as two tensors and use gather, index_add or nn.Embedding"
    ),
    "complex complex32 chalf real imag angle conj view_as_real view_as_complex polar "
    "fft stft istft ComplexFloatStorage resolve_conj is_conj": (
        "there are no complex numbers; keep real and imaginary parts in two tensors: those of a spectrum are x @ cos(a) and -x @ sin(a) with "
        "a = 2 * pi / n * outer(arange(n), arange(n)), which has a gradient; or use numpy.fft on x.numpy()"
    ),
    "BFloat16Tensor float8_e4m3fn float8_e5m2 uint16 uint32 uint64": (
        "this element type is left out: NumPy has none, or PyTorch does little with it; use float16 or float32, int32 "
        "or int64"
    ),
    "set_autocast_enabled is_autocast_enabled": (
        "automatic mixed precision is for GPUs; leave it out, or convert the whole model with .half()"
    ),
    "Stream Event mps mtia xpu ipu hip vulkan record_stream channels_last memory_format to_mkldnn is_mps is_xpu": (
        "there is no device but the CPU; leave it out, or take device('cpu')"
    ),
    "storage untyped_storage Storage UntypedStorage FloatStorage as_strided as_strided_": (
        "the memory behind a tensor is not for changing; use reshape, unfold or indexing, or x.numpy()"
    ),
    "eig eigvals symeig lu lstsq solve lu_solve lu_unpack lu_factor ldl_factor ldl_solve triangular_solve geqrf orgqr ormqr lobpcg "
    "householder_product solve_ex inv_ex cholesky_ex lu_factor_ex ldl_factor_ex tensorinv tensorsolve cond": (
        "these functions of matrices are left out (eigenvalues of what is not symmetric are complex); linalg.eigh, svd, qr, solve, "
        "lstsq and cholesky are here, and numpy.linalg on x.numpy() gives numbers without gradient, such as "
        "abs(numpy.linalg.eigvals(w.numpy())).max()"
    ),
    "polygamma multigammaln mvlgamma igamma igammac gammainc gammaincc i0 i0e i1 i1e erfinv erfcx ndtr ndtri log_ndtr zeta": (
        "these special functions are left out; scipy.special on x.numpy() gives their numbers, without gradient"
    ),
    "bartlett_window blackman_window kaiser_window mode nanmedian nanquantile msort index_reduce put_ map_ map2_ segment_reduce "
    "cumulative_trapezoid vander combinations copysign fmax fmin ldexp frexp nextafter gcd lcm bitwise_left_shift "
    "bitwise_right_shift logaddexp2 hsplit vsplit dsplit sum_to_size addbmm select_scatter slice_scatter diagonal_scatter "
    "nonzero_static geometric_ cauchy_ log_normal_": (
        "compose it of functions that are here: sort, unique(return_counts=True), cumsum, outer, where, maximum, index_put, "
        "exponential_"
    ),
    "absolute_ acosh_ arccos_ arccosh_ arcsin_ arcsinh_ arctan2_ arctan_ arctanh_ asinh_ atan2_ cumprod_ deg2rad_ "
    "rad2deg_ erfc_ float_power_ hypot_ logit_ negative_ renorm_ sgn_ sinc_ atanh_ eq_ ne_ lt_ le_ gt_ ge_ greater_ "
    "greater_equal_ less_ less_equal_ not_equal_ logical_and_ logical_or_ logical_xor_ logical_not_ bitwise_and_ bitwise_or_ "
    "bitwise_xor_ bitwise_not_ addmv_ addr_ addbmm_ baddbmm_ swapaxes_ swapdims_ digamma_ lgamma_ erfinv_ i0_ igamma_ igammac_ "
    "mvlgamma_ polygamma_ copysign_ heaviside_ ldexp_ nextafter_ gcd_ lcm_ bitwise_left_shift_ bitwise_right_shift_ "
    "index_reduce_": "it has no form in place here; write x.copy_(function(x))",
    "upsample upsample_nearest upsample_bilinear": "PyTorch's old names; use interpolate",
    "MultiLabelMarginLoss multilabel_margin_loss TripletMarginWithDistanceLoss NLLLoss2d "
    "triplet_margin_with_distance_loss LinearCrossEntropyLoss LinearCrossEntropyOptions linear_cross_entropy FeatureAlphaDropout "
    "feature_alpha_dropout pdist Container Buffer multi_head_attention_forward": (
        "compose it of the layers and losses that are here: CrossEntropyLoss, TripletMarginLoss, NLLLoss, Dropout1d, cdist, "
        "ModuleList, register_buffer, nn.MultiheadAttention"
    ),
    "skip_init stateless fuse_conv_bn_eval fuse_linear_bn_eval sparse_ dirac_": (
        "make the layer as it is, and change its weights afterwards; func.functional_call calls it with others"
    ),
    "prune": "no weight is pruned here; multiply it by a mask in forward, or in a class for nn.utils.parametrize",
    "orthogonal": "write it as a class for nn.utils.parametrize, with linalg.matrix_exp of a skew matrix; nn.init.orthogonal_ only starts with one",
    "register_full_backward_pre_hook register_state_dict_pre_hook register_state_dict_post_hook "
    "register_load_state_dict_pre_hook register_load_state_dict_post_hook": (
        "override the method instead: forward with a Tensor.register_hook, state_dict, load_state_dict"
    ),
    "Adafactor Muon": "use optim.AdamW",
    "ChainDataset StackDataset IterDataPipe MapDataPipe DFIterDataPipe DataChunk": (
        "write a Dataset or IterableDataset that gives the samples, or use ConcatDataset or TensorDataset"
    ),
    "Binomial Cauchy Chi2 ContinuousBernoulli ExponentialFamily FisherSnedecor GeneralizedPareto Geometric Gumbel HalfCauchy HalfNormal "
    "InverseGamma Kumaraswamy LKJCholesky LogisticNormal LowRankMultivariateNormal Multinomial Pareto Transform VonMises Weibull Wishart": (
        "this distribution is left out; write the logarithm of its density as a formula, or use Normal, Categorical, Bernoulli, "
        "MixtureSameFamily, and F.gumbel_softmax"
    ),
    "align_to align_as refine_names rename nested": (
        "axes have no names and tensors one shape; say in a comment what each axis is, and pad with "
        "nn.utils.rnn.pad_sequence"
    ),
}  # fmt: skip

WAY_ROUND = {name: way for names, way in LEFT_OUT.items() for name in names.split()}
