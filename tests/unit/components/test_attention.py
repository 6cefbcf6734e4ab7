import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.components import traced_kind

from evo.components.attention import AttentionKind
from evo.components.base import ContractError

KIND = AttentionKind()
KNOWN = KIND.baselines()


@pytest.mark.parametrize(
    "component",
    [
        lambda scores: torch.softmax(scores, -1),
        lambda scores: torch.sigmoid(scores - math.log(scores.shape[-1])),
        F.relu,
        lambda scores: scores - scores.mean(-1, keepdim=True),
        lambda scores: torch.cumsum(F.softplus(scores), -1) * 0.1,
    ],
)
def test_weights_of_a_querys_own_scores_keep_the_contract(component) -> None:
    KIND.check(component)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (lambda scores: torch.softmax(scores, 0), "dim=-1"),
        (lambda scores: torch.softmax(scores - scores.mean(), -1) + scores.mean(), "own row"),
        (lambda scores: torch.full_like(scores, 1 / scores.shape[-1]), "got a constant"),
        (lambda scores: F.one_hot(scores.argmax(-1), scores.shape[-1]).float(), "pass gradients"),
        (lambda scores: torch.exp(scores.square()), "expected finite"),
        (lambda scores: scores / scores.norm(dim=-1, keepdim=True), "expected finite"),
        (lambda scores: scores.std(-1, keepdim=True) + scores, "a query with one key"),
        (lambda scores: torch.softmax(scores, -1).sum(-1), "expected an output of shape"),
        (
            lambda scores: torch.topk(scores, 2, -1).values[..., :1] + scores,
            "any number of keys, one too",
        ),
    ],
)
def test_a_breach_of_the_contract_says_what_was_expected_and_what_came(component, message) -> None:
    with pytest.raises(ContractError, match=message):
        KIND.check(component)


def test_behaviour_tells_weights_apart_that_differ_by_the_number_of_keys_alone() -> None:
    by_count, by_eight = (
        lambda scores: F.relu(scores) / scores.shape[-1],
        lambda scores: F.relu(scores) / 8,
    )

    assert np.abs(KIND.behaviour(by_count) - KIND.behaviour(by_eight)).max() > 0.1


def test_gradients_tell_a_straight_through_choice_from_its_values() -> None:
    def hard(scores: torch.Tensor) -> torch.Tensor:
        return (scores >= scores.amax(-1, keepdim=True)).float() + 0 * scores

    def straight_through(scores: torch.Tensor) -> torch.Tensor:
        soft = torch.softmax(scores, -1)
        return hard(scores).detach() + soft - soft.detach()

    assert KIND.behaviour(hard) == pytest.approx(KIND.behaviour(straight_through), abs=1e-6)
    assert np.abs(KIND.slopes(hard) - KIND.slopes(straight_through)).max() > 0.05


@pytest.mark.parametrize("name", ["softmax", "sparsemax", "entmax", "taylor", "top_four"])
def test_known_distributions_sum_to_one(name: str) -> None:
    component = traced_kind("attention", KNOWN[name].source)
    scores = 2 * torch.randn(50, 12, generator=torch.Generator().manual_seed(0))

    weights = component(scores)

    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(50))


def test_entmax_lies_between_softmax_and_sparsemax() -> None:
    scores = 2 * torch.randn(50, 12, generator=torch.Generator().manual_seed(0))

    zeros = {
        name: (traced_kind("attention", KNOWN[name].source)(scores) == 0).float().mean().item()
        for name in ("softmax", "entmax", "sparsemax")
    }

    assert zeros["softmax"] == 0 < zeros["entmax"] < zeros["sparsemax"]


def test_stick_breaking_is_what_its_paper_says() -> None:
    scores = torch.tensor([[0.4, -1.0, 0.7]])
    share = torch.sigmoid(scores[0])
    expected = [
        share[0] * (1 - share[1]) * (1 - share[2]),
        share[1] * (1 - share[2]),
        share[2],
    ]

    weights = traced_kind("attention", KNOWN["stick_breaking"].source)(scores)

    torch.testing.assert_close(weights[0], torch.stack(expected))
