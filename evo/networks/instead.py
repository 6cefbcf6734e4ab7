"""Calls of some functions of torch go to others, in the code that runs meanwhile."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch.overrides import TorchFunctionMode


class CallsInstead(TorchFunctionMode):
    """While it is entered, calls of some functions go to others, which see torch as it is.

    Args:
        instead: the other function by function, be it torch's or one that
            `torch.overrides.wrap_torch_function` knows.
    """

    def __init__(self, instead: Mapping[Any, Callable[..., Any]]) -> None:
        super().__init__()
        self._instead = instead

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        called = self._instead.get(func, func)
        return called(*args, **(kwargs or {}))
