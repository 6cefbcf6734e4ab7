"""torch's pre-dispatch key, where operators are seen before torch decomposes them."""

# torch has no public interface to the pre-dispatch key.
# pyright: reportPrivateUsage=false

from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch._ops import mode_stack_state_for_pre_dispatch
from torch.fx.experimental.proxy_tensor import ProxyTorchDispatchMode

from evo.validation.graph.recording import TraceError


@contextmanager
def dispatched_to(recorder: ProxyTorchDispatchMode) -> Generator[None]:
    """Dispatch every operator to the recorder first."""
    _dispatch_to(recorder)
    try:
        yield
    finally:
        _dispatch_to(None)


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


def _dispatch_to(recorder: ProxyTorchDispatchMode | None) -> None:
    mode_stack_state_for_pre_dispatch().set(0, recorder)
    key = torch._C.DispatchKey.PreDispatch
    torch._C._dispatch_tls_set_dispatch_key_included(key, recorder is not None)


def expect_default_modes() -> None:
    """Refuse modes that change what an operator computes."""
    if torch.is_inference_mode_enabled() or torch._C._is_any_autocast_enabled():
        raise TraceError(
            "it changes how torch computes, which is no tensor operator; use only those, and "
            ".detach() or torch.no_grad() against gradients"
        )
