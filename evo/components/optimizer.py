"""Optimizers: a gradient, two states and weights in, a step and the new states out."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from evo.components.base import ContractError, Kind
from evo.components.checks import normal_probe
from evo.components.facts import update_facts
from evo.components.kinds import kinds
from evo.components.walks import UPDATE_NOISE, walk_steps, with_update_noise
from evo.core.contract import Contract
from evo.core.informed import marked
from evo.core.learnables import Component
from evo.core.records import Vector
from evo.networks.parts import Parts

_STEPS = 8
"""Of a walk that is checked."""
_PROBED = 60
"""Of the walk that tells rules apart: a state that remembers long must have time to fill."""
_MOMENTS = [0, 1, 3, 7, 15, 29, 33, 59]
_SCALES = {"small": 1e-3, "usual": 1.0, "large": 30.0}
"""Gradients of probes."""


@kinds.register("optimizer")
class Optimizer(Kind):
    """Replaces Adam's update rule.

    The rule sees one parameter tensor at a time, as a vector: its gradient, two states that start
    as zeros, its weights, and the number of the step, counted from 1. The weights then go down by
    rate · schedule · step. Rules that need more than two states cannot be written.

    Good rates of such rules differ by orders of magnitude, so they are picked from a grid of this
    kind's own, for candidates and baselines alike: no rule wins by its scale, and behaviour ignores
    it.
    """

    contract: ClassVar[Contract] = Contract(
        kind="optimizer",
        function="update",
        arguments=("g", "m", "v", "w"),
        scalars=("t",),
        imports=("import torch", "import torch.nn.functional as F"),
        vocabulary=(
            "torch.sign({})",
            "torch.tanh({})",
            "torch.atan({})",
            "torch.asinh({})",
            "torch.abs({})",
            "torch.square({})",
            "torch.sqrt(torch.abs({}) + 1e-6)",
            "torch.rsqrt(torch.square({}) + 1e-3)",
            "torch.exp(-torch.square({}))",
            "torch.log1p(torch.abs({}))",
            "torch.clamp({}, -1.0, 1.0)",
            "F.softsign({})",
            "F.normalize({}, dim=-1)",
            "torch.div({}, torch.abs({}) + 1e-2)",
            "torch.lerp({}, {}, 0.1)",
            "torch.maximum({}, {})",
            "torch.minimum({}, {})",
        ),
        description=(
            "`update(g, m, v, w, t)` is one step of an optimiser for one parameter tensor, laid "
            "out as a vector: gradient g, states m and v, which start as zeros and keep what you "
            "return, and weights w, float tensors of shape (p,); t is the number of the step, from "
            "1 on, a float tensor of shape (). It returns `torch.stack([step, m, v])` of shape "
            "(3, p): training does w ← w − rate · step, so step points along the gradient, and m "
            "and v are the new states. The rate falls over training and is picked per rule between "
            "0.0003 and 1. It is deterministic, and finite also where all of g is 0. p (≥ 1) "
            "changes from tensor to tensor."
        ),
        output="torch.stack([{}, 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * torch.square(g)])",
        optional=UPDATE_NOISE,
    )
    kept: ClassVar[tuple[str, ...]] = ("w",)
    trace_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((7,), (7,), (7,), (7,), ()),
        ((48,), (48,), (48,), (48,), ()),
    )
    ranges: ClassVar[tuple[tuple[float, float], ...] | None] = (
        *[(-3.0, 3.0)] * 2,
        (0.0, 3.0),
        (-3.0, 3.0),
        (1.0, 1.0),
    )
    wide_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((1,), (1,), (1,), (1,), ()),
        ((64,), (64,), (64,), (64,), ()),
        ((1021,), (1021,), (1021,), (1021,), ()),
    )
    large_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((262144,), (262144,), (262144,), (262144,), ()),
    )
    is_mapped: ClassVar[bool] = True
    learning_rates: ClassVar[tuple[float, ...] | None] = (
        *(0.0003, 0.001, 0.003, 0.01),
        *(0.03, 0.1, 0.3, 1.0),
    )
    standard: ClassVar[str | None] = "adam"
    baselines_folder: ClassVar[Path] = Path(__file__).parent / "baselines" / "optimizer"
    compared: ClassVar[str] = (
        "steps along a fixed walk of gradients; a constant factor changes nothing"
    )

    def check(self, component: Component) -> None:
        """Check for finite steps and states at any size, that follow the gradient."""
        component = with_update_noise(component, self.contract)
        with torch.no_grad():
            steps = {
                (size, name): walk_steps(
                    component,
                    scale * normal_probe(_STEPS, size),
                    f"{name} gradients of {size} weights",
                )
                for size in (12, 1, 33)
                for name, scale in _SCALES.items()
            }
            gradients = normal_probe(_STEPS, 12)
            walk_steps(component, torch.zeros(_STEPS, 12), "gradients of zero")
            walk_steps(
                component,
                gradients * (normal_probe(_STEPS, 12, seed=1) > 0),
                "gradients with zeros",
            )
            one, other = steps[12, "usual"], walk_steps(component, -gradients, "usual gradients")
        if not (one - other).abs().max() > 1e-6 * one.abs().max():
            raise ContractError("expected a step that depends on g, got the same for -g")

    def parts(self, component: Component) -> Parts:
        """The component in place of Adam."""
        return Parts(update=marked(component, self.contract))

    def behaviour(self, component: Component) -> Vector:
        """Steps of eight weights at eight moments of sixty, of mean square 1: (64,).

        Gradients are large and small, steady and wavering, and half-way fall to a fifth. A
        scaled rule is the same rule.
        """
        sizes = torch.logspace(-2, 0, 8)
        steadiness = torch.tensor([0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0])
        gradients = sizes * (steadiness + (1.3 - steadiness) * normal_probe(_PROBED, 8))
        gradients[_PROBED // 2 :] /= 5
        component = with_update_noise(component, self.contract)
        with torch.no_grad():
            steps = walk_steps(
                component, gradients, "the probe", weights=2 * normal_probe(8, seed=2)
            )[_MOMENTS]
        scaled = steps / (steps.square().mean().sqrt() + 1e-12)
        return np.asarray(scaled.reshape(-1).numpy(), dtype=np.float32)

    def facts(self, component: Component) -> dict[str, float]:
        """Steps for simple gradients."""
        return update_facts(with_update_noise(component, self.contract))
