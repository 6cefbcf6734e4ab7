"""Selections by a mask, `x[mask]`, as whole tensors. Runs in the sandbox's child.

The number of chosen elements depends on values, so that no graph can hold it. What is computed of
them element by element is computed of all in place of it, and `y[mask] = …` becomes `torch.where`.
Elements that are not chosen are ones: no root or logarithm of theirs spoils a gradient.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch._ops import OpOverload

from evo.validation.graph.arguments import schema_of
from evo.validation.graph.calls import Node, with_nodes
from evo.validation.graph.encoding import RecordedCall
from evo.validation.graph.recording import TraceError

_aten = torch.ops.aten

_NEUTRAL: Mapping[str, float] = {
    "sum": 0.0,
    "mean": 0.0,
    "prod": 1.0,
    "amax": -math.inf,
    "max": -math.inf,
    "amin": math.inf,
    "min": math.inf,
}
"""Numbers that take part in a reduction in place of elements that are not chosen."""
_TO_BOOL = frozenset({_aten.to.dtype, _aten._to_copy.default})  # pyright: ignore[reportPrivateUsage] - torch's name
_COMPARISONS: Mapping[OpOverload, tuple[float, ...]] = {
    _aten.eq.Scalar: (1,),
    _aten.ne.Scalar: (0,),
    _aten.gt.Scalar: (0, 0.5),
    _aten.ge.Scalar: (0.5, 1),
}
"""Comparisons with these numbers of one-hot rows, each of which is true once in every row."""
IS_ONE_HOT = "is_one_hot"
"""Key of what is noted of an input whose rows are one-hot."""
_RESHAPING = frozenset({"view", "reshape", "flatten", "ravel", "squeeze", "alias"})
_ELEMENTWISE = frozenset(
    {
        *("alias", "clone", "contiguous", "detach", "fill", "full_like", "ones_like", "to"),
        *("type_as", "zero", "zeros_like", "_to_copy"),
    }
)
"""Operators besides those that torch calls pointwise."""


class Masks:
    """Nodes that stand for chosen elements of a tensor.

    Args:
        emit: adds calls to the graph.
        call_of: the call of a node, None for an input.
    """

    def __init__(
        self,
        emit: Callable[[RecordedCall], Node],
        call_of: Callable[[Node], RecordedCall | None],
    ) -> None:
        self._emit = emit
        self._call_of = call_of
        self._masks: dict[Node, Node] = {}
        self._of_rows: set[Node] = set()
        """Masks of rows, which are narrower than what they choose from."""

    def chosen_by(self, node: Node) -> Node | None:
        """The mask of a node's elements; None for a whole tensor."""
        return self._masks.get(node)

    def choose(self, node: Node, call: RecordedCall) -> RecordedCall | None:
        """The call for `x[mask]`, of elements or rows, or `x.masked_select(mask)`.

        None for any other index.
        """
        values, indices = call.arguments
        is_selected = isinstance(indices, Node)
        mask = _mask_among([indices] if is_selected else indices)
        further = None if mask is None else _further(values, mask)
        if mask is None or further is None or (is_selected and further):
            return None
        mask = self._widened(mask, further)
        self._masks[node] = mask
        return RecordedCall(_aten.where.ScalarOther, (mask, values, 1.0), {})

    def row_by_row(self, node: Node) -> Node | None:
        """The chosen elements, (n,), where a mask chooses one of each row; else None."""
        mask = self._masks[node]
        if not self._is_one_hot(mask) or not node.meta["dtype"].is_floating_point:
            return None
        whole = self._emit(RecordedCall(_aten.where.ScalarOther, (mask, node, 0.0), {}))
        rows = self._emit(RecordedCall(_aten.sum.dim_IntList, (whole, [1]), {}))
        rows.meta |= {"shape": mask.meta["shape"][:1], "dtype": node.meta["dtype"], "rank": 1}
        return rows

    def _is_one_hot(self, mask: Node) -> bool:
        """True for a mask that picks one number of each row, as one of one-hot targets does."""
        call = self._call_of(mask)
        if call is None or len(call.arguments) < 1 or not isinstance(call.arguments[0], Node):
            return False
        if not call.arguments[0].meta.get(IS_ONE_HOT):
            return False
        is_bool = call.target in _TO_BOOL and mask.meta["dtype"] == torch.bool
        return is_bool or (
            len(call.arguments) > 1 and call.arguments[1] in _COMPARISONS.get(call.target, ())
        )

    def is_reshaped(self, node: Node, call: RecordedCall) -> bool:
        """True if a call only lays out chosen elements, as torch does before it writes them."""
        name = schema_of(call.target).name.removeprefix("aten::")
        first = call.arguments[0] if call.arguments else None
        return name in _RESHAPING and first in self._masks and node.meta["rank"] <= 1

    def put(self, call: RecordedCall) -> RecordedCall | None:
        """The call for `y[mask] = values`, of elements or rows; None for any other index.

        Raises:
            TraceError: values are chosen by another mask, or by none.
        """
        target, indices, values, *accumulate = call.arguments
        mask = _mask_among(indices)
        further = None if mask is None else _further(target, mask)
        if mask is None or further is None:
            return None
        mask = self._widened(mask, further)
        chosen = self._masks.get(values)
        shape = values.meta["shape"]
        is_fit = chosen is None and (math.prod(shape) == 1 or len(shape) <= further)
        if not is_fit and (chosen is None or not self._is_same(chosen, mask)):
            raise TraceError(
                "it writes values into y[mask] that were not chosen by the same mask; write "
                "torch.where(mask, values, y) with values of y's shape"
            )
        if any(accumulate):
            values = self._emit(RecordedCall(_aten.add.Tensor, (target, values), {}))
        return RecordedCall(_aten.where.self, (mask, values, target), {})

    def _widened(self, mask: Node, dims: int) -> Node:
        """A mask of rows, with dimensions of size 1 for what a row holds."""
        for _ in range(dims):
            shape = (*mask.meta["shape"], 1)
            mask = self._emit(RecordedCall(_aten.unsqueeze.default, (mask, -1), {}))
            mask.meta |= {"shape": shape, "dtype": torch.bool, "rank": len(shape)}
            self._of_rows.add(mask)
        return mask

    def follow(self, node: Node, call: RecordedCall) -> RecordedCall:
        """The call on whole tensors in place of chosen elements.

        Raises:
            TraceError: it needs the chosen elements alone.
        """
        masked = [source for source in call.sources() if source in self._masks]
        if not masked:
            return call
        mask = self._masks[masked[0]]
        others = [source for source in call.sources() if source not in self._masks]
        is_fit = all(self._is_same(self._masks[source], mask) for source in masked) and all(
            # A batch of one sample has one number of each row: as a vector, it is no number.
            shape == () or (math.prod(shape) == 1 and not self._is_one_hot(mask))
            for shape in (other.meta.get("shape", (2,)) for other in others)
        )
        name = schema_of(call.target).name.removeprefix("aten::")
        if is_fit and _is_elementwise(call.target, name):
            self._masks[node] = mask
            return call
        reducing = _over_all(name, call)
        if is_fit and reducing is not None:
            return self._reduced(name, reducing, mask)
        rows = {source: self.row_by_row(source) for source in masked}
        if None not in rows.values():
            return call._replace(
                arguments=with_nodes(call.arguments, lambda one: rows.get(one) or one),
                keywords=with_nodes(call.keywords, lambda one: rows.get(one) or one),
            )
        raise TraceError(
            f"{name} of x[mask] needs the chosen elements alone, whose number depends on values; "
            "use torch.where(mask, x, 0) in place of x[mask], or (x * mask).sum(1, keepdim=True) "
            "where the mask picks one entry of each row"
        )

    def _reduced(self, name: str, call: RecordedCall, mask: Node) -> RecordedCall:
        (values,) = call.arguments
        whole = self._emit(
            RecordedCall(_aten.where.ScalarOther, (mask, values, _NEUTRAL[name]), {})
        )
        if name != "mean":
            return RecordedCall(call.target, (whole,), {})
        total = self._emit(RecordedCall(_aten.sum.default, (whole,), {}))
        if mask in self._of_rows:
            mask = self._emit(RecordedCall(_aten.expand_as.default, (mask, whole), {}))
        count = self._emit(RecordedCall(_aten.sum.default, (mask,), {}))
        return RecordedCall(_aten.div.Tensor, (total, count), {})

    def _is_same(self, one: Any, other: Any) -> bool:
        """True if two values are computed alike."""
        if one is other:
            return True
        if isinstance(one, Node) and isinstance(other, Node):
            calls = self._call_of(one), self._call_of(other)
            return None not in calls and self._is_same(*calls)
        if isinstance(one, list | tuple) and isinstance(other, list | tuple):
            return len(one) == len(other) and all(map(self._is_same, one, other))
        return type(one) is type(other) and one == other


