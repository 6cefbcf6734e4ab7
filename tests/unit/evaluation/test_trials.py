import math

import pytest
import torch

from evo.evaluation import trials as room
from evo.evaluation.protocol import Protocol, Rung
from evo.evaluation.trainer import Trained
from evo.evaluation.trainer import train as real_train
from evo.evaluation.trials import picked_rates, run_trials
from evo.parts import Parts
from evo.types import Trial

INF = math.inf
PROTOCOL = Protocol(
    rungs=(Rung(epochs=1, seeds=2), Rung(epochs=5, seeds=5)),
    rate_seeds=3,
    learning_rates=(0.01, 0.1, 1.0),
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

    assert [trial.learning_rate for trial in found] == [0.1] * 8
    assert [trial.loss for trial in found] == pytest.approx([0.5, 0.6] * 4)
    assert [trial.accuracy for trial in found] == pytest.approx([1 / 1.5, 1 / 1.6] * 4)


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

    names = ("mlp-64-64", "mlp-48-48-48", "patches-8-24", "patches-12-32-32")
    assert [trial[:4] for trial in found] == [
        (0, "digits", name, seed) for name in names for seed in (0, 1)
    ]


def asked_of_trainer(monkeypatch, **choice) -> tuple[list[dict], list[Trial]]:
    """What the trainer is asked for, and the trials."""
    asked: list[dict] = []

    def train(*_, **given) -> Trained:
        asked.append(given)
        losses = torch.ones(len(given["seeds"]), len(given["learning_rates"]))
        return Trained(losses, losses, losses)

    monkeypatch.setattr(room, "train", train)
    return asked, list(run_trials(Parts(torch.tanh), ("digits",), PROTOCOL, **choice))


def test_a_rung_decides_how_long_and_how_many_seeds(monkeypatch) -> None:
    asked, found = asked_of_trainer(monkeypatch, rung=1)

    assert {(choice["epochs"], len(choice["seeds"])) for choice in asked} == {(5, 3)}
    assert {trial.rung for trial in found} == {1}
    assert len(found) == 4 * 3


def test_a_later_heat_trains_its_own_seeds_at_the_picked_rates(monkeypatch) -> None:
    _, first = asked_of_trainer(monkeypatch, rung=1)
    rates = {cell: 0.1 * number for number, cell in enumerate(picked_rates(first, 1), start=1)}
    asked, found = asked_of_trainer(monkeypatch, rung=1, heat=1, rates=rates)

    assert [choice["learning_rates"] for choice in asked] == [(rate,) for rate in rates.values()]
    assert {tuple(choice["seeds"]) for choice in asked} == {(3, 4)}
    assert picked_rates(found, 1) == rates
    assert picked_rates(found, 0) == {}


def test_what_does_not_fit_the_memory_trains_in_halves_and_gives_the_same(monkeypatch) -> None:
    whole = run_trials(Parts(torch.tanh), ("digits",), PROTOCOL, rung=0)
    sizes: list[int] = []

    def narrow(*arguments, **choice) -> Trained:
        sizes.append(len(choice["seeds"]) * len(choice["learning_rates"]))
        if sizes[-1] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real_train(*arguments, **choice)

    monkeypatch.setattr(room, "train", narrow)
    parted = run_trials(Parts(torch.tanh), ("digits",), PROTOCOL, rung=0)

    assert sizes[:7] == [6, 3, 1, 2, 3, 1, 2]
    assert [trial[:5] for trial in parted] == [trial[:5] for trial in whole]
    assert [t.loss for t in parted] == pytest.approx([t.loss for t in whole], rel=1e-3)


def test_a_copy_that_does_not_fit_the_memory_is_an_error(monkeypatch) -> None:
    def full(*_, **__) -> Trained:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(room, "train", full)
    with pytest.raises(torch.OutOfMemoryError):
        run_trials(Parts(torch.tanh), ("digits",), PROTOCOL, rung=0)
