"""Simple facts of components: numbers that tell a reader what a formula does.

Each takes a component over a trusted graph and returns numbers by what they are. They describe;
nothing is decided by them.
"""

from collections.abc import Mapping

import torch

from evo.components.checks import normal_probe
from evo.core.learnables import Component

Facts = dict[str, float]

_REACH = 8.0
_POINTS = 1601
_NEAR = 0.1
"""Distance from 0 within which slope and curvature there are taken."""
_KINK = 0.05
"""Difference of the slopes beside 0 from which on it is a kink."""
_ROUNDING = 1e-8


def elementwise_facts(component: Component) -> Facts:
    """Value, slope and curvature at 0, tails, range, and moments under a standard normal.

    Weights of variance 1/fan_in pass on a mean square of E f(x)² in the signal and of E f'(x)² in
    the gradient, x standard normal: 1 keeps the scale from layer to layer.
    """
    # In double precision first: 0 must be among them.
    points = torch.linspace(-_REACH, _REACH, _POINTS, dtype=torch.float64).float().requires_grad_()
    output = component(points)
    slopes = torch.zeros_like(points)
    if output.requires_grad:
        (slopes,) = torch.autograd.grad(output.sum(), points)
    values = output.detach().double()
    slopes = slopes.double()
    weights = torch.exp(-points.detach().double().square() / 2)
    weights /= weights.sum()
    middle, near = _POINTS // 2, round(_NEAR * (_POINTS - 1) / (2 * _REACH))
    below, above = slopes[middle - 1], slopes[middle + 1]
    mean = (weights * values).sum()
    facts = {"value at 0": values[middle]}
    if (above - below).abs() > _KINK:
        facts |= {"slope just below 0": below, "slope just above 0": above}
    else:
        curvature = (slopes[middle + near] - slopes[middle - near]) / (2 * _NEAR)
        facts |= {"slope at 0": (below + above) / 2, "curvature at 0": curvature}
    usual = points.detach().abs() <= 3
    facts |= {
        "value at -8": values[0],
        "value at 8": values[-1],
        "slope at -8": slopes[0],
        "slope at 8": slopes[-1],
        "least on [-8, 8]": values.min(),
        "greatest on [-8, 8]": values.max(),
        "share of [-3, 3] on which it falls": (slopes[usual] < -1e-3).double().mean(),
        "E f(x), x standard normal": mean,
        "E f(x)²": (weights * values.square()).sum(),
        "E f'(x)²": (weights * slopes.square()).sum(),
    }
    return _rounded(facts)


def gate_facts(component: Component) -> Facts:
    """The output of a gate for a value of 1, its shape in the value, moments, and slopes.

    Moments are of an independent standard normal gate and value, as of layers at their start.
    """
    gates = torch.tensor([-8.0, -2.0, 0.0, 1.0, 2.0, 8.0])
    gate, value = (one.requires_grad_() for one in normal_probe(2, 4096).unbind())
    output = component(gate, value)
    slopes = [torch.zeros_like(gate)] * 2
    if output.requires_grad:
        slopes = torch.autograd.grad(
            output.sum(), [gate, value], allow_unused=True, materialize_grads=True
        )
    with torch.no_grad():
        passed = component(gates, torch.ones(6)).double()
        doubled = component(torch.ones(2), torch.tensor([1.0, 2.0])).double()
        turned = component(torch.ones(2), torch.tensor([1.0, -1.0])).double()
    facts = {
        f"output at gate {number:g}, value 1": one
        for number, one in zip(gates.tolist(), passed, strict=True)
    }
    values = output.detach().double()
    facts |= {
        "output at gate 1, value 2": doubled[1],
        "output at gate 1, value -1": turned[1],
        "E f, gate and value standard normal": values.mean(),
        "E f²": values.square().mean(),
        "E (slope in the gate)²": slopes[0].double().square().mean(),
        "E (slope in the value)²": slopes[1].double().square().mean(),
    }
    return _rounded(facts)


