"""A pilot: noise, what can be told apart, and a protocol within a given time."""

import io
import tomllib
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from support import records
from support.command import call_evo
from support.profiles import PROFILE

from evo.campaign.config import parse
from evo.core.records import BASELINE_OPERATOR, Candidate, Record
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job
from evo.evaluation.statistics.win_rates import score
from evo.report.views.pilot import pilot_view, settings_text
from evo.studies.noise import NoiseLevels, noise_of
from evo.studies.pilot import Pilot, pilot_facts, watched

PROTOCOL = {"rungs": [{"epochs": 2, "seeds": 4}, {"epochs": 6, "seeds": 4}], "leaders": 0}


def logs(between: float, within: float, *, components: int = 40, seeds: int = 30) -> np.ndarray:
    """Log losses (components, seeds) with a deviation of each sort, and one that seeds share."""
    rng = np.random.default_rng(0)
    shared = rng.normal(0, 3, seeds)
    means = rng.normal(0, between, (components, 1))
    return shared + means + rng.normal(0, within, (components, seeds))


def test_noise_is_what_seeds_do_not_share() -> None:
    noise = noise_of(logs(0.2, 0.1))

    assert noise.seeds == pytest.approx(0.1, rel=0.1)
    assert noise.components == pytest.approx(0.2, rel=0.3)


def test_pairs_that_differ_are_told_apart_and_equal_ones_are_not() -> None:
    assert noise_of(logs(1.0, 0.01, components=6)).apart == 15
    assert noise_of(logs(0.0, 0.1, components=6)).apart <= 1


@pytest.mark.parametrize(
    ("noise", "seeds"),
    [
        (NoiseLevels(0.1, 0.1, 0, 1), 4),
        (NoiseLevels(0.2, 0.1, 0, 1), 16),
        (NoiseLevels(0.01, 1.0, 0, 1), 3),
    ],
)
def test_seeds_make_components_four_fifths_of_the_variance(noise: NoiseLevels, seeds: int) -> None:
    assert noise.seeds_needed == seeds


def test_components_that_cannot_be_told_apart_need_the_most_seeds() -> None:
    assert noise_of(logs(0.0, 0.1, components=3, seeds=3))._replace(components=0).seeds_needed == 20


def pilot(seconds: float = 8.0, workers: int = 2) -> Pilot:
    trials = records.trials([0.5, 0.6, 0.7, 0.8], rung=1)
    known = [
        replace(
            Record(Candidate.of("activation", str(number), operator=BASELINE_OPERATOR), 0),
            score=score(trials, {"other": trials}),
            seconds=seconds,
        )
        for number in range(2)
    ]
    config = parse({"protocol": PROTOCOL | {"learning_rates": [0.01, 0.1]}}, where="test")
    return Pilot(
        config, known, {"digits/mlp": NoiseLevels(0.2, 0.2, 1, 1)}, 0.5, 10**9, "", workers
    )


def test_the_proposal_is_a_configuration_that_fits_the_time() -> None:
    facts = pilot_facts(pilot(), hours=1.0)

    proposal = facts["proposal"]
    # Eight copies train 2 and 6 epochs: 8 seconds of 64 epochs, 1/8 second for one.
    assert proposal["first_rung_seconds"] == pytest.approx(2 * 8 / 8)
    assert proposal["both_rungs_seconds"] == pytest.approx(2 + 6 * (8 + 1) / 8)
    spent = (
        proposal["baselines_hours"] + proposal["candidates"] * proposal["candidate_seconds"] / 7200
    )
    assert spent == pytest.approx(1.0, abs=0.01)
    settings = tomllib.loads(settings_text(proposal["settings"]))
    config = parse(settings, where="proposal")
    assert config.protocol.rungs[-1].seeds == 5
    assert config.generations * config.trainings <= proposal["candidates"]


def test_twice_the_workers_train_more_than_twice_the_candidates() -> None:
    few, many = (
        pilot_facts(pilot(workers=count), hours=1.0)["proposal"]["candidates"] for count in (2, 4)
    )

    assert many > 2 * few


def test_the_view_says_noise_cost_and_settings() -> None:
    console = Console(file=io.StringIO(), width=140)
    console.print(pilot_view(pilot_facts(pilot(), hours=1.0)))
    shown = console.file.getvalue()  # type: ignore[attr-defined]

    assert "seeds differ by 20.0% in loss, baselines by 20.0%; 1 of 1 pairs told apart" in shown
    assert "1.00 GB per worker" in shown
    assert "2.0 processor seconds at the first rung, 8.8 at both" in shown
    assert "rungs = [{ epochs = 2, seeds = 4 }, { epochs = 6, seeds = 5 }]" in shown


def test_each_training_is_told_as_it_ends() -> None:
    known, lines = pilot(), []
    trials = records.trials([0.25, 0.75], rung=1)
    outcome = Outcome(known.records[0].id, 1, tuple(trials), 3.0)
    run = watched(lambda jobs: [outcome] * len(jobs), lines.append, known.config, baselines=2)
    job = Job(outcome.id, (), 1)

    outcomes = list(run([job])) + list(run([job]))

    assert outcomes == [outcome, outcome]
    words = f"{outcome.id[:8]}, loss 0.5 after 6 epochs, 3.0 processor seconds"
    assert lines == [f"1 of 4: {words}", f"2 of 4: {words}"]


@pytest.mark.long
@pytest.mark.skipif(PROFILE != "nightly", reason="make test-long")
def test_a_task_is_tried_by_real_trainings(tmp_path) -> None:
    rungs = "protocol.rungs=[{epochs=2,seeds=2},{epochs=6,seeds=2}]"
    words = ("try", "breast-cancer", "--config", "smoke", "--baselines", "3", "--set", rungs)

    tried = call_evo(*words, "--json", cwd=tmp_path)

    assert tried.code == 0, tried.err
    assert "6 of 6: " in tried.err
    assert len(tried.json["baselines"]) == 3
    assert all(one["loss"] > 0 for one in tried.json["baselines"])
    assert tried.json["memory_bytes"] is None or tried.json["memory_bytes"] > 1e5
    assert -1 <= tried.json["rung_agreement"] <= 1
    assert set(tried.json["noise"]) == {"breast-cancer/mlp-32", "breast-cancer/mlp-16-16"}
