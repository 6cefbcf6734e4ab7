from itertools import pairwise

import numpy as np
import pytest
import torch

from evo.components.base import ContractError
from evo.components.matrix_optimizer import MatrixOptimizer

KIND = MatrixOptimizer()


def lion(g, m, v, u, w, *scalars):
    return torch.stack([torch.sign(0.9 * m + 0.1 * g), 0.99 * m + 0.01 * g, v, u])


def polar(g, m, v, u, w, *scalars):
    left, _, right = torch.linalg.svd(g + 1e-6 * torch.eye(*g.shape), full_matrices=False)
    return torch.stack([left @ right, m, v, u])


def clipped(g, m, v, u, w, *scalars):
    return torch.stack([g / (scalars[1] + 1e-6), m, v, u])


def two_means(g, m, v, u, w, *scalars):
    m, u = 0.9 * m + 0.1 * g, 0.99 * u + 0.01 * g
    return torch.stack([m + 2 * u, m, v, u])


@pytest.mark.parametrize("component", [lion, polar, clipped, two_means])
def test_rules_for_matrices_keep_the_contract(component) -> None:
    KIND.check(component)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (lambda g, m, v, u, w, t, norm: g, r"shape \(4, 4, 6\) .* got \(4, 6\)"),
        (lambda g, m, v, u, w, t, norm: torch.stack([g, m, v]), r"got \(3, 4, 6\)"),
        (lambda g, m, v, u, w, t, norm: torch.stack([g.T, m.T, v.T, u.T]), r"got \(4, 6, 4\)"),
        (
            lambda g, m, v, u, w, t, norm: torch.stack([g / g.norm(), m, v, u]),
            "step.*gradients of zero",
        ),
        (
            lambda g, m, v, u, w, t, norm: torch.stack([g, m, v, (10 * g.abs()).exp()]),
            "finite u.*large",
        ),
        (lambda g, m, v, u, w, t, norm: torch.stack([w, m, v, u]), "depends on g"),
        (lambda g, m, v, u, w, t, norm: torch.stack([g * g, m, v, u]), "depends on g"),
    ],
)
def test_a_breach_of_the_contract_says_what_was_expected_and_what_came(component, message) -> None:
    with pytest.raises(ContractError, match=message):
        KIND.check(component)


def test_behaviour_tells_rules_apart_that_differ_in_their_use_of_the_shape_alone() -> None:
    def by_row(g, m, v, u, w, *scalars):
        return torch.stack([g / (g.norm(dim=1, keepdim=True) + 1e-6), m, v, u])

    def by_column(g, m, v, u, w, *scalars):
        return torch.stack([g / (g.norm(dim=0, keepdim=True) + 1e-6), m, v, u])

    rows = KIND.behaviour(by_row)

    assert rows.shape == (96,)
    assert np.abs(rows - KIND.behaviour(by_column)).max() > 0.5
    scaled = torch.tensor([100.0, 1.0, 1.0, 1.0]).view(4, 1, 1)
    assert rows == pytest.approx(KIND.behaviour(lambda *given: scaled * by_row(*given)), abs=1e-5)


def test_the_third_state_and_the_norm_count() -> None:
    found = [KIND.behaviour(one) for one in (lion, two_means, clipped)]

    assert min(np.abs(a - b).max() for a, b in pairwise(found)) > 0.5


def test_parts_hold_the_rule_as_one_of_matrices() -> None:
    parts = KIND.parts(lion)

    assert parts.update is lion
    assert parts.updates_matrices
    assert parts.judged_by == "loss"
