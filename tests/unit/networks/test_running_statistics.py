"""Running statistics, as of a batch norm, are each copy's own, and no optimiser trains them."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evo.core.seeds import child_seed
from evo.evaluation.training.trainer import train
from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts
from evo.networks.roles import Plain
from evo.tasks.base import Data, Split

BATCH, STEPS = 8, 6


class Residual(nn.Module):
    """A residual block with batch norms and one activation in two places."""

    def __init__(self, momentum: float | None = 0.1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4, momentum=momentum)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(4, momentum=momentum)
        self.fc = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        return self.fc(self.relu(self.bn2(self.conv2(x)) + x).mean((2, 3)))


def data() -> Data:
    generator = torch.Generator().manual_seed(0)
    splits = []
    for count in (BATCH * STEPS, 12, 12):
        targets = torch.arange(count) % 3
        images = torch.randn(count, 1, 4, 4, generator=generator) + targets.view(-1, 1, 1, 1)
        splits.append(Split(images, targets))
    return Data(*splits, outputs=3)


def network(momentum: float | None = 0.1) -> ModuleNetwork:
    return ModuleNetwork(lambda: Residual(momentum))


def generator(seed: int, purpose: str) -> torch.Generator:
    return torch.Generator().manual_seed(child_seed(seed, "trial", purpose))


def plain_loop(
    momentum: float | None, weights: dict[str, torch.Tensor], order: torch.Tensor
) -> list[float]:
    """Losses on validation and test samples of one model, trained in torch's own way."""
    samples, model = data(), Residual(momentum)
    model.load_state_dict({name.replace(".own.", "."): value for name, value in weights.items()})
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for step, rows in enumerate(order.split(BATCH)):
        optimizer.param_groups[0]["lr"] = 0.03 * (1 - step / STEPS)
        inputs, targets = samples.train.inputs[rows], samples.train.targets[rows]
        optimizer.zero_grad()
        F.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        return [
            F.cross_entropy(model(part.inputs), part.targets).item()
            for part in (samples.validation, samples.test)
        ]


@pytest.mark.parametrize("momentum", [0.1, None])
def test_copies_with_batch_norms_train_as_models_alone(momentum: float | None) -> None:
    """Without a momentum the norm counts its batches, which vmap does not take."""
    subject = network(momentum)

    trained = train(
        subject,
        data(),
        Parts(),
        seeds=(0, 1),
        learning_rates=(0.001, 0.03),
        epochs=1,
        batch_size=BATCH,
        observe=True,
    )

    assert bool(subject.remark()) == (momentum is None)
    for row, seed in enumerate((0, 1)):
        start = subject.fresh((1, 4, 4), 3, generator(seed, "weights"), Parts())
        order = torch.randperm(BATCH * STEPS, generator=generator(seed, "order"))
        validation, test = plain_loop(momentum, start, order)
        assert trained.validation_loss[row, 1].item() == pytest.approx(validation, abs=2e-4)
        assert trained.test_loss[row, 1].item() == pytest.approx(test, abs=2e-4)


def test_an_initializer_and_an_update_rule_leave_statistics_alone() -> None:
    subject = network()
    seen: list[int] = []

    def update(g, m, v, w, t):
        seen.append(w.numel())
        return torch.stack([g, m, v])

    start = subject.fresh(
        (1, 4, 4), 3, torch.Generator(), Parts(initialize=lambda z, i, o: torch.zeros_like(z))
    )
    train(
        subject,
        data(),
        Parts(update=update),
        seeds=(0,),
        learning_rates=(0.01,),
        epochs=1,
        batch_size=BATCH,
    )

    assert (start["bn1.own.running_var"] == 1).all()
    weights = sum(value.numel() for value in Residual().parameters())
    assert sum(seen) == weights * STEPS


class Counting(nn.Module):
    """A model with a buffer of its own, written into or replaced at each pass."""

    def __init__(self, *, replaces: bool) -> None:
        super().__init__()
        self.replaces = replaces
        self.enter, self.act, self.out = nn.Linear(6, 3), nn.ReLU(), nn.Linear(3, 3)
        self.register_buffer("mean", torch.zeros(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.act(self.enter(x))
        if self.training and self.replaces:
            self.mean = self.mean + hidden.detach().mean(0)
        elif self.training:
            self.mean.add_(hidden.detach().mean(0))
        return self.out(hidden - self.mean)


def run(make: Callable[[], nn.Module], said: dict[str, Plain]) -> dict[str, torch.Tensor]:
    subject = ModuleNetwork(make, said=said)
    starts = [subject.fresh((6,), 3, torch.Generator().manual_seed(s), Parts()) for s in (0, 1)]
    copies = subject.leaves({name: torch.stack([s[name] for s in starts]) for name in starts[0]})
    subject.forward(copies, torch.randn(2, 5, 6, generator=torch.Generator()), Parts())
    return copies


def test_a_buffer_said_to_be_a_statistic_is_of_each_copy() -> None:
    copies = run(lambda: Counting(replaces=False), {"mean": Plain.STATISTIC})

    assert copies["mean"].shape == (2, 3)
    assert not torch.equal(*copies["mean"])
    assert not copies["mean"].requires_grad


@pytest.mark.parametrize(
    ("replaces", "message"),
    [
        (False, r"writes into buffer 'mean', which copies share.*said=\{'mean': Plain.STATISTIC\}"),
        (True, r"another tensor in the place of buffer 'mean'.*self.mean.copy_"),
    ],
)
def test_a_buffer_that_copies_would_share_is_refused(*, replaces: bool, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run(lambda: Counting(replaces=replaces), {})
