import ast
from collections.abc import Callable

import numpy as np
import pytest
from operator_samples import CONTRACT, WILD, component, program, returned

from evo.core.syntax.trees import number
from operators.tree.balance import EDITS, SIZE_LIMIT, Edit, Weighted, weight_at
from operators.tree.coefficients import perturb_constant
from operators.tree.edits import (
    insert_term,
    remove_term,
    renew,
    rescale,
    swap_call,
    swap_operator,
    use_argument,
    wrap,
)
from operators.tree.program import Program


def results(edit: Edit, make: Callable[[], Program], draws: int = 60) -> set[str]:
    """Return values of the entry function after the edit, over many draws."""
    found: set[str] = set()
    for seed in range(draws):
        edited = make()
        assert edit(edited.survey(), np.random.default_rng(seed))
        found.add(returned(edited))
    return found


def changed(edit: Edit, source: str, seed: int) -> str:
    edited = Program.read(source, CONTRACT)
    edit(edited.survey(), np.random.default_rng(seed))
    return ast.unparse(edited.tree)


def test_a_number_is_scaled_turned_or_snapped() -> None:
    found = results(perturb_constant, lambda: program("0.37 * torch.sin(x)"))

    numbers = {float(text.removesuffix(" * torch.sin(x)")) for text in found}
    assert -0.37 in numbers
    assert 0.5 in numbers
    assert len(numbers) > 15
    assert all(0.0 < abs(value) < 4.0 for value in numbers)


def test_a_new_number_has_three_digits_at_most() -> None:
    for text in results(perturb_constant, lambda: program("0.123 + x")):
        (value,) = (
            number(node)
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Constant) and number(node) is not None
        )
        assert value == float(f"{value:.3g}")


def test_a_whole_exponent_steps_by_one() -> None:
    assert results(perturb_constant, lambda: program("x ** 3")) == {"x ** 2", "x ** 4"}
    assert results(perturb_constant, lambda: program("torch.pow(x, 2)")) == {"torch.pow(x, 3)"}


@pytest.mark.parametrize(
    "expression",
    [
        "x.sum(1)",
        "torch.softmax(x, dim=-1)",
        "torch.softmax(x, 1)",
        "x[..., 0]",
        "x[:, 2:5]",
        "x.reshape(4, -1)",
        "x.view(x.shape[0], 2, 3)",
        "torch.sqrt(torch.abs(x) + 1e-6)",
        "torch.cat([x, x], 1)",
        "sum(x ** k for k in range(1, 4))",
    ],
)
def test_dimensions_shapes_indices_counts_and_guards_are_no_coefficients(expression: str) -> None:
    edited = program(expression)

    assert not perturb_constant(edited.survey(), np.random.default_rng(0))
    assert returned(edited) == ast.unparse(ast.parse(expression))


def test_numbers_of_the_module_and_defaults_change_but_counts_do_not() -> None:
    texts = [changed(perturb_constant, WILD["static_loop"], seed) for seed in range(40)]
    defaults = [changed(perturb_constant, WILD["helper_with_default"], seed) for seed in range(40)]

    assert all("N_TERMS = 4" in text and "k + " in text for text in texts)
    assert any("[0.5, 0.25, 0.125, 0.0625]" not in text for text in texts)
    assert any("BETA = 1.7" not in text for text in defaults)
    assert any("width: float=2.0" not in text for text in defaults)


def test_an_operator_is_swapped_for_each_other_one() -> None:
    found = results(swap_operator, lambda: program("x * torch.sin(x)"))

    assert found == {
        "x + torch.sin(x)",
        "x - torch.sin(x)",
        "x / (1.0 + torch.sin(x) ** 2)",
    }


def test_a_comparison_is_turned() -> None:
    found = results(swap_operator, lambda: program("torch.where(x > 0.5, x, 0.0)"))

    assert found == {"torch.where(x < 0.5, x, 0.0)"}


