"""Writes in place around a component, as `out += identity` does: finding them, and copying.

A component's backward pass may need its output (`torch.tanh`) or its input, and its output may be
the input itself, so both are copied where the model writes into them, whatever the component does.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, NamedTuple

import torch
from torch import nn

from evo.networks.placeholders import Placeholder

_SPREAD = 0.1
"""Deviation that is added to parameters, since a layer that starts at zero hides what it takes."""


def note_writes(
    model: nn.Module,
    places: Sequence[Placeholder],
    of_copy: Mapping[str, torch.Tensor],
    shared: Mapping[str, torch.Tensor],
    samples: torch.Tensor,
) -> None:
    """Find out what the model writes into, in training and evaluation, and tell its places.

    Args:
        model: with placeholders, in which the model's own modules work.
        places: all of them.
        of_copy: parameters and running statistics of a copy.
        shared: buffers of all copies.
        samples: a batch.
    """
    trained = dict(model.named_parameters())

    def run() -> torch.Tensor:
        torch.manual_seed(0)
        moved = {name: _moved(v) if name in trained else v.clone() for name, v in of_copy.items()}
        buffers = {name: value.clone() for name, value in shared.items()}
        return torch.func.functional_call(model, moved | buffers, (samples.clone(),))

    was_training = model.training
    with fork_rng(samples), torch.no_grad():
        for is_training in (True, False):
            model.train(is_training)
            # A model that fails with its own modules says so where it is used.
            with suppress(Exception):
                _note_writes(places, run)
    model.train(was_training)


def fork_rng(tensor: torch.Tensor) -> AbstractContextManager[None]:
    """Keeps the global generators of the CPU and the tensor's device as they are."""
    return torch.random.fork_rng(devices=[tensor.device] if tensor.is_cuda else ())


def on_copies(module: nn.Module) -> nn.Module:
    """The module, which takes and gives copies, so that a loop may write into either in place.

    What its backward pass needs depends on the component: ReLU's own output, the input of others.
    """
    module.register_forward_pre_hook(_copy_inputs)
    module.register_forward_hook(_copy_output)
    return module


def _copy_inputs(_: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    if not torch.is_grad_enabled():
        return inputs
    return tuple(one.clone() if isinstance(one, torch.Tensor) else one for one in inputs)


def _copy_output(_: nn.Module, __: tuple[Any, ...], output: torch.Tensor) -> torch.Tensor:
    return output.clone() if torch.is_grad_enabled() else output


def _note_writes(places: Sequence[Placeholder], run: Callable[[], torch.Tensor]) -> None:
    with _watched(places) as passes:
        outputs = run()
    for one in passes:
        one.place.copies_input |= _version(one.signal) != one.version_of_signal
        one.place.copies_output |= _version(one.output) != one.version_of_output
    writing = {one.place for one in passes if one.version_of_signal != one.version_before}
    if writing and torch.equal(outputs, run()):  # a model that differs by itself says nothing
        for place in writing:
            with _on_a_copy(place):
                place.is_relied_on |= not torch.equal(outputs, run())


def _moved(values: torch.Tensor) -> torch.Tensor:
    """A parameter moved a little at random."""
    return values + _SPREAD * torch.randn_like(values)


class _Pass(NamedTuple):
    """A forward pass of a place: what it took and gave, and how often each was written into."""

    place: Placeholder
    signal: torch.Tensor
    output: torch.Tensor
    version_before: int
    version_of_signal: int
    version_of_output: int


@contextmanager
def _watched(places: Sequence[Placeholder]) -> Generator[list[_Pass]]:
    """The passes of these places while this is open."""
    passes: list[_Pass] = []
    before: dict[nn.Module, int] = {}

    def enter(place: nn.Module, given: tuple[Any, ...]) -> None:
        before[place] = _version(given[0])

    def leave(place: nn.Module, given: tuple[Any, ...], output: Any) -> None:
        assert isinstance(place, Placeholder)
        signal = given[0]
        versions = before[place], _version(signal), _version(output)
        passes.append(_Pass(place, signal, output, *versions))

    hooks = [place.register_forward_pre_hook(enter) for place in places]
    hooks += [place.register_forward_hook(leave) for place in places]
    try:
        yield passes
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def _on_a_copy(place: Placeholder) -> Generator[None]:
    """The place's own module works on a copy of its input while this is open."""
    hook = place.own.register_forward_pre_hook(lambda _, given: (given[0].clone(),))
    try:
        yield
    finally:
        hook.remove()


def _version(tensor: torch.Tensor) -> int:
    """Number of writes into a tensor, or into one that shares its memory as a view."""
    return tensor._version  # pyright: ignore[reportPrivateUsage] - autograd's own count
