"""Parts of a training as a loop of one's own takes them, evolved or torch's usual ones."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evo.core.contract import Learnable
from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts
from evo.networks.torch_parts import TorchParts

X = torch.linspace(-2, 2, 12).view(3, 4)


def test_without_a_component_every_part_is_torchs_usual_one() -> None:
    parts = TorchParts(Parts())
    model = nn.Linear(4, 2)
    before = model.weight.detach().clone()
    optimizer = parts.optimizer(model.parameters(), lr=0.1)
    schedule = parts.schedule(optimizer, total_steps=4)
    optimizer.step()
    schedule.step()

    assert not parts.evolved
    assert isinstance(parts.activation(), nn.ReLU)
    assert isinstance(parts.normalization(4), nn.LayerNorm)
    assert isinstance(parts.preprocessor(), nn.Identity)
    assert isinstance(parts.loss(), nn.CrossEntropyLoss)
    assert isinstance(optimizer, torch.optim.Adam)
    assert schedule.get_last_lr() == pytest.approx([0.075])
    assert torch.equal(parts.initialize(model).weight, before)
    assert parts.penalty(model).item() == 0


def test_an_activation_is_a_module_and_takes_the_place_of_others() -> None:
    parts = TorchParts(Parts(torch.sin))
    model = nn.Sequential(nn.Linear(4, 4), nn.GELU(), nn.Sequential(nn.GELU(), nn.Tanh()))

    parts.replace(model, nn.GELU)

    assert parts.evolved == parts.used == {"activation"}
    assert torch.equal(parts.activation()(X), X.sin())
    assert torch.equal(model[1](X), X.sin())
    assert torch.equal(model[2](X), X.sin().tanh())


def test_learned_numbers_are_parameters_of_each_module() -> None:
    slope = Learnable("a", "layer", 0.25)
    parts = TorchParts(Parts(lambda x, a: a * x, activation_learnables=(slope,)))

    one, other = parts.activation(), parts.activation()

    assert [tuple(value.shape) for value in one.parameters()] == [()]
    assert torch.equal(one(X), 0.25 * X)
    assert one.a is not other.a


@pytest.mark.parametrize("component", [torch.tanh, F.silu, lambda x: x], ids=["tanh", "silu", "x"])
@pytest.mark.parametrize("part", ["activation", "gated_activation", "normalization"])
def test_a_loop_may_write_in_place_into_what_a_module_takes_and_gives(part, component) -> None:
    parts = {
        "activation": Parts(component),
        "gated_activation": Parts(lambda gate, value: component(gate) * value, halves=2),
        "normalization": Parts(normalize=component),
    }[part]
    arguments = (4,) if part == "normalization" else ()
    module = copy.deepcopy(getattr(TorchParts(parts), part)(*arguments))

    def gradient(*, in_place: bool) -> torch.Tensor:
        start = X.clone().requires_grad_()
        signal = start * 2
        output = module(signal)
        if in_place:
            output += 1
            signal *= 3
        else:
            output, signal = output + 1, signal * 3
        (gradient,) = torch.autograd.grad(output.square().sum() + signal.sum(), start)
        return gradient

    assert torch.equal(gradient(in_place=True), gradient(in_place=False))


def test_an_activation_of_two_halves_is_a_part_of_its_own() -> None:
    parts = TorchParts(Parts(lambda gate, value: gate.sin() * value, halves=2))

    assert parts.evolved == {"gated-activation"}
    assert torch.equal(parts.gated_activation()(X), X[:, :2].sin() * X[:, 2:])
    assert parts.used == {"gated-activation"}
    assert isinstance(parts.activation(), nn.ReLU)
    assert torch.equal(parts.function("gated-activation")(X, X), X.sin() * X)
    assert isinstance(TorchParts(Parts()).gated_activation(), nn.GLU)


def test_attention_takes_queries_keys_and_values_and_else_is_torchs() -> None:
    parts = TorchParts(Parts(attend=lambda scores: scores.softmax(-1)))
    q, k, v = torch.randn(3, 2, 5, 4, generator=torch.Generator().manual_seed(0))

    assert parts.evolved == {"attention"}
    for is_causal in (False, True):
        expected = F.scaled_dot_product_attention(q, k, v, is_causal=is_causal)
        for made in (parts.attention(), TorchParts(Parts()).attention()):
            torch.testing.assert_close(made(q, k, v, is_causal=is_causal), expected)


def test_an_update_rule_of_matrices_is_an_optimiser_that_gives_it_their_shape() -> None:
    seen = []

    def rule(g, m, v, u, w, *scalars):
        seen.append((tuple(g.shape), len(scalars)))
        return torch.stack([g, m, v, u])

    model = nn.Linear(4, 2)
    start = model.weight.detach().clone()
    parts = TorchParts(Parts(update=rule, updates_matrices=True))
    optimizer = parts.optimizer(model.parameters(), lr=0.5)
    model(X).sum().backward()
    optimizer.step()

    assert parts.evolved == parts.used == {"optimizer"}
    assert seen == [((2, 4), 2), ((1, 2), 2)]
    assert torch.allclose(model.weight, start - 0.5 * model.weight.grad)


def test_a_normalisation_has_learned_numbers_of_each_feature() -> None:
    gain = Learnable("g", "feature", 2.0)
    component = Parts(normalize=lambda x, g: g * x / 4, normalize_learnables=(gain,))

    norm = TorchParts(component).normalization(4)

    assert norm.g.shape == (4,)
    assert torch.equal(norm(X[None]), X[None] / 2)


def test_preprocessor_loss_and_penalty_are_called_as_evo_calls_them() -> None:
    model = nn.Sequential(nn.Linear(4, 2), nn.LayerNorm(2))
    parts = TorchParts(
        Parts(
            preprocess=lambda x: x - x.mean(1, keepdim=True),
            loss=lambda logits, targets: -(targets * F.log_softmax(logits, 1)).sum(1),
            penalty=lambda w: w.square().sum(),
        ),
        strength=10.0,
    )
    targets = torch.tensor([0, 1, 3])

    prepared = parts.preprocessor()(X.view(3, 2, 2))

    assert prepared.shape == (3, 2, 2)
    assert prepared.flatten(1).mean(1).abs().max() < 1e-6
    assert parts.loss()(X, targets).item() == pytest.approx(F.cross_entropy(X, targets).item())
    assert parts.penalty(model).item() == pytest.approx(10 * model[0].weight.square().sum().item())
    assert parts.used == {"preprocessor", "loss", "regularizer"}


def test_an_optimiser_and_a_schedule_drive_a_model() -> None:
    weight = nn.Parameter(torch.ones(3, 2))
    parts = TorchParts(
        Parts(update=lambda g, m, v, _w, t: torch.stack([g * t, m, v]), schedule=lambda p: 1 - p**2)
    )
    optimizer = parts.optimizer([weight], lr=0.5)
    schedule = parts.schedule(optimizer, total_steps=4)

    for _ in range(2):
        optimizer.zero_grad()
        weight.sum().backward()
        optimizer.step()
        schedule.step()

    expected = 1 - 0.5 * 1 - 0.5 * (1 - 1 / 16) * 2
    assert weight.detach().numpy() == pytest.approx(expected)


class Everything(nn.Module):
    """A layer of each sort that has weights."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 5)
        self.act = nn.ReLU()
        self.layers = nn.ModuleList(
            [
                *(nn.Bilinear(2, 3, 4), nn.Conv1d(4, 6, 3, groups=2), nn.Conv2d(3, 5, 2)),
                *(nn.Conv3d(1, 2, 2), nn.ConvTranspose1d(4, 6, 3), nn.Embedding(7, 3)),
                *(nn.ConvTranspose2d(4, 6, 2, groups=2), nn.ConvTranspose3d(2, 3, 2)),
                *(nn.MultiheadAttention(4, 2), nn.MultiheadAttention(4, 2, kdim=3, vdim=5)),
                *(nn.RNN(3, 4), nn.LSTM(3, 4, proj_size=2), nn.GRU(3, 4, num_layers=2)),
                *(nn.RNNCell(3, 4), nn.LSTMCell(3, 4), nn.GRUCell(3, 4)),
                *(nn.LayerNorm(4), nn.BatchNorm1d(3), nn.PReLU(3)),
            ]
        )


