"""Checks that the contracts of several kinds share; each error says what came instead."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import torch

from evo.components.base import ContractError
from evo.core.learnables import Component


def call_checked(
    component: Component, values: torch.Tensor, layout: str, *, expected: str, advice: str = ""
) -> torch.Tensor:
    """The output of a component for values that it must accept in any memory layout.

    Args:
        component: takes one tensor.
        values: see `layouts`.
        layout: its name.
        expected: what the component is to do, for the message.
        advice: ends the message.

    Raises:
        ContractError: it fails on them.
    """
    try:
        return component(values)
    except RuntimeError as error:
        raise ContractError(
            f"expected it to {expected}, it fails on {tuple(values.shape)}, {layout} in "
            f"memory: {str(error).splitlines()[0][:150]}{advice}"
        ) from error


def expect_form(output: torch.Tensor, *, shape: torch.Size, dtype: torch.dtype) -> None:
    """Check shape and dtype of an output."""
    if output.shape != shape or output.dtype != dtype:
        raise ContractError(
            f"expected an output of shape {tuple(shape)} and dtype {dtype}, "
            f"got {tuple(output.shape)} and {output.dtype}"
        )


def expect_same(actual: torch.Tensor, expected: torch.Tensor, otherwise: str) -> None:
    """Check that two results agree up to rounding; `otherwise` is the message if they do not."""
    if torch.equal(actual, expected):
        return  # as most do, and thirty times as fast to see
    if actual.shape != expected.shape or not torch.allclose(actual, expected, rtol=1e-4, atol=1e-5):
        raise ContractError(otherwise)


def expect_pulls_apart(output: torch.Tensor, values: torch.Tensor, otherwise: str) -> None:
    """Check that the gradient of an output entry reaches its own entry of the values alone.

    So pulls of +1 and -1, drawn at random, change signs and nothing else; a sum over all entries
    would look the same wherever they come from.

    Args:
        output: made of the values, with an entry for each, or for each row of them.
        values: ask for gradients.
        otherwise: message if it does not.
    """
    signs = _signs(*output.shape)
    (plain,) = torch.autograd.grad(output.sum(), values, retain_graph=True)
    (signed,) = torch.autograd.grad((output * signs).sum(), values)
    expected = plain * signs.reshape(signs.shape + (1,) * (values.dim() - signs.dim()))
    finite = torch.isfinite(plain)
    if not finite.all():  # where others are, a contract may ask for nothing
        plain, signed, expected = plain[finite], signed[finite], expected[finite]
    size = plain.abs().mean() + 1e-12
    expect_same(signed / size, expected / size, otherwise)


@lru_cache(maxsize=16)
def _signs(*shape: int) -> torch.Tensor:
    """Signs drawn at random, the same at every call, and not to be written to."""
    return normal_probe(*shape).sign()


def sum_apart(gradients: Sequence[torch.Tensor]) -> torch.Tensor:
    """The sum of gradients of one shape, each with its own weight, so that none cancels others."""
    return sum(
        (gradient / (1 + 0.7 * place) for place, gradient in enumerate(gradients)),
        start=torch.zeros_like(gradients[0]),
    )


def layouts(values: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    """The same tensor as networks and data sets hold it in memory, with a name for each.

    Args:
        values: of two dimensions or more.
    """
    yield "contiguous", values.contiguous()
    yield "transposed", values.transpose(0, -1).contiguous().transpose(0, -1)
    yield "strided", torch.stack([values, -values], dim=-1)[..., 0]


def normal_probe(*shape: int, seed: int = 0) -> torch.Tensor:
    """Standard normal numbers, the same at every call."""
    return _drawn(shape, seed).clone()


@lru_cache(maxsize=512)
def _drawn(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
