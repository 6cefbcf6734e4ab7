"""Properties of calls by their bare name, be it of torch, of Python or a method of a tensor."""

import ast

from evo.core.syntax.trees import words

MASKS = words(
    "eq ge gt le lt ne isclose isfinite isinf isnan logical_and logical_not logical_or "
    "logical_xor signbit"
)
"""Give truth values."""

PLAIN = words(
    "bool dim element_size empty_like full_like get_device getattr hasattr int is_floating_point "
    "isinstance item len ndimension nelement numel ones_like range size str stride tolist type "
    "zeros_like"
)
"""Give something that is no tensor, or one that depends on no number in another."""

RESHAPING = words(
    "all amax amin any argmax argmin bmm cat cdist chunk diagonal dot einsum expand flatten "
    "gather index_select logsumexp matmul mean median mm mse_loss narrow norm outer pad permute "
    "prod quantile repeat reshape split squeeze stack std sum topk trace transpose triu unbind "
    "unsqueeze var view"
)
"""Give tensors of another shape."""

EXTREMA = words("max min")
"""Give tensors of another shape when they are given one tensor, not when given two."""

TWINS = words("fmax fmin max maximum min minimum")
"""`f(x, x) = x`."""

IDEMPOTENT = words("abs ceil clamp clip floor hardtanh relu relu6 round sign trunc")
"""`f(f(x)) = f(x)`."""

EVEN = words("abs cos cosh square")
"""`f(-x) = f(x)`."""

SAME_ABOVE_ZERO = words("abs celu elu leaky_relu relu")
"""`f(x) = x` for x ≥ 0."""

RISING_FROM_ZERO = words("asinh atan erf log1p softsign tanh")
"""`f(x) ≥ 0` for x ≥ 0."""

POSITIVE = words("cosh exp sigmoid softplus")
"""`f(x) > 0`."""

NON_NEGATIVE = words("abs hardsigmoid relu relu6 sqrt square") | POSITIVE
"""`f(x) ≥ 0`."""

ROOTS = words("log log10 log1p log2 rsqrt sqrt")
"""Are no numbers for some x < 0."""

NUMBERED = words(
    "celu clamp clip elu hardshrink hardtanh leaky_relu lerp nan_to_num softplus softshrink "
    "threshold where"
)
"""Take whole numbers that mean the same as fractions: slopes and bounds, never dimensions."""


def called_name(node: ast.AST) -> str:
    """The bare name of what is called, as `tanh` in `torch.tanh(x)` and in `x.tanh()`.

    Anything but a call has none, and neither has a call of something nameless.
    """
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
        case _:
            return ""
