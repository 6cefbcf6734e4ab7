"""What layers multiply when a network first runs, and weights that are made of it."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from evo.core.informed import Informed
from evo.networks.base import Network, Parameters
from evo.networks.cnn import Cnn
from evo.networks.first_inputs import FirstInputs
from evo.networks.mlp import Mlp
from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts
from evo.networks.patches import Patches
from evo.networks.roles import Weight, roles_of
from evo.networks.torch_parts import TorchParts
from evo.networks.transformer import Transformer

SHAPE = (1, 8, 8)
CONVOLUTIONS = {
    "strides and groups": nn.Conv1d(4, 6, 3, groups=2, stride=2, padding=1, dilation=2),
    "three dimensions": nn.Conv3d(2, 4, (1, 2, 3), padding=(0, 1, 1)),
    "transposed": nn.ConvTranspose2d(
        4, 6, (3, 2), stride=(2, 3), padding=1, output_padding=(1, 0), groups=2, dilation=(1, 2)
    ),
    "cropped": nn.ConvTranspose1d(3, 5, 2, padding=2),
}


class Recurrent(nn.Module):
    """Two layers in both directions, the gates of which see more than zeros in the second step."""

    def __init__(self, make: type[nn.RNNBase] = nn.LSTM) -> None:
        super().__init__()
        self.cells = make(8, 5, num_layers=2, bidirectional=True, batch_first=True)
        self.act, self.head = nn.ReLU(), nn.Linear(10, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.act(self.cells(x.flatten(1, 2))[0][:, -1]))


class Crossed(nn.Module):
    """Attention whose queries come from elsewhere than its keys; dropout and a batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm, self.drop = nn.BatchNorm1d(8), nn.Dropout(0.2)
        self.act, self.head = nn.GELU(), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows = self.drop(x.flatten(1, 2))
        mixed = self.attention(rows[:, :2], rows[:, 2:], rows[:, 2:])[0].mean(1)
        return self.head(self.act(self.norm(mixed)))


def convolutional() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 4, 3, groups=1), nn.ReLU(), nn.ConvTranspose2d(4, 6, 2, groups=2)),
        *(nn.Tanh(), nn.Flatten(), nn.Linear(6 * 49, 3)),
    )


NETWORKS: dict[str, Network] = {
    "mlp": Mlp((12, 9)),
    "cnn": Cnn((4, 6)),
    "patches": Patches((4, 6), hidden=9),
    "transformer": Transformer(width=8, blocks=2),
    "gated": Transformer(width=8, blocks=1, halves=2),
    "model": ModuleNetwork(convolutional),
    "lstm": ModuleNetwork(Recurrent),
    "gru": ModuleNetwork(lambda: Recurrent(nn.GRU)),
    "cross-attention": ModuleNetwork(Crossed),
}


def batch(network: Network, rows: int = 64) -> torch.Tensor:
    samples = torch.randn(rows, *SHAPE, generator=torch.Generator().manual_seed(5))
    return network.arranged(2 + 3 * samples)


def started(
    network: Network, initialize: Callable[..., torch.Tensor], *, sees: bool = True
) -> Parameters:
    parts = Parts(initialize=Informed(initialize), initialize_sees_inputs=sees)
    if network == NETWORKS["gated"]:
        parts = Parts(
            **{**vars(parts), "activation": lambda gate, value: gate.tanh() * value, "halves": 2}
        )
    given = batch(network) if sees else None
    return network.fresh(SHAPE, 3, torch.Generator().manual_seed(0), parts, given)


def scaled(z: torch.Tensor, *given: torch.Tensor) -> torch.Tensor:
    """Weights whose outputs have unit variance on what the layer multiplies."""
    return z / (given[-1] @ z.T).std()


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_convolution_is_the_product_of_its_matrix_with_what_it_multiplies(name: str) -> None:
    layer = CONVOLUTIONS[name]
    signal = torch.randn(3, layer.in_channels, *[7, 6, 5][: len(layer.kernel_size)])
    (matrix,) = roles_of(layer)["weight"].matrices(layer.weight.detach()[None])
    seen: list[torch.Tensor] = []
    groups = layer.groups
    watching = FirstInputs(
        *([layer.weight.detach()], [1], [layer.transposed], lambda *shown: seen.append(shown[2])),
        most=10**6,
    )

    with torch.no_grad(), watching:
        expected = layer(signal) - layer.bias.view(-1, *[1] * len(layer.kernel_size))

    rows = seen[0].view(3, groups, -1, matrix.shape[-1])
    outputs = torch.einsum("ngpi,goi->ngop", rows, matrix[0].unflatten(0, (groups, -1)))
    outputs = outputs.flatten(1, 2).view_as(expected)
    if layer.transposed:  # places come in the opposite order
        outputs = outputs.flip([*range(2, outputs.dim())])
    torch.testing.assert_close(outputs, expected, rtol=1e-4, atol=1e-5)
    assert watching.unseen() == []


