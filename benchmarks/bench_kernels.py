"""Claim: evo's kernels take less time than the ATen operators that they replace.

Forward and backward on one thread, at the size of a hidden layer of the default task: 16 copies,
batches of 32, 64 units. Prints the ratio of processor times, operator / kernel, for each.

Usage: python benchmarks/bench_kernels.py [--quick] [--rounds N]
"""

import time
from collections.abc import Callable
from statistics import median

import torch
from sizes import Size, read_sizes

from evo.evaluation.training.kernels import CPU_KERNELS
from evo.validation.graph.allowed import ALLOWED
from evo.validation.graph.arguments import schema_of

SHAPE = (16, 32, 64)
CALLS = 100


def processor_seconds(operator: Callable[..., torch.Tensor], inputs: list[torch.Tensor]) -> float:
    """Processor time of forward and backward calls."""
    start = time.process_time()
    for _ in range(CALLS):
        output = operator(*inputs)
        torch.autograd.grad(output, inputs, torch.ones_like(output))
    return time.process_time() - start


def main(rounds: int) -> None:
    """Time both sides in turn and print the median ratios."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    for name, kernel in CPU_KERNELS.items():
        operator = ALLOWED[name]
        count = sum(
            argument.name in ("self", "other") for argument in schema_of(operator).arguments
        )
        inputs = [2 * torch.randn(SHAPE, generator=generator) for _ in range(count)]
        inputs = [tensor.requires_grad_() for tensor in inputs]
        processor_seconds(kernel, inputs)
        ratios = [
            processor_seconds(operator, inputs) / processor_seconds(kernel, inputs)
            for _ in range(rounds)
        ]
        spread = f"{median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
        print(f"{name}: operator / kernel = {spread}")


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            rounds=Size(9, 1, "measurements of each side"),
        )
    )
