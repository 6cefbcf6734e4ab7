"""Claim: training all copies at once is at least 8 times as fast as a plain PyTorch loop per copy.

Both sides train the same copies of the default task's networks, on one thread, from the same
weights over the same batches; the losses must agree. Prints, for each network and all together,
the ratio of processor times, and the ratio of evo's time to a lower bound: the floating-point
operations of all matrix products at the speed of a large product on this machine.

Usage: python benchmarks/bench_trainer.py [--quick] [--rounds N] [--epochs N] [--seeds N]
    [--networks N]
"""

import time
from collections.abc import Callable, Sequence
from statistics import median

import torch
import torch.nn.functional as F
from sizes import Size, read_sizes
from torch import nn

from evo.compute.worker import keep_memory
from evo.core.seeds import child_seed
from evo.evaluation.protocol import Protocol
from evo.evaluation.training.trainer import train
from evo.networks.base import Network, Parameters
from evo.networks.mlp import Mlp
from evo.networks.parts import Parts
from evo.networks.patches import Patches
from evo.tasks.base import Data
from evo.tasks.digits import Digits

PROTOCOL = Protocol()
SEEDS = PROTOCOL.heats(1)[0]
PARTS = Parts(F.silu)


def side_by_side(network: Network, data: Data, seeds: Sequence[int], epochs: int) -> torch.Tensor:
    """Test losses (seeds, rates) of evo's trainer."""
    return train(
        network,
        data,
        PARTS,
        seeds=seeds,
        learning_rates=PROTOCOL.learning_rates,
        epochs=epochs,
        batch_size=PROTOCOL.batch_size,
    ).test_loss


def one_by_one(network: Network, data: Data, seeds: Sequence[int], epochs: int) -> torch.Tensor:
    """Test losses (seeds, rates) of a plain loop: torch's layers and Adam, copy after copy."""
    return torch.tensor(
        [
            [alone(network, data, seed, rate, epochs) for rate in PROTOCOL.learning_rates]
            for seed in seeds
        ]
    )


def alone(network: Network, data: Data, seed: int, rate: float, epochs: int) -> float:
    """Test loss of one copy."""
    start = torch.Generator().manual_seed(child_seed(seed, "trial", "weights"))
    order = torch.Generator().manual_seed(child_seed(seed, "trial", "order"))
    shape = tuple(data.train.inputs.shape[1:])
    model = plain_model(network, network.initialise(shape, data.outputs, start))
    size = PROTOCOL.batch_size
    batches = len(data.train.targets) // size
    draw = torch.Generator().manual_seed(child_seed(seed, "trial", "split"))
    split = torch.randperm(len(data.samples.targets), generator=draw)
    inputs, targets = data.samples.inputs[split], data.samples.targets[split]
    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda n: 1 - n / (epochs * batches))
    for _ in range(epochs):
        shuffled = torch.randperm(len(data.train.targets), generator=order)
        for batch in shuffled.split(size)[:batches]:
            optimiser.zero_grad()
            F.cross_entropy(model(inputs[batch]), targets[batch]).backward()
            optimiser.step()
            schedule.step()
    with torch.no_grad():
        tested = slice(-len(data.test.targets), None)
        return F.cross_entropy(model(inputs[tested]), targets[tested]).item()


def plain_model(network: Network, parameters: Parameters) -> nn.Module:
    """The same network of torch's own layers, with the same weights."""
    layers: list[nn.Module] = []
    if isinstance(network, Patches):
        patch, block = network.channels
        layers.append(nn.Unflatten(1, (1, 8, 8)))
        for stage, shape in enumerate(((patch, 2, 2, 1), (block, 2, 2, patch))):
            # A column of our weights reads (row, column, channel); Conv2d has the channel first.
            weight = parameters[f"{stage}.weight"].T.reshape(shape).permute(0, 3, 1, 2)
            conv = nn.Conv2d(shape[3], shape[0], 2, stride=2)
            layers += [_with(conv, weight, parameters[f"{stage}.bias"]), nn.SiLU()]
        layers += [_ChannelsLast(), nn.Flatten()]
        names = ["dense"] if network.hidden else []
    else:
        assert isinstance(network, Mlp)
        layers.append(nn.Flatten())
        names = [str(layer) for layer in range(len(network.widths))]
    for name in names:
        weight = parameters[f"{name}.weight"].T
        layers += [_with(nn.Linear(1, 1), weight, parameters[f"{name}.bias"]), nn.SiLU()]
    out = _with(nn.Linear(1, 1), parameters["out.weight"], parameters["out.bias"])
    return nn.Sequential(*layers, out)


