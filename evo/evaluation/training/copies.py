"""Copies of one network that train side by side: one per seed and setting.

Their parameters are stacked. Each copy has the split, initial weights and noise that it would have
alone.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
import torch.nn.functional as F

from evo.core.informed import Informed
from evo.evaluation.protocol import Precision
from evo.evaluation.training.adam import StackedAdam
from evo.evaluation.training.matrix_rule import StackedMatrixRule
from evo.evaluation.training.probe import Probe, look
from evo.evaluation.training.recorded import Passed
from evo.evaluation.training.refinement import best_scales
from evo.evaluation.training.results import Trained
from evo.evaluation.training.rule import StackedRule
from evo.evaluation.training.seeded import seeded_generator, seeded_split
from evo.evaluation.training.teacher import Teacher
from evo.networks.activity import activity_penalties
from evo.networks.base import Network, Parameters
from evo.networks.parts import Parts
from evo.networks.state import Noise, TrainingState, seeded_noise
from evo.tasks.base import Data
from evo.tasks.objective import Classification, error_rate

_EVALUATION_BATCH = 256
"""Samples per copy that are evaluated at once; more would not fit the caches."""
_FIRST_BATCH = 256
"""Training samples that show an initialiser what layers receive."""
_LOOKED_AT = 64
"""Samples on which signals and gradients are looked at."""


class _Rows(NamedTuple):
    """Indices into a task's samples, per split: (copies, samples of the split)."""

    train: torch.Tensor
    validation: torch.Tensor
    test: torch.Tensor


