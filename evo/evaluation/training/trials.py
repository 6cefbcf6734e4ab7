"""Run the trials of one component in one heat: every task × network × seed.

The learning rate, and with it a penalty's strength, is picked per component and network on the
validation data of the first heat, over all of its seeds at once; later trials use that setting.
Within a trial, test data decides nothing but the result.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import islice

import torch

from evo.core.diagnosis import Diagnosis
from evo.core.trials import Trial
from evo.evaluation.protocol import Protocol, Setting
from evo.evaluation.strata import Stratum, stratum_of
from evo.evaluation.training.loops import LoopLimits, train_by_loop
from evo.evaluation.training.probe import eight_bits
from evo.evaluation.training.recorded import record_on_gpu
from evo.evaluation.training.results import Course, Trained, best_setting
from evo.evaluation.training.trainer import train
from evo.networks.parts import Parts
from evo.tasks.base import Data, LoopTask, tasks
from evo.tasks.measurements import Budget


def _ignored(_: Diagnosis | str) -> None:
    """Takes what nobody reads."""


def run_trials(
    parts: Parts,
    task_names: Sequence[str],
    protocol: Protocol,
    *,
    rung: int,
    heat: int = 0,
    known: Sequence[Trial] = (),
    device: str = "cpu",
    diagnosed: Callable[[Diagnosis], None] = _ignored,
    limits: LoopLimits = LoopLimits(),  # noqa: B008 - immutable
    lost: Callable[[str], None] = _ignored,
) -> tuple[Trial, ...]:
    """Train the trials of a heat and return them in the order task, network, seed.

    Args:
        parts: the component, in its place among the defaults.
        task_names: the tasks to train on.
        protocol: rungs, seeds and settings.
        rung: index of the rung.
        heat: index of the heat; a later one requires the rung's earlier trials in `known`.
        known: earlier trials of the same component. Those that count at this rung are not trained
            again, and their strata keep the setting that was picked there.
        device: torch device to train on.
        diagnosed: called with how the training of each stratum went that picks its setting here.
        limits: of each training by a loop of a task's own.
        lost: called with why such a training gave no result, in words.
    """
    rung_settings = protocol.rungs[rung]
    is_recorded = protocol.recorded_steps and device.startswith("cuda")
    counting = [t._replace(rung=rung) for t in known if protocol.counts_at(t.rung, rung)]
    trials: list[Trial] = []
    for task_name in task_names:
        task = tasks.get(task_name)()
        networks = task.networks()
        for network_name in islice(task.network_names(), rung_settings.networks):
            stratum = Stratum(task_name, network_name)
            trained = {trial.seed: trial for trial in counting if stratum_of(trial) == stratum}
            seeds = protocol.heats(rung)[heat]
            trials += [trained[seed] for seed in seeds if seed in trained]
            missing = [seed for seed in seeds if seed not in trained]
            picked = {Setting(t.learning_rate, t.strength) for t in trained.values()}
            assert picked or heat == 0, "the first heat picks the setting"
            if missing:
                if isinstance(task, LoopTask):
                    budget = _budget(protocol, rung, device)
                    train_copies = partial(
                        train_by_loop, task, parts, budget, limits=limits, lost=lost
                    )
                else:
                    train_copies = partial(
                        train,
                        networks[network_name],
                        _data(task_name, device),
                        parts,
                        epochs=rung_settings.epochs,
                        batch_size=protocol.batch_size,
                        precision=protocol.precision,
                        passes=protocol.passes,
                        epoch_steps=protocol.epoch_steps,
                        refined=protocol.decided_by == "refined",
                        record=record_on_gpu if is_recorded else None,
                    )
                if picked:
                    trials += _trained(train_copies, rung, stratum, missing, tuple(picked))[0]
                    continue
                train_copies = partial(train_copies, observe=True)
                fresh, diagnosis = _trained(train_copies, rung, stratum, missing, protocol.settings)
                trials += fresh
                if diagnosis is not None:
                    diagnosed(diagnosis)
    return tuple(trials)


def _budget(protocol: Protocol, rung: int, device: str) -> Budget:
    epochs, most = protocol.rungs[rung].epochs, max(one.epochs for one in protocol.rungs)
    return Budget(epochs, epochs / most, protocol.batch_size, device)


def _diagnosis(
    stratum: Stratum, trained: Trained, course: Course, settings: Sequence[Setting], best: int
) -> Diagnosis:
    """Diagnosis of a stratum's training."""
    diverged = torch.isinf(trained.validation_loss)
    stable = [
        setting.learning_rate
        for place, setting in enumerate(settings)
        if not diverged[:, place].any()
    ]
    start, end = course.start, course.end
    return Diagnosis(
        *stratum,
        diverged=float(diverged.float().mean()),
        stable_rate=max(stable, default=0.0),
        early_loss=_finite_mean(course.early[:, best]),
        late_loss=_finite_mean(course.late[:, best]),
        first_input_start=start.first_input,
        last_input_start=start.last_input,
        signal_gain=start.signal,
        gradient_gain=start.gradient,
        first_input_end=end.first_input,
        last_input_end=end.last_input,
        flat=end.flat,
        dead=end.dead,
    )


