"""Names that a candidate may use. Most follow from the operators that a graph may hold.

A name that is missing here would fail in the sandbox, or is no tensor arithmetic at all; this list
serves to say so early, with the line and a remedy.
"""

from collections.abc import Mapping

import torch

from evo.validation.graph.allowed import ALLOWED, base_name

_MODULES = """
__future__ abc collections collections.abc dataclasses enum functools itertools math numbers numpy
torch torch.autograd torch.fft torch.linalg torch.nn torch.nn.functional torch.nn.init
torch.nn.modules torch.nn.modules.loss torch.nn.modules.module torch.special typing
typing_extensions
"""
MODULES = frozenset(_MODULES.split())
"""Modules that may be imported."""

_BUILTINS = """
abs all any bool callable dict divmod enumerate float int isinstance issubclass len list map max min
pow range reversed round slice sorted str sum tuple zip AssertionError AttributeError Exception
ImportError IndexError KeyError NotImplemented NotImplementedError RuntimeError TypeError
UserWarning ValueError DeprecationWarning ZeroDivisionError
"""
ALLOWED_BUILTINS = frozenset(_BUILTINS.split())
"""Allowed builtin functions; every other builtin name is refused, even when redefined."""

_PREFIXES = ("special_", "linalg_", "fft_")
_OPERATORS = {
    base_name(name).removeprefix(next(filter(base_name(name).startswith, _PREFIXES), ""))
    for name in ALLOWED
}
_FUNCTIONS = """
adjoint arange array as_tensor asarray atleast_1d atleast_2d batch_norm concat concatenate cond
copy_ corrcoef cov cross_entropy einsum empty empty_like eye fftfreq fill_diagonal_ from_numpy full
gaussian_nll_loss ger get_default_dtype instance_norm linspace local_response_norm logsigmoid
margin_ranking_loss masked_select matrix_power multi_dot multi_margin_loss
multilabel_soft_margin_loss nanmedian nll_loss normalize ones pdist power renorm rfftfreq row_stack
rrelu scalar_tensor set_grad_enabled softmin softsign take tanhshrink tensor tensordot trapezoid
trapz tril_indices triu_indices unique zeros
"""
_TENSOR = """
" H L Q R S T U Vh astype eigenvalues eigenvectors logabsdet bool conj cpu data device dim double
dtype float half indices int is_complex is_cuda is_floating_point is_grad_enabled is_quantized
is_sparse item long mH ndimension nelement new new_empty ndim new_tensor numel requires_grad
requires_grad_ reshape_as shape size type values view_as
"""
_MODULE = """
BoolTensor ByteTensor DoubleTensor FloatTensor IntTensor LongTensor Size Tensor
amp angle autocast contiguous_format enable_grad eps fft finfo functional iinfo
legacy_contiguous_format linalg max min nn no_grad preserve_format promote_types
smallest_normal special tiny
"""
_TYPING = """
ABCMeta Annotated Any Callable ClassVar Collection Container DefaultDict Deque Dict Final FrozenSet
Hashable Iterable Iterator List Literal Mapping NamedTuple Optional Self Sequence Set Sized Text
Tuple Type TypeAlias TypeVar Union cast overload override
"""
_STANDARD = """
ABC Enum IntEnum Number Real OrderedDict abstractmethod accumulate auto chain combinations dataclass
field namedtuple pairwise partial product reduce starmap
"""
_OF_MODULES = """
Function Module Variable _Loss _WeightedLoss add_module affine apply autograd bias calculate_gain
constant_ elementwise_affine eval extra_repr forward init is_tensor loss mark_non_differentiable
modules needs_input_grad normalized_shape num_channels num_groups ones_ reduction register_buffer
save_for_backward saved_tensors saved_variables set_materialize_grads train training weight zeros_
"""
_LAYERS = """
CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish ReLU ReLU6
SELU SiLU Sigmoid Softmax LogSoftmax Softmin Softplus Softshrink Softsign Tanh Tanhshrink Threshold
BCELoss BCEWithLogitsLoss CosineEmbeddingLoss CrossEntropyLoss GaussianNLLLoss HingeEmbeddingLoss
HuberLoss KLDivLoss L1Loss MSELoss MarginRankingLoss MultiLabelSoftMarginLoss MultiMarginLoss
NLLLoss PoissonNLLLoss SmoothL1Loss SoftMarginLoss TripletMarginLoss AvgPool1d BatchNorm1d
CircularPad1d ConstantPad1d CosineSimilarity Dropout Flatten GroupNorm Identity LayerNorm MaxPool1d
ModuleDict ModuleList PairwiseDistance RMSNorm ReflectionPad1d ReplicationPad1d Sequential Unflatten
ZeroPad1d
"""
ALLOWED_LAYERS = frozenset(_LAYERS.split())
"""Modules of torch.nn that learn nothing; those with weights begin without."""
_SETTINGS = {
    name
    for layer in ALLOWED_LAYERS
    for name in getattr(getattr(torch.nn, layer), "__constants__", ())
}
"""Settings that those modules keep, such as `label_smoothing`."""
_DTYPES = """
bool bfloat16 double float float16 float32 float64 half int int16 int32 int64 int8 long uint8
"""
_MATH = """
acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist e erf erfc exp
exp2 expm1 fabs factorial floor fmod fsum gamma gcd hypot inf isclose isfinite isinf isnan isqrt
ldexp lgamma log log10 log1p log2 nan perm pi pow prod radians remainder sin sinh sqrt tan tanh tau
trunc
"""
_LISTS = "append extend get insert items keys pop update"
_TEXTS = "endswith join lower lstrip replace rstrip split startswith strip upper"

