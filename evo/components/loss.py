"""Losses: logits and right answers in, the loss of each sample out."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F

from evo.components.base import ContractError, Kind
from evo.components.checks import (
    expect_form,
    expect_pulls_apart,
    expect_same,
    layouts,
    normal_probe,
)
from evo.components.facts import loss_facts
from evo.components.kinds import kinds
from evo.components.rows import each_row
from evo.core.contract import Contract, Input
from evo.core.informed import completed, contract_of, marked, reads
from evo.core.learnables import Component
from evo.core.records import Vector
from evo.networks.parts import Parts

_REACH = 30.0
"""Logits of probes lie in [-30, 30]: e³⁰ is still finite, and softmax is 0 or 1 to seven digits."""

_SHAPES = ((12, 10), (9, 2), (1, 3), (4, 100))
"""Samples and classes of probes."""
_FURTHER_ROWS = (4, 5)
"""Places of the teacher's logits and of features among the arguments."""
_SETTINGS = ((0.02, 0.25), (1.0, 0.0), (1e-6, 0.999))
"""Samples of the last class over those of the first, and progress, that a loss must bear."""


@kinds.register("loss")
class LossKind(Kind):
    """Replaces cross-entropy in the training of a classifier.

    Candidates cannot be measured by what they train, nor by cross-entropy, which rewards those
    that resemble it. So a trial is decided by the share of wrong answers on the task's own test
    data, and the learning rate is picked by that share on validation data. Adam ignores a
    constant factor, and so does behaviour.

    Rows stand apart as in a preprocessor, so that a loss is that of one sample. It may be negative:
    one that falls without end loses its own trial and harms no other candidate.
    """

    contract: ClassVar[Contract] = Contract(
        kind="loss",
        function="loss",
        arguments=("outputs", "targets"),
        imports=("import torch", "import torch.nn.functional as F"),
        vocabulary=(
            "torch.abs({})",
            "torch.square({})",
            "torch.tanh({})",
            "torch.atan({})",
            "torch.asinh({})",
            "torch.sin({})",
            "torch.exp(-torch.square({}))",
            "torch.log1p(torch.abs({}))",
            "torch.sqrt(torch.square({}) + 1e-6)",
            "torch.sigmoid({})",
            "torch.clamp({}, -5.0, 5.0)",
            "F.relu({})",
            "F.softplus({})",
            "F.softsign({})",
            "F.silu({})",
            "F.normalize({}, dim=-1)",
            "torch.softmax({}, dim=-1)",
            "torch.log_softmax({}, dim=-1)",
            "torch.maximum({}, {})",
            "torch.minimum({}, {})",
        ),
        description=(
            "`loss(outputs, targets)` takes the logits of n samples, a float tensor (n, classes), "
            "and their right classes, one-hot as floats of the same shape, and returns the loss of "
            "each sample, a float tensor (n,) that training brings down. Every loss depends on its "
            "own row of both alone; the function is deterministic, and finite with a finite "
            "gradient for logits in [-30, 30]. n and classes (≥ 2) change from task to task. It "
            "is judged by how many test samples the trained network gets wrong."
        ),
        output="-torch.sum(targets * torch.log_softmax({}, dim=-1), dim=-1)",
        optional=(
            Input("counts", "feature", "training samples of each class, at least 1", 1, 100),
            Input("t", "number", "progress of the training, in [0, 1)", 0.5, 0.5),
            Input(
                "teacher",
                "argument",
                "logits of a teacher, the network with weights averaged over the steps so far; "
                "no gradient reaches it",
            ),
            Input(
                "features",
                "row",
                "what the last activation gives for each sample, (n, d); gradients reach it",
            ),
        ),
    )
    trace_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((5, 7), (5, 7)),
        ((8, 6), (8, 6)),
    )
    ranges: ClassVar[tuple[tuple[float, float], ...] | None] = ((-3.0, 3.0), (0.0, 1.0))
    wide_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((9, 2), (9, 2)),
        ((4, 64), (4, 64)),
        ((3, 101), (3, 101)),
        ((2, 96), (2, 96)),
        ((1, 10), (1, 10)),
    )
    large_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (((4096, 100), (4096, 100)),)
    is_mapped: ClassVar[bool] = True
    needs_classes: ClassVar[bool] = True
    standard: ClassVar[str | None] = "cross_entropy"
    baselines_folder: ClassVar[Path] = Path(__file__).parent / "baselines" / "loss"
    compared: ClassVar[str] = (
        "gradients by the logits of 16 samples; a constant factor changes nothing"
    )

    def check(self, component: Component) -> None:
        """Check for a finite number per row, with gradients, from its row and answer alone.

        With all optional inputs that it may take: few and many samples of a class, early and late.
        """
        is_informed = contract_of(component, self.contract).taken
        for setting in _SETTINGS if is_informed else _SETTINGS[:1]:
            self._check(self._in(component, setting))

    def _check(self, component: Component) -> None:
        for shape in _SHAPES:
            names, logits, answers = _probes(*shape)
            losses, pull = _pull(torch.func.vmap(component), logits, answers)
            expect_form(losses[0], shape=torch.Size(shape[:1]), dtype=logits.dtype)
            if not (torch.isfinite(losses).all() and torch.isfinite(pull).all()):
                raise ContractError(f"expected finite {_first_fault(names, losses, pull)}")
        _expect_rows_apart(component)
        logits, answers = normal_probe(6, 5), _answers(6, 5)
        _, pull = _pull(component, logits, answers)
        if pull.abs().max() < 1e-9:
            raise ContractError("expected a loss that depends on the outputs, got a constant")
        _, other = _pull(component, logits, answers.roll(1, dims=1))
        if (pull - other).abs().max() < 1e-6 * pull.abs().max():
            raise ContractError(
                "expected a pull that depends on the targets: got one that teaches no answer"
            )

    def parts(self, component: Component) -> Parts:
        """The component in place of the task's objective, while it trains."""
        row_by_row = each_row(component, rows=2, mapped=1, further=_FURTHER_ROWS)
        return Parts(
            loss=marked(component, self.contract, row_by_row),
            judged_by="accuracy",
            loss_sees_teacher=reads(component, self.contract, "teacher"),
            loss_sees_features=reads(component, self.contract, "features"),
        )

    def behaviour(self, component: Component) -> Vector:
        """Its pull on each logit of 16 samples of 5 classes, of mean square 1: (80,).

        Half of the samples are undecided, half decided, rightly or wrongly. The first class has
        most training samples, and training is a fourth over, for a component that sees that. What
        a component does to features counts by the logits that they are made of here.
        """
        component = self._in(component, _SETTINGS[0])
        logits = torch.cat([normal_probe(8, 5), 4 * normal_probe(8, 5, seed=1)])
        _, pull = _pull(component, logits, _answers(16, 5))
        scaled = pull / (pull.square().mean().sqrt() + 1e-12)
        return np.asarray(scaled.reshape(-1).numpy(), dtype=np.float32)

    def facts(self, component: Component) -> dict[str, float]:
        """Loss and pull by how sure a network is."""
        return loss_facts(self._in(component, _SETTINGS[0]))

    def _in(self, component: Component, setting: tuple[float, float]) -> Component:
        """The component in a training: see `_SETTINGS`."""
        ratio, progress = setting

        def optional(outputs: torch.Tensor) -> list[torch.Tensor]:
            classes = outputs.shape[-1]
            counts = 1 + 499 * ratio ** (torch.arange(classes) / max(1, classes - 1))
            return [counts.floor(), torch.tensor(progress), *_teacher_and_features(outputs)]

        return completed(component, self.contract, optional)


