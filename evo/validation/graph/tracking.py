"""Track sizes: torch and `math` give tracked numbers. Runs in the sandbox's child."""

import math
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from evo.validation.graph.component_builtins import MATH
from evo.validation.graph.compositions import COMPOSITIONS, TENSOR_METHODS
from evo.validation.graph.numpy_functions import as_array, of_numpy
from evo.validation.graph.own_gradients import applied
from evo.validation.graph.stand_ins import STAND_INS
from evo.validation.graph.substitutes import SUBSTITUTES, MaskIndex
from evo.validation.graph.tracked import Sizes, is_tracked, plain

_SHAPE: Any = torch._C.TensorBase.shape  # pyright: ignore[reportPrivateUsage] - its getter
_SIZE = torch.Tensor.size
_NUMEL = torch.Tensor.numel
_ITEM = torch.Tensor.item
_SETITEM: Any = torch.Tensor.__setitem__
_ITER: Any = torch.Tensor.__iter__
_TOLIST = torch.Tensor.tolist
_GETITEM: Any = torch.Tensor.__getitem__


def _has_bounds(index: Any) -> bool:
    """Whether an index has slices that take all at some sizes and a part at others."""
    items = index if isinstance(index, tuple) else (index,)
    return any(map(_is_bounded, items)) and not any(
        isinstance(item, torch.Tensor | list | bool) for item in items
    )


def _is_bounded(item: Any) -> bool:
    if not isinstance(item, slice) or (item.step is not None and not isinstance(item.step, int)):
        return False
    bounds = (item.start, item.stop)
    return bounds != (None, None) and all(one is None or isinstance(one, int) for one in bounds)


def _sliced(tensor: torch.Tensor, index: Any) -> tuple[torch.Tensor, tuple[Any, ...]]:
    """A tensor with slices that have bounds done, and the rest of the index.

    torch leaves out a slice that takes all, and the traces would differ.
    """
    items = list(index) if isinstance(index, tuple) else [index]
    taken = sum(item is not None and item is not Ellipsis for item in items)
    dim = 0
    for place, item in enumerate(items):
        if item is None:
            continue
        if item is Ellipsis:
            dim += tensor.dim() - taken
            continue
        if _is_bounded(item):
            start, stop = item.start, item.stop
            if not is_tracked(start) and not is_tracked(stop):  # as torch itself writes them
                start, stop = start or 0, sys.maxsize if stop is None else stop
            bounds = (plain(start), plain(stop), 1 if item.step is None else plain(item.step))
            tensor = torch.ops.aten.slice.Tensor(tensor, dim, *bounds)
            items[place] = slice(None)
        dim += 1
    return tensor, tuple(items)


def _variable(data: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    return data


def _itself(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.conj_physical() if tensor.is_complex() else tensor


_for_good = ExitStack()
"""Never closed, so that nothing is undone."""
_kept: list[Callable[[Sizes | None], None]] = []
"""The function of `tracking` where this process tracks for good."""


def track_for_good() -> None:
    """Track sizes as long as this process lives: its children need not patch torch once more."""
    if not _kept:
        _kept.append(_for_good.enter_context(_patched()))


@contextmanager
def tracking() -> Generator[Callable[[Sizes | None], None]]:
    """Track sizes within the context; gives a function that says where sizes are noted."""
    if _kept:
        yield _kept[0]
        return
    with _patched() as use:
        yield use


@contextmanager
def _patched() -> Generator[Callable[[Sizes | None], None]]:
    current: Sizes | None = None

    def use(sizes: Sizes | None) -> None:
        nonlocal current
        current = sizes

    def shape(tensor: torch.Tensor) -> torch.Size:
        plain = _SHAPE.__get__(tensor)
        if current is None:
            return plain
        sizes = current
        return torch.Size([sizes.size(tensor, dim, value) for dim, value in enumerate(plain)])

    def size(tensor: torch.Tensor, dim: int | None = None) -> Any:
        if dim is None:
            return shape(tensor)
        value = _SIZE(tensor, dim)
        if current is None:
            return value
        return current.size(tensor, dim % tensor.dim(), value)

    def numel(tensor: torch.Tensor) -> int:
        value = _NUMEL(tensor)
        return value if current is None else current.size(tensor, None, value)

    def item(tensor: torch.Tensor, index: Any) -> torch.Tensor:
        index = index.mask if isinstance(index, MaskIndex) else index
        if current is not None and _has_bounds(index):
            tensor, index = _sliced(tensor, index)
            if all(part is Ellipsis or part == slice(None) for part in index):
                return tensor
        return _GETITEM(tensor, index)

    def set_item(tensor: torch.Tensor, index: Any, written: Any) -> None:
        index = index.mask if isinstance(index, MaskIndex) else index
        if current is None or not _has_bounds(index):
            _SETITEM(tensor, index, written)
        elif isinstance(written, torch.Tensor):
            item(tensor, index).copy_(written)
        else:
            item(tensor, index).fill_(written)

    def iterate(tensor: torch.Tensor) -> Any:
        shape(tensor)  # to count parts is to look at a size
        return _ITER(tensor)

    def value(tensor: torch.Tensor) -> Any:
        if current is None or tensor.dim() or not current.depends(tensor):
            return _ITEM(tensor)
        return tensor.detach()

    def values(tensor: torch.Tensor) -> Any:
        if current is None or not current.depends(tensor):
            return _TOLIST(tensor)
        return torch.equal(tensor, tensor)  # refused, as all that needs values

    tensor_names = {
        "__array__": as_array,
        "__array_ufunc__": of_numpy,
        "__iter__": iterate,
        "__setitem__": set_item,
        "item": value,
        "tolist": values,
        "conj": _itself,
        "cpu": _itself,
        "data": property(torch.Tensor.detach),
        **{"shape": property(shape), "size": size, "numel": numel, "nelement": numel},
        "__getitem__": item,
        **TENSOR_METHODS,
    }
    inherited = {name: vars(torch.Tensor).get(name) for name in tensor_names}
    replaced: dict[tuple[Any, str], Any] = {
        **{(math, name): function for name, function in MATH.items()},
        **SUBSTITUTES,
        **STAND_INS,
        **COMPOSITIONS,
        (torch.cuda, "is_available"): bool,
        (torch.autograd, "Variable"): _variable,
        (torch.autograd.Function, "apply"): classmethod(applied),
    }
    originals = {place: vars(place[0])[place[1]] for place in replaced}
    for name, function in tensor_names.items():
        setattr(torch.Tensor, name, function)
    for place, function in replaced.items():
        setattr(*place, function)
    try:
        yield use
    finally:
        for name, function in inherited.items():
            if function is None:
                delattr(torch.Tensor, name)
            else:
                setattr(torch.Tensor, name, function)
        for place, function in originals.items():
            setattr(*place, function)
