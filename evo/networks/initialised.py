"""Weights that an initialiser makes, of one copy of any network.

Draws come first, in the order of the parameters, so that they are the same for every component. One
that reads its layer's inputs then makes each weight when the network first multiplies it. A layer
that receives zeros alone stays as the network drew it.
"""

from collections.abc import Callable, Mapping

import torch

from evo.core.informed import Informed
from evo.networks.first_inputs import FirstInputs
from evo.networks.parts import Parts
from evo.networks.roles import Plain, Role, Weight

RunNetwork = Callable[[Mapping[str, torch.Tensor]], object]
"""Runs a network of these parameters, of one copy, on a batch of training data."""


def initialised(
    parameters: Mapping[str, torch.Tensor],
    roles: Mapping[str, Role],
    parts: Parts,
    generator: torch.Generator,
    run: RunNetwork,
) -> dict[str, torch.Tensor]:
    """The parameters with weights of the parts' initialiser, and biases of zero.

    Args:
        parameters: of one copy, as the network draws them.
        roles: of each of them.
        parts: with an initialiser.
        generator: to draw from.
        run: called once, where the initialiser reads what layers receive.

    Raises:
        ValueError: roles do not fit the parameters, or what a weight receives cannot be seen.
    """
    if parameters.keys() != roles.keys():
        odd = sorted(parameters.keys() ^ roles.keys())
        raise ValueError(f"expected roles() to name each parameter once, got other names: {odd}")
    started = {
        name: torch.zeros_like(value) if roles[name] is Plain.BIAS else value.clone()
        for name, value in parameters.items()
    }
    weight_roles = {name: role for name in parameters if isinstance(role := roles[name], Weight)}
    names, weights = list(weight_roles), list(weight_roles.values())
    draws = [
        [
            torch.randn(*matrix.shape[1:], generator=generator)
            for matrix in role.matrices(started[name][None])
        ]
        for name, role in weight_roles.items()
    ]

    def fill(place: int, block: int, rows: torch.Tensor | None) -> None:
        whole = started[names[place]]
        matrices = [matrix[0] for matrix in weights[place].matrices(whole[None])]
        depth = (place + 1, len(names))
        matrices[block] = _made(draws[place][block], parts, depth, rows)
        whole.copy_(weights[place].joined(matrices, whole.shape))

    if not parts.initialize_sees_inputs:
        for place, of_weight in enumerate(draws):
            for block in range(len(of_weight)):
                fill(place, block, None)
        return started
    tried = {
        name: value if name in weight_roles else value.clone() for name, value in started.items()
    }
    seen = FirstInputs(
        [tried[name] for name in names],
        [role.blocks for role in weights],
        [role.inputs_first for role in weights],
        fill,
        generator=generator,
    )
    # Running statistics and what dropout draws stay as they were.
    with torch.random.fork_rng(devices=()), torch.enable_grad(), seen:
        run(tried)
    if unseen := [names[place] for place in seen.unseen()]:
        raise ValueError(
            f"what {', '.join(unseen)} multiplies cannot be seen, so an initialiser that takes "
            "`inputs` fails here: the model must multiply by the weight itself, as nn.Linear, "
            "nn.Conv2d and F.linear do"
        )
    return started


def _made(
    draw: torch.Tensor, parts: Parts, depth: tuple[int, int], rows: torch.Tensor | None
) -> torch.Tensor:
    """A matrix of the initialiser: (outputs, inputs).

    Args:
        draw: standard normal numbers, (outputs, inputs).
        parts: with the initialiser.
        depth: number of the layer, from 1 on, and of layers.
        rows: that the matrix multiplies, (n, inputs); None where it reads none.
    """
    assert parts.initialize is not None
    fan_out, fan_in = draw.shape
    is_informed = isinstance(parts.initialize, Informed)
    numbers = [torch.tensor(float(n)) for n in (fan_in, fan_out, *(depth if is_informed else ()))]
    with torch.no_grad():
        return parts.initialize(draw, *numbers, *([] if rows is None else [rows]))
