"""Compare this machine's products of float32 matrices with those of float64.

Trainings consist of them. oneDNN compiles their code for the processor it finds, and there are
machines where that code is wrong: under emulation a whole training ran on wrong products. So every
process that trains does without oneDNN where that alone makes them right.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch.nn.grad import conv2d_weight

from evo.core.errors import EvoError

_TOLERANCE = 1e-3
"""Largest error, as a share of the largest value; rounding gives 1e-6, reduced precision 1e-2."""
_LARGEST = 1e9
"""Error that is reported at most, since JSON has no infinity."""
_COPIES, _ROWS, _MIDDLE, _COLUMNS = 6, 48, 80, 40
"""Large enough for oneDNN, which leaves smaller ones to others."""

_Compute = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Product(NamedTuple):
    """A product of two tensors.

    Attributes:
        name: for people.
        compute: the product, in the precision of its two arguments.
        first: shape of the first argument.
        second: shape of the second.
    """

    name: str
    compute: _Compute
    first: tuple[int, ...]
    second: tuple[int, ...]


def _first_transposed(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return a.mT @ b


def _second_transposed(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return a @ b.mT


def _baddbmm(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.baddbmm(a.new_ones(1, 1, 1), a, b.mT)


def _conv2d(images: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return F.conv2d(images, weights, padding=1)


def _conv2d_in_groups(images: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return F.conv2d(images, weights, groups=4)


def _gradient_of_weights(images: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    return conv2d_weight(images, (12, 16, 3, 3), gradient, padding=1)


_MATRIX, _FACTOR = (_ROWS, _MIDDLE), (_MIDDLE, _COLUMNS)
_BATCH, _FACTORS = (_COPIES, *_MATRIX), (_COPIES, *_FACTOR)
_BATCH_TRANSPOSED, _FACTORS_TRANSPOSED = (_COPIES, *_MATRIX[::-1]), (_COPIES, *_FACTOR[::-1])
_IMAGES = 4, 16, 12, 12
PRODUCTS = (
    Product("matmul", torch.matmul, _MATRIX, _FACTOR),
    Product("matmul, first factor transposed", _first_transposed, _MATRIX[::-1], _FACTOR),
    Product("matmul, second factor transposed", F.linear, _MATRIX, _FACTOR[::-1]),
    Product("bmm", torch.bmm, _BATCH, _FACTORS),
    Product("bmm, first factor transposed", _first_transposed, _BATCH_TRANSPOSED, _FACTORS),
    Product("bmm, second factor transposed", _second_transposed, _BATCH, _FACTORS_TRANSPOSED),
    Product("baddbmm, second factor transposed", _baddbmm, _BATCH, _FACTORS_TRANSPOSED),
    Product("conv2d", _conv2d, _IMAGES, (12, 16, 3, 3)),
    Product("conv2d in groups", _conv2d_in_groups, _IMAGES, (12, 4, 3, 3)),
    Product("gradient of conv2d's weights", _gradient_of_weights, _IMAGES, (4, 12, 12, 12)),
    Product("conv1d", F.conv1d, (4, 16, 60), (12, 16, 5)),
)


def switch_wrong_onednn_off(products: tuple[Product, ...] = PRODUCTS) -> None:
    """Have this process compute without oneDNN if that alone makes its products right.

    Raises:
        EvoError: they are wrong with and without it.
    """
    facts = _examined(products)
    if facts["problem"]:
        raise EvoError(facts["problem"])
    if facts["without_onednn"]:
        torch.backends.mkldnn.enabled = False


def examine_products(products: Sequence[Product] = PRODUCTS) -> dict[str, Any]:
    """Report of the products in `evo doctor --json`.

    Each is computed in float32 on the CPU, and without oneDNN where torch has it; `off_by` and
    `off_by_without_onednn` are the largest errors, as shares of the largest value in float64.
    `all_right` is true if trainings compute rightly: `without_onednn`, if that alone is right.

    Args:
        products: to compare.
    """
    has_onednn = torch.backends.mkldnn.is_available()
    compared: list[dict[str, Any]] = []
    for product in products:
        with _onednn(on=True):
            error = _error(product)
        with _onednn(on=False):
            without = _error(product) if has_onednn else None
        compared.append(
            {
                "product": product.name,
                "right": error <= _TOLERANCE,
                "off_by": error,
                "off_by_without_onednn": without,
            }
        )
    wrong = [one for one in compared if not one["right"]]
    others = [one["off_by_without_onednn"] for one in compared]
    is_onednn = bool(wrong) and all(error is not None and error <= _TOLERANCE for error in others)
    return {
        "all_right": is_onednn or not wrong,
        "without_onednn": is_onednn,
        "problem": None if is_onednn or not wrong else _problem(wrong),
        "products": compared,
    }


@cache
def _examined(products: tuple[Product, ...]) -> dict[str, Any]:
    return examine_products(products)


@contextmanager
def _onednn(*, on: bool) -> Generator[None]:
    kept = torch.backends.mkldnn.enabled
    torch.backends.mkldnn.enabled = on  # `flags` sets more, and warns of that
    try:
        yield
    finally:
        torch.backends.mkldnn.enabled = kept


def _problem(wrong: Sequence[dict[str, Any]]) -> str:
    return (
        "This machine computes products of matrices wrongly, with and without oneDNN (error as a "
        f"share of the largest value): {errors_in_words(wrong)}. Results of trainings here would "
        "be worthless. Install another build of torch, and run evo doctor again."
    )


def errors_in_words(products: Sequence[Mapping[str, Any]]) -> str:
    """Names and errors of products, as `examine_products` reports them."""
    return "; ".join(f"{one['product']}, by {one['off_by']:.2g}" for one in products)


def _error(product: Product) -> float:
    """Largest error in float32, as a share of the largest value; `_LARGEST` if not finite."""
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.randn(s, generator=generator) for s in (product.first, product.second))
    expected = product.compute(first.double(), second.double())
    error = (product.compute(first, second).double() - expected).abs().max() / expected.abs().max()
    return torch.nan_to_num(error, nan=_LARGEST).clamp(max=_LARGEST).item()
