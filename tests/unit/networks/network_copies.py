"""Copies of a network to test with: fresh parameters, stacked and alone."""

import torch

from evo.networks.base import Network, Parameters
from evo.networks.parts import Parts

SEEDS = (0, 1, 2)


def starts(network: Network, sample: tuple[int, ...], outputs: int = 10) -> list[Parameters]:
    """Parameters of one copy for each seed, none of them zero."""
    found = []
    for seed in SEEDS:
        generator = torch.Generator().manual_seed(seed)
        fresh = network.initialise(sample, outputs, generator)
        found.append(
            {n: t + 0.1 * torch.randn(t.shape, generator=generator) for n, t in fresh.items()}
        )
    return found


def stacked(copies: list[Parameters]) -> Parameters:
    return {name: torch.stack([copy[name] for copy in copies]) for name in copies[0]}


def batch(*sample: int, images: int = 5) -> torch.Tensor:
    """A batch of its own for each copy."""
    return torch.randn(len(SEEDS), images, *sample, generator=torch.Generator().manual_seed(9))


def outputs_of(
    network: Network, parameters: Parameters, inputs: torch.Tensor, parts: Parts
) -> torch.Tensor:
    """Outputs for samples as a task has them: (copies, batch, …)."""
    arranged = network.arranged(inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2])
    return network.forward(parameters, arranged, parts)


def expect_no_mixing(network: Network, sample: tuple[int, ...]) -> None:
    """Each copy gives among others what it gives alone."""
    copies, inputs = starts(network, sample), batch(*sample)
    together = outputs_of(network, stacked(copies), inputs, Parts(torch.tanh))
    for place, copy in enumerate(copies):
        alone = outputs_of(network, stacked([copy]), inputs[place : place + 1], Parts(torch.tanh))
        assert torch.allclose(together[place], alone[0], atol=1e-5)


def expect_own_gradients(network: Network, sample: tuple[int, ...]) -> None:
    """The loss of one copy moves every parameter of that copy, and none of the others."""
    parameters = {n: t.requires_grad_() for n, t in stacked(starts(network, sample)).items()}
    outputs = outputs_of(network, parameters, batch(*sample), Parts(torch.tanh))
    gradients = torch.autograd.grad(outputs[1].square().sum(), list(parameters.values()))
    for name, gradient in zip(parameters, gradients, strict=True):
        assert gradient[1].abs().max() > 0, name
        assert gradient[[0, 2]].abs().max() == 0, name
