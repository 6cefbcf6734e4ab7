import math

import pytest
import torch

from evo.core.diagnosis import Diagnosis
from evo.core.trials import Trial
from evo.evaluation.protocol import Protocol, Rung
from evo.evaluation.strata import stratum_of
from evo.evaluation.training import trials as room
from evo.evaluation.training.probe import Probe
from evo.evaluation.training.results import Course, Trained
from evo.evaluation.training.trainer import train as real_train
from evo.evaluation.training.trials import run_trials
from evo.networks.parts import Parts

INF = math.inf
PROTOCOL = Protocol(
    rungs=(Rung(epochs=1, seeds=2), Rung(epochs=5, seeds=5)),
    rate_seeds=3,
    learning_rates=(0.01, 0.1, 1.0),
)
GROWING = PROTOCOL.model_copy(
    update={
        "rungs": (Rung(epochs=5, seeds=2, networks=1), Rung(epochs=5, seeds=4)),
        "rate_seeds": 2,
        "heat_seeds": 2,
    }
)
"""Both rungs train as long; the higher one goes on."""


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


def test_a_diagnosis_is_that_of_the_picked_setting_and_of_the_first_heat_alone(monkeypatch) -> None:
    start, end = Probe(1, 0.5, 0.5, 0.25, 0, 0), Probe(2, 3, 1, 1, 0.5, 0.125)
    losses = torch.tensor([[0.9, 0.2, INF], [0.9, 0.3, 0.8]])
    early, late = torch.tensor([[9.0, 2.0, 9.0]] * 2), torch.tensor([[9.0, 0.5, 9.0]] * 2)
    given = Trained(losses, losses, losses, Course(early, late, start, end))
    monkeypatch.setattr(room, "train", lambda *_, **__: given)
    found: list[Diagnosis] = []

    trials = run_trials(Parts(torch.tanh), ("digits",), PROTOCOL, rung=0, diagnosed=found.append)

    assert [one.network for one in found] == list(dict.fromkeys(t.network for t in trials))
    first = found[0]
    assert (first.early_loss, first.late_loss) == (2.0, 0.5)
    assert first.diverged == pytest.approx(1 / 6)
    assert first.stable_rate == 0.1
    assert (first.signal_gain, first.gradient_gain) == (0.5, 0.25)
    assert (first.last_input_end, first.flat, first.dead) == (3, 0.5, 0.125)


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


def asked_of_trainer(monkeypatch, protocol=PROTOCOL, **choice) -> tuple[list[dict], list[Trial]]:
    """Calls of the trainer, and the trials."""
    asked: list[dict] = []

    def train(*_, **given) -> Trained:
        asked.append(given)
        losses = torch.ones(len(given["seeds"]), len(given["learning_rates"]))
        return Trained(losses, losses, losses)

    monkeypatch.setattr(room, "train", train)
    return asked, list(run_trials(Parts(torch.tanh), ("digits",), protocol, **choice))


def test_a_rung_decides_how_long_and_how_many_seeds(monkeypatch) -> None:
    asked, found = asked_of_trainer(monkeypatch, rung=1)

    assert {(choice["epochs"], len(choice["seeds"])) for choice in asked} == {(5, 3)}
    assert {trial.rung for trial in found} == {1}
    assert len(found) == 4 * 3


def test_a_later_heat_trains_its_own_seeds_at_the_picked_rates(monkeypatch) -> None:
    _, first = asked_of_trainer(monkeypatch, rung=1)
    known = at_rates_of_their_own(first)
    asked, found = asked_of_trainer(monkeypatch, rung=1, heat=1, known=known)

    rates = {stratum_of(trial): trial.learning_rate for trial in known}
    assert [choice["learning_rates"] for choice in asked] == [(rate,) for rate in rates.values()]
    assert {tuple(choice["seeds"]) for choice in asked} == {(3, 4)}
    assert {stratum_of(trial): trial.learning_rate for trial in found} == rates


def test_a_strength_is_picked_with_the_learning_rate_and_kept(monkeypatch) -> None:
    protocol = PROTOCOL.model_copy(update={"learning_rates": (0.01, 0.1), "strengths": (1.0, 10.0)})

    def train(*_, **given) -> Trained:
        wanted = [0.5 if pair == (0.01, 10.0) else 1.0 for pair in zip(*grid(given), strict=True)]
        losses = torch.tensor([wanted] * len(given["seeds"]))
        return Trained(losses, losses, losses)

    def grid(given: dict) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return given["learning_rates"], given["strengths"]

    monkeypatch.setattr(room, "train", train)
    first = run_trials(Parts(torch.tanh), ("digits",), protocol, rung=1)
    asked, later = asked_of_trainer(monkeypatch, protocol, rung=1, heat=1, known=first)

    assert {(t.learning_rate, t.strength, t.loss) for t in first} == {(0.01, 10.0, 0.5)}
    assert {grid(choice) for choice in asked} == {((0.01,), (10.0,))}
    assert {(t.learning_rate, t.strength) for t in later} == {(0.01, 10.0)}


def at_rates_of_their_own(trials: list[Trial]) -> list[Trial]:
    """The trials, each network at another learning rate."""
    strata = list(dict.fromkeys(map(stratum_of, trials)))
    return [t._replace(learning_rate=0.1 * (1 + strata.index(stratum_of(t)))) for t in trials]


def test_a_rung_may_train_some_of_the_networks_only(monkeypatch) -> None:
    _, found = asked_of_trainer(monkeypatch, rung=0, protocol=GROWING)

    assert [trial[:4] for trial in found] == [(0, "digits", "mlp-64-64", seed) for seed in (0, 1)]


def test_what_has_trained_as_long_at_a_lower_rung_counts_and_is_not_repeated(monkeypatch) -> None:
    _, known = asked_of_trainer(monkeypatch, rung=0, protocol=GROWING)
    known = [trial._replace(learning_rate=0.07, loss=0.5) for trial in known]
    asked, first = asked_of_trainer(monkeypatch, rung=1, protocol=GROWING, known=known)
    later_asked, later = asked_of_trainer(
        monkeypatch, rung=1, heat=1, protocol=GROWING, known=[*known, *first]
    )

    assert first[:2] == [trial._replace(rung=1) for trial in known]
    assert len(asked) == 3, "the first network has trained on these seeds"
    assert [trial[:4] for trial in later[:2]] == [(1, "digits", "mlp-64-64", s) for s in (2, 3)]
    assert later_asked[0]["learning_rates"] == (0.07,)
    assert len(first) + len(later) == 4 * 4


def test_what_trained_for_another_time_at_a_lower_rung_does_not_count(monkeypatch) -> None:
    _, known = asked_of_trainer(monkeypatch, rung=0)
    asked, found = asked_of_trainer(monkeypatch, rung=1, known=known)

    assert [tuple(choice["seeds"]) for choice in asked] == [(0, 1, 2)] * 4
    assert len(found) == 4 * 3


@pytest.mark.parametrize("protocol", [PROTOCOL, GROWING, Protocol()])
def test_the_work_of_a_heat_is_what_it_trains(monkeypatch, protocol) -> None:
    known: list[Trial] = []
    for rung in range(2):
        for heat in range(len(protocol.heats(rung))):
            asked, found = asked_of_trainer(
                monkeypatch, rung=rung, heat=heat, protocol=protocol, known=known
            )
            known += found
            trained = [c["epochs"] * len(c["seeds"]) * len(c["learning_rates"]) for c in asked]
            assert protocol.work(rung, heat, [4]) == sum(trained)


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
