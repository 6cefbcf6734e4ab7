"""Claim: copies of common models train faster side by side than in a plain loop over models.

Forward and backward of 16 copies on 32 samples each, on one thread, for ten architectures in small.
Prints the ratio of processor times, loop / side by side, for each, and the share that torch.func
takes.

Usage: python benchmarks/bench_modules.py [--quick] [--rounds N]
"""

import time
from collections.abc import Callable

import torch
from architectures import ARCHITECTURES, Case
from sizes import Size, read_sizes

from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts

COPIES, BATCH = 16, 32


def best_seconds(step: Callable[[], object], rounds: int) -> float:
    """Processor time of a step, the least of some rounds."""
    step()
    times: list[float] = []
    for _ in range(rounds):
        start = time.process_time()
        step()
        times.append(time.process_time() - start)
    return min(times)


def ratio(case: Case, rounds: int) -> tuple[float, bool]:
    """Loop / side by side, and whether the copies train side by side."""
    network, parts = ModuleNetwork(case.make), Parts()
    start = network.fresh(case.sample, 3, torch.Generator().manual_seed(0), parts)
    copies = network.leaves({name: torch.stack([v] * COPIES) for name, v in start.items()})
    trained = [value for value in copies.values() if value.requires_grad]
    inputs = torch.randn(COPIES, BATCH, *case.sample).abs()
    models = [case.make() for _ in range(COPIES)]

    def together() -> None:
        outputs = network.forward(copies, inputs, parts)
        torch.autograd.grad(outputs.square().sum(), trained)

    def loop() -> None:
        for model, batch in zip(models, inputs, strict=True):
            torch.autograd.grad(model(batch).square().sum(), list(model.parameters()))

    seconds = best_seconds(together, rounds)
    return best_seconds(loop, rounds) / seconds, not network.remark()


def main(rounds: int) -> None:
    """Time both sides for each architecture."""
    torch.set_num_threads(1)
    taken = 0
    for name, case in ARCHITECTURES.items():
        faster, is_side_by_side = ratio(case, rounds)
        taken += is_side_by_side
        how = "" if is_side_by_side else ", one by one"
        print(f"{name}: loop / side by side = {faster:.2f}{how}")
    print(f"{taken} of {len(ARCHITECTURES)} train side by side")


if __name__ == "__main__":
    main(**read_sizes(__doc__, rounds=Size(5, 1, "measurements of each side")))
