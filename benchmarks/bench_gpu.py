"""Claim: a GPU that trains copies side by side leaves a processor, and plain training, far behind.

Prints candidates per minute of the default task's networks on the first rung: one processor core,
plain eager training on the GPU (one copy after another), evo's trainer on it, with recorded steps,
with products of 16 bits, and with several worker processes that share it; then how busy the GPU was
and where its time and Python's go. Without a GPU it says so and measures nothing.

It has not run on a GPU yet. `--fake 1`, the default of `--quick`, runs every part on the processor,
where a recorder stands for CUDA graphs: it shows that the benchmark works; its figures mean
nothing.

Usage: python benchmarks/bench_gpu.py [--quick] [--fake 1] [--candidates N] [--processes N]
"""

import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from bench_trainer import one_by_one
from sizes import Size, read_sizes
from torch.profiler import ProfilerActivity, profile

from evo.compute.engines.local import Local
from evo.compute.settings import Needs
from evo.compute.work import Work
from evo.compute.workers import Workers
from evo.evaluation.protocol import Job, Precision, Protocol, Rung
from evo.evaluation.training.recorded import CallRecorder, Passed, record_on_gpu
from evo.evaluation.training.trainer import train
from evo.networks.base import Network
from evo.networks.parts import Parts
from evo.tasks.base import Data
from evo.tasks.digits import Digits

SILU = ('{"inputs":1,"nodes":[["aten.silu.default",[{"ref":0}],{}]],"output":{"ref":1}}',)


def main(candidates: int, processes: int, epochs: int, networks: int, fake: int) -> None:
    """Measure each way of training."""
    if not torch.cuda.is_available() and not fake:
        print("There is no GPU here: nothing was measured. --fake 1 tries the benchmark itself.")
        return
    if fake:
        print("FAKE: on the processor, which stands for a GPU. These figures mean nothing.")
    torch.set_num_threads(1)
    device = torch.device("cpu" if fake else "cuda")
    rungs = (Rung(epochs=epochs, seeds=4, networks=networks),)
    protocol = Protocol(rungs=rungs, leaders=0)
    here = Digits().load()
    there = here.to(device)
    record: CallRecorder = repeated if fake else record_on_gpu
    print(f"card: {'none' if fake else torch.cuda.get_device_name()}")
    ways: dict[str, Callable[[], object]] = {
        "one processor core": lambda: side_by_side(here, protocol),
        "plain eager on the GPU": lambda: plain(there, protocol),
        "evo on the GPU": lambda: side_by_side(there, protocol),
        "… recorded steps": lambda: side_by_side(there, protocol, record=record),
        "… and 16 bits": lambda: side_by_side(there, protocol, record=record, precision="bfloat16"),
    }
    for name, train_one in ways.items():
        train_one()  # the first chooses kernels
        seconds = [timed(train_one, device) for _ in range(candidates)]
        print(f"{name:24} {60 * candidates / sum(seconds):9.1f} candidates per minute", flush=True)
    shared(protocol, candidates=candidates, processes=processes, device=device)
    explain(ways["evo on the GPU"], device)


def networks_of(protocol: Protocol) -> list[Network]:
    """Networks of the first rung."""
    return list(Digits().networks().values())[: protocol.rungs[0].networks]


def side_by_side(
    data: Data,
    protocol: Protocol,
    *,
    record: CallRecorder | None = None,
    precision: Precision = "float32",
) -> None:
    """Train one candidate on all networks, seeds and rates at once."""
    for network in networks_of(protocol):
        train(
            network,
            data,
            Parts(F.silu),
            seeds=protocol.heats(0)[0],
            learning_rates=protocol.learning_rates,
            epochs=protocol.rungs[0].epochs,
            batch_size=protocol.batch_size,
            record=record,
            precision=precision,
        )


def plain(data: Data, protocol: Protocol) -> None:
    """Train one candidate copy after copy, with torch's layers, Adam and schedule."""
    for network in networks_of(protocol):
        one_by_one(network, data, protocol.heats(0)[0], protocol.rungs[0].epochs)


def shared(protocol: Protocol, *, candidates: int, processes: int, device: torch.device) -> None:
    """Print what several worker processes on one device train together."""
    work = Work("activation", ("digits",), protocol, device.type)
    needs = Needs(processes, most=processes, gpus=1 / processes)
    jobs = [Job(str(number), SILU, 0) for number in range(candidates * processes)]
    with Workers(Local(work, needs, share=None)) as pool:
        for _ in pool.run([Job(f"warm {number}", SILU, 0) for number in range(processes)]):
            pass
        start = time.perf_counter()
        failures = [outcome.error for outcome in pool.run(jobs) if outcome.error]
        minutes = (time.perf_counter() - start) / 60
    assert not failures, failures
    name = f"{processes} processes share it"
    print(f"{name:24} {len(jobs) / minutes:9.1f} candidates per minute")


def timed(call: Callable[[], object], device: torch.device) -> float:
    """Wall seconds of a call, until the device is done."""
    start = time.perf_counter()
    call()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def explain(call: Callable[[], object], device: torch.device) -> None:
    """Print how busy the device was, and what took most of its time."""
    is_gpu = device.type == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if is_gpu else [])]
    with profile(activities=activities) as profiled:
        seconds = timed(call, device)
    rows = profiled.key_averages()
    total = sum(row.self_device_time_total if is_gpu else row.self_cpu_time_total for row in rows)
    print(f"busy {total / 1e6 / seconds:.2f} of the time, while it is profiled")
    order = "self_cuda_time_total" if is_gpu else "self_cpu_time_total"
    print(rows.table(sort_by=order, row_limit=8, max_name_column_width=40))


def repeated(call: Callable[[], Passed]) -> tuple[Passed, Callable[[], None]]:
    """Stand for a CUDA graph: repeat the call into the results of the first time."""
    passed = call()

    def again() -> None:
        for old, new in zip(passed, call(), strict=True):
            old.copy_(new)

    return passed, again


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            candidates=Size(20, 1, "candidates of each way"),
            processes=Size(4, 1, "worker processes that share the GPU"),
            epochs=Size(10, 1, "epochs of each training"),
            networks=Size(4, 1, "networks of the task"),
            fake=Size(0, 1, "1 to run on the processor"),
        )
    )
