import ast
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

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
    signature,
)
from support.records import written

from evo.core.source import normalise
from evo.core.syntax.trees import number
from operators.mutate_tree import STEP_SIZES, MutateTree, StepSize, mutant
from operators.past import Past, Success
from operators.tree import balance
from operators.tree.balance import EDITS, SIZE_LIMIT, Weighted
from operators.tree.coefficients import free_numbers, perturb_constant
from operators.tree.offspring import read_parent
from operators.tree.program import Program
from operators.tree.tidy import write_program

OPERATOR = MutateTree()


def mutated(source: str, seed: int) -> str:
    return OPERATOR.propose([written(source)], CONTRACT, np.random.default_rng(seed))


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(ALL)), seed=st.integers(0, 2**32))
def test_a_mutant_keeps_the_signature_differs_and_is_written_once(name: str, seed: int) -> None:
    source = mutated(ALL[name], seed)

    assert signature(source, "activation") == ["x"]
    assert normalise(source) != normalise(ALL[name])
    assert source == mutated(ALL[name], seed)


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(sorted(ALL)), seed=st.integers(0, 2**32))
def test_a_mutant_has_no_text_but_code_and_imports_each_module_once(name: str, seed: int) -> None:
    tree = ast.parse(mutated(ALL[name], seed))

    imports = [ast.unparse(part) for part in tree.body if isinstance(part, ast.Import)]
    assert len(imports) == len(set(imports))
    assert all(ast.get_docstring(node) is None for node in ast.walk(tree) if has_docstring(node))


def has_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Module | ast.FunctionDef)


def test_most_mutants_run_and_give_finite_values_in_the_right_shape() -> None:
    inputs = [torch.linspace(-8.0, 8.0, 64)]
    share = {
        group: np.mean(
            [
                is_sound(mutated(source, seed), "activation", inputs)
                for source in sources.values()
                for seed in range(6)
            ]
        )
        for group, sources in {"baselines": BASELINES, "wild": WILD}.items()
    }

    assert share["baselines"] > 0.97
    assert share["wild"] > 0.9


def test_mutants_of_one_parent_are_many() -> None:
    found = {normalise(mutated(BASELINES["gelu"], seed)) for seed in range(100)}

    assert len(found) > 80


def test_over_many_generations_sources_neither_grow_nor_wither() -> None:
    rng = np.random.default_rng(0)
    source, sizes = BASELINES["relu"], list[int]()

    for _ in range(300):
        source = OPERATOR.propose([written(source)], CONTRACT, rng)
        sizes.append(Program.read(source, CONTRACT).size)

    assert max(sizes) <= SIZE_LIMIT
    assert 8 < np.mean(sizes[100:]) < 28
    assert len(set(sizes)) > 10


def test_a_parent_beyond_the_limit_does_not_grow_further() -> None:
    parent = component("y = x\n" + "y = y + torch.sin(0.5 * y) * torch.cos(y)\n" * 9 + "return y")
    limit = Program.read(parent, CONTRACT).size
    assert limit > SIZE_LIMIT

    for seed in range(8):
        assert Program.read(mutated(parent, seed), CONTRACT).size <= limit


def test_every_edit_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Counter[str]()

    def counted(weighted: Weighted) -> Weighted:
        def edit(survey: balance.Survey, rng: np.random.Generator) -> bool:
            has_changed = weighted.edit(survey, rng)
            drawn[weighted.edit.__name__] += has_changed
            return has_changed

        return weighted._replace(edit=edit)

    monkeypatch.setattr(balance, "EDITS", tuple(map(counted, EDITS)))
    for seed in range(90):
        mutated(WILD["lambdas"], seed)

    assert all(drawn[weighted.edit.__name__] >= 3 for weighted in EDITS)


def test_all_chance_comes_from_the_generator() -> None:
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - the global state is what must stay as it is
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002

    mutated(WILD["lambdas"], 3)

    assert before == (random.getstate(), np.random.get_state()[1].tolist())  # noqa: NPY002