@pytest.mark.parametrize("name", NETWORKS)
def test_each_layer_receives_what_layers_before_it_give_with_their_new_weights(name: str) -> None:
    network, shown = NETWORKS[name], []

    def initialize(z: torch.Tensor, *given: torch.Tensor) -> torch.Tensor:
        shown.append((scaled(z, *given), given[-1]))
        return shown[-1][0]

    parameters = started(network, initialize)

    matrices = network.matrices({n: v[None] for n, v in parameters.items()})
    assert len(shown) == len(matrices)
    assert all(rows.shape[0] <= 256 and rows.any() for _, rows in shown)
    for weights, rows in shown:
        assert (rows @ weights.T).std() == pytest.approx(1, abs=1e-3)
        assert any(torch.equal(weights, matrix[0]) for matrix in matrices)


@pytest.mark.parametrize("name", NETWORKS)
def test_draws_and_all_but_weights_are_those_of_any_initialiser(name: str) -> None:
    network = NETWORKS[name]

    seeing = started(network, lambda z, *_: 2 * z)
    plain = started(network, lambda z, *_: 2 * z, sees=False)

    assert seeing.keys() == plain.keys()
    assert all(torch.equal(seeing[key], plain[key]) for key in seeing)


def test_what_a_model_draws_and_averages_does_not_depend_on_the_pass() -> None:
    network = NETWORKS["cross-attention"]

    first = started(network, scaled)
    drawn = torch.rand(3)
    again = started(network, scaled)
    started(network, lambda z, *_: z, sees=False)

    assert all(torch.equal(first[key], again[key]) for key in first)
    assert torch.equal(drawn, torch.rand(3))
    assert first["norm.own.num_batches_tracked"] == 0


def test_a_layer_that_receives_zeros_alone_keeps_the_networks_own_start() -> None:
    network = Mlp((6,))
    parts = Parts(torch.zeros_like, initialize=Informed(scaled), initialize_sees_inputs=True)

    parameters = network.fresh((4,), 3, torch.Generator().manual_seed(0), parts, torch.randn(20, 4))

    own = network.fresh((4,), 3, torch.Generator().manual_seed(0), Parts())
    assert torch.equal(parameters["out.weight"], own["out.weight"])
    assert not torch.equal(parameters["0.weight"], own["0.weight"])


def test_a_network_is_not_run_for_an_initialiser_that_sees_no_inputs() -> None:
    class Unrun(Mlp):
        def forward(self, *_: object) -> torch.Tensor:
            raise AssertionError("it ran")

    parts = Parts(initialize=lambda z, fan_in, fan_out: z)
    parameters = Unrun((6,)).fresh((4,), 3, torch.Generator().manual_seed(0), parts)

    assert parameters["0.weight"].shape == (4, 6)


def test_a_weight_that_nothing_is_multiplied_with_is_named() -> None:
    class Standardised(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.linear(x, self.weight - self.weight.mean(), self.bias)

    network = ModuleNetwork(
        lambda: nn.Sequential(nn.Flatten(), Standardised(64, 5), nn.ReLU(), nn.Linear(5, 3))
    )

    with pytest.raises(ValueError, match=r"what 1\.weight multiplies cannot be seen"):
        started(network, scaled)


def model() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(convolutional(), nn.ReLU(), nn.BatchNorm1d(3), nn.Linear(3, 3))


def test_a_loop_of_ones_own_shows_a_batch_and_gets_the_start_that_evo_makes() -> None:
    parts = Parts(initialize=Informed(scaled), initialize_sees_inputs=True)
    samples = batch(Mlp((1,)))
    network = ModuleNetwork(model, norms=())
    generator = torch.Generator().manual_seed(3)
    by_evo = network.fresh(SHAPE, 3, generator, parts, samples)
    generator.manual_seed(3)
    torch.randint(2**62, (), generator=generator)  # the network draws the seed of its model

    made = TorchParts(parts).initialize(model(), generator, batch=samples)

    by_name = {name.replace(".own.", "."): value for name, value in by_evo.items()}
    roles = roles_of(made)
    weights = {n: v for n, v in made.named_parameters() if isinstance(roles[n], Weight)}
    assert len(weights) == 4
    assert all(torch.equal(value, by_name[name]) for name, value in weights.items())
    assert made[2].num_batches_tracked == 0


def test_a_loop_that_shows_no_batch_is_told_to() -> None:
    parts = Parts(initialize=Informed(scaled), initialize_sees_inputs=True)

    with pytest.raises(ValueError, match=r"parts\.initialize\(model, batch=inputs\[:256\]\)"):
        TorchParts(parts).initialize(model())


def test_a_model_takes_its_arguments_as_a_tuple_or_by_name() -> None:
    parts = TorchParts(Parts(initialize=Informed(scaled), initialize_sees_inputs=True))
    first, second = nn.Bilinear(3, 4, 2), nn.MultiheadAttention(8, 2, batch_first=True)
    rows = torch.randn(9, 5, 8)

    parts.initialize(second, batch=(rows, rows, rows))
    parts.initialize(second, batch={"query": rows, "key": rows, "value": rows})
    with pytest.raises(ValueError, match="what weight multiplies cannot be seen"):
        parts.initialize(first, batch=(torch.randn(9, 3), torch.randn(9, 4)))
    made = second.in_proj_weight.detach()[:8]
    assert (rows.flatten(0, 1) @ made.T).std() == pytest.approx(1, abs=1e-3)
