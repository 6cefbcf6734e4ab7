"""A task whose loop does something else at each seed: a result, or one of many faults."""

import math
import os
import signal
import subprocess
import time
from typing import Any

import torch

from evo.tasks.loop import Measurements, Settings, TorchParts, loop

FAULTS = {
    1: "took longer than 1 s (timeout_s)",
    2: "its process ended with exit code 3",
    3: "its process was killed by signal 9 (SIGKILL)",
    4: "took more than 0.1 GB of memory (memory_gb)",
    5: "validation_loss is nan: training diverged, or it was not measured",
    6: "expected test_loss to be one number, got a Tensor of shape (3,)",
    7: "expected Measurements, got None",
    8: "ValueError: labels are missing (loops.py, line ",
    9: "the loop did not take the evolved activation from `parts`",
    10: "expected test_loss of at least 0, as only ratios of losses count, got -1",
    11: "expected the names validation_loss, test_loss, metric, validation_metric, curve, got los",
}
"""What is said of the trial of a seed; seed 0 works."""
CHILD = ("sleep", "61.25")
"""A process that the loop starts at seed 1."""


def train(parts: TorchParts, seed: int, settings: Settings, _: Any) -> Any:
    """Train a line, or do what is wrong."""
    torch.manual_seed(0)
    if seed == 9:
        return Measurements(1.0, 1.0)
    activation = parts.activation()
    os.write(1, b"progress of the loop")
    os.write(2, b"and its warnings")
    if seed == 1:
        subprocess.Popen(CHILD)
        time.sleep(60)
    if seed == 2:
        os._exit(3)
    if seed == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if seed == 4:
        kept = []
        while True:
            kept.append(torch.ones(5_000_000))
            time.sleep(0.02)
    if seed == 8:
        raise ValueError("labels are missing")
    wrong: dict[int, Any] = {
        5: Measurements(math.nan, 1.0),
        6: Measurements(1.0, torch.ones(3)),  # type: ignore[arg-type]
        7: None,
        10: Measurements(1.0, -1.0),
        11: {"los": 1.0},
    }
    if seed in wrong:
        return wrong[seed]
    value = float(activation(torch.linspace(-2, 2, 9)).square().mean())
    return {
        "validation_loss": torch.tensor(value / settings.learning_rate),
        "test_loss": value,
        "metric": 0.5,
        "curve": [3.0, 2.0, 1.0],
    }


task = loop(train, timeout_s=1.0, memory_gb=0.1)
