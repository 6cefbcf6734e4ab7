"""Products of matrices are compared with those in float64, and wrong ones are named."""

from typing import Any

import pytest
import torch
import typer

from evo.commands.doctor import show_examination
from evo.compute.products import PRODUCTS, Product, examine_products


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


def test_products_that_onednn_computes_wrongly_are_named_with_the_remedy() -> None:
    facts = examine_products([*PRODUCTS, Product("odd bmm", wrong_with_onednn, *SHAPES)])

    assert [one["product"] for one in facts["products"] if not one["right"]] == ["odd bmm"]
    assert "odd bmm, by " in facts["problem"]
    assert "worthless" in facts["problem"]
    assert "right without oneDNN: switch it off" in facts["problem"]


def test_products_that_are_wrong_in_any_case_need_another_torch() -> None:
    facts = examine_products([Product("no bmm", always_wrong, *SHAPES)])

    assert "no bmm, by 1e+09" in facts["problem"]
    assert "Install another build of torch" in facts["problem"]
    assert facts["all_right"] is False


def test_a_wrong_product_ends_the_doctor_with_code_1_and_says_what_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    products = examine_products([Product("odd bmm", wrong_with_onednn, *SHAPES)])
    facts: dict[str, Any] = {"all_hold": True, "problem": None, "walls": [], "attacks": []}

    with pytest.raises(typer.Exit) as ended:
        show_examination({**facts, "products": products}, as_json=False)

    shown = " ".join(capsys.readouterr().out.split())
    assert ended.value.exit_code == 1
    assert "all walls hold" in shown
    assert "switch it off" in shown
    assert "RESULTS OF TRAININGS HERE ARE WORTHLESS" in shown
