"""Claim: language models cost a campaign no time, since it trains while it waits for them.

A scripted model answers after 2 s, eight requests at a time, and a stub trains for as long as the
replies of a generation take. Prints the wall time per generation in multiples of the longer of the
two, with proposing ahead and without.

Usage: python benchmarks/bench_overlap.py [--quick] [--generations N] [--latency N]
"""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import no_training
import torch
from sizes import Size, read_sizes

from evo.campaign.config import Config
from evo.campaign.progress import Progress
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job, Protocol

CONCURRENCY = 8
OFFSPRING = 24
CALLS = ("torch.tanh", "torch.sin", "F.silu", "torch.erf", "F.softplus", "torch.atan", "F.mish")


def texts() -> list[str]:
    """Valid replies, hardly any of them twice."""
    return [
        "A blend.\n```python\ndef activation(x):\n"
        f"    left = {CALLS[i % 7]}({1 + i / 500:.3f} * x)\n"
        f"    return left - {i / 900:.3f} * {CALLS[i // 7 % 7]}(x)\n```"
        for i in range(700)
    ]


class Trainer(no_training.Trainer):
    """Takes a fixed time for a generation, however many are trained."""

    def __init__(self, protocol: Protocol, *, generation_s: float) -> None:
        super().__init__(protocol)
        self._generation_s = generation_s

    def __call__(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """An outcome for each job."""
        if jobs and jobs[0].rung == jobs[0].heat == 0:
            time.sleep(self._generation_s)
        yield from super().__call__(jobs)


def configuration(folder: Path, *, generations: int, latency_s: float, ahead: bool) -> Config:
    """A campaign in which a language model writes every proposal."""
    script = folder / "replies.json"
    script.write_text(json.dumps(texts()))
    model = {"provider": "scripted", "model": str(script), "extra": {"latency_s": latency_s}}
    base = no_training.configure(
        [f"offspring={OFFSPRING}", "population=12", f"generations={generations}"]
    )
    values = base.model_dump(mode="json", exclude={"operators", "portfolio", "llm"})
    asking = {"novel-llm": 1.0, "incremental-llm": 1.0}
    llm = {"models": [model], "concurrency": CONCURRENCY, "ahead": ahead}
    return Config.model_validate({**values, "operators": asking, "llm": llm})


def seconds(folder: Path, config: Config, *, generation_s: float) -> list[float]:
    """Wall time of each generation from the second on; the first has nothing to overlap with."""
    begun: dict[int, float] = {}

    def watch(progress: Progress) -> None:
        begun.setdefault(progress.generation, time.perf_counter())

    with no_training.create(folder, config) as history:
        no_training.run(history, watch, trainer=Trainer(config.protocol, generation_s=generation_s))
    begun[config.generations + 1] = time.perf_counter()
    return [begun[g + 1] - begun[g] for g in range(2, config.generations + 1)]


def main(generations: int, latency: int) -> None:
    """Run both ways, one after the other, and print their times."""
    torch.set_num_threads(1)
    latency_s = latency / 1000
    longer = latency_s * OFFSPRING / CONCURRENCY
    print(f"replies of a generation take {longer:.1f} s, its trainings {longer:.1f} s")
    for ahead in (True, False):
        with tempfile.TemporaryDirectory() as name:
            config = configuration(
                Path(name), generations=generations, latency_s=latency_s, ahead=ahead
            )
            times = seconds(Path(name) / "run", config, generation_s=longer)
        mean = sum(times) / len(times)
        label = "proposed ahead" if ahead else "one after the other"
        print(f"{label}: {mean:.2f} s per generation, {mean / longer:.2f} x the longer of the two")


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            generations=Size(6, 2, "generations of each campaign; the first is not counted"),
            latency=Size(2000, 50, "milliseconds that a reply takes"),
        )
    )