ATTRIBUTES = frozenset(
    name
    for name in _OPERATORS
    | {f"{name}_" for name in _OPERATORS}
    | set(" ".join((_FUNCTIONS, _TENSOR, _MODULE, _TYPING, _DTYPES, _MATH, _LISTS, _TEXTS)).split())
    if not name.startswith("_")
) | frozenset({*_SETTINGS, *" ".join((_STANDARD, _OF_MODULES, _LAYERS)).split()})
"""Names allowed after a dot or in `from … import`."""

SUGGESTED = ATTRIBUTES - {*_LISTS.split(), *_TEXTS.split()}
"""Names to suggest in place of a wrong one."""

_LOWER = {name.replace("_", ""): name for name in sorted(ATTRIBUTES) if name[-1] != "_"}


def function_of(module: str) -> str | None:
    """The function that does what a module of torch.nn does; None for other names.

    >>> function_of("CrossEntropyLoss"), function_of("SmoothL1Loss"), function_of("Sequential")
    ('cross_entropy', 'smooth_l1_loss', None)
    """
    if not module[:1].isupper():
        return None
    name = module.lower()
    return _LOWER.get(name.removesuffix("loss")) or _LOWER.get(name)


_HARMFUL = """
DataSource FileHandler Popen call check_output classes compile connect cpp_extension data_ptr dump
dumps eval exec fileConfig from_file fromfile fromregex genfromtxt hub import_ir_module
import_ir_module_from_buffer import_module listen load load_library load_state_dict_from_url
load_url loads loadtxt memmap mkdir modules multiprocessing open open_memmap os package parse_ir
popen remove rename request rmtree run save savetxt savez savez_compressed send serialization
share_memory_ storage subprocess sys system tofile unlink untyped_storage urlopen write write_bytes
write_text writelines
"""
HARMFUL = frozenset(_HARMFUL.split())
"""Names that reach files, processes or memory where people run a file by hand."""

_BY_TORCH_WHERE = "choose between tensors with torch.where"
_RANDOM = "a component is deterministic; where its kind gives noise, take it by a parameter `noise`"
_DRAWN = "a component draws nothing; an initialiser computes the weights from its argument z"
_DRAWING = (
    *("kaiming_normal_", "kaiming_uniform_", "normal_", "orthogonal_", "trunc_normal_"),
    *("uniform_", "xavier_normal_", "xavier_uniform_"),
)
_DEVICE = "leave the device to the trainer"

BUILTIN_REMEDIES: Mapping[str, str] = {
    "hasattr": "write the case that holds, and a constant as a name of the module",
}
"""Remedy per builtin name that libraries use for what a component has no need of."""

NAME_REMEDIES: Mapping[str, str] = {
    "__call__": "call the object itself, as `penalty(w)` within a function",
    "tolist": "compute with the tensor itself; dimensions from 1 on are range(1, x.dim())",
    "numpy": "stay with tensors, whose std() needs correction=0 to be that of numpy",
    "nonzero": _BY_TORCH_WHERE,
    "rand": _RANDOM,
    "rand_like": _RANDOM,
    "randn": _RANDOM,
    "randn_like": _RANDOM,
    "bernoulli": _RANDOM,
    "dropout": _RANDOM,
    "gumbel_softmax": _RANDOM,
    "cuda": _DEVICE,
    "format": "use an f-string",
    "script": "call the function plainly",
    "Parameter": "a component makes no parameters; write the constant as a number, or use the "
    "arguments that its kind learns",
    "register_parameter": "a component makes no parameters; write the constant as a number",
    "jit": "leave the decorator out: the function is traced anyway",
    "compile": "leave it out: the function is traced anyway",
    "masked_scatter": _BY_TORCH_WHERE,
    **dict.fromkeys(_DRAWING, _DRAWN),
    "eig": "use torch.linalg.eigh of a symmetric matrix, or torch.linalg.svd",
}
"""Remedy per forbidden name that people and models often use."""
