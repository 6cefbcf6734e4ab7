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
    modes, key = mode_stack_state_for_pre_dispatch(), torch._C.DispatchKey.PreDispatch
    modes.set(0, recorder)
    torch._C._dispatch_tls_set_dispatch_key_included(key, True)
    try:
        yield
    finally:
        modes.set(0, None)
        torch._C._dispatch_tls_set_dispatch_key_included(key, False)


@contextmanager
def not_recorded() -> Generator[None]:
    """Leave the recorder out, within `dispatched_to`."""
    modes, key = mode_stack_state_for_pre_dispatch(), torch._C.DispatchKey.PreDispatch
    recorder = modes.get(0)
    if recorder is None:
        yield
        return
    modes.set(0, None)
    torch._C._dispatch_tls_set_dispatch_key_included(key, False)
    try:
        yield
    finally:
        modes.set(0, recorder)
        torch._C._dispatch_tls_set_dispatch_key_included(key, True)


def expect_default_modes() -> None:
    """Refuse modes that change what an operator computes."""
    if torch.is_inference_mode_enabled() or torch._C._is_any_autocast_enabled():
        raise TraceError(
            "it changes how torch computes, which is no tensor operator; use only those, and "
            ".detach() or torch.no_grad() against gradients"
        )