def _further(values: Node, mask: Node) -> int | None:
    """Dimensions of what each number of a mask picks: 0 of an element; None where it fits none."""
    shape, picked = values.meta["shape"], mask.meta["shape"]
    is_fit = 0 < len(picked) <= len(shape) and tuple(shape[: len(picked)]) == tuple(picked)
    return len(shape) - len(picked) if is_fit else None


def _over_all(name: str, call: RecordedCall) -> RecordedCall | None:
    """A reduction of all chosen elements, also by their only dimension; None for other calls."""
    if name not in _NEUTRAL or call.target is _aten.max.other or call.keywords:
        return None
    values, *further = call.arguments
    if not further:
        return call
    is_over_all = values.meta.get("rank") == 1 and further in ([0], [-1], [[0]], [[-1]])
    if not is_over_all or name in ("max", "min"):  # which would give places, too
        return None
    return RecordedCall(getattr(_aten, name).default, (values,), {})


def _mask_among(indices: Any) -> Node | None:
    """The mask, where it is the only index."""
    if len(indices) == 1 and isinstance(indices[0], Node):
        return indices[0] if indices[0].meta.get("dtype") == torch.bool else None
    return None


def _is_elementwise(target: OpOverload, name: str) -> bool:
    return torch.Tag.pointwise in target.tags or name in _ELEMENTWISE
