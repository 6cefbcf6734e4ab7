"""Common architectures as people write them: which train side by side, with equal results."""

import pytest
import torch
from architectures import ARCHITECTURES
from torch import nn

from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_copies_give_what_models_alone_give(name: str) -> None:
    make, sample, is_side_by_side = ARCHITECTURES[name]
    network = ModuleNetwork(make)
    parts = Parts(activation=torch.sin)
    starts = [
        network.fresh(sample, 3, torch.Generator().manual_seed(seed), parts) for seed in (0, 1)
    ]
    inputs = torch.randn(2, 4, *sample, generator=torch.Generator().manual_seed(5)).abs()
    copies = {n: torch.stack([s[n] for s in starts]).requires_grad_() for n in starts[0]}

    outputs = network.forward(copies, inputs, parts)
    gradients = torch.autograd.grad(outputs.square().sum(), list(copies.values()))

    assert (network.remark() == "") is is_side_by_side
    assert outputs.shape == (2, 4, 3)
    for place, start in enumerate(starts):
        model = make()
        model.load_state_dict({n.replace(".own.", "."): v for n, v in start.items()}, strict=False)
        for module in model.modules():
            if isinstance(module, nn.ReLU | nn.GELU | nn.SiLU | nn.Tanh):
                module.forward = torch.sin  # type: ignore[method-assign]
        alone = model(inputs[place])
        assert torch.allclose(outputs[place], alone, atol=1e-5)
        expected = torch.autograd.grad(alone.square().sum(), list(model.parameters()))
        for one, other in zip(gradients, expected, strict=True):
            assert torch.allclose(one[place], other, atol=1e-4)
