"""Facts of operators that decide how they are recorded. Runs in the sandbox's child."""

# torch has no public interface to the schema of an operator.
# pyright: reportPrivateUsage=false

from functools import cache
from typing import NamedTuple

import torch
from torch._ops import OpOverload

_aten = torch.ops.aten
INSTEAD = {
    _aten.lift_fresh.default: _aten.lift_fresh_copy.default,
    _aten.empty.memory_format: _aten.zeros.default,
    _aten.empty_like.default: _aten.zeros_like.default,
    _aten.new_empty.default: _aten.new_zeros.default,
    _aten.adjoint.default: _aten.mT.default,
    _aten.matrix_H.default: _aten.mT.default,
    _aten.concat.default: _aten.cat.default,
    _aten.concatenate.default: _aten.cat.default,
    _aten.ger.default: _aten.outer.default,
    _aten.row_stack.default: _aten.vstack.default,
}
"""Operators that are called in place of others.

A lifted tensor is copied, since it might change; an empty one begins with zeros in place of any
numbers, so that a trace is the same every time. The last ones are other names for real tensors.
"""
_VALUE_FREE = frozenset(
    {
        *(_aten.zeros_like.default, _aten.ones_like.default, _aten.full_like.default),
        *(_aten.new_zeros.default, _aten.new_ones.default, _aten.new_full.default),
        *(_aten.empty_like.default, _aten.new_empty.default),
    }
)
"""Operators whose values do not depend on the values of their tensors: Python may look at them."""
_MAY_ALIAS = frozenset({_aten.type_as.default, _aten.reshape.default, _aten.contiguous.default})
"""Operators that may return their input, though their schema does not always say so."""


class Traits(NamedTuple):
    """Facts of an operator.

    Attributes:
        asks_values: whether it gives Python the value of a tensor.
        is_value_free: whether its values do not depend on those of its tensors.
        writes: whether it writes into an argument.
        may_alias: whether its result may share memory with an argument.
    """

    asks_values: bool
    is_value_free: bool
    writes: bool
    may_alias: bool


@cache
def traits_of(operator: OpOverload) -> Traits:
    """The operator's traits."""
    schema = operator._schema
    return Traits(
        asks_values=operator is _aten.is_nonzero.default
        or torch.Tag.data_dependent_output in operator.tags,
        is_value_free=operator in _VALUE_FREE,
        writes=schema.is_mutable,
        may_alias=operator in _MAY_ALIAS
        or any(out.alias_info is not None for out in schema.returns),
    )
