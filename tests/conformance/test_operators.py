"""What every registered operator promises, whoever wrote it."""

import ast
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from evo.components.kinds import kinds
from evo.core.contract import Contract
from evo.core.records import Candidate, Record
from evo.core.source import normalise
from operators.base import AskingOperator, WritingOperator, operators
from operators.briefing import Briefing

WILD = Path(__file__).parents[1] / "unit" / "operators" / "wild"
SEEDS = range(2)
UNREADABLE = ("", "def activation(x:\n", "activation = 3\n", "raise SystemExit\n", "\0")


def known_sources(contract: Contract) -> list[str]:
    """Sources that meet the contract: baselines, and for activations those of many hands."""
    baselines = [known.source for known in kinds.get(contract.kind)().baselines().values()]
    wild = [path.read_text() for path in sorted(WILD.iterdir())]
    return [*baselines, *(wild if contract.kind == "activation" else [])]


def records(sources: Sequence[str], contract: Contract) -> list[Record]:
    return [
        Record(Candidate.of(contract.kind, source, operator="test"), generation=0)
        for source in sources
    ]


def families(operator: WritingOperator, contract: Contract) -> list[list[Record]]:
    """Parents for the operator: each source once in each place."""
    parents = records(known_sources(contract), contract)
    return [
        [parents[(start + 5 * place) % len(parents)] for place in range(operator.arity)]
        for start in range(len(parents))
    ]


def expect_entry(source: str, contract: Contract) -> None:
    (entry,) = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == contract.function
    ]
    assert tuple(argument.arg for argument in entry.args.args) == contract.parameters
    assert not entry.args.defaults


WRITING = [n for n in operators.names() if issubclass(operators.get(n), WritingOperator)]
MAKING = [name for name in WRITING if not operators.get(name).copies_parent]
ASKING = [n for n in operators.names() if issubclass(operators.get(n), AskingOperator)]


@pytest.fixture(params=MAKING)
def operator(request: pytest.FixtureRequest) -> WritingOperator:
    found = operators.get(request.param)()
    assert isinstance(found, WritingOperator)
    return found


@pytest.fixture(params=kinds.names())
def contract(request: pytest.FixtureRequest) -> Contract:
    return kinds.get(request.param).contract


@pytest.mark.parametrize("name", operators.names())
def test_an_operator_writes_or_asks_and_knows_its_name_and_its_parents(name: str) -> None:
    found = operators.get(name)

    assert found.name == name
    assert name in WRITING + ASKING
    drawn = {found().parents(np.random.default_rng(seed)) for seed in range(20)}
    assert drawn == set(range(found.arity, max(found.arity, found.most_parents) + 1))


@pytest.mark.parametrize("name", ASKING)
def test_equal_briefings_give_equal_prompts_that_state_the_contract(
    name: str, contract: Contract
) -> None:
    found = operators.get(name)()
    assert isinstance(found, AskingOperator)
    parents = records(known_sources(contract)[: max(found.arity, found.most_parents)], contract)
    briefing = Briefing(contract, {}, parents)

    prompt = found.prompt(briefing)

    assert prompt == found.prompt(briefing)
    assert prompt.system
    assert contract.description in prompt.user
    assert contract.function in prompt.user


def test_offspring_define_the_entry_function_and_differ_from_parents(
    operator: WritingOperator, contract: Contract
) -> None:
    for parents in families(operator, contract):
        for seed in SEEDS:
            source = operator.propose(parents, contract, np.random.default_rng(seed))

            expect_entry(source, contract)
            known = {normalise(parent.candidate.source) for parent in parents}
            assert normalise(source) not in known


def test_equal_generators_give_equal_offspring(
    operator: WritingOperator, contract: Contract
) -> None:
    for parents in families(operator, contract)[::4]:
        one, two = (operator.propose(parents, contract, np.random.default_rng(7)) for _ in range(2))

        assert one == two


def test_other_seeds_give_other_offspring(operator: WritingOperator, contract: Contract) -> None:
    parents = families(operator, contract)[0]

    found = {operator.propose(parents, contract, np.random.default_rng(s)) for s in range(20)}

    assert len(found) > 5


@pytest.mark.parametrize("text", UNREADABLE)
def test_parents_that_cannot_be_read_still_give_a_component(
    operator: WritingOperator, contract: Contract, text: str
) -> None:
    parents = records([text] * operator.arity, contract)

    source = operator.propose(parents, contract, np.random.default_rng(0))

    expect_entry(source, contract)


def test_the_source_of_a_parent_is_never_executed(
    operator: WritingOperator, contract: Contract, tmp_path: Path
) -> None:
    trap = tmp_path / "sprung"
    body = "\n".join(known_sources(contract)[0].splitlines())
    parents = records([f"open({str(trap)!r}, 'w').close()\n{body}"] * operator.arity, contract)

    operator.propose(parents, contract, np.random.default_rng(0))

    assert not trap.exists()