EMBEDDING = "layers.5.weight"


def without_batch_norm() -> Everything:
    """Batch norms have no place in a network."""
    model = Everything()
    model.layers[17] = nn.Identity()
    return model


RESTING = [
    Parts(),
    Parts(update=lambda g, *kept: torch.stack([g, g, g])),
    Parts(update=lambda g, *kept: torch.stack([g, g, g, g]), updates_matrices=True),
]
"""Update rules whose steps are zero where gradients are."""


@pytest.mark.parametrize("parts", RESTING, ids=["adam", "rule", "matrices"])
def test_weight_decay_of_a_group_is_decoupled(parts: Parts) -> None:
    decaying, other = (nn.Parameter(torch.ones(2, 3)) for _ in range(2))
    groups = [{"params": [decaying], "weight_decay": 0.5}, {"params": [other]}]
    optimizer = TorchParts(parts).optimizer(groups, lr=0.1)
    decaying.grad, other.grad = torch.zeros(2, 3), torch.zeros(2, 3)

    optimizer.step()

    assert torch.allclose(decaying, torch.full((2, 3), 0.95))
    assert torch.equal(other, torch.ones(2, 3))


def test_an_initialiser_fills_every_layer_as_a_network_of_evo_does() -> None:
    def initialize(z: torch.Tensor, inputs: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        return z + 10 * inputs + 1000 * outputs

    parts = Parts(initialize=initialize)
    network = ModuleNetwork(without_batch_norm, norms=())
    generator = torch.Generator().manual_seed(3)
    by_evo = network.fresh((6,), 5, generator, parts)
    generator.manual_seed(3)
    torch.randint(2**62, (), generator=generator)  # the network draws the seed of its model

    model = TorchParts(parts).initialize(without_batch_norm(), generator)

    by_name = {name.replace(".own.", "."): value for name, value in by_evo.items()}
    initialised = {n: v for n, v in model.named_parameters() if v.dim() > 1 and n != EMBEDDING}
    assert len(initialised) == 29
    assert all(torch.equal(value, by_name[name]) for name, value in initialised.items())
    assert all(value.min() > 900 for value in initialised.values())
    biases = [value for name, value in model.named_parameters() if "bias" in name]
    assert not any(value.any() for value in biases)


def test_a_function_is_given_by_the_name_of_its_part() -> None:
    parts = TorchParts(Parts(torch.sin))

    assert parts.function("activation") is torch.sin
    with pytest.raises(ValueError, match="expected an evolved part, activation, got 'loss'"):
        parts.function("loss")
