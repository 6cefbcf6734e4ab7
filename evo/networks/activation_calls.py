"""Places of an activation where a model calls a function, `F.relu(x)` or `x.relu()`.

While a module whose own code names such a function runs, a call of it goes through the place. Calls
in modules within it, as in `nn.ReLU`, are theirs.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cache, partial
from types import CodeType
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from evo.networks.instead import CallsInstead
from evo.networks.placeholders import ActivationPlace, Place, Placeholder, is_named

TensorFunction = Callable[..., torch.Tensor]

_NAMES = (
    *("relu", "relu6", "leaky_relu", "elu", "celu", "selu", "gelu", "silu", "mish"),
    *("hardswish", "hardtanh", "softplus", "softsign", "tanh", "tanhshrink", "sigmoid"),
)


def _spellings(name: str) -> dict[Any, str]:
    """A function of torch as a function and as a method of tensors, where there are such."""
    functions = (getattr(where, name, None) for where in (F, torch, torch.Tensor))
    return {one: name.rstrip("_") for one in functions if one is not None}


_KNOWN: Mapping[Any, str] = {
    spelled: name
    for known in _NAMES
    for spelled, name in (_spellings(known) | _spellings(f"{known}_")).items()
}
"""Name of an activation by function."""
_IN_PLACE = frozenset(spelled for known in _NAMES for spelled in _spellings(f"{known}_"))


def places_of_calls(model: nn.Module, activations: Sequence[Place]) -> list[ActivationPlace]:
    """Put a place where modules of a model call activations as functions.

    Args:
        model: with placeholders where modules are activations.
        activations: functions, and names of places: of a module, a dot and of the function.

    Returns:
        One place for each module and function.
    """
    wanted = {_KNOWN[one] for one in activations if one in _KNOWN}
    running = _Running()
    places: list[ActivationPlace] = []
    for module_name, module in _own_modules(model):
        here: dict[str, ActivationPlace] = {}
        for function in sorted(_named_in(module)):
            layer = f"{module_name}.{function}".lstrip(".")
            if function in wanted or is_named(layer, activations):
                here[function] = ActivationPlace(layer, _Called())
        if here:
            _Watch(module, here, running)
        places += here.values()
    if places:
        for module in model.modules():
            module.register_forward_pre_hook(running.enter)
            module.register_forward_hook(running.leave, always_call=True)
    return places


def _own_modules(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The modules of a model, without those that a placeholder keeps."""
    kept = {
        inner
        for module in model.modules()
        if isinstance(module, Placeholder)
        for inner in module.modules()
    }
    return ((name, module) for name, module in model.named_modules() if module not in kept)


def _named_in(module: nn.Module) -> set[str]:
    """Names of the activations that a module's own methods name, or that it has as attributes."""
    attributes = vars(module)
    held = {_KNOWN[value] for value in attributes.values() if _is_known(value)}
    codes = [
        method.__code__
        for one in type(module).__mro__
        if not one.__module__.startswith("torch.nn.")
        for method in vars(one).values()
        if inspect.isfunction(method)
    ]
    names = {name for code in codes for name in _names_in(code)}
    called = {name.rstrip("_") for name in names if name not in attributes}
    modules = {name for name, _ in module.named_children()}
    return held | ((called & set(_NAMES)) - modules)


def _is_known(value: object) -> bool:
    return inspect.isroutine(value) and value in _KNOWN


def _names_in(code: CodeType) -> Iterator[str]:
    """Names in code and in the functions that it defines."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


class _Called(nn.Module):
    """The function of the model's own that is called at present."""

    now: TensorFunction

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        """The function's output."""
        return self.now(signal)


class _Running:
    """The modules that run, each within the one before."""

    def __init__(self) -> None:
        self._stack: list[nn.Module] = []

    def enter(self, module: nn.Module, _: Any) -> None:
        self._stack.append(module)

    def leave(self, *_: Any) -> None:
        self._stack.pop()

    @property
    def innermost(self) -> nn.Module:
        return self._stack[-1]


class _Watch:
    """Hands a module's calls of activations to their places, while it runs and none within it."""

    def __init__(
        self, module: nn.Module, places: Mapping[str, ActivationPlace], running: _Running
    ) -> None:
        self._module = module
        self._places = places
        self._running = running
        self._instead = {
            function: partial(self.called, function)
            for function, name in _KNOWN.items()
            if name in places
        }
        self._open = ExitStack()
        module.register_forward_pre_hook(self._enter)
        module.register_forward_hook(self._leave, always_call=True)

    def _enter(self, *_: Any) -> None:
        self._open.enter_context(CallsInstead(self._instead))

    def _leave(self, *_: Any) -> None:
        self._open.close()

    def called(self, function: TensorFunction, *args: Any, **kwargs: Any) -> torch.Tensor:
        """The output of a function, or of the component in its place."""
        if self._running.innermost is not self._module:
            return function(*args, **kwargs)
        place = self._places[_KNOWN[function]]
        signal, *further = args or [kwargs.pop("input")]
        assert isinstance(place.own, _Called)
        place.own.now = lambda *given: function(*given, *further, **kwargs)
        if not _writes(function, (signal, *further), kwargs):
            return place(signal)
        return signal.copy_(place(signal.clone()))


_signature = cache(inspect.signature)
"""Read once: a training calls a function thousands of times."""


def _writes(function: TensorFunction, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """True for a call that writes into its input."""
    if function in _IN_PLACE:
        return True
    if not inspect.isfunction(function):  # built in, without `inplace`
        return False
    given = _signature(function).bind(*args, **kwargs).arguments
    return bool(given.get("inplace", False))
