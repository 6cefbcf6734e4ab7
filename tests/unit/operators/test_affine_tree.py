import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from operator_samples import ALL, BASELINES, CONTRACT, PAIR, component, outputs, signature
from support.records import written

from evo.core.contract import Contract
from evo.core.source import normalise
from operators.affine_tree import AffineTree

OPERATOR = AffineTree()
FORM = re.compile(
    r"return (?:(?P<g>[\d.]+) \* )?\(?torch\.sin\((?:(?P<s>[\d.]+) \* )?x(?: (?P<c>[+-] [\d.]+))?\)"
    r"(?: (?P<d>[+-] [\d.]+))?\)?$",
    re.MULTILINE,
)
UNSHIFTED = re.compile(r"(?:[\d.]+ \* )?torch\.special\.bessel_j0\((?:[\d.]+ \* )?x\)")


def child(source: str, seed: int, contract: Contract = CONTRACT) -> str:
    return OPERATOR.propose([written(source)], contract, np.random.default_rng(seed))


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(sorted(ALL)), seed=st.integers(0, 2**32))
def test_an_offspring_keeps_the_signature_differs_and_is_written_once(name: str, seed: int) -> None:
    source = child(ALL[name], seed)

    assert signature(source, "activation") == ["x"]
    assert normalise(source) != normalise(ALL[name])
    assert source == child(ALL[name], seed)


def test_an_offspring_is_the_parent_shifted_stretched_and_scaled_with_0_at_0() -> None:
    bodies = [child(component("return torch.sin(x)"), seed) for seed in range(60)]
    parts = [FORM.search(body) for body in bodies]

    for match in parts:
        assert match is not None
        shift, offset = (float((match[name] or "0").replace(" ", "")) for name in ("c", "d"))
        assert abs(math.sin(shift) + offset) < 0.006
    assert 30 < sum(match["c"] is not None for match in parts if match) < 60
    for factor in ("g", "s"):
        assert 15 < sum(match[factor] is not None for match in parts if match) < 50


@pytest.mark.parametrize("name", ["sigmoid", "gelu", "softplus", "elu"])
def test_the_value_at_0_is_0_whatever_the_parent_has_there(name: str) -> None:
    for seed in range(20):
        source = child(BASELINES[name], seed)
        assert abs(float(outputs(source, "activation", [torch.zeros(1)]))) < 0.01


def test_a_parent_whose_value_is_not_known_is_stretched_and_scaled_alone() -> None:
    parent = component("return torch.special.bessel_j0(x)")

    bodies = {child(parent, seed).rpartition("return ")[2].strip() for seed in range(30)}

    transformed = [body for body in bodies if UNSHIFTED.fullmatch(body)]
    assert len(transformed) > 15


def test_a_parent_of_two_arguments_is_stretched_and_scaled_alone() -> None:
    source = "import torch\n\ndef gate(signal, control):\n    return torch.tanh(signal) * control\n"

    bodies = {child(source, seed, PAIR).rpartition("return ")[2].strip() for seed in range(30)}

    assert all(signature(child(source, seed, PAIR), "gate") for seed in range(3))
    assert {"torch.tanh(signal)" in body for body in bodies} == {True, False}
    assert sum(" + " in body or " - " in body for body in bodies) < len(bodies) / 2