def _finite_mean(losses: torch.Tensor) -> float:
    """Mean of those that are finite, in eight bits; inf without any."""
    finite = losses[torch.isfinite(losses)]
    return eight_bits(float(finite.mean())) if len(finite) else math.inf


def _trained(
    train_copies: Callable[..., Trained],
    rung: int,
    stratum: Stratum,
    seeds: Sequence[int],
    settings: Sequence[Setting],
) -> tuple[list[Trial], Diagnosis | None]:
    """Train all settings: one trial per seed, at the best setting, and how it went."""
    trained = _train_in_parts(train_copies, seeds, settings)
    best = best_setting(trained.validation_loss)
    diagnosis = None
    if trained.course is not None:
        diagnosis = _diagnosis(stratum, trained, trained.course, settings, best)
    trials = [
        Trial(
            rung,
            *stratum,
            seed,
            settings[best].learning_rate,
            loss=float(trained.test_loss[row, best]),
            accuracy=float(trained.test_accuracy[row, best]),
            strength=settings[best].strength,
        )
        for row, seed in enumerate(seeds)
    ]
    return trials, diagnosis


def _train_in_parts(
    train_copies: Callable[..., Trained], seeds: Sequence[int], settings: Sequence[Setting]
) -> Trained:
    """Train all copies at once, or in halves where they do not fit the device's memory.

    Raises:
        torch.OutOfMemoryError: not even one copy fits.
    """
    try:
        rates, strengths = zip(*settings, strict=True)
        return train_copies(seeds=seeds, learning_rates=rates, strengths=strengths)
    except torch.OutOfMemoryError:
        if len(seeds) == len(settings) == 1:
            raise
    # Outside the handler: its traceback would keep the tensors of the failed attempt alive.
    if len(seeds) > 1:
        half, axis = len(seeds) // 2, 0
        shares = [(seeds[:half], settings), (seeds[half:], settings)]
    else:
        half, axis = len(settings) // 2, 1
        shares = [(seeds, settings[:half]), (seeds, settings[half:])]
    halves = [_train_in_parts(train_copies, *share) for share in shares]
    return _joined(halves, axis)


def _joined(halves: Sequence[Trained], axis: int) -> Trained:
    """The results of two trainings that share seeds or settings; looks are those of the first.

    Of two halves of the settings, those of the half that has the best one.
    """
    validation, test, accuracy = (
        torch.cat(pair, dim=axis)
        for pair in (
            [half.validation_loss for half in halves],
            [half.test_loss for half in halves],
            [half.test_accuracy for half in halves],
        )
    )
    courses = [half.course for half in halves if half.course is not None]
    if not courses:
        return Trained(validation, test, accuracy)
    settings = halves[0].validation_loss.shape[1]
    is_second = axis == 1 and best_setting(validation) >= settings
    early, late = (
        torch.cat(pair, dim=axis)
        for pair in ([course.early for course in courses], [course.late for course in courses])
    )
    looked = courses[int(is_second)]
    return Trained(validation, test, accuracy, Course(early, late, looked.start, looked.end))


_given: dict[str, Data] = {}
"""Data that this process was given, by task."""


def give_data(task_name: str, data: Data) -> None:
    """Have this process train a task on data that another one has loaded."""
    _given[task_name] = data
    _data.cache_clear()


@lru_cache
def _data(task_name: str, device: str) -> Data:
    data = _given.get(task_name) or tasks.get(task_name)().load()
    return data.to(torch.device(device))
