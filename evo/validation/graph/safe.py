"""Operators that a graph runs in another way than torch names them, with the same values.

An index out of range is an error on a CPU, but ends the whole process's use of a GPU: there it is
brought into range first. Others would need the values of tensors, which vmap does not give.
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
    if any(index is not None and index.dtype in _MASKS for index in indices):
        raise RuntimeError("an index by a mask has a size that depends on values")
    safe = [
        None if index is None else _in_range(index, values.shape[dim])
        for dim, index in enumerate(indices)
    ]
    return _aten.index.Tensor(values, safe)


def _along(operator: Any) -> Callable[..., torch.Tensor]:
    def run(values: torch.Tensor, dim: int, index: torch.Tensor, *rest: Any) -> torch.Tensor:
        size = values.shape[dim] if values.dim() else 1
        index = index.clamp(0, size - 1) if index.is_cuda else index
        return operator(values, dim, index, *rest)

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
    # vmap cannot take the largest integer, which stands for the end.
    end = end if end is None else min(end, values.shape[dim])
    return _aten.slice_scatter.default(values, source, dim, start, end, step)


def _reshape(values: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    return values.reshape(tuple(size))


SAFE: Mapping[str, Callable[..., Any]] = {
    "aten.index.Tensor": _index,
    "aten.gather.default": _along(_aten.gather.default),
    "aten.scatter.src": _along(_aten.scatter.src),
    "aten.scatter.value": _along(_aten.scatter.value),
    "aten.scatter_add.default": _along(_aten.scatter_add.default),
    "aten.index_select.default": _along(_aten.index_select.default),
    "aten.take_along_dim.default": _take_along_dim,
    "aten.slice_scatter.default": _slice_scatter,
    "aten.one_hot.default": _one_hot,
    "aten.nll_loss_nd.default": _by_class(_aten.nll_loss_nd.default),
    "aten.cross_entropy_loss.default": _by_class(_aten.cross_entropy_loss.default),
    # The same under a name that vmap knows.
    "aten.moveaxis.int": _aten.movedim.int,
    # A view of the same numbers, however they lie in memory.
    "aten.view.default": _reshape,
}
"""Replacements by full name."""
