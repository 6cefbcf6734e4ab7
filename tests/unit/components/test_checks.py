import pytest
import torch

from evo.components.base import ContractError
from evo.components.checks import expect_pulls_apart, normal_probe
from evo.components.elementwise import check_elementwise


def test_numbers_of_a_probe_are_the_same_after_one_was_written_to():
    before = normal_probe(3, 4, seed=5)
    expected = before.clone()
    before.zero_()

    assert torch.equal(normal_probe(3, 4, seed=5), expected)
    assert not torch.equal(normal_probe(3, 4, seed=6), expected)


def test_a_check_judges_the_next_component_as_it_does_a_first_one():
    check_elementwise(torch.tanh)
    for wrong in (lambda x: x - x.mean(), lambda x: torch.cumsum(x, -1)):
        with pytest.raises(ContractError, match="its own input element alone"):
            check_elementwise(wrong)
    check_elementwise(torch.tanh)


def test_gradients_that_are_not_finite_are_left_out_where_pulls_are_compared():
    values = torch.tensor([0.0, 1.0, 4.0], requires_grad=True)

    expect_pulls_apart(values.sqrt(), values, "differs")
