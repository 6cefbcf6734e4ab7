"""Claim: training all seeds × learning rates side by side beats a plain PyTorch loop per copy.

Both sides train the same copies of the default task's networks, on one thread, from the same
weights over the same batches; the losses must agree. Prints the ratio of processor times.

Usage: python benchmarks/bench_trainer.py
"""

import time
from statistics import median

import torch
import torch.nn.functional as F

from evo.evaluation.protocol import Protocol
from evo.evaluation.trainer import train
from evo.parts import Parts
from evo.seeds import child_seed
from evo.tasks.base import Data
from evo.tasks.digits import Digits
from evo.tasks.networks import Network

ROUNDS = 3
EPOCHS = 2
SEEDS = range(8)
PROTOCOL = Protocol()
PARTS = Parts(F.silu)


def side_by_side(network: Network, data: Data) -> torch.Tensor:
    """Test losses (seeds, rates) of evo's trainer."""
    return train(
        network,
        data,
        PARTS,
        seeds=SEEDS,
        learning_rates=PROTOCOL.learning_rates,
        epochs=EPOCHS,
        batch_size=PROTOCOL.batch_size,
    ).test_loss


def one_by_one(network: Network, data: Data) -> torch.Tensor:
    """The same from a plain loop: torch's own Adam, one copy after the other."""
    losses = [[alone(network, data, s, rate) for rate in PROTOCOL.learning_rates] for s in SEEDS]
    return torch.tensor(losses)


def alone(network: Network, data: Data, seed: int, rate: float) -> float:
    """Test loss of one copy."""
    start = torch.Generator().manual_seed(child_seed(seed, "trial", "weights"))
    order = torch.Generator().manual_seed(child_seed(seed, "trial", "order"))
    parameters = network.initialise(tuple(data.train.inputs.shape[1:]), data.classes, start)
    for tensor in parameters.values():
        tensor.requires_grad_()
    size = PROTOCOL.batch_size
    batches = len(data.train.targets) // size
    optimiser = torch.optim.Adam(parameters.values(), lr=rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda n: 1 - n / (EPOCHS * batches))
    for _ in range(EPOCHS):
        shuffled = torch.randperm(len(data.train.targets), generator=order)
        for batch in shuffled.split(size)[:batches]:
            optimiser.zero_grad()
            logits = network.forward(parameters, data.train.inputs[batch], PARTS)
            F.cross_entropy(logits, data.train.targets[batch]).backward()
            optimiser.step()
            schedule.step()
    with torch.no_grad():
        logits = network.forward(parameters, data.test.inputs, PARTS)
        return F.cross_entropy(logits, data.test.targets).item()


def main() -> None:
    """Time both in turn and print the median ratio per network."""
    torch.set_num_threads(1)
    task = Digits()
    data = task.load()
    for name, network in task.networks().items():
        side_by_side(network, data)  # warm up
        ratios: list[float] = []
        for _ in range(ROUNDS):
            start = time.process_time()
            ours = side_by_side(network, data)
            middle = time.process_time()
            theirs = one_by_one(network, data)
            ratios.append((time.process_time() - middle) / (middle - start))
            assert torch.allclose(ours, theirs, rtol=2e-2, atol=2e-3), "not the same work"
        print(
            f"{name}: plain loop / side by side = {median(ratios):.1f} "
            f"({min(ratios):.1f} to {max(ratios):.1f})"
        )


if __name__ == "__main__":
    main()
