"""Indices of tensors whose recording is the same at every size. Runs in the sandbox's child.

torch leaves out a slice that takes all, drops sizes of 1 at the front of what is written, and makes
a tensor of a range: at some sizes it calls other operators than at others, and the traces differ.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from evo.validation.graph.substitutes import MaskIndex
from evo.validation.graph.tracked import Expression, Sizes, is_tracked, plain

_INTEGERS = (torch.int64, torch.int32)
_index_put = torch.ops.aten.index_put_.default


class SizedRange(Sequence[int]):
    """`range` up to a size: a loop over it notes how often it goes on, an index does not.

    Attributes:
        plainly: the range at the size that is traced.
        start: its first number.
        stop: the number that it ends before, which is tracked or computed from what is.
    """

    def __init__(self, bounds: tuple[int, int], sizes: Sizes, times: Expression) -> None:
        self.start, self.stop = bounds
        self.plainly = range(plain(self.start), plain(self.stop))
        self._sizes = sizes
        self._times = times

    def __iter__(self) -> Iterator[int]:
        return iter(self._counted())

    def __len__(self) -> int:
        return len(self._counted())

    def __getitem__(self, index: Any) -> Any:
        return self._counted()[index]

    def __reversed__(self) -> Iterator[int]:
        return reversed(self._counted())

    def as_tensor(self) -> torch.Tensor:
        """Its numbers as an index."""
        return torch.arange(self.start, self.stop)

    def _counted(self) -> range:
        self._sizes.count(self._times, len(self.plainly))
        return self.plainly


def readable(index: Any) -> Any:
    """An index as torch takes it."""
    if isinstance(index, tuple):
        return tuple(map(readable, index))
    if isinstance(index, SizedRange):
        return index.as_tensor()
    return index.mask if isinstance(index, MaskIndex) else index


def has_bounds(index: Any) -> bool:
    """True if an index has slices that take all at some sizes and a part at others."""
    items = index if isinstance(index, tuple) else (index,)
    return any(map(_is_bounded, items)) and not any(map(_may_be_mask, items))


def sliced(tensor: torch.Tensor, index: Any) -> tuple[torch.Tensor, tuple[Any, ...]]:
    """A tensor with slices that have bounds done, and the rest of the index."""
    items = list(index) if isinstance(index, tuple) else [index]
    for place, item, dim in _with_dims(tensor, items):
        if _is_bounded(item):
            start, stop = item.start, item.stop
            if not is_tracked(start) and not is_tracked(stop):  # as torch itself writes them
                start, stop = start or 0, sys.maxsize if stop is None else stop
            bounds = (plain(start), plain(stop), 1 if item.step is None else plain(item.step))
            tensor = torch.ops.aten.slice.Tensor(tensor, dim, *bounds)
            items[place] = slice(None)
    return tensor, tuple(items)


def picked(tensor: torch.Tensor, index: Any) -> tuple[torch.Tensor, Any]:
    """A tensor with the places done that tensors without dimensions name, and the rest.

    torch reads the values of such an index, `w[i]` after `i = w.norm(dim=1).argmax()`. Here the
    part is taken by an index of one place, and 0 of it by the rest.
    """
    items = list(index) if isinstance(index, tuple) else [index]
    if not any(map(_is_place, items)) or any(map(_is_several, items)):
        return tensor, index
    for number, item, dim in _with_dims(tensor, items):
        if _is_place(item):
            tensor = torch.ops.aten.index.Tensor(tensor, [*[None] * dim, item.reshape(1)])
            # An integer takes its dimension out, but only once the rest is read.
            items[number] = 0
    return tensor, tuple(items)


def _is_several(item: Any) -> bool:
    return _is_places(item) or (_may_be_mask(item) and not _is_place(item))


def _is_place(item: Any) -> bool:
    return isinstance(item, torch.Tensor) and item.dtype in _INTEGERS and item.dim() == 0


def _write_at_place(tensor: torch.Tensor, index: Any, written: Any) -> None:
    """Write where one tensor without dimensions says, beside whole slices."""
    items = list(index) if isinstance(index, tuple) else [index]
    place, dim = next((item, dim) for _, item, dim in _with_dims(tensor, items) if _is_place(item))
    count = tensor.shape[dim]
    is_there = torch.arange(count) == place % count
    is_there = is_there.reshape([-1 if at == dim else 1 for at in range(tensor.dim())])
    shape = [size for at, size in enumerate(tensor.shape) if at != dim]
    if isinstance(written, torch.Tensor):
        written = written.to(tensor.dtype).expand(shape).unsqueeze(dim)
    tensor.copy_(torch.where(is_there, written, tensor))


def _names_a_place(index: Any) -> bool:
    items = index if isinstance(index, tuple) else (index,)
    return sum(map(_is_place, items)) == 1 and all(
        _is_place(item) or item is Ellipsis or (_is_slice(item) and item == slice(None))
        for item in items
    )


def is_whole(index: tuple[Any, ...]) -> bool:
    """True if an index takes all of a tensor."""
    return all(item is Ellipsis or item == slice(None) for item in index)


def write_by_index(tensor: torch.Tensor, index: Any, written: Any) -> bool:
    """Write into a tensor by the same operators at all sizes; False where torch itself does so."""
    is_tensor = isinstance(written, torch.Tensor)
    if _names_a_place(index):
        _write_at_place(tensor, index, written)
        return True
    if is_tensor and written.dim() and _names_places(index):
        _write_at_places(tensor, index, written)
        return True
    if not has_bounds(index):
        return False
    part, rest = sliced(tensor, index)
    if _names_places(rest):
        part[rest] = written
        return True
    part = part if is_whole(rest) else part[rest]
    if is_tensor:
        part.copy_(written)
    else:
        part.fill_(written)
    return True


def _names_places(index: Any) -> bool:
    """True if tensors or lists of integers name places in an index, beside whole slices alone."""
    items = index if isinstance(index, tuple) else (index,)
    return any(map(_is_places, items)) and all(
        _is_places(item) or item is Ellipsis or _is_slice(item) for item in items
    )


def _write_at_places(tensor: torch.Tensor, index: Any, written: torch.Tensor) -> None:
    tensor, items = sliced(tensor, index)
    places: list[torch.Tensor | None] = []
    for item in items:
        if _is_places(item):
            places.append(item if isinstance(item, torch.Tensor) else torch.tensor(item))
        else:
            places += [None] * (_left_out(tensor, items) if item is Ellipsis else 1)
    named = [place.dim() for place in places if place is not None]
    while written.dim() > tensor.dim() - len(named) + max(named):
        written = written.squeeze(0)  # a size of 1, or torch says what does not fit
    _index_put(tensor, places, written)


def _with_dims(tensor: torch.Tensor, items: Sequence[Any]) -> Iterator[tuple[int, Any, int]]:
    """Yield each item that takes a dimension, with its number and the dimension."""
    left_out, dim = _left_out(tensor, items), 0
    for number, item in enumerate(list(items)):
        if item is Ellipsis:
            dim += left_out
        elif item is not None:
            yield number, item, dim
            dim += 1


def _left_out(tensor: torch.Tensor, items: Sequence[Any]) -> int:
    """The number of dimensions that `...` stands for."""
    return tensor.dim() - sum(item is not None and item is not Ellipsis for item in items)


def _is_slice(item: Any) -> bool:
    return isinstance(item, slice) and (item == slice(None) or _is_bounded(item))


def _is_bounded(item: Any) -> bool:
    if not isinstance(item, slice) or (item.step is not None and not isinstance(item.step, int)):
        return False
    bounds = (item.start, item.stop)
    return bounds != (None, None) and all(one is None or isinstance(one, int) for one in bounds)


def _is_places(item: Any) -> bool:
    if isinstance(item, torch.Tensor):
        return item.dtype in _INTEGERS and item.dim() > 0
    return isinstance(item, list) and all(type(one) is int for one in item)


def _may_be_mask(item: Any) -> bool:
    """True if an item may stand for several dimensions, or for none."""
    return isinstance(item, torch.Tensor | list | bool) and not _is_places(item)
