"""The state of a training, as far as components may see it: progress, classes, noise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

Noise = Callable[[tuple[int, ...]], torch.Tensor]
"""Standard normal numbers of a shape, of which the first dimension is the copies."""


@dataclass
class TrainingState:
    """The state of a training that components see; by default that of a network under test.

    A training changes it from step to step.

    Attributes:
        progress: share of the training that is over, in [0, 1).
        is_training: whether a step is being taken, rather than a test.
        class_counts: samples of each class in a copy's training data, at least 1 each:
            (copies, classes). None for as many of each.
        noise: draws the noise of a step; None for zeros.
        teacher: logits of the teacher for this batch, (copies, batch, classes), where a loss asks
            for them; None for those of the network itself.
        signals: what each activation gave in this step, (copies, …) with features last, in one
            tensor or in parts that follow each other, where a component asks for it; else None.
    """

    progress: float = 0.0
    is_training: bool = False
    class_counts: torch.Tensor | None = None
    noise: Noise | None = None
    teacher: torch.Tensor | None = None
    signals: list[Sequence[torch.Tensor]] | None = None

    def drawn(self, like: torch.Tensor, *, copies_dim: int = 0) -> torch.Tensor:
        """Noise of the shape of a signal of all copies; zeros while testing."""
        if self.noise is None or not self.is_training:
            return torch.zeros_like(like)
        shape = like.movedim(copies_dim, 0).shape
        return self.noise(tuple(shape)).to(like).movedim(0, copies_dim)

    def counts_of(self, outputs: torch.Tensor) -> torch.Tensor:
        """Samples of each class, for every row of outputs (copies, batch, classes): its shape."""
        if self.class_counts is None:
            return torch.ones_like(outputs)
        return self.class_counts.to(outputs).unsqueeze(1).expand_as(outputs)

    def features_of(self, outputs: torch.Tensor) -> torch.Tensor:
        """Outputs of the last activation for the samples of all copies: (copies · batch, features).

        Places of a sample follow each other; zeros where nothing was noted.
        """
        if not self.signals:
            return torch.zeros_like(outputs).flatten(0, 1)
        last = torch.cat([*self.signals[-1]])
        return last.reshape(outputs.shape[0] * outputs.shape[1], -1).to(outputs)

    def number(self, value: float, like: torch.Tensor) -> torch.Tensor:
        """A number as a component takes it: ()."""
        return torch.tensor(float(value), dtype=like.dtype, device=like.device)


def drawn_like(values: torch.Tensor, noise: Noise | None) -> tuple[torch.Tensor, ...]:
    """The noise for values (copies, …), as further arguments; none without a source of noise."""
    return () if noise is None else (noise(tuple(values.shape)).to(values),)


def seeded_noise(
    generators: Sequence[torch.Generator], for_each: Callable[[torch.Tensor], torch.Tensor]
) -> Noise:
    """Noise that each seed draws for itself, whatever trains beside it.

    Args:
        generators: one per seed.
        for_each: repeats a tensor (seeds, …) for all copies of each seed: (copies, …).
    """

    def noise(shape: tuple[int, ...]) -> torch.Tensor:
        return for_each(torch.stack([torch.randn(shape[1:], generator=g) for g in generators]))

    return noise
