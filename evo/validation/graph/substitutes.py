"""Functions of torch in a form that can be traced. Runs in the sandbox's child.

torch's own look at the values of tensors, or call operators whose cost a graph cannot show.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F


def einsum(equation: str, *operands: Any) -> torch.Tensor:
    """`torch.einsum` with a letter per dimension, as products and sums from left to right.

    Raises:
        RuntimeError: the equation is of another form.
    """
    tensors: list[Any] = (
        list(operands[0]) if len(operands) == 1 and not _is_tensor(operands[0]) else [*operands]
    )
    left, arrow, output = equation.replace(" ", "").partition("->")
    names = left.split(",")
    letters = sorted({letter for name in names for letter in name})
    if not arrow:
        output = "".join(letter for letter in letters if left.count(letter) == 1)
    if "..." in output and left.replace(",", "").replace("...", "").isalpha():
        return _over_ellipsis(names, tensors, output)
    is_plain = {*output} <= {*letters} and len(set(output)) == len(output)
    is_fit = len(names) == len(tensors) and all(
        len(name) == tensor.dim() and (name.isalpha() or not name)
        for name, tensor in zip(names, tensors, strict=False)
    )
    if not is_plain or not is_fit:
        raise RuntimeError(
            f"the equation {equation!r} has not one letter for each dimension of its tensors; use "
            "matmul, or a product and a sum"
        )
    pairs = [_on_diagonals(*pair) for pair in zip(names, tensors, strict=True)]
    names, tensors = [name for name, _ in pairs], [tensor for _, tensor in pairs]
    while len(tensors) > 1:
        needed = {*output, *"".join(names[2:])}
        kept = output
        if len(tensors) > 2:
            kept = "".join(one for one in dict.fromkeys(names[0] + names[1]) if one in needed)
        tensors = [_product(names[:2], tensors[:2], kept), *tensors[2:]]
        names = [kept, *names[2:]]
    (name,), (tensor,) = names, tensors
    gone = [place for place, letter in enumerate(name) if letter not in output]
    rest = [letter for letter in name if letter in output]
    summed = tensor.sum(gone) if gone else tensor
    return summed.permute([rest.index(letter) for letter in output])


def _on_diagonals(name: str, tensor: torch.Tensor) -> tuple[str, torch.Tensor]:
    """A tensor with one dimension, the last, for each letter that it had twice."""
    for letter in dict.fromkeys(name):
        while name.count(letter) > 1:
            one, other = name.index(letter), name.rindex(letter)
            tensor = tensor.diagonal(dim1=one, dim2=other)
            name = name[:one] + name[one + 1 : other] + name[other + 1 :] + letter
    return name, tensor


def _over_ellipsis(names: list[str], tensors: Any, output: str) -> torch.Tensor:
    """A product over whatever dimensions an ellipsis stands for, whose letters go to the end."""
    letters = output.replace("...", "")
    summed = sorted({letter for name in names for letter in name if letter.isalpha()} - {*letters})
    product: torch.Tensor | None = None
    for name, tensor in zip(names, tensors, strict=True):
        before, _, after = name.partition("...") if "..." in name else ("", "", name)
        for _ in before:
            tensor = tensor.movedim(0, -1)  # noqa: PLW2901 - step by step
        has = [*after, *before]
        for letter in [one for one in (*letters, *summed) if one in name]:
            tensor = tensor.movedim(has.index(letter) - len(has), -1)  # noqa: PLW2901
            has.append(has.pop(has.index(letter)))
        for place, letter in enumerate(reversed((*letters, *summed))):
            tensor = tensor if letter in name else tensor.unsqueeze(-1 - place)  # noqa: PLW2901
        product = tensor if product is None else product * tensor
    assert product is not None
    if summed:
        product = product.sum([-1 - place for place in range(len(summed))])
    for letter in reversed(output.partition("...")[0]):
        product = product.movedim(letters.index(letter) - len(letters), 0)
        letters = letters.replace(letter, "")
    return product


def _product(names: list[str], tensors: list[torch.Tensor], output: str) -> torch.Tensor:
    summed = [letter for letter in names[0] if letter in names[1] and letter not in output]
    for side in (0, 1):  # what only one side has and the output has not
        one_sided = [
            place
            for place, letter in enumerate(names[side])
            if letter not in output and letter not in names[1 - side]
        ]
        if one_sided:
            tensors[side] = tensors[side].sum(one_sided)
            names[side] = "".join(
                n for place, n in enumerate(names[side]) if place not in one_sided
            )
    if len(summed) == 1:
        return _matrix_product(names, tensors, output, summed[0])
    order = [*output, *summed]
    one, other = (_laid_out(*pair, order) for pair in zip(names, tensors, strict=True))
    product = one * other
    return product.sum(list(range(len(output), len(order)))) if summed else product


def _matrix_product(
    names: list[str], tensors: list[torch.Tensor], output: str, summed: str
) -> torch.Tensor:
    """The product with one summed letter, by matmul where each side has at most one of its own."""
    rows = [letter for letter in output if letter not in names[1]]
    columns = [letter for letter in output if letter not in names[0]]
    if len(rows) > 1 or len(columns) > 1:
        order = [*output, summed]
        one, other = (_laid_out(*pair, order) for pair in zip(names, tensors, strict=True))
        return (one * other).sum(-1)
    batch = [letter for letter in output if letter in names[0] and letter in names[1]]
    row, column = "".join(rows) or "-", "".join(columns) or "+"
    one = _laid_out(names[0], tensors[0], [*batch, row, summed])
    other = _laid_out(names[1], tensors[1], [*batch, summed, column])
    product, order = one @ other, [*batch, row, column]
    for missing in ("+", "-"):
        if missing in order:
            product = product.squeeze(order.index(missing))
            order.remove(missing)
    return product.permute([order.index(letter) for letter in output])


def _laid_out(name: str, tensor: torch.Tensor, order: list[str]) -> torch.Tensor:
    """A tensor with its dimensions in this order, and one of size 1 for each letter it lacks."""
    has = [letter for letter in order if letter in name]
    tensor = tensor.permute([name.index(letter) for letter in has])
    for place, letter in enumerate(order):
        if letter not in name:
            tensor = tensor.unsqueeze(place)
    return tensor


def gaussian_nll_loss(  # noqa: PLR0917 - as torch has them
    input: torch.Tensor,  # noqa: A002 - torch's name
    target: torch.Tensor,
    var: torch.Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> torch.Tensor:
    """`F.gaussian_nll_loss` without a look at the values of the variance."""
    variance = var if isinstance(var, torch.Tensor) else torch.full_like(input, var)
    # As torch: the lower limit is no part of the gradient.
    variance = variance + (variance.clamp(min=eps) - variance).detach()
    loss = 0.5 * (torch.log(variance) + (input - target) ** 2 / variance)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return {"mean": torch.mean, "sum": torch.sum}.get(reduction, torch.clone)(loss)


class MaskIndex:
    """Result of `torch.where(condition)`: an index that is used whole, as in `y[index]`."""

    def __init__(self, mask: torch.Tensor) -> None:
        self.mask = mask

    def __getitem__(self, _: Any) -> Any:
        raise TypeError(
            "torch.where(condition) gives indices, whose number depends on values; use them whole, "
            "as in y[index], or write torch.where(condition, a, b)"
        )

    __iter__ = __len__ = __getitem__  # pyright: ignore[reportAssignmentType] - both raise


def where(condition: torch.Tensor, *values: Any, **keywords: Any) -> Any:
    """`torch.where`; of a condition alone, what may index tensors of its shape."""
    if values or keywords:
        return _WHERE(condition, *values, **keywords)
    return MaskIndex(condition)


_WHERE = torch.where


class SizedList(list[Any]):
    """A list that is as long as a size says, such as `[0.5] * x.shape[1]`.

    Attributes:
        parts: values, and how often they stand one after another.
    """

    def __init__(self, parts: list[tuple[list[Any], int]]) -> None:
        super().__init__(value for values, count in parts for value in values * count)
        self.parts = parts


def tensor(values: Any, **keywords: Any) -> torch.Tensor:
    """`torch.tensor`, of lists as long as a size says too."""
    if not isinstance(values, SizedList):
        return _TENSOR(values, **keywords)
    parts = [(_TENSOR(part, **keywords), count) for part, count in values.parts]
    return torch.cat([part.repeat(count) for part, count in parts])


_TENSOR = torch.tensor


def angle(x: torch.Tensor) -> torch.Tensor:
    """`torch.angle`, of real numbers too, where it is 0 or π."""
    if x.is_complex():
        return torch.atan2(torch.imag(x), torch.real(x))
    turned = torch.where(x < 0, torch.full_like(x, math.pi), torch.zeros_like(x))
    return torch.where(torch.isnan(x), x, turned)


def as_tensor(values: Any, *arguments: Any, **keywords: Any) -> torch.Tensor:
    """`torch.as_tensor`; an array that the result may share memory with is locked.

    What is written into it afterwards would change the result, too, and no recording sees it.
    """
    result = _AS_TENSOR(values, *arguments, **keywords)
    while isinstance(values, np.ndarray):
        values.flags.writeable = False
        values = values.base
    return result


_AS_TENSOR = torch.as_tensor


def _is_tensor(value: Any) -> bool:
    return isinstance(value, torch.Tensor)


SUBSTITUTES: Mapping[tuple[Any, str], Callable[..., Any]] = {
    (torch, "einsum"): einsum,
    (torch.functional, "einsum"): einsum,
    (F, "gaussian_nll_loss"): gaussian_nll_loss,
    (torch, "where"): where,
    (torch, "angle"): angle,
    (torch, "tensor"): tensor,
    (torch, "as_tensor"): as_tensor,
    (torch, "from_numpy"): as_tensor,
}
"""Substitute by module and name."""
