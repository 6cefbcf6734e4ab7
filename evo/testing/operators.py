"""Tests that every operator must pass."""

import ast
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from evo.components.kinds import kinds
from evo.core.contract import Contract
from evo.core.records import Candidate, Record
from evo.core.source import normalise
from operators.base import AskingOperator, LearningOperator, Operator, WritingOperator, operators
from operators.briefing import Briefing
from operators.past import Past, Success, Variant
from operators.tree.form import SLOT

_SEEDS = range(20)
_UNREADABLE = ("", "def activation(x:\n", "activation = 3\n", "raise SystemExit\n", "\0")


class OperatorSuite:
    """Tests of any operator. Subclass one of the two suites below and define `operator`."""

    @pytest.fixture
    def operator(self) -> Operator:
        """The operator under test."""
        raise NotImplementedError("Define a fixture `operator` that returns the one to test.")

    @pytest.fixture(params=kinds.names())
    def contract(self, request: pytest.FixtureRequest) -> Contract:
        """The contract to propose for: that of each registered kind in turn."""
        return kinds.get(request.param).contract

    def sources(self, contract: Contract) -> list[str]:
        """Sources that meet the contract, to use as parents; by default the kind's baselines."""
        baselines = kinds.get(contract.kind)().baselines()
        return [baseline.source for baseline in baselines.values()]

    def test_it_writes_or_asks_and_knows_its_name_and_its_parents(self, operator: Operator) -> None:
        assert operators.get(operator.name) is type(operator)
        assert isinstance(operator, WritingOperator) != isinstance(operator, AskingOperator)
        drawn = {operator.parents(np.random.default_rng(seed)) for seed in range(20)}
        assert drawn == set(range(operator.arity, _most_parents(operator) + 1))


class AskingOperatorSuite(OperatorSuite):
    """Tests of an operator that asks a language model."""

    def test_equal_briefings_give_equal_prompts_that_state_the_contract(
        self, operator: AskingOperator, contract: Contract
    ) -> None:
        parents = _records(self.sources(contract)[: _most_parents(operator)], contract)
        briefing = Briefing(contract, {}, parents)

        prompt = operator.prompt(briefing)

        assert prompt == operator.prompt(briefing)
        assert prompt.system
        assert contract.description in prompt.user
        assert contract.function in prompt.user


class WritingOperatorSuite(OperatorSuite):
    """Tests of an operator that writes source by itself."""

    def test_offspring_define_the_entry_function_and_differ_from_parents(
        self, operator: WritingOperator, contract: Contract
    ) -> None:
        for seed, parents in enumerate(self._families(operator, contract)):
            source = operator.propose(parents, contract, np.random.default_rng(seed))

            _expect_entry(source, contract)
            known = {normalise(parent.candidate.source) for parent in parents}
            assert normalise(source) not in known

    def test_equal_generators_give_equal_offspring(
        self, operator: WritingOperator, contract: Contract
    ) -> None:
        for parents in self._families(operator, contract)[::4]:
            one, two = (
                operator.propose(parents, contract, np.random.default_rng(7)) for _ in range(2)
            )

            assert one == two

    def test_other_seeds_give_other_offspring(
        self, operator: WritingOperator, contract: Contract
    ) -> None:
        offspring = set[str]()
        for parents in self._families(operator, contract):  # some have few different offspring
            offspring.clear()
            for seed in _SEEDS:
                offspring.add(operator.propose(parents, contract, np.random.default_rng(seed)))
                if len(offspring) > 5:
                    return
        pytest.fail(f"at most {len(offspring)} of {len(_SEEDS)} seeds differ")

    @pytest.mark.parametrize("text", _UNREADABLE)
    def test_parents_that_cannot_be_read_still_give_a_component(
        self, operator: WritingOperator, contract: Contract, text: str
    ) -> None:
        parents = _records([text] * operator.arity, contract)

        source = operator.propose(parents, contract, np.random.default_rng(0))

        _expect_entry(source, contract)

    def test_the_source_of_a_parent_is_never_executed(
        self, operator: WritingOperator, contract: Contract, tmp_path: Path
    ) -> None:
        trap = tmp_path / "sprung"
        body = "\n".join(self.sources(contract)[0].splitlines())
        armed = f"open({str(trap)!r}, 'w').close()\n{body}"
        parents = _records([armed] * operator.arity, contract)

        operator.propose(parents, contract, np.random.default_rng(0))

        assert not trap.exists()

    def _families(self, operator: Operator, contract: Contract) -> list[list[Record]]:
        """Parents for the operator: each source once in each place."""
        parents = _records(self.sources(contract), contract)
        return [
            [parents[(start + 5 * place) % len(parents)] for place in range(operator.arity)]
            for start in range(len(parents))
        ]


class LearningOperatorSuite(WritingOperatorSuite):
    """Tests of an operator that learns from the evaluated past."""

    def test_with_a_past_offspring_define_the_entry_function_and_differ_from_parents(
        self, operator: LearningOperator, contract: Contract
    ) -> None:
        for parents in self._families(operator, contract)[::2]:
            rng = np.random.default_rng(3)

            source = operator.draft(parents, contract, rng, _past(operator)).source

            _expect_entry(source, contract)
            known = {normalise(parent.candidate.source) for parent in parents}
            assert normalise(source) not in known

    def test_equal_pasts_and_generators_give_equal_drafts(
        self, operator: LearningOperator, contract: Contract
    ) -> None:
        for parents in self._families(operator, contract)[::4]:
            one, two = (
                operator.draft(parents, contract, np.random.default_rng(7), _past(operator))
                for _ in range(2)
            )

            assert one == two


def _past(operator: Operator) -> Past:
    """A past in which every form has four variants, and two step sizes were tried."""

    def variants(form: str) -> list[Variant]:
        count = form.count(SLOT)
        return [
            Variant((0.5 + 0.25 * index,) * count, 0.1 * index, index % 2, 0.05)
            for index in range(4)
        ]

    return Past(variants, {operator.name: {0: Success(9, 3), 1: Success(4, 0)}})


def _most_parents(operator: Operator) -> int:
    return max(operator.arity, operator.most_parents)


def _records(sources: Sequence[str], contract: Contract) -> list[Record]:
    return [
        Record(Candidate.of(contract.kind, source, operator="test"), generation=0)
        for source in sources
    ]


def _expect_entry(source: str, contract: Contract) -> None:
    (entry,) = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == contract.function
    ]
    names = [argument.arg for argument in entry.args.args]
    further = names[len(contract.parameters) :]
    assert tuple(names[: len(contract.parameters)]) == contract.parameters
    assert set(further) <= {one.name for one in contract.optional}
    assert len(names) == len(set(names))
    assert not entry.args.defaults
