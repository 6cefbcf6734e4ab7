"""Table of the operators that a graph may contain.

Each is a pure tensor function: no randomness, no writing to its inputs, no files, no processes.
Values that depend on no input are constants, so that a graph is bound to no device; factories
(`zeros`, `arange`) are there for those that depend on sizes, and are given the inputs' device.
Missing are operators whose cost does not show in the size of their outputs (`einsum`, polynomials
of a given degree, `matrix_power`) and those that vmap does not support (`nonzero`, boolean
indexing). The table is never extended, and never reached by `getattr` on what a candidate wrote.
"""

from collections.abc import Mapping
from types import MappingProxyType

import torch
from torch._ops import OpOverload

_UNARY = """
abs absolute acos acosh arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh
bitwise_not celu ceil cos cosh deg2rad digamma elu erf erfc erfinv exp exp2 expm1 fix floor frac
gelu hardshrink hardsigmoid hardswish hardtanh i0 isfinite isinf isnan isneginf isposinf
leaky_relu lgamma log log10 log1p log2 log_sigmoid logical_not logit mish nan_to_num neg negative
positive rad2deg reciprocal relu relu6 round round.decimals rsqrt selu sgn sigmoid sign signbit
silu sin sinc sinh softplus softshrink special_digamma special_entr special_erf special_erfc
special_erfcx special_erfinv special_exp2 special_expit special_expm1 special_gammaln special_i0
special_i0e special_i1 special_i1e special_log1p special_log_ndtr special_logit special_ndtr
special_ndtri special_psi special_round special_sinc sqrt square tan tanh threshold trunc
"""

_BINARY = """
__and__.Tensor __or__.Tensor __xor__.Tensor add.Scalar add.Tensor addcdiv addcmul arctan2 atan2
bitwise_and.Scalar bitwise_and.Tensor bitwise_or.Scalar bitwise_or.Tensor bitwise_xor.Scalar
bitwise_xor.Tensor clamp clamp.Tensor clamp_max clamp_max.Tensor clamp_min clamp_min.Tensor clip
clip.Tensor copysign.Scalar copysign.Tensor div.Scalar div.Scalar_mode div.Tensor div.Tensor_mode
divide.Scalar divide.Tensor eq.Scalar eq.Tensor floor_divide floor_divide.Scalar fmax fmin
fmod.Scalar fmod.Tensor ge.Scalar ge.Tensor greater.Scalar greater.Tensor greater_equal.Scalar
greater_equal.Tensor gt.Scalar gt.Tensor heaviside hypot le.Scalar le.Tensor lerp.Scalar
lerp.Tensor less.Scalar less.Tensor less_equal.Scalar less_equal.Tensor logaddexp logaddexp2
logical_and logical_or logical_xor lt.Scalar lt.Tensor masked_fill.Scalar masked_fill.Tensor
max.other maximum min.other minimum mul.Scalar mul.Tensor multiply.Scalar multiply.Tensor
ne.Scalar ne.Tensor not_equal.Scalar not_equal.Tensor pow.Scalar pow.Tensor_Scalar
pow.Tensor_Tensor prelu remainder.Scalar remainder.Scalar_Tensor remainder.Tensor rsub.Scalar
rsub.Tensor special_xlog1py special_xlog1py.other_scalar special_xlog1py.self_scalar special_xlogy
special_xlogy.other_scalar special_xlogy.self_scalar sub.Scalar sub.Tensor subtract.Scalar
subtract.Tensor true_divide.Scalar true_divide.Tensor where.Scalar where.ScalarOther
where.ScalarSelf where.self xlogy.Scalar_Other xlogy.Scalar_Self xlogy.Tensor
"""

_ACROSS = """
all all.dim amax amin aminmax any any.dim argsort cosine_similarity cummax cummin cumprod cumsum
diff dist group_norm kthvalue layer_norm linalg_matrix_norm linalg_matrix_norm.str_ord linalg_norm
linalg_norm.ord_str linalg_svdvals linalg_vector_norm log_softmax.int logcumsumexp logsumexp max
max.dim mean mean.dim median median.dim min min.dim nansum norm.Scalar norm.ScalarOpt_dim prod
prod.dim_int quantile.scalar rms_norm softmax.int sort special_log_softmax special_logsumexp
special_softmax std std.correction std.dim std_mean std_mean.correction std_mean.dim sum
sum.dim_IntList topk trace var var.correction var.dim var_mean var_mean.correction var_mean.dim
addmm baddbmm bmm dot inner linear matmul mm mv outer
"""

_FORM = """
_to_copy alias broadcast_to cat clone contiguous detach diag diag_embed diagonal expand expand_as
fill.Scalar flatten.using_ints flip full_like glu mT movedim.int narrow new_full new_ones new_zeros
numpy_T ones_like pad permute ravel repeat reshape roll select.int slice.Tensor squeeze squeeze.dim
squeeze.dims stack t to.dtype to.dtype_layout to.other transpose.int tril triu type_as unsqueeze
view view_as zero zeros_like
"""