class _ChannelsLast(nn.Module):
    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        return signal.permute(0, 2, 3, 1)


def _with(layer: nn.Module, weight: torch.Tensor, bias: torch.Tensor) -> nn.Module:
    layer.weight = nn.Parameter(weight.clone().contiguous())
    layer.bias = nn.Parameter(bias.flatten().clone())
    return layer


def product_flops(network: Network, data: Data, epochs: int) -> float:
    """Floating-point operations of the products of one copy, its last measurement included."""
    shape = tuple(data.train.inputs.shape[1:])
    parameters = network.initialise(shape, data.outputs, torch.Generator())
    places = {"0.weight": 16, "1.weight": 4} if isinstance(network, Patches) else {}
    products = {
        name: tensor.numel() * places.get(name, 1)
        for name, tensor in parameters.items()
        if name.endswith("weight")
    }
    forward = 2 * sum(products.values())
    # Weight and input gradients cost as much each; the first layer's inputs have no gradient.
    step = 3 * forward - 2 * products["0.weight"]
    batches = len(data.train.targets) // PROTOCOL.batch_size
    measured = len(data.validation.targets) + len(data.test.targets)
    return step * epochs * batches * PROTOCOL.batch_size + forward * measured


def matrix_rate() -> float:
    """Floating-point operations per second of 512 × 512 products, the best of several."""
    left, right = torch.randn(2, 512, 512).unbind()

    def products() -> None:  # many: the clock may stand still for the milliseconds of one
        for _ in range(30):
            torch.mm(left, right)

    return 30 * 2 * 512**3 / min(processor_seconds(products) for _ in range(5))


def processor_seconds(work: Callable[[], object]) -> float:
    """Processor time of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main(rounds: int, epochs: int, seeds: int, networks: int) -> None:
    """Time both sides in turn and print the median ratios."""
    torch.set_num_threads(1)
    keep_memory()
    task = Digits()
    data = task.load()
    rate = matrix_rate()
    trained = SEEDS[:seeds]
    copies = len(trained) * len(PROTOCOL.learning_rates)
    print(f"matrix rate {rate / 1e9:.0f} GFLOP/s, {copies} copies of each network")
    totals = [[0.0, 0.0, 0.0] for _ in range(rounds)]
    for name, network in list(task.networks().items())[:networks]:
        ours = side_by_side(network, data, trained, epochs)
        theirs = one_by_one(network, data, trained, epochs)
        assert torch.allclose(ours, theirs, rtol=2e-2, atol=2e-3), "not the same work"
        floor = product_flops(network, data, epochs) * copies / rate
        ratios: list[float] = []
        for total in totals:
            fast = processor_seconds(lambda: side_by_side(network, data, trained, epochs))  # noqa: B023
            slow = processor_seconds(lambda: one_by_one(network, data, trained, epochs))  # noqa: B023
            ratios.append(slow / fast)
            total[0], total[1], total[2] = total[0] + slow, total[1] + fast, total[2] + floor
        print(f"{name}: plain loop / side by side = {_spread(ratios)}")
    print(f"all networks: plain loop / side by side = {_spread([s / f for s, f, _ in totals])}")
    print(
        f"all networks: side by side / lower bound = {_spread([f / low for _, f, low in totals])}"
    )


def _spread(ratios: list[float]) -> str:
    return f"{median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            rounds=Size(3, 1, "measurements of each side"),
            epochs=Size(PROTOCOL.rungs[1].epochs, 1, "epochs of each training"),
            seeds=Size(len(SEEDS), 2, "seeds of each network"),
            networks=Size(99, 1, "networks at most"),
        )
    )