def _teacher_and_features(outputs: torch.Tensor) -> list[torch.Tensor]:
    """A teacher's logits and features that follow from each sample's own logits."""
    features = torch.cat([torch.tanh(outputs), F.relu(outputs)], dim=-1)
    return [4 * torch.cos(3 * outputs.detach()), features]


def _answers(samples: int, classes: int) -> torch.Tensor:
    """One-hot right classes, all of them in turn: (samples, classes)."""
    return F.one_hot(torch.arange(samples) % classes, classes).float()


@lru_cache(maxsize=16)
def _probes(samples: int, classes: int) -> tuple[list[str], torch.Tensor, torch.Tensor]:
    """Logits such as training meets, with a name for each, and right answers: (probes, n, c).

    They are remembered, and not to be written to.
    """
    logits, answers = normal_probe(samples, classes), _answers(samples, classes)
    sure = _REACH * (2 * answers - 1)
    shape = f"{samples} samples of {classes} classes"
    probes = {
        f"logits of deviation 1, {shape}": logits,
        f"logits of deviation 0.001, {shape}": 1e-3 * logits,
        f"logits in [-30, 30], {shape}": (12 * logits).clamp(-_REACH, _REACH),
        f"logits of zero, {shape}": torch.zeros_like(logits),
        f"logits of 30 for the right class and -30 for others, {shape}": sure,
        f"logits of -30 for the right class and 30 for others, {shape}": -sure,
    }
    return [*probes], torch.stack([*probes.values()]), answers.repeat(len(probes), 1, 1)


def _first_fault(names: Sequence[str], losses: torch.Tensor, pull: torch.Tensor) -> str:
    """Words for the first value that is not finite, and its probe."""
    return next(
        f"{what}, got others on {name}"
        for place, name in enumerate(names)
        for what, values in (("losses", losses), ("gradients", pull))
        if not torch.isfinite(values[place]).all()
    )


def _pull(
    component: Component, logits: torch.Tensor, answers: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The losses and their gradient by the logits; zeros where they do not depend on them."""
    logits = logits.clone().requires_grad_()
    losses = component(logits, answers)
    if not losses.requires_grad:
        return losses, torch.zeros_like(logits)
    (gradient,) = torch.autograd.grad(losses.sum(), logits)
    return losses.detach(), gradient


def _expect_rows_apart(component: Component) -> None:
    """Check that rows give the same among others, in another order and layout, and alone.

    So do their pulls. Both in units of their size, since training ignores a factor.
    """
    logits, answers = 3 * normal_probe(7, 5), _answers(7, 5)
    expected = _pull(component, logits, answers)
    sizes = [values.square().mean().sqrt() + 1e-12 for values in expected]
    otherwise = (
        "expected the loss of every row, and its pull, to depend on its own row alone, got others "
        "among other rows or in another order; reduce over classes only, with dim=-1"
    )

    def expect(actual: Sequence[torch.Tensor], rows: slice) -> None:
        for result, reference, size in zip(actual, expected, sizes, strict=True):
            expect_same(result / size, reference[rows] / size, otherwise)

    other_logits, wrong = 9 * normal_probe(4, 5, seed=1), _answers(4, 5)
    for (_, mixed), (_, right) in zip(
        layouts(torch.cat([other_logits, logits.flip(0)])),
        layouts(torch.cat([wrong, answers.flip(0)])),
        strict=True,
    ):
        # A strided twin of the answers holds the same numbers.
        expect([values[4:].flip(0) for values in _pull(component, mixed, right)], slice(None))
    leaf = logits.clone().requires_grad_()
    if (losses := component(leaf, answers)).requires_grad:
        expect_pulls_apart(losses, leaf, otherwise)
    for place in (0, 6):
        row = slice(place, place + 1)
        expect(_pull(component, logits[row], answers[row]), row)
