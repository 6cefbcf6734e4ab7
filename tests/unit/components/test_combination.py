from functools import partial

import pytest
import torch
import torch.nn.functional as F

from evo.components.combination import Combination
from evo.components.kinds import kinds
from evo.core.errors import UsageError
from evo.core.learnables import Component
from evo.networks.parts import Parts

PAIR = "activation+regularizer"


def pair() -> Combination:
    found = kinds.get(PAIR)()
    assert isinstance(found, Combination)
    return found


def component(place: int, *inputs: torch.Tensor) -> torch.Tensor:
    return (F.softplus, lambda w: w.abs().sum())[place](*inputs)


def test_a_combination_has_one_name_in_whichever_order_it_is_written() -> None:
    assert kinds.get("regularizer+activation") is kinds.get(PAIR)
    assert pair().name == PAIR
    assert [member.name for member in pair().members] == ["activation", "regularizer"]
    assert PAIR not in kinds.names()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("activation+activation", "each kind once"),
        ("activation+parametric-activation", "both set the activation of a training"),
        ("activation+gated-activation", "both set the activation of a training"),
        ("matrix-optimizer+optimizer", "both set the update of a training"),
        ("activation+regularisation", "regularizer"),
        ("activation+", "kind"),
    ],
)
def test_what_cannot_be_combined_is_an_error_that_says_why(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        kinds.get(name)


@pytest.mark.parametrize("name", kinds.names())
def test_every_kind_of_ours_can_be_combined(name: str) -> None:
    other = "schedule" if name != "schedule" else "loss"

    found = kinds.get(f"{name}+{other}")()

    assert isinstance(found, Combination)
    assert all(
        standard in member.baselines()
        for member, standard in zip(found.members, found.standards.values(), strict=True)
    )


def test_a_network_takes_in_all_components_at_once() -> None:
    parts = pair().parts(component)

    x = torch.linspace(-1, 1, 5)
    assert torch.equal(parts.activation(x), F.softplus(x))
    assert parts.penalty is not None
    assert parts.penalty(x) == x.abs().sum()
    assert (parts.update, parts.loss, parts.judged_by) == (None, None, "loss")


def test_a_combination_with_a_loss_is_judged_as_losses_are() -> None:
    def members(place: int, *inputs: torch.Tensor) -> torch.Tensor:
        return (F.relu, lambda outputs, targets: (outputs - targets).square().sum(-1))[place](
            *inputs
        )

    parts = kinds.get("activation+loss")().parts(members)

    assert parts.judged_by == "accuracy"
    assert parts.loss is not None
    assert kinds.get("activation+loss").needs_classes
    assert not kinds.get(PAIR).needs_classes


def test_grids_are_those_of_the_members_that_have_some() -> None:
    assert kinds.get(PAIR).strengths == (0.1, 1.0, 10.0)
    assert kinds.get(PAIR).learning_rates is None
    both = kinds.get("schedule+optimizer")
    assert both.learning_rates == kinds.get("optimizer").learning_rates


def test_behaviour_is_that_of_all_members() -> None:
    activation, regularizer = pair().members

    found = pair().behaviour(component)

    halves = [member.behaviour(partial(component, n)) for n, member in enumerate(pair().members)]
    assert len(halves[0]) == len(activation.behaviour(F.relu))
    assert len(halves[1]) == len(regularizer.behaviour(lambda w: w.sum()))
    assert found.tolist() == [*halves[0], *halves[1]]


def test_baselines_are_the_known_components_beside_standard_ones() -> None:
    known = pair().baselines()

    assert len(known) == 12 + 12 - 1
    assert list(known) == sorted(known)
    assert {"gelu + none", "relu + l2", "relu + none"} <= known.keys()
    assert "gelu + l2" not in known
    source = known["relu + l2"].source
    assert "def activation(" in source
    assert "def regularize(" in source
    assert len({candidate.id for candidate in known.values()}) == len(known)


def test_an_ablation_has_the_standard_component_in_place_of_one() -> None:
    whole = pair().join(
        {
            "activation": "import torch\n\ndef activation(x):\n    return torch.tanh(x)\n",
            "regularizer": "def regularize(w):\n    return 0.001 * w.square().sum()\n",
        }
    )

    without = pair().ablated(whole)

    assert set(without) == {"activation", "regularizer"}
    assert "tanh" not in without["activation"]
    assert "square" in without["activation"]
    assert "tanh" in without["regularizer"]
    assert "square" not in without["regularizer"]


def test_each_component_keeps_its_own_contract() -> None:
    pair().check(component)

    def looks_at_neighbours(place: int, *inputs: torch.Tensor) -> torch.Tensor:
        return component(place, *inputs) if place else inputs[0] - inputs[0].mean()

    with pytest.raises(Exception, match="its own input element"):
        pair().check(looks_at_neighbours)


def _standard_parts(name: str) -> Parts:
    """The parts that a kind sets with its standard component, as our own source has it."""
    kind = kinds.get(name)()
    space: dict[str, Component] = {}
    exec(kind.baselines()[str(kind.standard)].source, space)
    return kind.parts(space[kind.contract.function])


@pytest.mark.parametrize("name", ["activation", "schedule", "preprocessor"])
def test_the_standard_component_is_what_a_training_does_without_one(name: str) -> None:
    found, plain = _standard_parts(name), Parts()

    x = torch.linspace(-2, 2, 24).view(4, 6)
    assert torch.allclose(found.activation(x), plain.activation(x))
    assert torch.allclose(found.prepared(x), plain.prepared(x))
    assert found.rate_factors(7) == pytest.approx(plain.rate_factors(7))
