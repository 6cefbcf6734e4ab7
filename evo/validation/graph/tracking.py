"""Track sizes: torch and `math` give tracked numbers. Runs in the sandbox's child."""

import math
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from evo.validation.graph.component_builtins import MATH
from evo.validation.graph.compositions import (
    COMPOSITIONS,
    TENSOR_METHODS,
    contiguous,
    new,
    reshape_as,
)
from evo.validation.graph.indexing import (
    has_bounds,
    is_whole,
    picked,
    readable,
    sliced,
    write_by_index,
)
from evo.validation.graph.numpy_functions import as_array, of_numpy
from evo.validation.graph.own_gradients import applied
from evo.validation.graph.scalars import SCALAR_METHODS, SCALARS
from evo.validation.graph.stand_ins import STAND_INS
from evo.validation.graph.substitutes import SUBSTITUTES, angle
from evo.validation.graph.tracked import Sizes

_SHAPE: Any = torch._C.TensorBase.shape  # pyright: ignore[reportPrivateUsage] - its getter
_SIZE = torch.Tensor.size
_NUMEL = torch.Tensor.numel
_ITEM = torch.Tensor.item
_SETITEM: Any = torch.Tensor.__setitem__
_ITER: Any = torch.Tensor.__iter__
_TOLIST = torch.Tensor.tolist
_GETITEM: Any = torch.Tensor.__getitem__


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


def _uncompiled(function: Any) -> Any:
    """`torch.jit.script` of what is traced anyway."""
    return function


def _adjoint(matrices: torch.Tensor) -> torch.Tensor:
    return (matrices.conj() if matrices.is_complex() else matrices).mT


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
        index = readable(index)
        if current is not None:
            tensor, index = picked(tensor, index)
        if current is not None and has_bounds(index):
            tensor, index = sliced(tensor, index)
            if is_whole(index):
                return tensor
        return _GETITEM(tensor, index)

    def set_item(tensor: torch.Tensor, index: Any, written: Any) -> None:
        index = readable(index)
        if current is None or not write_by_index(tensor, index, written):
            _SETITEM(tensor, index, written)

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
        "angle": angle,
        "contiguous": contiguous,
        "new": new,
        "reshape_as": reshape_as,
        "mH": property(_adjoint),
        "data": property(torch.Tensor.detach),
        **{"shape": property(shape), "size": size, "numel": numel, "nelement": numel},
        "__getitem__": item,
        **TENSOR_METHODS,
        **SCALAR_METHODS,
    }
    inherited = {name: vars(torch.Tensor).get(name) for name in tensor_names}
    replaced: dict[tuple[Any, str], Any] = {
        **{(math, name): function for name, function in MATH.items()},
        **SUBSTITUTES,
        **STAND_INS,
        **COMPOSITIONS,
        **SCALARS,
        (torch.cuda, "is_available"): bool,
        (torch.cuda, "is_bf16_supported"): bool,
        (torch.jit, "script"): _uncompiled,
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
