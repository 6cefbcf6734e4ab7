"""Claim: validation takes at most 15 ms per candidate, and hostile candidates slow it little.

The 15 ms are processor time for policy, trace and contract, in batches. With 5 % of hostile
candidates (endless loops, memory bombs, crashes, exits; sent to the sandbox directly, since the
policy would refuse most) the honest ones must be traced at two thirds or more of the speed without:
an endless loop takes its limit twice. The batch repeats about sixty components, so the shape cache
holds all of their operators. At the end the honest components of tests/honest are validated kind by
kind, each for the second time.

Usage: python benchmarks/bench_walls.py [--quick] [--rounds N] [--batch N] [--each N]
"""

import math
import os
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import torch
from sizes import Size, read_sizes
from torch.fx.experimental.proxy_tensor import make_fx

from evo.components.activation import Activation
from evo.components.kinds import kinds
from evo.core.records import Candidate
from evo.validation import behaviour
from evo.validation import validator as validation
from evo.validation.graph import tracer
from evo.validation.graph.graph import Graph
from evo.validation.policy import rules
from evo.validation.sandbox.sandbox import Sandbox, TraceRequest
from evo.validation.validator import Validator

COMPONENTS = Path(__file__).parents[1] / "tests" / "unit" / "validation" / "components.toml"
HONEST = Path(__file__).parents[1] / "tests" / "honest"
KIND = Activation()
HOSTILE_SHARE = 0.05
HOSTILE = (
    "def activation(x):\n    while True: pass",
    "def activation(x):\n    return [bytearray(1 << 20) for _ in range(10**9)]",
    "import ctypes\ndef activation(x):\n    return ctypes.string_at(0)",
    "import os\ndef activation(x):\n    os._exit(0)",
)
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


class Spent(NamedTuple):
    """Time of some work, in milliseconds."""

    wall: float
    engine: float
    zygote: float
    children: float

    @property
    def processor(self) -> float:
        """Processor time of engine, zygote and children together."""
        return self.engine + self.zygote + self.children


def main(rounds: int, batch: int, each: int) -> None:
    """Measure and print both parts of the claim, and the first one by kind."""
    torch.set_num_threads(1)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    sources = list(tomllib.loads(COMPONENTS.read_text()).values())
    sources += [candidate.source for candidate in KIND.baselines().values()]
    honest = [sources[i % len(sources)] for i in range(batch)]
    tracing(sources[:batch])
    with Sandbox() as sandbox:
        candidates = [Candidate.of("activation", source, operator="bench") for source in honest]
        validator = Validator(KIND, sandbox)
        validator.validate(candidates[:16])
        cost(sandbox, validator, candidates, rounds=rounds)
        throughput(sandbox, honest, rounds=rounds)
        by_kind(sandbox, each=each)


def tracing(sources: Sequence[str]) -> None:
    """Compare our recorder with torch's own tracer, in this process."""
    tracer.warm_up()
    ours = in_engine(lambda: [tracer.trace(s, *ENTRY, progress=lambda: None) for s in sources])
    theirs = in_engine(lambda: [by_make_fx(source) for source in sources])
    count = len(sources)
    print(f"\ntracing at two shapes, without a sandbox: {ours / count:.2f} ms")
    print(f"the same with torch's make_fx:            {theirs / count:.2f} ms")
    print(f"make_fx / ours = {theirs / ours:.1f}")


def cost(
    sandbox: Sandbox, validator: Validator, candidates: Sequence[Candidate], *, rounds: int
) -> None:
    """Print the processor time of validation, by part."""
    batches: list[Spent] = []
    for _ in range(rounds):
        forget_verdicts()
        batches.append(spent(sandbox, lambda: validator.validate(candidates)))
    per_candidate = Spent(
        *(median(column) / len(candidates) for column in zip(*batches, strict=True))
    )
    texts = [t for t in sandbox.trace([request(c.source) for c in candidates]) if type(t) is str]
    assert len(texts) == len(candidates), "an honest component was refused"
    graphs = [Graph.parse(text) for text in texts]
    parts: dict[str, Callable[[], object]] = {
        "policy": lambda: [
            rules.check_source.__wrapped__(c.source, KIND.contract) for c in candidates
        ],
        "reading the graph": lambda: [Graph.parse(text) for text in texts],
        "budget": lambda: [
            graph.check_budget(shapes) for graph in graphs for shapes in KIND.trace_shapes
        ],
        "contract": lambda: [KIND.check(graph) for graph in graphs],
    }
    print(f"\nprocessor time per candidate, median of {rounds} batches of {len(candidates)}:")
    print(f"  {'engine':18s} {per_candidate.engine:6.2f} ms, of which")
    for name, work in parts.items():
        print(f"    {name:18s} {in_engine(work) / len(candidates):6.2f} ms")
    print(f"  {'zygote, forks':18s} {per_candidate.zygote:6.2f} ms")
    print(f"  {'child':18s} {per_candidate.children:6.2f} ms")
    print(f"  {'all':18s} {per_candidate.processor:6.2f} ms (claim: at most 15)")
    print(f"  {'wall':18s} {per_candidate.wall:6.2f} ms")


