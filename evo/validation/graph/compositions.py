"""Functions of torch written with operators that a graph may hold. Runs in the sandbox's child.

torch computes them in one operator whose parts follow sizes that no trace sees. Here sizes are
looked at in Python, so that their formulas are kept.
"""

# ruff: noqa: A002 - the names of arguments are torch's
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from evo.validation.graph.substitutes import einsum


def cov(
    input: Tensor,
    *,
    correction: int = 1,
    fweights: Tensor | None = None,
    aweights: Tensor | None = None,
) -> Tensor:
    """`torch.cov` without weights: of n variables as rows, (n, n); of a vector or one row, ()."""
    if fweights is not None or aweights is not None:
        raise RuntimeError("cov with weights is no operator of a graph; write the weighted mean")
    return _products(input, correction).squeeze()


def corrcoef(input: Tensor) -> Tensor:
    """`torch.corrcoef`: correlations of n variables as rows, (n, n); of a vector or one row, ()."""
    products = _products(input, 1)
    deviation = products.diagonal().sqrt()
    return (products / deviation[:, None] / deviation[None, :]).clip(-1, 1).squeeze()


def _products(input: Tensor, correction: int) -> Tensor:
    """Covariances of all pairs of rows, (n, n), also of a single one."""
    rows = input.reshape(1, -1) if input.dim() < 2 else input
    rows = rows - rows.mean(1, keepdim=True)
    return rows @ rows.T / (rows.shape[1] - correction)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """`F.pdist`: the distances of all pairs of n rows, (n (n - 1) / 2,)."""
    distances = torch.cdist(input, input, p, compute_mode="donot_use_mm_for_euclid_dist")
    one, other = triu_indices(input.shape[0], input.shape[0], 1)
    return distances[one, other]


