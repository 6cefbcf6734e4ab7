import math

import pytest
import torch

from evo.evaluation import trials as room
from evo.evaluation.protocol import Protocol, Rung
from evo.evaluation.trainer import Trained
from evo.evaluation.trials import run_trials
from evo.parts import Parts
from evo.types import Trial

INF = math.inf
PROTOCOL = Protocol(
    rungs=(Rung(epochs=1, seeds=2), Rung(epochs=5, seeds=3)), learning_rates=(0.01, 0.1, 1.0)
)


def results(monkeypatch, validation: list[list[float]], test: list[list[float]]) -> list[Trial]:
    """Trials at the first rung where every training gave these losses, a row a seed."""
    given = Trained(torch.tensor(validation), torch.tensor(test), 1 / (1 + torch.tensor(test)))
    monkeypatch.setattr(room, "train", lambda *_, **__: given)
    return list(run_trials(Parts(torch.tanh), ("digits",), PROTOCOL, rung=0))


def test_the_rate_is_chosen_on_validation_and_read_on_test(monkeypatch) -> None:
    found = results(
        monkeypatch,
        validation=[[0.9, 0.2, 0.8], [0.9, 0.3, 0.8]],
        test=[[0.1, 0.5, 0.2], [0.1, 0.6, 0.2]],
    )

    assert [trial.learning_rate for trial in found] == [0.1] * 4
    assert [trial.loss for trial in found] == pytest.approx([0.5, 0.6] * 2)
    assert [trial.accuracy for trial in found] == pytest.approx([1 / 1.5, 1 / 1.6] * 2)


def test_one_rate_is_chosen_over_all_seeds_at_once(monkeypatch) -> None:
    found = results(
        monkeypatch,
        validation=[[0.1, 0.3, 0.9], [0.9, 0.3, 0.1]],
        test=[[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]],
    )

    assert {trial.learning_rate for trial in found} == {0.1}


def test_a_rate_at_which_a_seed_diverges_is_taken_only_when_all_do(monkeypatch) -> None:
    one_is_stable = results(
        monkeypatch,
        validation=[[2.0, 0.1, INF], [2.0, INF, 0.1]],
        test=[[2.0, 0.1, INF], [2.0, INF, 0.1]],
    )
    none_is_stable = results(
        monkeypatch,
        validation=[[2.0, 0.1, INF], [INF, INF, INF]],
        test=[[2.0, 0.1, INF], [INF, INF, INF]],
    )

    assert {trial.learning_rate for trial in one_is_stable} == {0.01}
    assert {trial.learning_rate for trial in none_is_stable} == {0.1}


def test_trials_come_by_task_network_and_seed(monkeypatch) -> None:
    found = results(monkeypatch, [[0.1, 1.0, 1.0]] * 2, [[0.1, 1.0, 1.0]] * 2)

    assert [trial[:4] for trial in found] == [
        (0, "digits", "mlp-64-64", 0),
        (0, "digits", "mlp-64-64", 1),
        (0, "digits", "mlp-48-48-48", 0),
        (0, "digits", "mlp-48-48-48", 1),
    ]


def test_a_rung_decides_how_long_and_how_many_seeds(monkeypatch) -> None:
    asked: list[dict] = []

    def train(*_, **choice) -> Trained:
        asked.append(choice)
        losses = torch.ones(len(choice["seeds"]), 3)
        return Trained(losses, losses, losses)

    monkeypatch.setattr(room, "train", train)
    found = run_trials(Parts(torch.tanh), ("digits",), PROTOCOL, rung=1)

    assert {(choice["epochs"], len(choice["seeds"])) for choice in asked} == {(5, 3)}
    assert {trial.rung for trial in found} == {1}
    assert len(found) == 2 * 3
