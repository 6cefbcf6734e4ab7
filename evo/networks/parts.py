"""The replaceable parts of a training: where a kind's component meets a task's network."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
import torch.nn.functional as F

from evo.core.contract import Learnable
from evo.core.informed import Informed
from evo.core.learnables import Component, FeatureCounts, on_each_copy, starts
from evo.networks.running import running_starts, statistics_at
from evo.networks.state import TrainingState

Function = Callable[[torch.Tensor], torch.Tensor]
LossFunction = Callable[..., torch.Tensor]
Observer = Callable[[torch.Tensor, torch.Tensor], None]
Update = Callable[..., torch.Tensor]

_ROWS_AT_ONCE = 256
"""Samples preprocessed at once, which bounds the memory."""


def unchanged(inputs: torch.Tensor) -> torch.Tensor:
    """The inputs as they are."""
    return inputs


@dataclass(frozen=True)
class Parts:
    """Replaceable parts of a training besides network and data; a kind sets the part it evolves.

    "Rows apart" means that each row's result depends on that row only. An `Informed` component
    takes further arguments, last and in this order:

        activation      noise, of the shape of the signal, or of its half; 1 in training, else 0, ()
        attend          noise, of the shape of the scores; 1 in training, else 0, ()
        normalize       mean and variance of each feature (features,), see `running`
        preprocess      noise (n, d); 1 in training, else 0, ()
        loss            samples of each class (n, classes), progress (), logits of the teacher
                        (n, classes), features (n, d)
        penalty         noise (outputs, inputs), progress (), number of the layer (), of layers ()
        activity        gradient of each sample's loss by the signal (n, d), progress (), number of
                        the signal (), of signals ()
        initialize      number of the layer (), of layers (), what it multiplies (n, inputs)
        update          noise of the shape of the gradient
        schedule        step, of the shape of the progress, number of steps (), batch size ()

    Attributes:
        activation: applied after every hidden layer, on tensors of any shape.
        halves: 2 for an activation that takes the signal in two halves, gate and value.
        preprocess: applied to the samples before the first layer: (n, d) → (n, d), rows apart.
        penalty: of one weight matrix (outputs, inputs) → (); its sum over all matrices of the
            network is added to the training loss. None for no penalty.
        activity: penalty of one signal, (n, d) → (), rows being samples, patches, tokens or pixels;
            its sum over what activations give and the outputs is added to the training loss.
        activity_sees_gradients: whether it reads the gradient, which takes a second pass.
        normalize: applied to the signal of a layer, (rows, features) of one copy, rows apart, at
            the layers that the network chooses. None for the network's own normalisation.
        attend: scores of attention, each query's with the keys that it may see, (…, keys) → weights
            of the same shape, rows apart, see `attention`. None for softmax.
        initialize: standard normal numbers (outputs, inputs), inputs and outputs as tensors () →
            initial weights of a layer. None for the network's own.
        initialize_sees_inputs: whether it reads what a layer multiplies.
        loss: training loss in place of the task's: logits (n, classes) and one-hot targets
            (n, classes) → (n,), rows apart. None for the task's.
        loss_sees_teacher: whether it reads the teacher's logits; likewise for features.
        update: update rule in place of Adam: gradient, two states and weights of one parameter
            tensor, (p,) each, and the number of the step, () → (3, p): the decrease of the weights
            before the learning rate, and the new states. None for Adam.
        updates_matrices: whether the update rule takes matrices with three states instead: each
            weight as (outputs, inputs), any other tensor as (1, p), and the norm of all gradients
            of the copy last, () → (4, outputs, inputs).
        schedule: progress in [0, 1) → factor of the learning rate, elementwise. None for a
            linear decrease to 0.
        judged_by: result that decides a trial: the task's loss, or the error rate.
        activation_learnables: further arguments, learned per layer; for others likewise.
        observe: called with what an activation takes and gives, layer after layer; None for no one.
        state: what a training tells informed components.
    """

    activation: Component = F.relu
    preprocess: Component = unchanged
    penalty: Component | None = None
    activity: Component | None = None
    activity_sees_gradients: bool = False
    normalize: Component | None = None
    attend: Component | None = None
    initialize: Component | None = None
    initialize_sees_inputs: bool = False
    loss: LossFunction | None = None
    loss_sees_teacher: bool = False
    loss_sees_features: bool = False
    update: Update | None = None
    schedule: Component | None = None
    judged_by: Literal["loss", "accuracy"] = "loss"
    activation_learnables: tuple[Learnable, ...] = ()
    normalize_learnables: tuple[Learnable, ...] = ()
    attend_learnables: tuple[Learnable, ...] = ()
    observe: Observer | None = None
    halves: int = 1
    updates_matrices: bool = False
    state: TrainingState = field(default_factory=TrainingState)

    @property
    def activates_copies(self) -> bool:
        """True if it must be seen which part of an activation's signal is which copy's."""
        is_informed = isinstance(self.activation, Informed)
        return bool(self.activation_learnables) or is_informed or self.notes_signals

    @property
    def notes_signals(self) -> bool:
        """True if a component asks for outputs of activations."""
        return self.activity is not None or self.loss_sees_features

    def activated(
        self,
        signal: torch.Tensor,
        layer: str,
        parameters: Mapping[str, torch.Tensor],
        *,
        copies_dim: int = 0,
    ) -> torch.Tensor:
        """Apply the activation to the signal of a layer, see `on_each_copy`."""
        noise = self._noise(signal, copies_dim)
        if not self.activation_learnables:
            output = self._activation(signal, *noise)
        else:
            output = on_each_copy(
                self._activation,
                self.activation_learnables,
                signal,
                layer,
                parameters,
                copies_dim=copies_dim,
                further=list(zip(noise, (copies_dim, None), strict=False)),
            )
        if self.observe is not None:
            self.observe(signal, output)
        if self.state.signals is not None:
            noted = output.movedim(copies_dim, 0)
            self.state.signals.append([noted])
            return noted.movedim(0, copies_dim)  # what follows depends on what was noted
        return output

    def _activation(self, signal: torch.Tensor, *further: torch.Tensor) -> torch.Tensor:
        """The activation of a signal (…, halves · features), whose halves it takes one by one."""
        if self.halves == 1:
            return self.activation(signal, *further)
        return self.activation(*signal.chunk(self.halves, dim=-1), *further)

    def _noise(self, signal: torch.Tensor, copies_dim: int) -> list[torch.Tensor]:
        """Noise for an informed activation, and whether this is training; nothing for another."""
        if not isinstance(self.activation, Informed):
            return []
        activated = signal.chunk(self.halves, dim=-1)[0]
        drawn = self.state.drawn(activated, copies_dim=copies_dim)
        return [drawn, self.state.number(self.state.is_training, signal)]

    def global_noise(self, signal: torch.Tensor) -> list[torch.Tensor]:
        """The same for the signal of one copy, from torch's global generator, as dropout draws."""
        if not isinstance(self.activation, Informed):
            return []
        like = torch.randn_like if self.state.is_training else torch.zeros_like
        return [like(signal), self.state.number(self.state.is_training, signal)]

    def normalized(
        self,
        signal: torch.Tensor,
        layer: str,
        parameters: Mapping[str, torch.Tensor],
        *,
        copies_dim: int = 0,
        otherwise: Function = unchanged,
    ) -> torch.Tensor:
        """Normalise the signal of a layer, see `on_each_copy`; without a component, `otherwise`."""
        if self.normalize is None:
            return otherwise(signal)
        statistics = self.statistics(signal, layer, parameters, rows_dim=1 - copies_dim)
        return on_each_copy(
            self.normalize,
            self.normalize_learnables,
            signal,
            layer,
            parameters,
            copies_dim=copies_dim,
            further=[(statistic, 0) for statistic in statistics],
        )

    def statistics(
        self,
        signal: torch.Tensor,
        layer: str,
        parameters: Mapping[str, torch.Tensor],
        *,
        rows_dim: int,
    ) -> list[torch.Tensor]:
        """The statistics that an informed normalisation takes, see `statistics_at`; else none."""
        if not isinstance(self.normalize, Informed):
            return []
        return statistics_at(
            layer, signal, parameters, rows_dim=rows_dim, is_training=self.state.is_training
        )

    def learned(self, features: FeatureCounts) -> dict[str, torch.Tensor]:
        """Initial values of all learnables of one copy, and of statistics, by parameter name."""
        learned = {
            **starts(self.activation_learnables, features.activations),
            **starts(self.normalize_learnables, features.norms),
            **starts(self.attend_learnables, features.attentions),
        }
        if isinstance(self.normalize, Informed):
            learned |= running_starts(features.norms)
        return learned

    def prepared(self, samples: torch.Tensor) -> torch.Tensor:
        """Preprocess samples (n, …): each is flattened, preprocessed and reshaped back.

        Done once, since each sample's result depends on that sample only; an informed preprocessor
        gets no noise here, see `augmented`.
        """
        if self.preprocess is unchanged:
            return samples
        with torch.no_grad():
            rows = samples.flatten(1).split(_ROWS_AT_ONCE)
            return torch.cat([self._preprocessed(part) for part in rows]).view_as(samples)

    def augmented(self, inputs: torch.Tensor) -> torch.Tensor:
        """A batch (copies, batch, …) by an informed preprocessor, with the noise of this step."""
        rows = inputs.flatten(2)
        noise = self.state.drawn(rows)
        with torch.no_grad():
            return self._preprocessed(rows.flatten(0, 1), noise.flatten(0, 1)).view_as(inputs)

    def _preprocessed(self, rows: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        if not isinstance(self.preprocess, Informed):
            return self.preprocess(rows)
        noise = torch.zeros_like(rows) if noise is None else noise
        return self.preprocess(rows, noise, self.state.number(self.state.is_training, rows))

    def rate_factors(self, steps: int, *, batch_size: int = 1) -> list[float]:
        """Factor of the learning rate at each step of a training: (steps,)."""
        progress = [step / steps for step in range(steps)]
        if self.schedule is None:
            return [1 - done for done in progress]
        inputs_of_step: list[torch.Tensor] = []
        if isinstance(self.schedule, Informed):
            inputs_of_step = [
                torch.arange(steps).float(),
                *map(torch.tensor, (float(steps), float(batch_size))),
            ]
        with torch.no_grad():
            return self.schedule(torch.tensor(progress), *inputs_of_step).tolist()

    def penalties(self, matrices: Sequence[torch.Tensor]) -> torch.Tensor | None:
        """The penalty of each copy, (copies,), for matrices (copies, outputs, inputs)."""
        if self.penalty is None:
            return None
        if not isinstance(self.penalty, Informed):
            batched = torch.func.vmap(self.penalty)
            return torch.stack([batched(matrix) for matrix in matrices]).sum(0)
        informed = torch.func.vmap(self.penalty, (0, 0, None, None, None))
        numbers = (self.state.progress, len(matrices))
        progress, layers = (self.state.number(number, matrices[0]) for number in numbers)
        penalties = [
            informed(
                matrix,
                self.state.drawn(matrix),
                progress,
                self.state.number(layer, matrix),
                layers,
            )
            for layer, matrix in enumerate(matrices, 1)
        ]
        return torch.stack(penalties).sum(0)

    def losses(
        self, task_losses: LossFunction, outputs: torch.Tensor, targets: torch.Tensor
    ) -> torch.Tensor:
        """Training loss of each sample: (copies, batch).

        Args:
            task_losses: of the task's objective, used where no loss is set.
            outputs: of the network, (copies, batch, outputs).
            targets: (copies, batch) class indices; without a loss, any that `task_losses` takes.
        """
        if self.loss is None:
            return task_losses(outputs, targets)
        expected = F.one_hot(targets, outputs.shape[-1]).to(outputs.dtype)
        optional: list[torch.Tensor] = []
        if isinstance(self.loss, Informed):
            counts = self.state.counts_of(outputs)
            progress = self.state.number(self.state.progress, outputs)
            teacher = outputs.detach() if self.state.teacher is None else self.state.teacher
            features = self.state.features_of(outputs)
            optional = [counts.flatten(0, 1), progress, teacher.flatten(0, 1), features]
        # The loss treats rows separately, so the samples of all copies can be its rows.
        rows = outputs.flatten(0, 1)
        return self.loss(rows, expected.flatten(0, 1), *optional).view(targets.shape)