def test_offspring_do_not_depend_on_the_process_and_torch_stays_out() -> None:
    root = Path(__file__).parents[3]
    script = (
        "import sys, numpy as np\n"
        "from evo.core.contract import Contract\n"
        "from evo.core.records import Candidate, Record\n"
        "from operators.base import operators\n"
        "names = [name for name in operators.names() if name.endswith('-tree')]\n"
        "contract = Contract('gate', 'gate', ('a', 'b'), ('import torch',), "
        "('torch.tanh({})', 'torch.sin({})', 'torch.maximum({}, {})'), '')\n"
        "text = 'import torch\\ndef h(t, k=2.0): return k * torch.cos(t)\\n'\n"
        "text += 'def gate(a, b): c = a * h(b); return c + torch.tanh(c) - h(a, 0.5)'\n"
        "parents = [Record(Candidate.of('gate', text, operator='t'), 0)] * 2\n"
        "for name in names:\n"
        "    operator = operators.get(name)()\n"
        "    for seed in range(10):\n"
        "        rng = np.random.default_rng(seed)\n"
        "        print(operator.propose(parents[:operator.arity], contract, rng))\n"
        "assert 'torch' not in sys.modules\n"
    )

    printed = {
        subprocess.run(
            [sys.executable, "-c", script],
            check=True,
            capture_output=True,
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }

    assert len(printed) == 1
    assert b"def gate(a, b):" in printed.pop()


def test_both_arguments_of_a_contract_are_built_from() -> None:
    source = "import torch\ndef gate(signal, control):\n    return torch.sigmoid(signal)\n"
    found = [
        OPERATOR.propose([written(source)], PAIR, np.random.default_rng(seed)) for seed in range(30)
    ]

    inputs = [torch.linspace(-8.0, 8.0, 64), torch.ones(64)]
    assert all(signature(text, "gate") == ["signal", "control"] for text in found)
    assert any(text.count("control") > 1 for text in found)
    assert np.mean([is_sound(text, "gate", inputs) for text in found]) > 0.9


def test_a_reduced_value_keeps_its_shape() -> None:
    source = "import torch\ndef gate(signal, control):\n    return (signal * control).mean(dim=0)\n"

    for seed in range(30):
        text = OPERATOR.propose([written(source)], PAIR, np.random.default_rng(seed))
        assert ".mean(dim=0)" in text


def drawn_steps(steps: dict[int, Success]) -> list[int]:
    past = Past(steps={"mutate-tree": steps})
    drafts = [
        OPERATOR.draft([written(BASELINES["gelu"])], CONTRACT, np.random.default_rng(seed), past)
        for seed in range(120)
    ]
    return [draft.step for draft in drafts]


def test_step_sizes_that_succeeded_are_drawn_more_often_and_none_is_given_up() -> None:
    far = {index: Success(60, 30 if index == 3 else 0) for index in range(len(STEP_SIZES))}

    before, after = Counter(drawn_steps({})), Counter(drawn_steps(far))

    assert before[3] < 25
    assert after[3] > 60
    assert set(after) == set(range(len(STEP_SIZES)))


def test_a_larger_step_leaves_less_of_the_parent() -> None:
    parent = read_parent(WILD["many_steps"], CONTRACT).program
    lines = set(write_program(parent).splitlines())

    def kept(size: StepSize) -> float:
        mutants = (mutant(parent, np.random.default_rng(seed), size) for seed in range(30))
        return float(np.mean([len(lines & set(write_program(m).splitlines())) for m in mutants]))

    assert kept(STEP_SIZES[0]) > kept(STEP_SIZES[2]) > kept(STEP_SIZES[3])


def test_the_spread_of_a_step_is_that_of_its_numbers() -> None:
    parent = component("return torch.tanh(1.37 * x)")

    def changes(spread: float) -> float:
        found = list[float]()
        for seed in range(200):
            survey = Program.read(parent, CONTRACT).survey()
            perturb_constant(survey, np.random.default_rng(seed), spread=spread)
            values = [number(site.node) for site in free_numbers(survey)]
            found += [abs(np.log(abs(value) / 1.37)) for value in values if value]
        return float(np.mean(found))

    assert changes(1.5) > 1.5 * changes(0.1)
