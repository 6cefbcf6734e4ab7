"""A user's model as its function builds it, and checks of what that gives."""

from collections.abc import Callable
from contextlib import redirect_stdout

import torch
from torch import nn

from evo.networks.placeholders import Placeholder


def built(make_model: Callable[[], nn.Module]) -> nn.Module:
    """A new model; what it prints about itself would be said per training.

    Raises:
        ValueError: the function is a module itself, or gives something else or an old one.
    """
    expected = "expected a function that builds a new torch.nn.Module at each call"
    if isinstance(make_model, nn.Module):
        name = type(make_model).__name__
        raise ValueError(f"{expected}, got a {name}: build it in the function")
    with redirect_stdout(None):
        model = make_model()
    if not isinstance(model, nn.Module):  # pyright: ignore[reportUnnecessaryIsInstance] - a user's function
        raise ValueError(f"{expected}, got one that gives a {type(model).__name__}")
    if any(isinstance(module, Placeholder) for module in model.modules()):
        raise ValueError(f"{expected}, got one that gives the same again, so that no start differs")
    return model


def expect_tensor(outputs: object) -> torch.Tensor:
    """The outputs of a model, which must be a tensor.

    Raises:
        ValueError: they are something else.
    """
    if not isinstance(outputs, torch.Tensor):
        raise ValueError(
            f"expected the model to give a tensor (n, outputs), got a {type(outputs).__name__}: "
            "wrap it in a module that picks the logits"
        )
    return outputs
