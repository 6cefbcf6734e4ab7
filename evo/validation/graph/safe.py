"""Operators that a graph runs in another way than torch names them, with the same values.

An index out of range is an error on a CPU, but ends the whole process's use of a GPU: there it is
brought into range first. A matrix that cannot be factored is an error of torch, which would end the
training of all copies with the one that diverged: here its results are NaN. Others would need the
values of tensors, which vmap does not give.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

_aten = torch.ops.aten
_MASKS = frozenset({torch.bool, torch.uint8})


def _in_range(index: torch.Tensor, size: int) -> torch.Tensor:
    """An index that no GPU trips over; a CPU reports what is out of range."""
    return index.clamp(-size, size - 1) if index.is_cuda else index


def _index(values: torch.Tensor, indices: Sequence[torch.Tensor | None]) -> torch.Tensor:
    return _aten.index.Tensor(values, _all_in_range(values, indices))


def _index_put(
    values: torch.Tensor,
    indices: Sequence[torch.Tensor | None],
    written: torch.Tensor,
    accumulate: bool = False,
) -> torch.Tensor:
    safe = _all_in_range(values, indices)
    if values.is_meta:
        # torch finds out only on numbers that the shapes do not fit.
        written = written.expand(_aten.index.Tensor(values, safe).shape)
    return _aten.index_put.default(values, safe, written, accumulate)


def _all_in_range(
    values: torch.Tensor, indices: Sequence[torch.Tensor | None]
) -> list[torch.Tensor | None]:
    if any(index is not None and index.dtype in _MASKS for index in indices):
        raise RuntimeError("an index by a mask has a size that depends on values")
    return [
        None if index is None else _in_range(index, values.shape[dim])
        for dim, index in enumerate(indices)
    ]


def _along(operator: Any) -> Callable[..., torch.Tensor]:
    def run(
        values: torch.Tensor, dim: int, index: torch.Tensor, *rest: Any, **keywords: Any
    ) -> torch.Tensor:
        size = values.shape[dim] if values.dim() else 1
        index = index.clamp(0, size - 1) if index.is_cuda else index
        return operator(values, dim, index, *rest, **keywords)

    return run


def _of_places(operator: Any) -> Callable[..., torch.Tensor]:
    """The operator with an index that has a dimension, without which vmap drops one of values."""
    along = _along(operator)

    def run(
        values: torch.Tensor, dim: int, index: torch.Tensor, *rest: Any, **keywords: Any
    ) -> torch.Tensor:
        return along(values, dim, index.reshape(-1), *rest, **keywords)

    return run


def _take_along_dim(
    values: torch.Tensor, index: torch.Tensor, dim: int | None = None
) -> torch.Tensor:
    size = values.numel() if dim is None else values.shape[dim]
    return _aten.take_along_dim.default(values, _in_range(index, size), dim)


def _one_hot(index: torch.Tensor, classes: int = -1) -> torch.Tensor:
    if classes < 1:
        raise RuntimeError("one_hot needs num_classes here, such as num_classes=x.shape[-1]")
    every_class = torch.arange(classes, device=index.device)
    return (index.unsqueeze(-1) == every_class).to(torch.int64)


def _by_class(operator: Any) -> Callable[..., torch.Tensor]:
    def run(values: torch.Tensor, target: torch.Tensor, *rest: Any) -> torch.Tensor:
        if target.is_cuda and not target.is_floating_point():
            classes = values.shape[1] if values.dim() > 1 else values.shape[0]
            target = target.clamp(0, classes - 1)
        return operator(values, target, *rest)

    return run


def _slice_scatter(  # noqa: PLR0917 - the operator's own arguments
    values: torch.Tensor,
    source: torch.Tensor,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> torch.Tensor:
    # vmap takes neither the largest integer, which stands for the end, nor places from the end.
    first, past, step = slice(start, end, step).indices(values.shape[dim])
    return _aten.slice_scatter.default(values, source, dim, first, past, step)


def _reshape(values: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    return values.reshape(tuple(size))


def _of_finite(operator: Any) -> Callable[..., Any]:
    """The operator on finite matrices, and NaN for others, on which it would raise."""

    def run(matrices: torch.Tensor, *rest: Any, **keywords: Any) -> Any:
        is_finite = torch.isfinite(matrices).all(-1).all(-1)
        finite = torch.where(is_finite[..., None, None], matrices, 0.0)
        outputs = operator(finite, *rest, **keywords)
        if isinstance(outputs, torch.Tensor):
            return _or_nan(outputs, is_finite)
        return tuple(_or_nan(output, is_finite) for output in outputs)

    return run


def _of_regular(operator: Any) -> Callable[..., torch.Tensor]:
    """The result of an operator that says which matrices it fails on, with NaN for those."""

    def run(matrices: torch.Tensor, *rest: Any, **keywords: Any) -> torch.Tensor:
        output, failed = operator(matrices, *rest, **keywords)
        return _or_nan(output, failed == 0)

    return run


def _or_nan(output: torch.Tensor, is_kept: torch.Tensor) -> torch.Tensor:
    """The output, with NaN for the matrices that are not kept."""
    return torch.where(is_kept[(..., *[None] * (output.dim() - is_kept.dim()))], output, torch.nan)


_INVERSE = _of_regular(_aten.linalg_inv_ex.default)
SAFE: Mapping[str, Callable[..., Any]] = {
    "aten.index.Tensor": _index,
    "aten.index_put.default": _index_put,
    "aten.gather.default": _along(_aten.gather.default),
    "aten.scatter.src": _along(_aten.scatter.src),
    "aten.scatter.value": _along(_aten.scatter.value),
    "aten.scatter_add.default": _along(_aten.scatter_add.default),
    "aten.index_select.default": _of_places(_aten.index_select.default),
    "aten.index_add.default": _of_places(_aten.index_add.default),
    "aten.index_copy.default": _of_places(_aten.index_copy.default),
    "aten.index_fill.int_Scalar": _of_places(_aten.index_fill.int_Scalar),
    "aten.index_fill.int_Tensor": _of_places(_aten.index_fill.int_Tensor),
    "aten.take_along_dim.default": _take_along_dim,
    "aten.slice_scatter.default": _slice_scatter,
    "aten.one_hot.default": _one_hot,
    "aten.nll_loss_nd.default": _by_class(_aten.nll_loss_nd.default),
    "aten.cross_entropy_loss.default": _by_class(_aten.cross_entropy_loss.default),
    **{
        f"aten.{name}": _of_finite(getattr(getattr(_aten, base), overload))
        for name in (
            *("linalg_eigh.default", "linalg_eigvalsh.default", "linalg_pinv.default"),
            *("linalg_pinv.atol_rtol_float", "linalg_pinv.atol_rtol_tensor"),
            *("linalg_svd.default", "linalg_svdvals.default"),
        )
        for base, overload in [name.split(".")]
    },
    "aten.inverse.default": _INVERSE,
    "aten.linalg_inv.default": _INVERSE,
    "aten.linalg_cholesky.default": _of_regular(_aten.linalg_cholesky_ex.default),
    "aten.linalg_solve.default": _of_regular(_aten.linalg_solve_ex.default),
    # The same under a name that vmap knows.
    "aten.moveaxis.int": _aten.movedim.int,
    # A view of the same numbers, however they lie in memory.
    "aten.view.default": _reshape,
}
"""Replacements by full name."""
