"""Learned numbers of components are trained as torch's own modules train theirs."""

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F

from evo.core.contract import Learnable
from evo.core.seeds import child_seed
from evo.evaluation.training.results import Trained
from evo.evaluation.training.trainer import train
from evo.networks.mlp import Mlp
from evo.networks.parts import Parts
from evo.tasks.base import Data, Split
from evo.tasks.digits import Digits

WIDTHS, SEED, RATE, EPOCHS = (12, 8), 3, 0.02, 3
PRELU = Parts(
    lambda x, a: torch.where(x > 0, x, a * x),
    activation_learnables=(Learnable("a", "layer", 0.25),),
)


@pytest.fixture(scope="module")
def data() -> Data:
    whole = Digits().load()
    parts = (whole.train, whole.validation, whole.test)
    splits = [Split(part.inputs[:192], part.targets[:192]) for part in parts]
    return Data(*splits, whole.outputs)


def trained(data: Data, parts: Parts) -> Trained:
    work = {"seeds": (SEED,), "learning_rates": (RATE,), "epochs": EPOCHS, "batch_size": 32}
    return train(Mlp(WIDTHS), data, parts, **work)


def trained_by_torch(data: Data) -> float:
    """Test loss of the same network with torch's PReLU, in a plain loop."""
    start = torch.Generator().manual_seed(child_seed(SEED, "trial", "weights"))
    order = torch.Generator().manual_seed(child_seed(SEED, "trial", "order"))
    weights = Mlp(WIDTHS).initialise((64,), data.outputs, start)
    model = torch.nn.Sequential()
    for name, (fan_in, fan_out) in zip(
        ("0", "1", "out"), pairwise((64, *WIDTHS, data.outputs)), strict=True
    ):
        layer = torch.nn.Linear(fan_in, fan_out)
        weight = weights[f"{name}.weight"]
        layer.weight.data = (weight if name == "out" else weight.T).clone()
        layer.bias.data = weights[f"{name}.bias"].flatten().clone()
        model.extend([layer] if name == "out" else [layer, torch.nn.PReLU(init=0.25)])
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    batches = len(data.train.targets) // 32
    for step in range(EPOCHS * batches):
        if step % batches == 0:
            shuffled = torch.randperm(len(data.train.targets), generator=order)
        optimiser.param_groups[0]["lr"] = RATE * (1 - step / (EPOCHS * batches))
        rows = shuffled[step % batches * 32 :][:32]
        optimiser.zero_grad()
        F.cross_entropy(model(data.train.inputs[rows]), data.train.targets[rows]).backward()
        optimiser.step()
    with torch.no_grad():
        return F.cross_entropy(model(data.test.inputs), data.test.targets).item()


def test_a_learned_slope_trains_as_torchs_own_prelu(data: Data) -> None:
    loss = trained(data, PRELU).test_loss.item()

    fixed = trained(data, Parts(lambda x: torch.where(x > 0, x, 0.25 * x))).test_loss.item()
    assert loss == pytest.approx(trained_by_torch(data), rel=1e-3)
    assert loss != pytest.approx(fixed, rel=1e-3)


def test_a_component_that_ignores_what_it_might_learn_trains_as_without(data: Data) -> None:
    ignoring = Parts(lambda x, a: F.relu(x), activation_learnables=PRELU.activation_learnables)

    assert torch.equal(trained(data, ignoring).test_loss, trained(data, Parts(F.relu)).test_loss)
