"""Matrix optimizers: whole matrices with their shape and three states in, step and states out."""

from pathlib import Path
from typing import ClassVar

import torch

from evo.components.base import UNMEASURED, ContractError, Kind
from evo.components.checks import normal_probe
from evo.components.facts import matrix_update_facts
from evo.components.kinds import kinds
from evo.components.optimizer import Optimizer
from evo.components.walks import UPDATE_NOISE, walk_steps, with_update_noise
from evo.core.contract import Contract
from evo.core.informed import marked
from evo.core.learnables import Component
from evo.core.records import Vector
from evo.networks.parts import Parts

_STEPS = 4
"""Of a walk that is checked."""
_SHAPES = ((4, 6), (6, 4), (5, 5), (1, 7))
_PROBED = 40
_MOMENTS = [0, 2, 7, 19, 23, 39]
_SCALES = {"small": 1e-3, "large": 30.0}
_FRACTION = 0.5
"""Share of one tensor's gradient in the norm of all of them, in walks."""


@kinds.register("matrix-optimizer")
class MatrixOptimizer(Kind):
    """Replaces Adam's update rule by one that sees each weight matrix with its shape.

    Muon (Jordan et al. 2024), one-sided Shampoo, AdEMAMix (Pagliardini et al. 2024, arXiv
    2409.03137), Adafactor and Lion are of this kind. A rule has three states of the matrix's shape
    and the norm of all gradients together. A tensor that is no weight matrix, such as a bias, is a
    matrix of one row, so that a rule may tell it by its shape. States of other shapes cannot be
    written, nor states that tensors share.
    """

    contract: ClassVar[Contract] = Contract(
        kind="matrix-optimizer",
        function="update",
        arguments=("g", "m", "v", "u", "w"),
        scalars=("t", "norm"),
        imports=("import torch", "import torch.nn.functional as F"),
        vocabulary=(
            "torch.sign({})",
            "torch.tanh({})",
            "torch.asinh({})",
            "torch.abs({})",
            "torch.square({})",
            "torch.sqrt(torch.abs({}) + 1e-6)",
            "torch.rsqrt(torch.square({}) + 1e-3)",
            "torch.clamp({}, -1.0, 1.0)",
            "F.softsign({})",
            "F.normalize({}, dim=-1)",
            "F.normalize({}, dim=0)",
            "torch.div({}, torch.abs({}) + 1e-2)",
            "torch.lerp({}, {}, 0.1)",
            "torch.maximum({}, {})",
            "torch.minimum({}, {})",
        ),
        description=(
            "`update(g, m, v, u, w, t, norm)` is one step of an optimiser for one weight matrix: "
            "gradient g, states m, v and u, which start as zeros and keep what you return, and "
            "weights w, float tensors of shape (outputs, inputs); t is the number of the step, "
            "from 1 on, and norm the norm of all gradients of the network together, float tensors "
            "of shape (). It returns `torch.stack([step, m, v, u])` of shape (4, outputs, inputs): "
            "training does w ← w − rate · step, so step points along the gradient, and m, v and u "
            "are the new states. A tensor that is no weight matrix, such as a bias, comes with one "
            "row: (1, p). The rate falls over training and is picked per rule between 0.0003 and "
            "1. It is deterministic, and finite also where all of g is 0. Shapes change from "
            "matrix to matrix; products of matrices and decisions by g.shape are welcome."
        ),
        output=(
            "torch.stack([{}, 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * torch.square(g), "
            "0.99 * u + 0.01 * g])"
        ),
        optional=UPDATE_NOISE,
    )
    kept: ClassVar[tuple[str, ...]] = ("w",)
    trace_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        (*[(5, 7)] * 5, (), ()),
        (*[(8, 6)] * 5, (), ()),
    )
    ranges: ClassVar[tuple[tuple[float, float], ...] | None] = (
        *[(-3.0, 3.0)] * 2,
        (0.0, 3.0),
        *[(-3.0, 3.0)] * 2,
        (1.0, 1.0),
        (2.0, 2.0),
    )
    wide_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        (*[(1, 9)] * 5, (), ()),
        (*[(9, 1)] * 5, (), ()),
        (*[(1, 64)] * 5, (), ()),
        (*[(3, 64)] * 5, (), ()),
        (*[(97, 12)] * 5, (), ()),
        (*[(32, 32)] * 5, (), ()),
        (*[(11, 11)] * 5, (), ()),
    )
    large_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        (*[(256, 256)] * 5, (), ()),
        (*[(1, 65536)] * 5, (), ()),
    )
    is_mapped: ClassVar[bool] = True
    learning_rates: ClassVar[tuple[float, ...] | None] = Optimizer.learning_rates
    standard: ClassVar[str | None] = "adam"
    baselines_folder: ClassVar[Path] = Path(__file__).parent / "baselines" / "matrix_optimizer"
    compared: ClassVar[str] = (
        "steps of a matrix and a vector along a fixed walk of gradients; a constant factor changes "
        "nothing"
    )
    doubt: ClassVar[str] = UNMEASURED

    def check(self, component: Component) -> None:
        """Check for finite steps and states at any shape, that follow the gradient."""
        component = with_update_noise(component, self.contract)
        with torch.no_grad():
            gradients = normal_probe(_STEPS, *_SHAPES[0])
            one = _walk(component, gradients, "usual gradients")
            for shape in _SHAPES[1:]:
                _walk(component, normal_probe(_STEPS, *shape), f"usual gradients of {shape}")
            for name, scale in _SCALES.items():
                _walk(component, scale * gradients, f"{name} gradients")
            _walk(component, 0 * gradients, "gradients of zero")
            _walk(component, gradients * (gradients > 0), "gradients with zeros")
            _walk(component, gradients[:, :1].expand_as(gradients), "gradients of rank 1")
            if not _follows(component, gradients, one):
                longer = normal_probe(2 * _STEPS, *_SHAPES[0])  # RAdam rests for five steps
                if not _follows(component, longer, _walk(component, longer, "usual gradients")):
                    raise ContractError("expected a step that depends on g, got the same for -g")

    def parts(self, component: Component) -> Parts:
        """The component in place of Adam."""
        return Parts(update=marked(component, self.contract), updates_matrices=True)

    def behaviour(self, component: Component) -> Vector:
        """Steps of a 3 × 4 matrix and of a vector of 4 at six moments of forty: (96,).

        Of mean square 1: a scaled rule is the same rule. Gradients are large and small, steady and
        wavering, and half-way fall to a fifth.
        """
        component = with_update_noise(component, self.contract)
        return torch.cat([_steps_of(component, shape) for shape in ((3, 4), (1, 4))]).numpy()

    def facts(self, component: Component) -> dict[str, float]:
        """Steps for simple gradients."""
        return matrix_update_facts(with_update_noise(component, self.contract))


