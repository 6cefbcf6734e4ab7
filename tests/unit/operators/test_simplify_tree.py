import ast

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from operator_samples import ALL, BASELINES, CONTRACT, component, is_sound, program
from support.profiles import many
from support.records import written

from evo.core.source import normalise
from operators.simplify_tree import SimplifyTree
from operators.tree.offspring import read_parent
from operators.tree.program import Program
from operators.tree.reductions import reduce_once, reductions

OPERATOR = SimplifyTree()
INPUTS = [torch.linspace(-8.0, 8.0, 64)]


def simplified(source: str, seed: int) -> str:
    return OPERATOR.propose([written(source)], CONTRACT, np.random.default_rng(seed))


@settings(max_examples=many(20, ci=60, nightly=60), deadline=None)
@given(name=st.sampled_from(sorted(ALL)), seed=st.integers(0, 2**32))
def test_an_offspring_differs_and_is_no_larger_where_there_is_something_to_drop(
    name: str, seed: int
) -> None:
    source = simplified(ALL[name], seed)

    assert normalise(source) != normalise(ALL[name])
    parent = read_parent(ALL[name], CONTRACT)
    assert parent.size <= 6 or Program.read(source, CONTRACT).size <= parent.size


def test_each_part_of_a_sum_can_go_and_a_call_can() -> None:
    parent = component("return F.relu(x) + 0.3 * torch.sin(x)")

    bodies = {simplified(parent, seed).rpartition("return ")[2].strip() for seed in range(60)}

    assert {"F.relu(x)", "F.relu(x) + 0.3 * x", "F.relu(x) + torch.sin(x)"} <= bodies


def test_a_number_with_many_digits_becomes_a_round_one() -> None:
    parent = component("return torch.tanh(0.4871 * x)")

    bodies = {simplified(parent, seed).rpartition("return ")[2].strip() for seed in range(30)}

    assert "torch.tanh(0.5 * x)" in bodies


def test_an_addend_with_a_small_factor_goes_more_often_than_one_with_a_large() -> None:
    parent = program("5.0 * torch.tanh(x) + 0.01 * torch.sin(x)")
    whole = next(site.node for site in parent.survey().sites if site.is_tensor)

    weights = {
        ast.unparse(option.expression): option.weight
        for option in reductions(parent.survey())
        if ast.unparse(option.site.node) == ast.unparse(whole)
    }

    assert weights["5.0 * torch.tanh(x)"] > 3 * weights["0.01 * torch.sin(x)"]


def test_a_program_with_nothing_to_drop_stays_as_it_is() -> None:
    plainest = Program.identity(CONTRACT)

    assert not reduce_once(plainest, np.random.default_rng(0))
    assert plainest.size == Program.identity(CONTRACT).size


def test_most_offspring_run_and_give_finite_values_in_the_right_shape() -> None:
    sound = [
        is_sound(simplified(source, seed), "activation", INPUTS)
        for source in ALL.values()
        for seed in range(many(1, ci=3, nightly=3))
    ]

    assert np.mean(sound) > 0.93


def test_a_long_mutant_gets_shorter_step_by_step() -> None:
    source = component("y = torch.tanh(1.31 * x) + 0.2 * F.relu(x - 0.1)\nreturn y * F.gelu(x) + 1")
    sizes = [Program.read(source, CONTRACT).size]

    for seed in range(4):
        source = simplified(source, seed)
        sizes.append(Program.read(source, CONTRACT).size)

    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] <= sizes[0] / 2


def test_a_baseline_of_one_call_has_offspring_of_its_own_size() -> None:
    sizes = [Program.read(simplified(BASELINES["relu"], seed), CONTRACT).size for seed in range(20)]

    assert np.median(sizes) <= 3
