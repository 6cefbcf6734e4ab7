"""torch's pre-dispatch key, where operators are seen before torch decomposes them."""

# torch has no public interface to the pre-dispatch key.
# pyright: reportPrivateUsage=false

from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch._ops import OpOverload, mode_stack_state_for_pre_dispatch
from torch.fx.experimental.proxy_tensor import ProxyTorchDispatchMode

from evo.validation.graph.recording import TraceError

_KEY = torch._C.DispatchKey.PreDispatch


class Recorder(ProxyTorchDispatchMode):
    """Base of modes that operators can be dispatched to; torch restores only modes of this base."""


@contextmanager
def dispatched_to(recorder: Recorder) -> Generator[None]:
    """Dispatch every operator to the recorder first."""
    _dispatch_to(recorder)
    try:
        yield
    finally:
        _dispatch_to(None)


def shorten(operator: OpOverload) -> None:
    """Call the recorder at once when this operator is called again.

    torch's own handler flattens all arguments and makes two contexts, for longer than a call is
    recorded.
    """
    operator._dispatch_cache.setdefault(_KEY, partial(_record, operator))


def _record(operator: OpOverload, *args: Any, **kwargs: Any) -> Any:
    recorder = mode_stack_state_for_pre_dispatch().get(0)
    if not isinstance(recorder, Recorder):  # a tracer of torch
        operator._uncache_dispatch(_KEY)
        return operator(*args, **kwargs)
    _dispatch_to(None)
    try:
        return recorder.__torch_dispatch__(operator, (), args, kwargs)
    finally:
        _dispatch_to(recorder)


@contextmanager
def not_recorded() -> Generator[None]:
    """Leave the recorder out, within `dispatched_to`."""
    recorder = mode_stack_state_for_pre_dispatch().get(0)
    if recorder is None:
        yield
        return
    _dispatch_to(None)
    try:
        yield
    finally:
        _dispatch_to(recorder)


def _dispatch_to(recorder: Recorder | None) -> None:
    mode_stack_state_for_pre_dispatch().set(0, recorder)
    torch._C._dispatch_tls_set_dispatch_key_included(_KEY, recorder is not None)


def expect_default_modes() -> None:
    """Refuse modes that change what an operator computes."""
    if torch.is_inference_mode_enabled() or torch._C._is_any_autocast_enabled():
        raise TraceError(
            "it changes how torch computes, which is no tensor operator; use only those, and "
            ".detach() or torch.no_grad() against gradients"
        )
