"""Any module is a network: its copies train side by side as each would alone."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from module_copies import NETWORK, Block, batch, fresh, stacked
from torch import nn

from evo.components.kinds import kinds
from evo.evaluation.training.kernels import kernels_for
from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts
from evo.networks.roles import Weight


def plain(parameters: dict[str, torch.Tensor], act: Callable | None = None) -> Block:
    """The model alone, with the same parameters."""
    model = Block()
    model.load_state_dict({name.replace(".own.", "."): v for name, v in parameters.items()})
    if act is not None:
        model.act.forward = act
    return model


@pytest.mark.parametrize("act", [None, torch.sin])
def test_copies_give_the_outputs_and_gradients_of_models_alone(act: Callable | None) -> None:
    parts = Parts() if act is None else Parts(activation=act)
    copies = [fresh(parts, seed) for seed in (0, 1)]
    together = {name: value.requires_grad_() for name, value in stacked(copies).items()}

    outputs = NETWORK.forward(together, batch(), parts)
    gradients = torch.autograd.grad(outputs.square().sum(), list(together.values()))

    for place, copy in enumerate(copies):
        model = plain(copy, act)
        alone = model(batch()[place])
        assert torch.allclose(outputs[place], alone, atol=1e-5)
        own = torch.autograd.grad(alone.square().sum(), list(model.parameters()))
        for one, other in zip(gradients, own, strict=True):
            assert torch.allclose(one[place], other, atol=1e-4)


def test_seeds_differ_and_repeat() -> None:
    one, same, other = fresh(Parts()), fresh(Parts()), fresh(Parts(), seed=1)

    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["wide.weight"], other["wide.weight"])


def test_fans_are_those_of_the_layers_and_norms_and_positions_stay() -> None:
    sizes: list[tuple[float, float]] = []

    def initialize(z: torch.Tensor, fan_in: torch.Tensor, fan_out: torch.Tensor) -> torch.Tensor:
        sizes.append((fan_in.item(), fan_out.item()))
        return torch.full_like(z, 7.0)

    made = fresh(Parts(initialize=initialize))

    assert sizes == [(6, 10), (10, 6), (6, 3)]  # (fan_in, fan_out) of wide, narrow and out
    assert (made["norm.own.weight"] == 1).all()
    assert not made["position"].any()
    assert not made["wide.bias"].any()
    shapes = [tuple(m.shape[1:]) for m in NETWORK.matrices(stacked([made, made]))]
    assert shapes == [(10, 6), (6, 10), (3, 6)]


@pytest.mark.parametrize("name", ["mish", "relu"])
def test_an_activation_runs_with_the_kernels_of_a_worker(name: str) -> None:
    kind = kinds.get("activation")()
    from evo.components.kinds import baseline_names
    from evo.validation.baselines import own_baselines
    from evo.validation.graph.graphs import component_of

    (record,) = [r for r in own_baselines(kind) if baseline_names("activation")[r.id] == name]
    parts = kind.parts(component_of(record.graphs, instead=[kernels_for("cpu")]))
    copies = [fresh(parts, seed) for seed in (0, 1)]

    outputs = NETWORK.forward(stacked(copies), batch(), parts)

    alone = plain(copies[1], getattr(F, name))(batch()[1])
    assert torch.allclose(outputs[1], alone, atol=1e-5)


def test_what_a_model_prints_as_it_is_built_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    def make() -> nn.Module:
        print("number of parameters: 0.03M")  # noqa: T201 - as small GPTs do
        return nn.Sequential(nn.Linear(6, 3), nn.ReLU())

    fresh(Parts(), network=ModuleNetwork(make))

    assert capsys.readouterr().out == ""


def test_places_may_be_named_and_roles_may_be_said() -> None:
    network = ModuleNetwork(
        lambda: nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 4), nn.ReLU(), Own()),
        activations=["3"],
        norms=[],
        said={"4.kernel": Weight(inputs_first=True)},
    )

    assert list(network.feature_counts((6,)).activations) == ["3"]
    matrices = network.matrices(stacked([fresh(Parts(), network=network)]))
    assert [tuple(matrix.shape) for matrix in matrices] == [(1, 4, 6), (1, 4, 4), (1, 3, 4)]


class Own(nn.Module):
    """A layer that multiplies from the other side."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.ones(4, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.kernel


