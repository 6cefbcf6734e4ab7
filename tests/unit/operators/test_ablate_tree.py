"""Ablations take one part out of a component."""

import ast

import numpy as np
from operator_samples import CONTRACT, component
from support.records import written

from evo.core.source import source_size
from operators.ablate_tree import AblateTree

PARTS = (
    "F.gelu(x) + 0.25 * torch.sin(2.0 * x) * torch.sigmoid(x) - "
    "0.1 * torch.tanh(x) * torch.exp(-torch.square(x))"
)


def ablated(source: str, seed: int) -> str:
    return AblateTree().propose([written(source)], CONTRACT, np.random.default_rng(seed))


def body(source: str) -> str:
    return source.rpartition("return ")[2].strip()


def test_each_term_and_factor_can_go_and_the_rest_stays() -> None:
    parent = component("return F.relu(x) * torch.sigmoid(x) + 0.3 * torch.sin(x)")

    bodies = {body(ablated(parent, seed)) for seed in range(150)}

    assert {
        "F.relu(x) * torch.sigmoid(x)",
        "0.3 * torch.sin(x)",
        "F.relu(x) + 0.3 * torch.sin(x)",
        "torch.sigmoid(x) + 0.3 * torch.sin(x)",
    } <= bodies


def test_nothing_is_added_and_what_is_left_stands_in_the_parent() -> None:
    parent = component(f"return {PARTS}")

    def names(source: str) -> set[str]:
        return {
            node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)
        }

    for seed in range(40):
        child = ablated(parent, seed)
        assert source_size(child) < source_size(parent), child
        assert names(child) <= names(parent), child


def test_equal_draws_give_equal_ablations() -> None:
    parent = component(f"return {PARTS}")

    assert ablated(parent, 7) == ablated(parent, 7)
    assert len({ablated(parent, seed) for seed in range(40)}) > 8
