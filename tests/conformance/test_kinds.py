"""Every registered kind must keep these; a new kind is tested by being registered."""

from collections.abc import Iterator

import numpy as np
import pytest

from evo.components.base import Kind
from evo.components.kinds import kinds
from evo.core.records import Candidate
from evo.networks.parts import Parts
from evo.validation.graph.graph import Graph
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(params=kinds.names())
def kind(request: pytest.FixtureRequest) -> Kind:
    return kinds.get(request.param)()


def graphs_of(kind: Kind, sandbox: Sandbox) -> list[Graph]:
    verdicts = Validator(kind, sandbox).validate(list(kind.baselines().values()))
    refused = [verdict for verdict in verdicts if not isinstance(verdict, Graph)]
    assert not refused
    return [verdict for verdict in verdicts if isinstance(verdict, Graph)]


def test_its_name_is_that_of_its_registration(kind: Kind) -> None:
    assert kinds.get(kind.name) is type(kind)


def test_it_has_enough_different_baselines_that_pass_the_walls(
    kind: Kind, sandbox: Sandbox
) -> None:
    graphs = graphs_of(kind, sandbox)

    assert len({candidate.id for candidate in kind.baselines().values()}) == len(graphs) >= 8


def test_behaviour_is_one_finite_vector_a_component_and_tells_baselines_apart(
    kind: Kind, sandbox: Sandbox
) -> None:
    vectors = np.stack([kind.behaviour(graph) for graph in graphs_of(kind, sandbox)])

    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    assert len(np.unique(vectors.round(4), axis=0)) == len(vectors)


def test_a_network_takes_every_baseline_in(kind: Kind, sandbox: Sandbox) -> None:
    assert all(isinstance(kind.parts(graph), Parts) for graph in graphs_of(kind, sandbox))


def test_every_word_of_its_vocabulary_makes_a_traceable_component(
    kind: Kind, sandbox: Sandbox
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
