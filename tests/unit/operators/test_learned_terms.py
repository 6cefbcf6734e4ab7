"""Operators on kinds whose components are given numbers beside their arguments."""

import ast

import numpy as np
from operator_samples import CONTRACT
from support.records import written

from evo.components.initializer import Initializer
from evo.components.parametric_activation import ParametricActivation
from evo.core.contract import Contract
from evo.core.messages import Reply
from operators.briefing import Briefing
from operators.crossover_tree import CrossoverTree
from operators.generate_llm import GenerateLlm
from operators.llm.grammar import grammar
from operators.llm.reading import read_reply
from operators.mutate_tree import MutateTree
from operators.tree.offspring import is_worthy
from operators.tree.program import Program
from operators.tree.sites import Survey
from operators.tree.values import ExpressionType

LEARNING = ParametricActivation.contract
HELPED = """
import torch

def bend(x):
    return torch.tanh(x) * x

def activation(x, a, b):
    return bend(x) + torch.sin(x)
"""


def survey(source: str, contract: Contract) -> Survey:
    return Program.read(source, contract).survey()


def test_learned_numbers_are_tensors_of_another_shape_and_scalars_are_numbers() -> None:
    learned = survey("def activation(x, a, b):\n    return x", LEARNING)
    sizes = survey("def initialize(z, fan_in, fan_out):\n    return z", Initializer.contract)

    name = ast.Name("a", ast.Load())
    assert learned.values.of(name, "activation") == ExpressionType.RESHAPED
    assert (
        learned.values.of(ast.parse("a * x", mode="eval").body, "activation")
        == ExpressionType.TENSOR
    )
    assert sizes.values.of(ast.Name("fan_in", ast.Load()), "initialize") == ExpressionType.OTHER


def test_mutation_comes_to_use_what_may_be_learned() -> None:
    parent = written(
        "import torch\n\ndef activation(x, a, b):\n    return torch.tanh(x)", kind=LEARNING.kind
    )

    found = [
        MutateTree().propose([parent], LEARNING, np.random.default_rng(seed)) for seed in range(60)
    ]

    bodies = [source.split("b):")[1] for source in found]
    assert any("a * " in body for body in bodies)
    assert any("+ b" in body for body in bodies)


def test_crossover_takes_learned_numbers_into_the_entry_function_alone() -> None:
    donor = "import torch\n\ndef activation(x, a, b):\n    return torch.sigmoid(a * x) * (x + b)"
    parents = [written(HELPED, kind=LEARNING.kind), written(donor, kind=LEARNING.kind)]

    for seed in range(40):
        source = CrossoverTree().propose(parents, LEARNING, np.random.default_rng(seed))
        for part in ast.parse(source).body:
            if isinstance(part, ast.FunctionDef):
                given = {argument.arg for argument in part.args.args}
                names = {node.id for node in ast.walk(part) if isinstance(node, ast.Name)}
                assert not names & ({"a", "b"} - given), source


def test_a_line_through_learned_numbers_is_not_worth_an_evaluation() -> None:
    head = "import torch\n\ndef activation(x, a, b):\n    return "

    assert not is_worthy(Program.read(head + "a * x + b", LEARNING))
    assert is_worthy(Program.read(head + "a * x * x + b", LEARNING))


def test_a_reply_with_other_names_is_given_those_of_the_contract() -> None:
    reply = "```python\ndef act(y, slope, shift):\n    return slope * y.tanh() + shift\n```"

    source = read_reply(Reply(reply, "stop", "m", 1, 1), LEARNING).source

    assert "def activation(x, a, b):" in source
    assert "a * x.tanh() + b" in source


def test_prompts_and_grammar_name_all_parameters() -> None:
    asked = GenerateLlm().prompt(Briefing(LEARNING, {}, [])).user
    plain = GenerateLlm().prompt(Briefing(CONTRACT, {}, [])).user

    assert "`def activation(x, a, b)`" in asked
    assert "no further learnable" in asked
    assert "no learnable" in plain
    assert 'argument ::= "x" | "a * x" | "(x + b)"' in grammar(LEARNING)
