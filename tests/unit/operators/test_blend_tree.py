import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from operator_samples import (
    ALL,
    BASELINES,
    CONTRACT,
    PAIR,
    WILD,
    component,
    is_sound,
    outputs,
    signature,
)
from support.records import written

from evo.core.source import normalise
from operators.blend_tree import BlendTree, BlendWay, blend
from operators.tree.balance import SIZE_LIMIT
from operators.tree.offspring import read_parent
from operators.tree.program import Program
from operators.tree.tidy import tidy, write_program

OPERATOR = BlendTree()
INPUTS = [torch.linspace(-8.0, 8.0, 64)]
X = INPUTS[0]


def child(first: str, second: str, seed: int) -> str:
    parents = [written(first), written(second)]
    return OPERATOR.propose(parents, CONTRACT, np.random.default_rng(seed))


def blended(first: str, second: str, way: BlendWay, seed: int) -> torch.Tensor:
    """Values of the blend of two sources, after it was tidied and written."""
    parents = [read_parent(source, CONTRACT) for source in (first, second)]
    program = blend(parents[0], parents[1], way, np.random.default_rng(seed))
    tidy(program)
    return outputs(write_program(program), "activation", INPUTS)


@settings(max_examples=30, deadline=None)
@given(
    first=st.sampled_from(sorted(ALL)),
    second=st.sampled_from(sorted(ALL)),
    seed=st.integers(0, 2**32),
)
def test_a_child_keeps_the_signature_differs_from_both_and_is_written_once(
    first: str, second: str, seed: int
) -> None:
    source = child(ALL[first], ALL[second], seed)

    assert signature(source, "activation") == ["x"]
    assert normalise(source) not in {normalise(ALL[first]), normalise(ALL[second])}
    assert source == child(ALL[first], ALL[second], seed)


@pytest.mark.parametrize("names", [("relu", "tanh"), ("gelu", "elu"), ("many_steps", "closure")])
def test_a_mix_is_one_weighted_mean_of_both_parents_at_every_input(names: tuple[str, str]) -> None:
    one, other = (outputs(ALL[name], "activation", INPUTS) for name in names)
    apart = (one - other).abs() > 0.1

    weights = set[float]()
    for seed in range(12):
        mixed = blended(ALL[names[0]], ALL[names[1]], "mix", seed)
        weight = ((mixed - other) / (one - other))[apart]
        assert torch.allclose(weight, weight.mean(), atol=1e-3)
        weights.add(round(float(weight.mean()), 2))

    assert len(weights) > 3
    assert weights <= {0.1, 0.25, 0.5, 0.75, 0.9, 1.25}


def test_a_gate_is_the_first_parent_far_right_and_the_second_far_left() -> None:
    gated = blended(BASELINES["relu"], BASELINES["tanh"], "gate", 0)

    assert abs(gated[0] - torch.tanh(X[0])) < 0.05
    assert abs(gated[-1] - X[-1]) < 0.05


def test_a_composition_applies_the_first_to_what_the_second_computes() -> None:
    composed = blended(WILD["many_steps"], BASELINES["tanh"], "compose", 0)

    inner = outputs(BASELINES["tanh"], "activation", INPUTS)
    assert torch.allclose(composed, outputs(WILD["many_steps"], "activation", [inner]), atol=1e-5)


def test_parents_of_statements_come_along_as_helpers() -> None:
    mixed = blended(WILD["static_loop"], WILD["python_if"], "mix", 1)

    assert torch.isfinite(mixed).all()
    assert mixed.shape == X.shape


def test_most_children_run_and_give_finite_values_in_the_right_shape() -> None:
    rng = np.random.default_rng(0)
    pairs = [rng.choice(sorted(ALL), 2) for _ in range(60)]

    sound = [
        is_sound(child(ALL[first], ALL[second], seed), "activation", INPUTS)
        for seed, (first, second) in enumerate(pairs)
    ]

    assert np.mean(sound) > 0.93


def test_children_of_children_stay_within_the_limit() -> None:
    rng = np.random.default_rng(0)
    population = [BASELINES[name] for name in ("relu", "tanh", "gelu", "elu")]

    for _ in range(60):
        first, second = rng.choice(len(population), 2, replace=False)
        parents = [written(population[first]), written(population[second])]
        population[first] = OPERATOR.propose(parents, CONTRACT, rng)

    assert max(Program.read(source, CONTRACT).size for source in population) <= SIZE_LIMIT


def test_twice_the_same_parent_still_gives_something_new() -> None:
    for seed in range(10):
        text = child(BASELINES["relu"], BASELINES["relu"], seed)
        assert normalise(text) != normalise(BASELINES["relu"])


def test_outputs_of_another_shape_are_mixed_and_never_composed() -> None:
    mean = "import torch\ndef gate(signal, control):\n    return (signal * control).mean(dim=0)\n"
    tanh = "import torch\ndef gate(signal, control):\n    return torch.tanh(signal).sum(dim=0)\n"
    parents = [read_parent(source, PAIR) for source in (mean, tanh)]
    inputs = [torch.linspace(-2.0, 2.0, 8), torch.linspace(0.0, 1.0, 8)]
    one, other = (outputs(source, "gate", inputs) for source in (mean, tanh))

    for way in ("mix", "gate", "compose"):
        program = blend(parents[0], parents[1], way, np.random.default_rng(2))
        mixed = outputs(write_program(program), "gate", inputs)
        weight = float((mixed - other) / (one - other))
        assert 0.1 <= round(weight, 2) <= 1.25


def test_a_component_of_two_arguments_is_composed_in_one_of_them() -> None:
    first = "import torch\ndef gate(signal, control):\n    return torch.tanh(signal) * control\n"
    second = "import torch\ndef gate(signal, control):\n    return 3.0 * signal + control\n"
    parents = [read_parent(source, PAIR) for source in (first, second)]
    signal, control = torch.linspace(-2.0, 2.0, 8), torch.linspace(0.0, 1.0, 8)
    inner = 3.0 * signal + control

    computed = [
        outputs(
            write_program(blend(parents[0], parents[1], "compose", np.random.default_rng(seed))),
            "gate",
            [signal, control],
        )
        for seed in range(8)
    ]

    for expected in (torch.tanh(inner) * control, torch.tanh(signal) * inner):
        assert any(torch.allclose(one, expected, atol=1e-5) for one in computed)


def test_a_parent_too_large_to_blend_exchanges_parts() -> None:
    large = component("y = x\n" + "y = y + torch.sin(0.5 * y) * torch.cos(y)\n" * 5 + "return y")

    source = child(large, BASELINES["tanh"], 0)

    assert Program.read(source, CONTRACT).size <= SIZE_LIMIT
