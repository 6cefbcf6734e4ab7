"""Claim: what is noted of how a component trains takes at most 2 % of the time of a first heat.

Trains the first heat of the default protocol on each network of digits, without notes, and takes
the two looks at signals and gradients (before and after training) by themselves. Prints the share
of processor time by network, the median of the rounds, on one thread.

Usage: python benchmarks/bench_noting.py [--quick] [--rounds N] [--epochs N]
"""

import time
from collections.abc import Callable
from statistics import median

import torch
import torch.nn.functional as F
from sizes import Size, read_sizes

from evo.evaluation.protocol import Protocol
from evo.evaluation.training.copies import Copies
from evo.evaluation.training.trainer import train
from evo.networks.base import Network
from evo.networks.parts import Parts
from evo.tasks.digits import Digits


def seconds(call: Callable[[], object]) -> float:
    """Processor time of a call."""
    begun = time.process_time()
    call()
    return time.process_time() - begun


def main(rounds: int, epochs: int) -> None:
    """Print the share of the notes by network."""
    torch.set_num_threads(1)
    protocol, task, parts = Protocol(), Digits(), Parts(F.silu)
    data, networks = task.load(), task.networks()
    seeds = protocol.heats(0)[0]
    settings = [(rate, 1.0) for rate in protocol.learning_rates]
    for name, network in networks.items():
        copies = Copies(
            *(network, data, parts, seeds, settings), precision="float32", in_place=False, passes=1
        )

        def look(copies: Copies = copies) -> None:
            copies.look(setting=0)
            copies.look(setting=0)

        def trained(network: Network = network) -> None:
            train(
                network,
                data,
                parts,
                seeds=seeds,
                learning_rates=protocol.learning_rates,
                epochs=epochs,
                batch_size=protocol.batch_size,
            )

        look()
        shares = [seconds(look) / seconds(trained) for _ in range(rounds)]
        print(f"{name}: notes take {median(shares):.2%} of a first heat's processor time")


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            rounds=Size(7, 1, "measurements of each network"),
            epochs=Size(Protocol().rungs[0].epochs, 1, "length of a training"),
        )
    )
