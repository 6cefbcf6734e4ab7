import pytest
import torch
import torch.nn.functional as F

from evo.components.base import ContractError
from evo.components.regularizer import Regularizer

KIND = Regularizer()


@pytest.mark.parametrize(
    "component",
    [
        lambda w: w.square().sum(),
        lambda w: 1e-4 * w.abs().mean(),
        lambda w: torch.linalg.svdvals(w).sum(),
        lambda w: torch.zeros((), dtype=w.dtype),
        lambda w: w.norm(),
        lambda w: torch.relu(w.norm(dim=1) - 1).sum(),
    ],
)
def test_penalties_of_a_matrix_keep_the_contract(component) -> None:
    KIND.check(component)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (lambda w: w.square(), r"got \(5, 7\)"),
        (lambda w: w.square().sum(0), r"got \(7,\)"),
        (lambda w: w.square().sum().reshape(1), r"got \(1,\)"),
        (lambda w: w.square().sum().double(), "torch.float64"),
        (lambda w: -w.square().sum(), "at least 0, got -.*small weights"),
        (lambda w: w.sum(), "at least 0"),
        (lambda w: w.abs().log().sum().exp().log().square(), "finite"),
        (lambda w: torch.exp(w.square().sum()), "finite penalty, got inf on large weights"),
        (lambda w: 1 / w.square().sum(), "finite penalty, got inf on a matrix of zeros"),
        (lambda w: torch.sqrt((w - w).square().sum()), "finite gradients"),
        (lambda w: w.std(dim=0).sum(), "finite penalty, got nan on small weights"),
    ],
)
def test_a_breach_of_the_contract_says_what_was_expected_and_what_came(component, message) -> None:
    with pytest.raises(ContractError, match=message):
        KIND.check(component)


def test_a_penalty_that_reads_memory_order_is_refused() -> None:
    with pytest.raises(ContractError, match="however w lies in memory"):
        KIND.check(lambda w: w.square().as_strided((3,), (1,)).sum())


def test_behaviour_is_the_pull_on_each_weight_in_thousandths() -> None:
    pull = KIND.behaviour(lambda w: 1e-3 * w.abs().sum() + 5)

    assert pull.shape == (48,)
    assert pull.dtype == "float32"
    assert set(pull.round(5).tolist()) == {-1.0, 1.0}


def test_parts_hold_the_penalty_and_nothing_else() -> None:
    parts = KIND.parts(torch.norm)

    assert parts.penalty is torch.norm
    assert parts.activation is F.relu