def test_a_call_is_swapped_for_one_of_the_vocabulary() -> None:
    found = results(swap_call, lambda: program("x * torch.tanh(2.0 * x)"))

    assert "x * F.gelu(2.0 * x)" in found
    assert "x * torch.exp(-torch.square(2.0 * x))" in found
    assert "x * torch.tanh(2.0 * x)" not in found


def test_a_call_of_two_tensors_is_swapped_for_calls_of_two_or_one() -> None:
    found = results(swap_call, lambda: program("x + torch.maximum(x, 0.1 * x)"), draws=120)

    assert "x + torch.minimum(x, 0.1 * x)" in found
    assert "x + torch.sin(0.1 * x)" in found


def test_a_method_of_a_tensor_is_swapped_as_a_call() -> None:
    found = results(swap_call, lambda: program("x + (2.0 * x).tanh()"))

    assert "x + torch.sin(2.0 * x)" in found


def test_a_lone_call_is_not_swapped() -> None:
    assert not swap_call(program("F.relu(x)").survey(), np.random.default_rng(0))


def test_a_tensor_is_wrapped_but_never_twice_in_the_same_call() -> None:
    found = results(wrap, lambda: program("torch.tanh(x)"), draws=120)

    assert "torch.sigmoid(torch.tanh(x))" in found
    assert "torch.tanh(F.gelu(x))" in found
    assert any("maximum" in text for text in found)
    assert not any(text.count("torch.tanh") > 1 for text in found)


def test_a_term_is_added_taken_away_or_multiplied() -> None:
    found = results(insert_term, lambda: program("torch.tanh(x)"), draws=120)

    assert any(text.startswith("torch.tanh(x) + ") for text in found)
    assert any(text.startswith("torch.tanh(x) - ") for text in found)
    assert any(text.startswith("torch.tanh(x) * ") for text in found)


def test_a_tensor_gets_a_factor_or_a_shift() -> None:
    found = results(rescale, lambda: program("torch.tanh(x)"), draws=200)

    assert "torch.tanh(0.5 * x)" in found
    assert "0.5 * torch.tanh(x)" in found
    assert "torch.tanh(x) + 0.5" in found


def test_an_operation_gives_way_to_what_it_works_on() -> None:
    found = results(remove_term, lambda: program("x * torch.tanh(0.5 * x)"))

    assert found == {"x", "torch.tanh(0.5 * x)", "x * (0.5 * x)", "x * torch.tanh(x)"}


def test_a_guard_leaves_with_the_root_it_guards() -> None:
    found = results(remove_term, lambda: program("torch.sqrt(torch.abs(x) + 1e-06)"))

    assert found == {"torch.abs(x)", "torch.sqrt(x + 1e-06)"}


def test_a_reduction_is_not_taken_away() -> None:
    assert not remove_term(program("x.mean()").survey(), np.random.default_rng(0))


def test_an_expression_gives_way_to_an_argument() -> None:
    found = results(use_argument, lambda: program("torch.tanh(2.0 * x)"))

    assert found == {"x", "torch.tanh(x)"}


def test_a_small_term_is_renewed() -> None:
    found = results(renew, lambda: program("torch.tanh(x) * F.gelu(x)"))

    assert len(found) > 20
    assert all("torch.tanh(" in text or "F.gelu(" in text for text in found)


@pytest.mark.parametrize("edit", [weighted.edit for weighted in EDITS])
def test_an_edit_that_finds_no_place_changes_nothing(edit: Edit) -> None:
    edited = Program.read(component("return None"), CONTRACT)
    before = ast.dump(edited.tree)

    assert not edit(edited.survey(), np.random.default_rng(0))
    assert ast.dump(edited.tree) == before


@pytest.mark.parametrize("weighted", EDITS)
def test_large_programs_rarely_grow_and_small_ones_rarely_shrink(weighted: Weighted) -> None:
    small, large = weight_at(weighted, 2), weight_at(weighted, SIZE_LIMIT)

    assert (small > large) - (small < large) == weighted.growth
