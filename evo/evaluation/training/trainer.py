"""Train one network with one component: all seeds × learning rates at once.

One step of all copies is a few batched kernels. Each copy has the data order and learning-rate
schedule that it would have alone; copies never mix.
"""

from collections.abc import Sequence

import torch

from evo.core.informed import Informed
from evo.evaluation.protocol import Precision, steps_per_epoch
from evo.evaluation.training.copies import Copies
from evo.evaluation.training.probe import NO_PROBE
from evo.evaluation.training.recorded import CallRecorder, Passed, RecordedSteps
from evo.evaluation.training.results import Course, Trained, best_setting
from evo.evaluation.training.seeded import seeded_generator
from evo.networks.base import Network
from evo.networks.parts import Parts
from evo.tasks.base import Data


def train(
    network: Network,
    data: Data,
    parts: Parts,
    *,
    seeds: Sequence[int],
    learning_rates: Sequence[float],
    strengths: Sequence[float] | None = None,
    epochs: int,
    batch_size: int,
    observe: bool = False,
    precision: Precision = "float32",
    record: CallRecorder | None = None,
    passes: int = 1,
    epoch_steps: int | None = None,
    refined: bool = False,
) -> Trained:
    """Train one copy per seed and setting, on the device of `data`.

    The optimiser is Adam with a linearly falling rate, unless the parts replace them. An incomplete
    last batch of an epoch is left out.

    Args:
        network: to train, in its gated form where the parts ask for it.
        data: the task's splits.
        parts: the component, in its place among the defaults.
        seeds: of the copies; a seed decides split, initial weights and data order.
        learning_rates: one per setting.
        strengths: factor of the parts' penalty, one per setting; 1 by default.
        epochs: passes over the training split.
        batch_size: samples per step and copy.
        observe: whether to note the course of the training too.
        precision: of the forward pass; parameters, losses and updates have 32 bits.
        record: how to record a step, to replay it for the others; None takes each as it is.
        passes: parts of a batch that are computed one after another, in less memory.
        epoch_steps: steps after which an epoch ends early.
        refined: whether losses of classes are taken after temperature scaling, see `refinement`.
    """
    network = network.suited(parts)
    strengths = strengths or [1.0] * len(learning_rates)
    settings = list(zip(learning_rates, strengths, strict=True))
    seen = (
        *(parts.activation, parts.attend, parts.preprocess, parts.penalty, parts.loss),
        parts.update,
    )
    if parts.notes_signals or any(isinstance(part, Informed) for part in seen):
        record = None  # progress and noise differ at each step, and Python makes them
    copies = Copies(
        *(network, data, parts, seeds, settings),
        precision=precision,
        in_place=record is not None,
        passes=passes,
    )
    step = copies.step if record is None else RecordedSteps(copies.step, record)
    samples = len(data.train.targets)
    batches = steps_per_epoch(samples, batch_size, epoch_steps)
    steps = epochs * batches
    factors = parts.rate_factors(steps, batch_size=batch_size)
    generators = [seeded_generator(seed, "order") for seed in seeds]
    start = copies.look(setting=0) if observe else NO_PROBE
    noted: dict[int, list[Passed]] = {0: [], epochs - 1: []} if observe else {}
    for epoch in range(epochs):
        shuffled = torch.stack([torch.randperm(samples, generator=g) for g in generators])
        rows = copies.rows.train.gather(1, copies.for_each(shuffled))
        for number, batch in enumerate(rows.split(batch_size, dim=1)[:batches], epoch * batches):
            copies.state.progress = number / steps
            passed = step(batch, factors[number])
            if epoch in noted:
                noted[epoch].append(passed if record is None else passed.copied())
    trained = copies.measure(refined=refined)
    if not observe:
        return trained
    end = copies.look(setting=best_setting(trained.validation_loss))
    early, late = (copies.deciding(noted[epoch]) for epoch in (0, epochs - 1))
    return trained._replace(course=Course(early, late, start, end))