def _follows(component: Component, gradients: torch.Tensor, steps: torch.Tensor) -> bool:
    """True if the steps for these gradients are others than those for their opposites."""
    other = _walk(component, -gradients, "usual gradients")
    return bool((steps - other).abs().max() > 1e-6 * steps.abs().max())


def _walk(
    component: Component,
    gradients: torch.Tensor,
    what: str,
    weights: torch.Tensor | None = None,
) -> torch.Tensor:
    norms = gradients.flatten(1).norm(dim=1) / _FRACTION
    return walk_steps(component, gradients, what, weights=weights, states=3, norms=norms)


def _steps_of(component: Component, shape: tuple[int, int]) -> torch.Tensor:
    count = shape[0] * shape[1]
    sizes = torch.logspace(-2, 0, count)
    steady = (torch.arange(count) % 2).float()
    gradients = sizes * (steady + (1.3 - steady) * normal_probe(_PROBED, count))
    gradients[_PROBED // 2 :] /= 5
    with torch.no_grad():
        steps = _walk(
            component,
            gradients.view(_PROBED, *shape),
            "the probe",
            weights=2 * normal_probe(*shape, seed=2),
        )[_MOMENTS]
    return (steps / (steps.square().mean().sqrt() + 1e-12)).reshape(-1).to(torch.float32)
