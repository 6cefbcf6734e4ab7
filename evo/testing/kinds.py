"""Tests that every component kind must pass."""

from collections.abc import Generator
from typing import ClassVar

import numpy as np
import pytest

from evo.components.base import Kind
from evo.components.kinds import kinds
from evo.core.records import Candidate
from evo.networks.parts import Parts
from evo.validation.graph.graph import Graph
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator

_MOST_FACTS = 16
"""Facts of a component that a prompt has room for."""


class KindSuite:
    """Tests of a kind. Subclass it and define the fixture `kind`.

    Attributes:
        fewest_baselines: how many different baselines are expected at least; win rates against
            a few known components say little.
    """

    fewest_baselines: ClassVar[int] = 8

    @pytest.fixture
    def kind(self) -> Kind:
        """The kind under test."""
        raise NotImplementedError("Define a fixture `kind` that returns the kind to test.")

    @pytest.fixture(scope="class")
    @classmethod
    def sandbox(cls) -> Generator[Sandbox]:
        """One sandbox for all tests of the class."""
        with Sandbox() as running:
            yield running

    @pytest.fixture(scope="class")
    @classmethod
    def graphs_by_kind(cls) -> dict[str, list[Graph]]:
        """Graphs of baselines that an earlier test of the class has traced."""
        return {}

    @pytest.fixture
    def graphs(
        self, kind: Kind, sandbox: Sandbox, graphs_by_kind: dict[str, list[Graph]]
    ) -> list[Graph]:
        """The graphs of all baselines, each of which must be accepted."""
        if kind.name not in graphs_by_kind:
            graphs_by_kind[kind.name] = _graphs_of(kind, sandbox)
        return graphs_by_kind[kind.name]

    def test_its_name_is_that_of_its_registration(self, kind: Kind) -> None:
        assert kinds.get(kind.name) is type(kind)

    def test_it_has_enough_different_baselines_that_pass_the_walls(
        self, kind: Kind, graphs: list[Graph]
    ) -> None:
        different = {candidate.id for candidate in kind.baselines().values()}
        assert len(different) == len(graphs) >= self.fewest_baselines

    def test_behaviour_is_one_finite_vector_a_component_and_tells_baselines_apart(
        self, kind: Kind, graphs: list[Graph]
    ) -> None:
        vectors = np.stack([kind.behaviour(graph) for graph in graphs])

        assert vectors.dtype == np.float32
        assert np.isfinite(vectors).all()
        assert len(np.unique(vectors.round(4), axis=0)) == len(vectors)

    def test_a_network_takes_every_baseline_in(self, kind: Kind, graphs: list[Graph]) -> None:
        assert all(isinstance(kind.parts(graph), Parts) for graph in graphs)

    def test_its_facts_are_numbers_of_the_baselines(self, kind: Kind, graphs: list[Graph]) -> None:
        """A kind need not have facts; those it has are finite, the same each time, and few."""
        for graph in graphs:
            facts = kind.facts(graph)

            assert all(np.isfinite(list(facts.values())))
            assert facts == kind.facts(graph)
            assert len(facts) <= _MOST_FACTS

    def test_every_word_of_its_vocabulary_makes_a_traceable_component(
        self, kind: Kind, sandbox: Sandbox
    ) -> None:
        contract = kind.contract
        given = " + ".join(f"0.5 * {argument}" for argument in contract.arguments)
        sources = [
            "\n".join(
                [
                    *contract.imports,
                    f"def {contract.function}({', '.join(contract.parameters)}):",
                    f"    return {contract.output.format(word.replace('{}', f'({given})'))}",
                ]
            )
            for word in contract.vocabulary
        ]

        verdicts = Validator(kind, sandbox).validate(
            [Candidate.of(kind.name, source, operator="test") for source in sources]
        )

        refused = {
            word: str(verdict)
            for word, verdict in zip(contract.vocabulary, verdicts, strict=True)
            if not isinstance(verdict, Graph)
        }
        assert not refused


def _graphs_of(kind: Kind, sandbox: Sandbox) -> list[Graph]:
    """The graphs of all baselines, each of which must be accepted."""
    verdicts = Validator(kind, sandbox).validate(list(kind.baselines().values()))
    refused = [str(verdict) for verdict in verdicts if not isinstance(verdict, Graph)]
    assert not refused
    return [verdict for verdict in verdicts if isinstance(verdict, Graph)]