def triu_indices(row: int, col: int, offset: int = 0, **_: Any) -> Tensor:
    """`torch.triu_indices` of a square above its diagonal: rows and columns, (2, pairs).

    Row i starts at pair i m - i (i - 1) / 2 of m (m + 1) / 2, m being the size of the triangle.
    """
    _expect_triangle(row, col, "triu", is_fit=offset >= 0)
    size = max(row - offset, 0)
    pair = torch.arange((size * (size + 1)) // 2, dtype=torch.float64)
    odd = 2 * size + 1
    first = torch.floor((odd - torch.sqrt(odd**2 - 8 * pair)) / 2)
    other = pair - first * size + first * (first - 1) / 2 + first + offset
    return torch.stack([first, other]).long()


def tril_indices(row: int, col: int, offset: int = 0, **_: Any) -> Tensor:
    """`torch.tril_indices` of a square below its diagonal: rows and columns, (2, pairs)."""
    _expect_triangle(row, col, "tril", is_fit=offset <= 0)
    size = max(row + offset, 0)
    pair = torch.arange((size * (size + 1)) // 2, dtype=torch.float64)
    first = torch.floor((torch.sqrt(8 * pair + 1) - 1) / 2)
    return torch.stack([first - offset, pair - first * (first + 1) / 2]).long()


def _expect_triangle(row: int, col: int, name: str, *, is_fit: bool) -> None:
    if row != col or not is_fit:
        raise RuntimeError(
            f"{name}_indices is taken of a square, on its diagonal or beyond; multiply by "
            f"torch.{name} of ones in its place"
        )


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """`torch.tensordot`, as an einsum."""
    if isinstance(dims, int):
        one, other = list(range(a.dim() - dims, a.dim())), list(range(dims))
    else:
        one, other = ([dim] if isinstance(dim, int) else list(dim) for dim in dims)
    first = [chr(ord("a") + place) for place in range(a.dim())]
    second = [chr(ord("A") + place) for place in range(b.dim())]
    for place, other_place in zip(one, other, strict=True):
        second[other_place % b.dim()] = first[place % a.dim()]
    kept = [letter for letter in (*first, *second) if (letter in first) != (letter in second)]
    return einsum(f"{''.join(first)},{''.join(second)}->{''.join(kept)}", a, b)


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float = 1, dim: int = -1) -> Tensor:
    """`torch.trapezoid` along a dimension."""
    y = y.movedim(dim, -1)
    middle = (y[..., 1:] + y[..., :-1]) / 2
    if x is None:
        return middle.sum(-1) * dx
    x = x if x.dim() == 1 else x.movedim(dim, -1)
    return (middle * (x[..., 1:] - x[..., :-1])).sum(-1)


def matrix_power(input: Tensor, n: int) -> Tensor:
    """`torch.linalg.matrix_power` as products."""
    if n == 0:
        eye = torch.eye(input.shape[-1], dtype=input.dtype)
        return eye.expand_as(input)
    factor = torch.linalg.inv(input) if n < 0 else input
    power, count = None, abs(n)
    while count:
        if count % 2:
            power = factor if power is None else power @ factor
        count //= 2
        factor = factor @ factor if count else factor
    assert power is not None
    return power


def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """`torch.nanmedian`: the lower median of the numbers, of all or along a dimension."""
    values = input.flatten() if dim is None else input
    along = 0 if dim is None else dim
    ordered, places = torch.sort(values, dim=along)  # numbers first
    count = values.isfinite().logical_or(values.isinf()).sum(along, keepdim=True)
    middle = torch.div((count - 1).clamp(min=0), 2, rounding_mode="floor")
    median, place = ordered.gather(along, middle), places.gather(along, middle)
    if dim is None:
        return median.squeeze(0)
    both = (median, place) if keepdim else (median.squeeze(along), place.squeeze(along))
    return torch.return_types.nanmedian(both)


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """`torch.linalg.multi_dot`, from left to right."""
    product = tensors[0]
    for factor in tensors[1:]:
        product = product @ factor
    return product


def cond(A: Tensor, p: Any = None) -> Tensor:  # noqa: N803 - torch's name
    """`torch.linalg.cond` by singular values."""
    if p not in (None, 2):
        raise RuntimeError("cond is taken by singular values, p=2, alone; divide two norms")
    values = torch.linalg.svdvals(A)
    return values[..., 0] / values[..., -1]


def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """`torch.svd`: U, the singular values, and V rather than its transpose."""
    if not compute_uv:
        raise RuntimeError("svd without U and V is linalg.svdvals; call torch.linalg.svdvals(a)")
    left, values, right = torch.linalg.svd(input, full_matrices=not some)
    return left, values, right.mT.conj()


def take(input: Tensor, index: Tensor) -> Tensor:
    """`torch.take`, by the place among all elements."""
    return input.flatten()[index]


def rfftfreq(n: int, d: float = 1.0, *, dtype: torch.dtype | None = None, **_: Any) -> Tensor:
    """`torch.fft.rfftfreq`: frequencies of half a spectrum, (n // 2 + 1,)."""
    return torch.arange(n // 2 + 1, dtype=dtype or torch.float32) / (n * d)


def fftfreq(n: int, d: float = 1.0, *, dtype: torch.dtype | None = None, **_: Any) -> Tensor:
    """`torch.fft.fftfreq`: frequencies of a spectrum, those below 0 last, (n,)."""
    places = torch.arange(n, dtype=dtype or torch.float32)
    return torch.where(places < (n + 1) // 2, places, places - n) / (n * d)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """`F.group_norm` also of groups of a single number, of which torch takes no statistics."""
    return torch.group_norm(input, num_groups, weight, bias, eps)


def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """`torch.renorm`: each part along a dimension, of at most that norm."""
    others = [other for other in range(input.dim()) if other != dim % input.dim()]
    norm = torch.linalg.vector_norm(input, p, others, keepdim=True)
    # torch adds this much to the norm, and takes the gradient through it.
    return torch.where(norm > maxnorm, input * (maxnorm / (norm + 1e-7)), input)


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *further: Any, **keywords: Any
) -> Tensor:
    """`F.binary_cross_entropy`, which imports a compiler to look at the shape of a weight."""
    if weight is None:
        return _BINARY_CROSS_ENTROPY(input, target, None, *further, **keywords)
    reduction = keywords.pop("reduction", "mean")
    if further or keywords:
        raise TypeError("binary_cross_entropy with a weight takes `reduction` alone besides")
    losses = weight * _BINARY_CROSS_ENTROPY(input, target, reduction="none")
    return {"none": losses, "sum": losses.sum(), "mean": losses.mean()}[reduction]


_BINARY_CROSS_ENTROPY = F.binary_cross_entropy


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """`x.reshape_as(y)`."""
    return input.reshape(other.shape)


def new(tensor: Tensor, *values: Any) -> Tensor:
    """`x.new(2, 3)` or `x.new([0.5])`: memory of these sizes, or these numbers, of its dtype.

    Raises:
        TypeError: it is given a tensor, whose memory it would share.
    """
    first = values[0] if values else (0,)
    if isinstance(first, Tensor):
        raise TypeError("`new` shares the memory of a tensor; write .clone()")
    if isinstance(first, list | tuple) and not isinstance(first, torch.Size):
        return tensor.new_tensor(first) if values else tensor.new_empty(0)
    return tensor.new_empty(*values)


def contiguous(tensor: Tensor, *_: Any, **__: Any) -> Tensor:
    """`x.contiguous()`; torch's own method shows a trace nothing of memory that is so already."""
    return torch.ops.aten.contiguous.default(tensor)


TENSOR_METHODS: Mapping[str, Callable[..., Any]] = {
    "corrcoef": corrcoef,
    "cov": cov,
    "matrix_power": matrix_power,
    "nanmedian": nanmedian,
    "renorm": renorm,
    "svd": svd,
    "take": take,
}
"""Compositions that are methods of tensors, too."""

COMPOSITIONS: Mapping[tuple[Any, str], Callable[..., Any]] = {
    **{(torch, name): function for name, function in TENSOR_METHODS.items()},
    (torch, "pdist"): pdist,
    (F, "pdist"): pdist,
    (torch, "tensordot"): tensordot,
    (torch, "trapezoid"): trapezoid,
    (torch, "trapz"): trapezoid,
    (torch, "tril_indices"): tril_indices,
    (torch, "triu_indices"): triu_indices,
    (torch.fft, "fftfreq"): fftfreq,
    (torch.fft, "rfftfreq"): rfftfreq,
    (torch.linalg, "cond"): cond,
    (torch.linalg, "matrix_power"): matrix_power,
    (torch.linalg, "multi_dot"): multi_dot,
    (F, "binary_cross_entropy"): binary_cross_entropy,
    (F, "group_norm"): group_norm,
}
"""Composition by module and name."""
