import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.components import traced_kind

from evo.components.base import ContractError
from evo.components.optimizer import Optimizer

KIND = Optimizer()


def adam(g, m, v, w, t):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    return torch.stack([m / (1 - 0.9**t) / ((v / (1 - 0.999**t)).sqrt() + 1e-8), m, v])


def lion(g, m, v, w, t):
    return torch.stack([torch.sign(0.9 * m + 0.1 * g), 0.99 * m + 0.01 * g, v])


def sign(g, m, v, w, t):
    return torch.stack([torch.sign(g), m, v])


@pytest.mark.parametrize(
    "component",
    [
        adam,
        lion,
        sign,
        lambda g, m, v, w, t: torch.stack([g / (g.norm() + 1e-8), m, v]),
        lambda g, m, v, w, t: torch.stack([g / t.sqrt() + 0.01 * w, g, w]),
    ],
)
def test_update_rules_keep_the_contract(component) -> None:
    KIND.check(component)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (lambda g, m, v, w, t: g, r"shape \(3, 12\) .* got \(12,\)"),
        (lambda g, m, v, w, t: torch.stack([g, m]), r"got \(2, 12\)"),
        (lambda g, m, v, w, t: torch.stack([g, m, v]).double(), "torch.float64"),
        (lambda g, m, v, w, t: torch.stack([g, m, v], 1), r"got \(12, 3\)"),
        (lambda g, m, v, w, t: torch.stack([g / v.sqrt(), m, g * g]), "step.*at step 1 on small"),
        (lambda g, m, v, w, t: torch.stack([g / g.norm(), m, v]), "step.*gradients of zero"),
        (lambda g, m, v, w, t: torch.stack([g, m, (10 * g.abs()).exp()]), "finite v.*large"),
        (lambda g, m, v, w, t: torch.stack([w, m, v]), "depends on g"),
        (lambda g, m, v, w, t: torch.stack([g.abs(), m, v]), "depends on g"),
        (lambda g, m, v, w, t: torch.stack([0 * g, m, v]), "depends on g"),
    ],
)
def test_a_breach_of_the_contract_says_what_was_expected_and_what_came(component, message) -> None:
    with pytest.raises(ContractError, match=message):
        KIND.check(component)


def test_a_rule_of_noise_alone_is_refused_though_its_steps_differ() -> None:
    alone = "import torch\ndef update(g, m, v, w, t, noise):\n    return torch.stack([noise, m, v])"

    with pytest.raises(ContractError, match="depends on g"):
        KIND.check(traced_kind("optimizer", alone))


def test_behaviour_tells_rules_apart_and_takes_no_notice_of_their_scale() -> None:
    found = KIND.behaviour(lion)

    assert found.shape == (64,)
    assert np.abs(found - KIND.behaviour(sign)).max() > 1
    scaled = torch.tensor([[100.0], [1.0], [1.0]])
    assert found == pytest.approx(KIND.behaviour(lambda *given: scaled * lion(*given)), abs=1e-5)


def test_parts_hold_the_rule_and_nothing_else() -> None:
    parts = KIND.parts(adam)

    assert parts.update is adam
    assert parts.activation is F.relu
    assert parts.judged_by == "loss"
