"""Names that a candidate may use. Most follow from the operators that a graph may hold.

A name that is missing here would fail in the sandbox, or is no tensor arithmetic at all; this list
serves to say so early, with the line and a remedy.
"""

from collections.abc import Mapping

from evo.validation.graph.allowed import ALLOWED, base_name

_MODULES = """
__future__ math torch torch.linalg torch.nn torch.nn.functional torch.special typing
"""
MODULES = frozenset(_MODULES.split())
"""Modules that may be imported."""

_BUILTINS = """
abs all any bool dict divmod enumerate float int isinstance len list map max min pow range reversed
round slice sorted str sum tuple zip NotImplementedError RuntimeError TypeError ValueError
"""
BUILTINS = frozenset(_BUILTINS.split())
"""Allowed builtin functions; every other builtin name is refused, even when redefined."""

_OPERATORS = {base_name(name).removeprefix("special_").removeprefix("linalg_") for name in ALLOWED}
_FUNCTIONS = """
arange as_tensor eye full linspace logsigmoid normalize ones scalar_tensor softmin softsign
tanhshrink tensor zeros
"""
_TENSOR = """
T bool device dim double dtype float half indices int is_floating_point long ndim new_tensor numel
shape size values
"""
_MODULE = "functional linalg nn no_grad special Tensor finfo eps max min tiny smallest_normal"
_TYPING = "Any Callable Dict Final Iterable List Optional Sequence Tuple Union"
_DTYPES = "bool bfloat16 double float float16 float32 float64 half int int32 int64 long"
_MATH = """
acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist e erf erfc exp
exp2 expm1 fabs factorial floor fmod fsum gamma gcd hypot inf isclose isfinite isinf isnan ldexp
lgamma log log10 log1p log2 nan perm pi pow prod radians remainder sin sinh sqrt tan tanh tau trunc
"""
_LISTS = "append extend items keys"

ATTRIBUTES = frozenset(
    name
    for name in _OPERATORS
    | {f"{name}_" for name in _OPERATORS}
    | set(" ".join((_FUNCTIONS, _TENSOR, _MODULE, _TYPING, _DTYPES, _MATH, _LISTS)).split())
    if not name.startswith("_")
)
"""Names allowed after a dot or in `from … import`."""

_BY_TORCH_WHERE = "choose between tensors with torch.where"
_RANDOM = "a component is deterministic"
_DEVICE = "leave the device to the trainer"
_NO_FACTORY = "use torch.zeros_like or torch.full_like"

NAME_REMEDIES: Mapping[str, str] = {
    "item": _BY_TORCH_WHERE,
    "tolist": _BY_TORCH_WHERE,
    "numpy": "stay with tensors",
    "nonzero": _BY_TORCH_WHERE,
    "masked_select": _BY_TORCH_WHERE,
    "data": "use .detach()",
    "rand": _RANDOM,
    "rand_like": _RANDOM,
    "randn": _RANDOM,
    "randn_like": _RANDOM,
    "bernoulli": _RANDOM,
    "dropout": _RANDOM,
    "cuda": _DEVICE,
    "cpu": _DEVICE,
    "empty": _NO_FACTORY,
    "einsum": "use matmul or a product and a sum",
    "empty_like": _NO_FACTORY,
    "svd": "use torch.linalg.svdvals",
    "eigvalsh": "use torch.linalg.svdvals",
    "logdet": "use torch.linalg.svdvals(w).log().sum()",
    "format": "use an f-string",
    "script": "call the function plainly",
    "Parameter": "a component makes no parameters; write the constant as a number",
    "Module": "write a function, with the functions of torch.nn.functional",
    "cross_entropy": "use -(targets * torch.log_softmax(outputs, dim=-1)).sum(dim=-1)",
    "argmax": "targets are one-hot: (outputs * targets).sum(dim=-1) picks by class",
    "gather": "targets are one-hot: (outputs * targets).sum(dim=-1) picks by class",
    "ReLU": "use torch.nn.functional.relu",
    "SiLU": "use torch.nn.functional.silu",
    "GELU": "use torch.nn.functional.gelu",
}
"""Remedy per forbidden name that people and models often use."""