def attention_facts(component: Component) -> Facts:
    """Sums, concentration and zeros of the weights of queries with normal scores, and of others."""
    normal = normal_probe(256, 16)
    facts: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        weights = component(normal).double()
        top = weights.sort(dim=-1, descending=True).values
        facts["sum of the weights of 16 normal scores"] = weights.sum(-1).mean()
        facts["deviation of that sum"] = weights.sum(-1).std()
        facts["largest of them"] = top[:, 0].mean()
        facts["second largest of them"] = top[:, 1].mean()
        facts["share of zeros among them"] = (weights == 0).double().mean()
        facts["share below 0"] = (weights < 0).double().mean()
        tripled = component(3 * normal).double()
        facts["largest weight of scores three times as large"] = tripled.amax(-1).mean()
        for keys in (1, 4, 64):
            facts[f"sum of the weights of {keys} scores of 0"] = component(
                torch.zeros(1, keys)
            ).sum()
        facts["weight of a score of 8 among 15 of 0"] = component(8 * torch.eye(16)[:1])[0, 0]
    return _rounded(facts)


def row_facts(component: Component) -> Facts:
    """Mean and size of the outputs for rows of 32 features of three sorts."""
    normal = normal_probe(64, 32)
    sorts = {
        "normal rows": normal,
        "rows 10 · normal + 5": 10 * normal + 5,
        "rows |normal|": normal.abs(),
    }
    facts: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        for name, rows in sorts.items():
            output = component(rows).double()
            facts[f"mean output for {name}"] = output.mean()
            facts[f"root mean square for {name}"] = output.square().mean().sqrt()
    return _rounded(facts)


def initial_weight_facts(component: Component) -> Facts:
    """Scale, symmetry and tails of the weights of three layers, in units of 1/√inputs."""
    facts: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        for outputs, inputs in ((64, 64), (10, 64), (64, 16)):
            z = normal_probe(outputs, inputs)
            weights = component(z, torch.tensor(float(inputs)), torch.tensor(float(outputs)))
            scaled = weights.double() * inputs**0.5
            facts[f"deviation of {outputs} × {inputs} weights times √inputs"] = scaled.std()
        z = normal_probe(64, 64)
        weights = component(z, torch.tensor(64.0), torch.tensor(64.0)).double()
        rows = torch.nn.functional.normalize(weights, dim=1)
        overlap = (rows @ rows.T - torch.eye(64)).square().mean().sqrt()
        facts["mean of 64 × 64 weights times √inputs"] = 8 * weights.mean()
        facts["share of zeros"] = (weights == 0).double().mean()
        facts["overlap of its rows (0 orthogonal, 0.12 independent)"] = overlap
    return _rounded(facts)


def penalty_facts(component: Component, what: str = "weights") -> Facts:
    """Penalty and pull on a 64 × 64 matrix, at its usual size and at half and twice it.

    Args:
        component: a penalty.
        what: it penalises: weights as layers start with, or signals of deviation 1.
    """
    usual = normal_probe(64, 64) / (8 if what == "weights" else 1)
    facts: dict[str, torch.Tensor] = {}
    for name, scale in (("half the usual", 0.5), ("usual", 1.0), ("twice the usual", 2.0)):
        values = (scale * usual).requires_grad_()
        penalty = component(values)
        pull = torch.zeros_like(values)
        if penalty.requires_grad:
            (pull,) = torch.autograd.grad(
                penalty, [values], materialize_grads=True, allow_unused=True
            )
        facts[f"penalty of {name} {what}"] = penalty.detach().double()
        facts[f"root mean square pull on {name} {what}"] = pull.double().square().mean().sqrt()
    return _rounded(facts)


def loss_facts(component: Component) -> Facts:
    """Loss and pull of samples of ten classes by how sure the network is of the right class."""
    facts: dict[str, torch.Tensor] = {}
    answer = torch.zeros(1, 10)
    answer[0, 0] = 1
    pulls: dict[str, torch.Tensor] = {}
    cases = {"undecided": 0.0, "surely right": 8.0, "surely wrong": -8.0}
    for name, lead in cases.items():
        logits = (lead * answer).requires_grad_()
        loss = component(logits, answer)
        pull = torch.zeros_like(logits)
        if loss.requires_grad:
            (pull,) = torch.autograd.grad(loss.sum(), logits)
        facts[f"loss where {name}"] = loss.detach().double().sum()
        pulls[name] = pull.double().norm()
    for name in ("surely right", "surely wrong"):
        ratio = pulls[name] / (pulls["undecided"] + 1e-12)
        facts[f"pull where {name}, where undecided 1"] = ratio
    return _rounded(facts)


