"""Contract checks for kinds whose components work row by row."""

from collections.abc import Collection

import torch

from evo.components.base import ContractError
from evo.components.checks import call_checked, expect_form, expect_same, layouts, normal_probe
from evo.core.learnables import Component

_WORKS = "work for any n and d"


def named_rows() -> list[tuple[str, torch.Tensor]]:
    """Rows such as data sets and layers hold, with a name for each: (8,) features."""
    normal = normal_probe(6, 8)
    return [
        ("features of mean 0 and deviation 1", normal[0]),
        ("features of mean 0 and deviation 1", normal[1]),
        ("features in [0, 1]", normal[2].sigmoid()),
        ("features of deviation 30", 30 * normal[3]),
        ("features of deviation 0.01", 0.01 * normal[4]),
        ("skewed features", normal[5].exp()),
        ("features most of which are 0", torch.tensor([0.0, 0, 0, 2, 0, 0, -1, 0])),
        ("a row of equal features", torch.full((8,), 0.5)),
        ("a row of zeros", torch.zeros(8)),
    ]


def rows_probe() -> torch.Tensor:
    """These rows, one below the other: (9, 8)."""
    return torch.stack([row for _, row in named_rows()])


def each_row(
    component: Component, *, rows: int = 1, mapped: int = 0, further: Collection[int] = ()
) -> Component:
    """The component as training calls it: on every row by itself, so that none can see another.

    Checks only show what a component does with probes; this holds for any input, and for gradients.

    Args:
        component: takes n rows.
        rows: how many of its first arguments are rows.
        mapped: how many of those after them come with one for each row, without its dimension; all
            rows share the others.
        further: places of arguments behind those that are rows, too.
    """

    def on_one(*arguments: torch.Tensor) -> torch.Tensor:
        given = (
            one.unsqueeze(0) if place < rows or place in further else one
            for place, one in enumerate(arguments)
        )
        return component(*given).squeeze(0)

    def on_all(*arguments: torch.Tensor) -> torch.Tensor:
        dims = tuple(
            0 if place < rows + mapped or place in further else None
            for place in range(len(arguments))
        )
        return torch.func.vmap(on_one, dims)(*arguments)

    return on_all


def check_rows(component: Component, where: str = "") -> None:
    """Check shape, finite values, independence of other rows; not constant. No gradients.

    Args:
        component: takes one tensor.
        where: with which further arguments, for messages.

    Raises:
        ContractError: with what was expected and what came.
    """
    with torch.no_grad():
        probe = rows_probe()
        output = component(probe)
        expect_form(output, shape=probe.shape, dtype=probe.dtype)
        for row, (name, _) in zip(output, named_rows(), strict=True):
            if not torch.isfinite(row).all():
                raise ContractError(f"expected finite outputs, got others on {name}{where}")
        if (output - output[:1]).abs().max() < 1e-6:
            raise ContractError(
                f"expected an output that depends on x, got a constant{where} on rows of "
                f"{probe.shape[1]} features; statistics of groups need two or more features each"
            )
        _expect_rows_apart(component, probe, output)


def expect_any_width(component: Component) -> None:
    """Few rows and features, and many, are as good as any."""
    with torch.no_grad():
        for shape in ((1, 2), (33, 17)):
            rows = normal_probe(*shape)
            output = call_checked(component, rows, "contiguous", expected=_WORKS)
            expect_form(output, shape=rows.shape, dtype=rows.dtype)
            if not torch.isfinite(output).all():
                raise ContractError(f"expected finite outputs, got others on shape {shape}")


def _expect_rows_apart(component: Component, probe: torch.Tensor, output: torch.Tensor) -> None:
    """Check that rows give the same among others, in another order and layout, and alone."""
    otherwise = (
        "expected every row of the output to depend on its own row of x alone, got rows that "
        "change with the other rows or with their order; take statistics with dim=-1"
    )
    count = len(probe)
    for layout, rows in layouts(torch.cat([5 * normal_probe(4, 8, seed=1) + 2, probe.flip(0)])):
        among = call_checked(component, rows, layout, expected=_WORKS)
        expect_same(among[4:].flip(0), output, otherwise)
    for place in (0, count - 1):
        alone = call_checked(component, probe[place : place + 1], "contiguous", expected=_WORKS)
        expect_same(alone, output[place : place + 1], otherwise)