def test_what_cannot_be_measured_is_refused_with_the_reason() -> None:
    network = ModuleNetwork(lambda: nn.Sequential(nn.Linear(6, 3)))

    with pytest.raises(ValueError, match=r"calls an activation such as F.relu in a method"):
        fresh(Parts(initialize=lambda z, i, o: z), network=network)


OLD = nn.Sequential(nn.Linear(6, 3), nn.ReLU())


class Pair(nn.Module):
    """A model that gives more than outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 3), nn.ReLU())

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, None]:
        return self.body(x), None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (nn.Sequential(nn.Linear(6, 3), nn.ReLU()), "a function .* got a Sequential: build it"),
        (lambda: None, "one that gives a NoneType"),
        (lambda: OLD, "one that gives the same again"),
        (Pair, r"a tensor \(n, outputs\), got a tuple"),
    ],
)
def test_what_builds_no_model_is_refused(make: Callable[[], Any], message: str) -> None:
    network = ModuleNetwork(make)

    with pytest.raises(ValueError, match=message):
        network.forward(stacked([fresh(Parts(), network=network)]), batch()[:1], Parts())


def test_a_module_that_stands_in_two_places_is_replaced_in_both() -> None:
    act = nn.ReLU()
    network = ModuleNetwork(lambda: nn.Sequential(nn.Linear(6, 4), act, nn.Linear(4, 3), act))

    below = Parts(lambda x: torch.cos(x) - 2)
    outputs = network.forward(stacked([fresh(below, network=network)]), batch()[:1], below)

    assert list(network.feature_counts((6,)).activations) == ["1", "3"]
    assert outputs.max() < 0  # the last of them is no ReLU


class Recurrent(nn.Module):
    """An LSTM, which vmap does not take."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, 5, batch_first=True)
        self.act = nn.ReLU()
        self.out = nn.Linear(5, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.act(self.lstm(x.view(-1, 3, 2))[0][:, -1]))


class Deciding(nn.Module):
    """A model whose way depends on its data."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other, self.act = nn.Linear(6, 3), nn.Linear(6, 3), nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.one(x)) if x.sum() > 0 else self.other(x)


@pytest.mark.parametrize("make", [Recurrent, Deciding])
def test_copies_that_vmap_does_not_take_are_computed_one_by_one(make: Callable) -> None:
    network = ModuleNetwork(make)
    copies = [fresh(Parts(), seed, network) for seed in (0, 1)]

    outputs = network.forward(stacked(copies), batch(), Parts())

    assert "one after another, since torch.func.vmap fails: " in network.remark()
    for place, copy in enumerate(copies):
        model = make()
        model.load_state_dict({name.replace(".own.", "."): v for name, v in copy.items()})
        assert torch.allclose(outputs[place], model(batch()[place]), atol=1e-6)
    assert NETWORK.forward(stacked([fresh(Parts())] * 2), batch(), Parts()).shape == (2, 5, 3)
    assert NETWORK.remark() == ""


def test_dropout_draws_by_the_seed_in_training_alone_and_apart_for_each_copy() -> None:
    network = ModuleNetwork(
        lambda: nn.Sequential(nn.Linear(6, 40), nn.ReLU(), nn.Dropout(0.5), nn.Linear(40, 3))
    )

    def run(*, training: bool) -> torch.Tensor:
        copies = stacked([fresh(Parts(), network=network)] * 2)
        inputs = batch()[:1].expand(2, -1, -1)
        with torch.set_grad_enabled(training):
            return network.forward(copies, inputs, Parts())

    trained, again, used = run(training=True), run(training=True), run(training=False)

    assert torch.equal(trained, again)
    assert not torch.allclose(trained[0], trained[1])
    assert torch.allclose(used[0], used[1], atol=1e-6)
    assert network.remark() == ""