class Copies:
    """Stacked parameters of all copies, seeds outermost: each tensor is (seeds · settings, …).

    Attributes:
        rows: indices into the task's samples.
        state: of the training, as its components see it.
    """

    def __init__(
        self,
        network: Network,
        data: Data,
        parts: Parts,
        seeds: Sequence[int],
        settings: Sequence[tuple[float, float]],
        *,
        precision: Precision,
        in_place: bool,
        passes: int,
    ) -> None:
        self._device = data.train.inputs.device
        self._shape = (len(seeds), len(settings))
        self._inputs = data.samples.inputs
        if not isinstance(parts.preprocess, Informed):
            self._inputs = network.arranged(parts.prepared(self._inputs))
        self._targets = data.samples.targets
        self._objective = data.objective
        self._precision = precision
        self._passes = passes
        self._network = network
        self.state = TrainingState(noise=self._noise(seeds, "noise"))
        self._parts = parts = replace(parts, state=self.state)
        sizes = [len(part.targets) for part in (data.train, data.validation, data.test)]
        split = seeded_split(data, seeds)
        self.rows = _Rows(*self.for_each(split).split(sizes, dim=1))
        if isinstance(parts.loss, Informed):
            classes = F.one_hot(self._targets[self.rows.train], data.outputs)
            self.state.class_counts = classes.sum(1).clamp(min=1)
        self._teacher = Teacher() if parts.loss_sees_teacher else None
        shape = tuple(data.train.inputs.shape[1:])
        starts = [
            network.fresh(
                *(shape, data.outputs, seeded_generator(seed, "weights"), parts),
                self._first_batch(seed, rows[: sizes[0]]),
            )
            for seed, rows in zip(seeds, split, strict=True)
        ]
        stacked = network.leaves(
            {
                name: self.for_each(torch.stack([start[name] for start in starts]))
                for name in starts[0]
            }
        )
        self._statistics = {n: value for n, value in stacked.items() if not value.requires_grad}
        stacked = {n: value.detach() for n, value in stacked.items() if value.requires_grad}
        rates, self._strengths = (
            torch.tensor(values, device=self._device).repeat(len(seeds))
            for values in zip(*settings, strict=True)
        )
        if parts.update is None:
            self._optimiser = StackedAdam(stacked, rates)
        elif parts.updates_matrices:
            self._optimiser = StackedMatrixRule(
                *(stacked, rates, parts.update, network.roles()),
                noise=self._noise(seeds, "update"),
                in_place=in_place,
            )
        else:
            self._optimiser = StackedRule(
                *(stacked, rates, parts.update),
                noise=self._noise(seeds, "update"),
                in_place=in_place,
            )

    def _first_batch(self, seed: int, rows: torch.Tensor) -> torch.Tensor | None:
        """Some of a seed's training rows, as `arranged`, where weights follow from them."""
        if not self._parts.initialize_sees_inputs:
            return None
        drawn = torch.randperm(len(rows), generator=seeded_generator(seed, "first batch"))
        samples = self._inputs[rows[drawn[:_FIRST_BATCH]].to(self._device)]
        if not isinstance(self._parts.preprocess, Informed):
            return samples
        return self._network.arranged(self._parts.prepared(samples))

    def _noise(self, seeds: Sequence[int], purpose: str) -> Noise:
        """A stream of noise per seed, the same for all of its settings."""
        return seeded_noise([seeded_generator(seed, purpose) for seed in seeds], self.for_each)

    def for_each(self, by_seed: torch.Tensor) -> torch.Tensor:
        """Repeat a tensor for every setting: (seeds, …) → (copies, …), on the device."""
        return by_seed.to(self._device).repeat_interleave(self._shape[1], dim=0)

    def step(self, rows: torch.Tensor, schedule: float | torch.Tensor) -> Passed:
        """Update every copy on its own batch.

        Args:
            rows: sample indices, (copies, batch).
            schedule: factor of every copy's learning rate, a number or ().
        """
        self.state.is_training = True
        pieces = rows.chunk(self._passes, dim=1)
        passed, gradients = self._pass(pieces[0], of=rows.shape[1], penalised=True)
        for piece in pieces[1:]:
            also, further = self._pass(piece, of=rows.shape[1], penalised=False)
            passed = Passed(*(torch.cat(pair, dim=1) for pair in zip(passed, also, strict=True)))
            gradients = [one + other for one, other in zip(gradients, further, strict=True)]
        if self._teacher is not None:
            self._teacher.follow(self._parameters)
        self._optimiser.step(gradients, schedule=schedule)
        self.state.is_training = False
        return passed

    def _pass(
        self, rows: torch.Tensor, *, of: int, penalised: bool
    ) -> tuple[Passed, list[torch.Tensor]]:
        """Results and gradients of a part of a batch, which has `of` samples in all."""
        state = self.state
        state.teacher = self._taught(rows)
        state.signals = [] if self._parts.notes_signals else None
        outputs, targets = self._outputs(rows)
        # Copies share no parameters, so the gradient of the sum is each copy's own gradient.
        losses = self._parts.losses(self._objective.losses, outputs, targets)
        summed, weights = [losses], [torch.full_like(losses, 1 / of)]
        penalties = self._penalties() if penalised else None
        if penalties is not None and penalties.requires_grad:
            summed.append(penalties)
            weights.append(self._strengths)
        activity = activity_penalties(self._parts, outputs, losses)
        state.signals = state.teacher = None
        if activity is not None and activity.requires_grad:
            summed.append(activity)
            weights.append(self._strengths * rows.shape[1] / of)
        gradients = torch.autograd.grad(
            summed,
            list(self._optimiser.parameters.values()),
            weights,
            # A component need not use its learnables.
            allow_unused=True,
            materialize_grads=True,
        )
        return Passed(losses.detach(), outputs.detach(), targets), list(gradients)

    def deciding(self, passed: Sequence[Passed]) -> torch.Tensor:
        """Mean over some steps of the loss, or error rate, that decides: (seeds, settings)."""
        if self._parts.judged_by == "accuracy":
            outputs, targets = (
                torch.cat(p, dim=1) for p in zip(*(s[1:] for s in passed), strict=True)
            )
            means = 1 - self._objective.accuracy(outputs, targets)
        else:
            means = torch.stack([step.losses for step in passed]).mean((0, 2))
        return means.view(self._shape).cpu()

    def look(self, *, setting: int) -> Probe:
        """A look at the first seed's copy of a setting, on its first training samples."""
        copy = slice(setting, setting + 1)
        batch = self._samples(self.rows.train[copy, :_LOOKED_AT])
        parameters = {name: value[copy] for name, value in self._parameters.items()}
        state = self.state
        if state.class_counts is not None:
            state = replace(state, class_counts=state.class_counts[copy])
        parts = replace(self._parts, state=state)
        return look(self._network, parameters, batch, parts, self._objective.losses)

    def _penalties(self) -> torch.Tensor | None:
        # Even looking up the matrices takes time at every step.
        if self._parts.penalty is None:
            return None
        return self._parts.penalties(self._network.matrices(self._optimiser.parameters))

    def _taught(self, rows: torch.Tensor) -> torch.Tensor | None:
        """Logits of the teacher, which is tested while the copies train; None without one."""
        if self._teacher is None or not self._teacher.parameters:
            return None
        self.state.is_training = False
        with torch.no_grad():
            outputs, _ = self._outputs(rows, self._teacher.parameters)
        self.state.is_training = True
        return outputs

    def measure(self, *, refined: bool) -> Trained:
        """Deciding losses on validation and test data, and the accuracy, on the processor.

        Args:
            refined: whether outputs of classes are scaled first, as is best on a copy's validation
                data.
        """
        validation, test = (self._answers(part) for part in (self.rows.validation, self.rows.test))
        refined = refined and isinstance(self._objective, Classification)
        if refined:
            scales = best_scales(*validation)[:, None, None]
            validation, test = ((scales * outputs, t) for outputs, t in (validation, test))
        by_accuracy = self._parts.judged_by == "accuracy" and not refined
        validation_loss, _ = self._results(*validation, by_accuracy=by_accuracy)
        return Trained(validation_loss, *self._results(*test, by_accuracy=by_accuracy))

    def _answers(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Outputs (copies, count, …) and targets of sample indices (copies, count)."""
        with torch.no_grad():
            batches = [self._outputs(batch) for batch in rows.split(_EVALUATION_BATCH, dim=1)]
            outputs, targets = (torch.cat(pieces, dim=1) for pieces in zip(*batches, strict=True))
        return outputs, targets

    def _results(
        self, outputs: torch.Tensor, targets: torch.Tensor, *, by_accuracy: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Deciding loss and accuracy, each (seeds, settings)."""
        loss = self._objective.losses(outputs, targets).mean(1)
        accuracy = self._objective.accuracy(outputs, targets)
        diverged = ~torch.isfinite(loss)
        if by_accuracy:
            loss = error_rate(accuracy, samples=outputs.shape[1])
        loss = loss.masked_fill(diverged, math.inf).view(self._shape)
        return loss.cpu(), accuracy.masked_fill(diverged, 0.0).view(self._shape).cpu()

    @property
    def _parameters(self) -> Parameters:
        """Trained tensors, and statistics that the forward pass updates."""
        return self._optimiser.parameters | self._statistics

    def _outputs(
        self, rows: torch.Tensor, parameters: Parameters | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Outputs of every copy on its sample indices (copies, batch), and the targets.

        With other parameters than its own, where they are given.
        """
        inputs, targets = self._samples(rows)
        parameters = self._parameters if parameters is None else parameters
        if self._precision == "float32":
            return self._network.forward(parameters, inputs, self._parts), targets
        # Without its cache, which a recorded step would read after it was freed.
        with torch.autocast(
            self._device.type, getattr(torch, self._precision), cache_enabled=False
        ):
            outputs = self._network.forward(parameters, inputs, self._parts)
        return outputs.float(), targets

    def _samples(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs and targets of sample indices (copies, batch)."""
        # index_select copies whole rows; indexing with `rows` takes three times as long.
        flat = rows.flatten()
        inputs, targets = (
            values.index_select(0, flat).view(*rows.shape, *values.shape[1:])
            for values in (self._inputs, self._targets)
        )
        if isinstance(self._parts.preprocess, Informed):
            arranged = self._network.arranged(self._parts.augmented(inputs).flatten(0, 1))
            inputs = arranged.view(*rows.shape, *arranged.shape[1:])
        return inputs, targets
