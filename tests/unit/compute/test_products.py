"""Products of matrices are compared with those in float64, and wrong ones are named."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
import typer

from evo.commands.doctor import show_examination
from evo.compute.products import (
    PRODUCTS,
    Product,
    examine_products,
    switch_wrong_onednn_off,
)
from evo.core.errors import EvoError


def wrong_with_onednn(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """A product that is wrong in float32 while oneDNN is on."""
    is_wrong = a.dtype is torch.float32 and torch.backends.mkldnn.enabled
    return torch.bmm(a, b) + 9.0 * is_wrong


def always_wrong(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.bmm(a, b) * (float("nan") if a.dtype is torch.float32 else 1.0)


SHAPES = (2, 3, 4), (2, 4, 5)


def test_this_machine_computes_products_rightly_with_and_without_onednn() -> None:
    facts = examine_products()

    assert facts["all_right"] is True
    assert facts["problem"] is None
    assert len(facts["products"]) == len(PRODUCTS)
    assert all(one["off_by"] < 1e-4 for one in facts["products"])


def test_products_that_onednn_alone_computes_wrongly_are_right_without_it() -> None:
    facts = examine_products([*PRODUCTS, Product("odd bmm", wrong_with_onednn, *SHAPES)])

    assert [one["product"] for one in facts["products"] if not one["right"]] == ["odd bmm"]
    assert facts["without_onednn"] is facts["all_right"] is True
    assert facts["problem"] is None


def test_a_process_switches_wrong_onednn_off_and_right_one_not() -> None:
    with kept():
        switch_wrong_onednn_off()
        assert torch.backends.mkldnn.enabled

        switch_wrong_onednn_off((Product("odd bmm", wrong_with_onednn, *SHAPES),))
        assert not torch.backends.mkldnn.enabled


@contextmanager
def kept() -> Iterator[None]:
    try:
        yield
    finally:
        torch.backends.mkldnn.enabled = True


def test_products_that_are_wrong_in_any_case_are_refused_and_need_another_torch() -> None:
    broken = Product("no bmm", always_wrong, *SHAPES)
    facts = examine_products([broken, Product("odd bmm", wrong_with_onednn, *SHAPES)])

    assert "no bmm, by 1e+09; odd bmm, by " in facts["problem"]
    assert "worthless" in facts["problem"]
    assert facts["all_right"] is facts["without_onednn"] is False
    with pytest.raises(EvoError, match="Install another build of torch"):
        switch_wrong_onednn_off((broken,))


WALLS: dict[str, Any] = {"all_hold": True, "problem": None, "walls": [], "attacks": []}


def shown(product: Product, capsys: pytest.CaptureFixture[str]) -> str:
    show_examination({**WALLS, "products": examine_products([product])}, as_json=False)
    return " ".join(capsys.readouterr().out.split())


def test_the_doctor_says_that_trainings_do_without_onednn_where_it_is_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = shown(Product("odd bmm", wrong_with_onednn, *SHAPES), capsys)

    assert "odd bmm WRONG" in words
    assert "right without oneDNN: trainings here do without it" in words


def test_a_product_that_is_wrong_in_any_case_ends_the_doctor_with_code_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(typer.Exit) as ended:
        shown(Product("no bmm", always_wrong, *SHAPES), capsys)

    words = " ".join(capsys.readouterr().out.split())
    assert ended.value.exit_code == 1
    assert "all walls hold" in words
    assert "RESULTS OF TRAININGS HERE ARE WORTHLESS" in words
