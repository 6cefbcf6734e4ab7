"""The landscape in place of training: the same trials everywhere, noise and truth as stated."""

from collections.abc import Iterable

import numpy as np
import pytest
import torch

from evo.components.kinds import kinds
from evo.core.errors import UsageError
from evo.core.records import Record
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job, Protocol, Rung
from evo.evaluation.rungs import Evaluator, evaluate_baselines
from evo.screening.pool import read_pool
from evo.studies.tabular.surrogate.examples import Examples
from evo.studies.tabular.surrogate.features import function_features, mirror_images
from evo.studies.tabular.surrogate.landscape import Landscape, MarginModel
from evo.studies.tabular.surrogate.regression import Kernel, stretch, unstretch
from evo.validation.baselines import own_baselines

PROTOCOL = Protocol(leaders=0)
EVERYONE = PROTOCOL.for_everyone


@pytest.fixture(scope="module")
def landscape() -> Landscape:
    return Landscape.shared()


@pytest.fixture(scope="module")
def some() -> list[Record]:
    """Every fortieth candidate of the pool."""
    return read_pool()[::40]


def outcomes(landscape: Landscape, records: Iterable[Record], protocol: Protocol) -> list[Outcome]:
    trainer = landscape.trainer(protocol)
    return [
        outcome
        for rung in range(len(protocol.rungs))
        for heat in range(len(protocol.heats(rung)))
        for outcome in trainer([Job(r.id, r.graphs, rung, heat) for r in records])
    ]


def test_the_same_component_and_seed_give_the_same_trial_in_any_order_and_company(
    landscape: Landscape, some: list[Record]
) -> None:
    together = outcomes(landscape, some[:6], PROTOCOL)
    landscape.forget()
    alone = outcomes(landscape, some[5:6], PROTOCOL)

    theirs = [outcome for outcome in together if outcome.id == some[5].id]
    assert [outcome.key for outcome in theirs] == [outcome.key for outcome in alone]
    for outcome, other in zip(theirs, alone, strict=True):
        assert [t[:4] for t in outcome.trials] == [t[:4] for t in other.trials]
        assert np.allclose([t.loss for t in outcome.trials], [t.loss for t in other.trials])


def test_a_trial_does_not_depend_on_its_rung(landscape: Landscape, some: list[Record]) -> None:
    trials = [t for outcome in outcomes(landscape, some[:1], PROTOCOL) for t in outcome.trials]

    at_first = {trial[1:4]: trial.loss for trial in trials if trial.rung == 0}
    at_last = {trial[1:4]: trial.loss for trial in trials if trial.rung == 1}
    assert len(at_first) == 4
    assert at_first.items() <= at_last.items()


def test_an_evaluator_finds_the_margins_of_the_pool(
    landscape: Landscape, some: list[Record]
) -> None:
    trainer = landscape.trainer(EVERYONE)
    baselines = own_baselines(kinds.get("activation")())
    trained = evaluate_baselines(trainer, EVERYONE, baselines)
    trials = {record.id: record.scored.trials for record in trained}
    unscored = [Record(record.candidate, 1, graphs=record.graphs) for record in some]

    seen = Evaluator(trainer, EVERYONE, lambda _: trials).evaluate(unscored)

    measured = np.array([record.scored.margin.value for record in some])
    margins = np.array([record.scored.margin.value for record in seen])
    good = measured > -0.5
    assert np.abs(margins - measured)[good].mean() < 0.1
    assert np.corrcoef(margins, measured)[0, 1] > 0.9


def test_fresh_seeds_average_to_the_truth(landscape: Landscape, some: list[Record]) -> None:
    good = max(some, key=lambda record: record.scored.margin.value)

    mean = landscape.measured(good.id, good.graphs, range(5_000, 5_400))

    assert mean == pytest.approx(landscape.margin(good.graphs), abs=0.03)


def test_noise_between_seeds_is_as_large_as_measured(
    landscape: Landscape, some: list[Record]
) -> None:
    good = max(some, key=lambda record: record.scored.margin.value)

    margins = [landscape.measured(good.id, good.graphs, [seed]) for seed in range(9_000, 9_200)]

    # Four networks of deviation 0.2, correlated a little: 0.1 where they were independent.
    assert 0.1 < np.std(margins) < 0.16


def test_images_have_the_features_of_the_functions_themselves() -> None:
    def lopsided(x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x) + 0.3 * torch.relu(x - 0.5)

    pictured = mirror_images(function_features(lopsided)[None])[0]

    for picture, other in zip(
        pictured,
        (
            lopsided,
            lambda x: -lopsided(x),
            lambda x: lopsided(-x),
            lambda x: -lopsided(-x),
        ),
        strict=True,
    ):
        assert np.allclose(picture, function_features(other), atol=2e-3)


def test_the_margin_of_images_is_the_same(landscape: Landscape) -> None:
    features = function_features(torch.nn.functional.silu)[None]

    margins = landscape.model.predict(mirror_images(features)[0])

    assert np.ptp(margins, axis=0).max() < 1e-6


def test_what_no_example_supports_is_judged_low(landscape: Landscape) -> None:
    def wild(x: torch.Tensor) -> torch.Tensor:
        return 40 * torch.sin(9 * x) * x**2 + 300

    margins = landscape.model.predict(function_features(wild)[None])

    assert margins.max() < -0.5


def test_held_out_candidates_of_searches_are_ranked() -> None:
    examples = Examples.load()
    evolved = np.array([origin != "pool" for origin in examples.origins])
    held = evolved & (np.arange(len(evolved)) % 4 == 0)

    model = MarginModel.fit(examples.of(np.flatnonzero(~held)[::2]), Kernel.load())
    predicted = model.predict(examples.of(held).features).mean(axis=1)

    order = np.argsort(np.argsort(predicted)), np.argsort(np.argsort(examples.margins[held]))
    assert np.corrcoef(*order)[0, 1] > 0.8


def test_stretching_margins_is_undone() -> None:
    margins = np.array([-2.9, -0.5, 0.0, 0.1, 0.3])

    assert np.allclose(unstretch(stretch(margins)), margins)


def test_another_length_of_training_is_refused(landscape: Landscape) -> None:
    with pytest.raises(UsageError, match="10 epochs, got 3"):
        landscape.trainer(Protocol(rungs=(Rung(epochs=3, seeds=4),)))