_LOSSES = """
binary_cross_entropy binary_cross_entropy_with_logits cosine_embedding_loss cross_entropy_loss
hinge_embedding_loss huber_loss kl_div l1_loss margin_ranking_loss mse_loss nll_loss_nd
poisson_nll_loss smooth_l1_loss soft_margin_loss
"""

_PICKING = """
argmax argmin broadcast_tensors bucketize.Tensor chunk count_nonzero gather glu index.Tensor
index_add index_copy index_fill.int_Scalar index_fill.int_Tensor index_put index_select meshgrid
meshgrid.indexing msort nanmean one_hot quantile repeat_interleave.self_int scatter.src
scatter.value scatter_add searchsorted.Tensor select_scatter slice_scatter diagonal_scatter
split.Tensor split.sizes split_with_sizes swapaxes swapdims take_along_dim tensor_split.sections
tile unbind.int unflatten.int unfold column_stack dstack fliplr flipud hstack moveaxis.int vstack
"""

_SIGNALS = """
avg_pool1d avg_pool2d conv1d conv1d.padding conv2d conv2d.padding fft_fft fft_fftshift fft_ifft
fft_ifftshift fft_irfft fft_rfft imag max_pool1d max_pool2d real
view_as_complex view_as_real
"""

_MATRICES = """
addmv addr cdist det float_power.Tensor_Scalar float_power.Tensor_Tensor inverse kron
linalg_cholesky linalg_det linalg_eigh linalg_eigvalsh linalg_inv linalg_pinv
linalg_pinv.atol_rtol_float linalg_pinv.atol_rtol_tensor linalg_qr linalg_slogdet linalg_solve
linalg_solve_triangular linalg_svd linalg_vecdot logdet pairwise_distance slogdet vdot
"""

_MAKING = """
arange arange.start arange.start_step bartlett_window bartlett_window.periodic
blackman_window blackman_window.periodic eye eye.m full hamming_window hamming_window.periodic
hann_window hann_window.periodic linspace logspace ones scalar_tensor zeros
"""

MULTIPLYING = frozenset({"addmm", "baddbmm", "bmm", "dot", "inner", "linear", "matmul", "mm", "mv"})
"""Operators that sum over an inner dimension for every element of their output."""

PAIRWISE = frozenset(
    {
        *("binary_cross_entropy_with_logits", "cosine_embedding_loss", "cosine_similarity"),
        *("dist", "hinge_embedding_loss", "huber_loss", "kl_div", "l1_loss", "linalg_vecdot"),
        *("margin_ranking_loss", "mse_loss", "pairwise_distance", "poisson_nll_loss"),
        *("smooth_l1_loss", "soft_margin_loss"),
    }
)
"""Operators that may sum over all that their tensors are broadcast to."""

FACTORING = frozenset(
    {
        *("det", "inverse", "linalg_cholesky", "linalg_det", "linalg_eigh", "linalg_eigvalsh"),
        *("linalg_inv", "linalg_matrix_norm", "linalg_norm", "linalg_pinv", "linalg_qr"),
        *("linalg_slogdet", "linalg_solve", "linalg_solve_triangular", "linalg_svd"),
        *("linalg_svdvals", "logdet", "slogdet"),
    }
)
"""Operators that may factor a matrix, at a cost of rows · columns · the smaller of both."""

SLIDING = frozenset({"avg_pool1d", "avg_pool2d", "conv1d", "conv2d", "max_pool1d", "max_pool2d"})
"""Operators that sum over a window for every element of their output."""


def _resolve(names: str) -> Mapping[str, OpOverload]:
    table: dict[str, OpOverload] = {}
    for name in names.split():
        base, _, overload = name.partition(".")
        operator: OpOverload = getattr(getattr(torch.ops.aten, base), overload or "default")
        table[str(operator)] = operator
    return MappingProxyType(table)


ALLOWED: Mapping[str, OpOverload] = _resolve(
    _UNARY + _BINARY + _ACROSS + _FORM + _LOSSES + _PICKING + _SIGNALS + _MATRICES + _MAKING
)
"""Operator by full name, such as `aten.silu.default`; frozen."""

ELEMENTWISE = frozenset(_resolve(_UNARY + _BINARY)) - {"aten.prelu.default"}
"""Operators whose output has the shape that their tensors are broadcast to."""

MAKING = frozenset(_resolve(_MAKING))
"""Operators that make a tensor from numbers alone."""


def base_name(operator: str) -> str:
    """Name of the function that an overload belongs to.

    >>> base_name("aten.mul.Tensor")
    'mul'
    """
    return operator.split(".")[1]


COUNTED = frozenset(map(base_name, _resolve(_UNARY + _BINARY + _ACROSS + _FORM)))
"""Functions that the reward model counts one by one; it would forget what it learned of others."""

OPERATOR_REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "aten.nonzero.default": "use torch.where with three arguments",
        "aten.einsum.default": "use matmul, or a product and a sum",
        "aten.embedding.default": "index the table, as in table[i]",
        "aten.batch_norm.default": "use statistics of a row, with dim=-1",
        "aten.instance_norm.default": "use statistics of a row, with dim=-1",
    }
)
"""Remedy per forbidden operator that honest sources lead to."""