def update_facts(component: Component) -> Facts:
    """Steps for a steady gradient of 1, for one that alternates, and how they scale."""
    steady = _steps(component, torch.ones(100))
    signs = torch.ones(100)
    signs[1::2] = -1
    alternating = _steps(component, signs)
    tenfold = _steps(component, torch.full((100,), 10.0))
    facts = {f"step {n} of a steady gradient of 1": steady[n - 1] for n in (1, 10, 100)}
    facts["mean |step| of a gradient that alternates ±1"] = alternating[-20:].abs().mean()
    facts["step 100 of a steady gradient of 10"] = tenfold[-1]
    return _rounded(facts)


def matrix_update_facts(component: Component) -> Facts:
    """Sizes of steps for matrices and vectors, singular values of a step, and how they scale."""

    def steps(gradients: torch.Tensor) -> torch.Tensor:
        weights = torch.zeros(gradients.shape[1:])
        states = [torch.zeros_like(weights)] * 3
        taken: list[torch.Tensor] = []
        for number, gradient in enumerate(gradients, 1):
            scalars = (torch.tensor(float(number)), gradient.norm())
            step, *states = component(gradient, *states, weights, *scalars)
            taken.append(step.double())
            weights = weights - 1e-3 * step
        return torch.stack(taken)

    with torch.no_grad():
        drawn = normal_probe(30, 8, 16)
        usual, tenfold = steps(drawn), steps(10 * drawn)
        steady = steps(normal_probe(8, 16).expand(30, 8, 16))
        vector = steps(drawn[:, :1])
        spread = torch.linalg.svdvals(steady[-1])
    facts = {
        "root mean square of step 1": usual[0].square().mean().sqrt(),
        "root mean square of step 30, wavering gradients": usual[-1].square().mean().sqrt(),
        "root mean square of step 30, steady gradient": steady[-1].square().mean().sqrt(),
        "the same with gradients ten times as large": tenfold[-1].square().mean().sqrt(),
        "root mean square of step 30 of a vector": vector[-1].square().mean().sqrt(),
        "largest singular value of a steady step": spread[0],
        "smallest singular value over the largest (1: orthogonal)": spread[-1]
        / (spread[0] + 1e-12),
    }
    return _rounded(facts)


def schedule_facts(component: Component) -> Facts:
    """Factors at the start, the quarters and the end, and their mean."""
    with torch.no_grad():
        factors = component(torch.linspace(0, 1, 401)[:-1]).double()
    facts = {f"factor at t = {place / 400:g}": factors[place] for place in (0, 20, 100, 200, 300)}
    facts["factor at the last step"] = factors[-1]
    facts["mean factor"] = factors.mean()
    facts["greatest factor"] = factors.max()
    return _rounded(facts)


def _steps(component: Component, gradients: torch.Tensor) -> torch.Tensor:
    """The steps of one weight, which starts at 0, under gradients that come in turn."""
    weight, mean, square = torch.zeros(2), torch.zeros(2), torch.zeros(2)
    steps: list[torch.Tensor] = []
    with torch.no_grad():
        for number, gradient in enumerate(gradients, 1):
            step, mean, square = component(
                gradient.expand(2), mean, square, weight, torch.tensor(float(number))
            )
            steps.append(step[0].double())
            weight = weight - 1e-3 * step
    return torch.stack(steps)


def _rounded(facts: Mapping[str, torch.Tensor]) -> Facts:
    """Three digits of each, and 0 for what is rounding: more say nothing."""
    return {
        name: float(f"{float(value):.3g}") if abs(float(value)) > _ROUNDING else 0.0
        for name, value in facts.items()
    }