def throughput(sandbox: Sandbox, honest: Sequence[str], *, rounds: int) -> None:
    """Print the time to trace honest candidates, without and with hostile ones among them."""
    every = round(1 / HOSTILE_SHARE)
    mixed: list[str] = []
    for place, source in enumerate(honest):
        if place % (every - 1) == 0:
            mixed.append(HOSTILE[place // (every - 1) % len(HOSTILE)])
        mixed.append(source)
    sides: dict[str, list[Spent]] = {"honest": [], "mixed": []}
    for _ in range(rounds):
        for name, side in (("honest", honest), ("mixed", mixed)):
            requests = [request(source) for source in side]
            sides[name].append(spent(sandbox, lambda: sandbox.trace(requests)))  # noqa: B023
    share = 1 - len(honest) / len(mixed)
    print(f"\ntracing {len(honest)} honest candidates, without and with {share:.1%} hostile ones:")
    for clock, times in (
        ("wall", [[spent_time.wall for spent_time in side] for side in sides.values()]),
        ("processor", [[spent_time.processor for spent_time in side] for side in sides.values()]),
    ):
        honest_ms, mixed_ms = map(median, times)
        ratio = honest_ms / mixed_ms
        print(f"  {clock:10s} {honest_ms:6.0f} ms and {mixed_ms:6.0f} ms, ratio {ratio:.2f}")


def by_kind(sandbox: Sandbox, *, each: int) -> None:
    """Print by kind the processor time of validating honest components, at most `each` of them."""
    print("\nprocessor time per honest component, by kind:")
    print(f"  {'':22s} {'number':>6s} {'engine':>7s} {'zygote':>7s} {'child':>7s} {'all':>7s} ms")
    total, count = 0.0, 0
    for name in kinds.names():
        kind = kinds.get(name)()
        files = [HONEST / f"{name}.toml", HONEST / "field" / f"{name}.toml"]
        sources = [s for file in files for s in tomllib.loads(file.read_text()).values()][:each]
        candidates = [Candidate.of(name, source, operator="bench") for source in sources]
        validator = Validator(kind, sandbox)
        validator.validate(candidates)
        forget_verdicts()
        used = spent(sandbox, lambda: validator.validate(candidates))  # noqa: B023
        total, count = total + used.processor, count + len(candidates)
        times = (used.engine, used.zygote, used.children, used.processor)
        row = " ".join(f"{time / len(candidates):7.2f}" for time in times)
        print(f"  {name:22s} {len(candidates):6d} {row}")
    print(f"  {'mean of all':22s} {count:6d} {total / count:31.2f} ms (claim: at most 15)")


def forget_verdicts() -> None:
    """Clear the caches of verdicts, so that every candidate is judged again."""
    rules.check_source.cache_clear()
    behaviour.behaviour_of_graph.cache_clear()
    validation.accepted_graph.cache_clear()


def spent(sandbox: Sandbox, work: Callable[[], object]) -> Spent:
    """Time that some work takes here and in the sandbox."""
    before, began, engine = ticks(sandbox), time.monotonic(), time.process_time()
    work()
    after = ticks(sandbox)
    zygote, children = (TICK_MS * (b - a) for a, b in zip(before, after, strict=True))
    wall, engine = time.monotonic() - began, time.process_time() - engine
    return Spent(1000 * wall, 1000 * engine, zygote, children)


def ticks(sandbox: Sandbox) -> tuple[int, int]:
    """Processor time of the zygote, and of its children that have ended, in clock ticks."""
    text = Path(f"/proc/{sandbox.process_id}/stat").read_text().rpartition(")")[2].split()
    user, system, children_user, children_system = map(int, text[11:15])
    return user + system, children_user + children_system


def in_engine(work: Callable[[], object]) -> float:
    """Milliseconds of processor time of a second call, after one to warm up."""
    work()
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)


def by_make_fx(source: str) -> None:
    """Trace with torch's own tracer."""
    namespace: dict[str, object] = {}
    exec(source, namespace)  # noqa: S102 - our own honest components
    component = namespace["activation"]
    assert callable(component)
    for (shape,) in KIND.trace_shapes:
        example = torch.linspace(-3.0, 3.0, math.prod(shape)).reshape(shape).requires_grad_()
        make_fx(component, pre_dispatch=True)(example)


def request(source: str) -> TraceRequest:
    """The request to trace the kind's entry function in a source."""
    return TraceRequest(source, *ENTRY)


ENTRY = (KIND.contract.function, KIND.trace_shapes)


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            rounds=Size(3, 1, "batches of each sort"),
            batch=Size(400, 18, "honest candidates per batch"),
            each=Size(100, 1, "honest components of each kind at the end"),
        )
    )
