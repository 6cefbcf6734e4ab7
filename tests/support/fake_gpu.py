"""What a GPU does to a training, on the processor: steps that are repeated, tensors elsewhere.

A CUDA graph repeats kernels on the memory of the first time and runs no Python. The tape here does
the same with ATen's operations: a tensor that Python has put in the place of another one is not
seen, and what cannot be recorded fails as there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from evo.evaluation.training.recorded import Passed

WAITS = frozenset({torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default})
"""Operations that wait for a GPU."""


class Tape(TorchDispatchMode):
    """Runs operations and keeps them; `replay` repeats them.

    Attributes:
        replays: how often they were repeated.
    """

    def __init__(self) -> None:
        super().__init__()
        self.replays = 0
        self._operations: list[tuple[Any, tuple, dict, Any]] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func in WAITS:
            raise RuntimeError("operation not permitted when stream is capturing")
        result = func(*args, **(kwargs or {}))
        self._operations.append((func, args, kwargs or {}, result))
        return result

    def replay(self) -> None:
        self.replays += 1
        with torch.no_grad():
            for func, args, kwargs, result in self._operations:
                again = func(*args, **kwargs)
                for old, new in zip(tree_leaves(result), tree_leaves(again), strict=True):
                    if isinstance(old, torch.Tensor) and old.data_ptr() != new.data_ptr():
                        old.copy_(new)


class FakeGraphs:
    """Records as `record_on_gpu` does.

    Attributes:
        tapes: one per recording.
    """

    def __init__(self) -> None:
        self.tapes: list[Tape] = []

    def __call__(self, call: Callable[[], Passed]) -> tuple[Passed, Callable[[], None]]:
        tape = Tape()
        with tape:
            passed = call()
        self.tapes.append(tape)
        return passed, tape.replay


def refuse(call: Callable[[], Passed]) -> tuple[Passed, Callable[[], None]]:
    """A recorder for which every step waits."""
    raise RuntimeError("operation not permitted when stream is capturing")


@contextmanager
def fake_cuda(monkeypatch: pytest.MonkeyPatch) -> Iterator[torch.device]:
    """A CUDA device that computes nothing: operations refuse tensors that are on two devices.

    Tensors have shapes and devices, and no values. Autograd's engine asks for a real card, so
    gradients are stood for by tensors of their shapes.
    """
    with monkeypatch.context() as patch, FakeTensorMode(allow_non_fake_inputs=True):
        patch.setattr(torch.autograd, "grad", _shapes_of_gradients)
        yield torch.device("cuda")


def _shapes_of_gradients(_: Any, inputs: Any, *__: Any, **___: Any) -> tuple[torch.Tensor, ...]:
    return tuple(torch.empty_like(one) for one in inputs)
