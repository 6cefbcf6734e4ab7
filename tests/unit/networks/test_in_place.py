"""A model that writes into what its activations take or give trains as it would out of place."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts


class Residual(nn.Module):
    """A block that adds what it skipped in place, after its activation."""

    def __init__(self, act: nn.Module | None = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.act = act or nn.GELU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        identity = x
        out = self.act(self.conv(x))
        out += identity
        return out


class Reused(Residual):
    """A block that goes on with its pre-activations, in place."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.conv(x)
        out = self.act(hidden)
        hidden *= 2
        return out + hidden


class Dropped(Residual):
    """A block that leaves what its activation returns, for what it wrote."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.conv(x)
        self.act(hidden)
        return hidden + x


def model(block: type[Residual], act: nn.Module | None = None) -> nn.Module:
    blocks = (block(act), nn.Dropout(0.0, inplace=True), block(act))
    return nn.Sequential(nn.Conv2d(1, 3, 1), *blocks, nn.Flatten(), nn.Linear(48, 2))


def out_of_place(block: type[Residual], act: Callable) -> nn.Module:
    made = model(block)
    for module in made:
        if isinstance(module, Reused):
            module.forward = lambda x, m=module: act(m.conv(x)) + 2 * m.conv(x)
        elif isinstance(module, Residual):
            module.forward = lambda x, m=module: act(m.conv(x)) + x
    return made


def outputs_and_gradients(
    network: ModuleNetwork, parts: Parts
) -> tuple[dict[str, torch.Tensor], torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    copies = [
        network.fresh((1, 4, 4), 2, torch.Generator().manual_seed(seed), parts) for seed in (0, 1)
    ]
    stacked = network.leaves({name: torch.stack([c[name] for c in copies]) for name in copies[0]})
    inputs = torch.randn(2, 5, 1, 4, 4, generator=torch.Generator().manual_seed(3))
    outputs = network.forward(stacked, inputs, parts)
    gradients = torch.autograd.grad(outputs.square().sum(), list(stacked.values()))
    return stacked, inputs, outputs, dict(zip(stacked, gradients, strict=True))


ACTIVATIONS = {
    "its input": lambda x: x,
    "a view": lambda x: x.view(x.shape),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "exp": torch.exp,
    "root": lambda x: (x * x + 1).sqrt(),
    "product": lambda x: x * x.sigmoid(),
}


@pytest.mark.parametrize("is_observed", [False, True], ids=["side by side", "one by one"])
@pytest.mark.parametrize("block", [Residual, Reused])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_component_trains_as_in_the_plain_loop(
    name: str, block: type[Residual], is_observed: bool
) -> None:
    act = ACTIVATIONS[name]
    network = ModuleNetwork(lambda: model(block))
    parts = Parts(activation=act, observe=(lambda *_: None) if is_observed else None)

    copies, inputs, outputs, gradients = outputs_and_gradients(network, parts)

    for place in range(2):
        alone = out_of_place(block, act)
        alone.load_state_dict({n: v[place].detach() for n, v in copies.items()})
        expected = alone(inputs[place])
        assert torch.allclose(outputs[place], expected, atol=1e-5)
        expected.square().sum().backward()
        for parameter, value in alone.named_parameters():
            assert torch.allclose(gradients[parameter][place], value.grad, atol=1e-3, rtol=1e-4)


def test_a_model_that_relies_on_an_activation_writing_into_its_input_says_so() -> None:
    network = ModuleNetwork(lambda: model(Dropped, nn.ReLU(inplace=True)))
    outputs_and_gradients(network, Parts())

    assert "'1.act'" in network.remark()
    with pytest.raises(ValueError, match=r"'1\.act' writing into its input .*x = self\.relu\(x\)"):
        outputs_and_gradients(network, Parts(activation=torch.tanh))


def test_an_activation_in_place_whose_output_is_used_is_a_place_like_others() -> None:
    network = ModuleNetwork(lambda: model(Residual, nn.SELU(inplace=True)))

    *_, gradients = outputs_and_gradients(network, Parts(activation=torch.tanh))

    assert network.remark() == ""
    assert all(value.isfinite().all() for value in gradients.values())


def test_looking_for_writes_draws_nothing_from_the_global_generator() -> None:
    network = ModuleNetwork(lambda: model(Residual))
    torch.manual_seed(5)
    start = network.initialise((1, 4, 4), 2, torch.Generator().manual_seed(0))
    before = torch.get_rng_state()

    network.forward({n: v[None] for n, v in start.items()}, torch.ones(1, 2, 1, 4, 4), Parts())

    assert torch.equal(before, torch.get_rng_state())
