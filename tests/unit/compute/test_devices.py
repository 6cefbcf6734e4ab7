import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import torch

from evo.compute import devices
from evo.core.errors import UsageError


def test_auto_is_the_gpu_where_there_is_one(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert devices.resolve("auto") == devices.resolve("cuda") == "cuda"
    assert devices.resolve("cpu") == "cpu"

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert devices.resolve("auto") == "cpu"
    with pytest.raises(UsageError, match="use 'auto' or 'cpu'"):
        devices.resolve("cuda")


def test_a_worker_on_the_processor_claims_no_gpu(tmp_path: Path) -> None:
    assert devices.GpuClaim(tmp_path, "cpu").device == "cpu"
    assert list(tmp_path.iterdir()) == []


def test_workers_share_out_the_gpus(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)

    assert devices.worker_count("cuda") == 2
    assert [devices.GpuClaim(tmp_path, "cuda").device for _ in range(3)] == [
        "cuda:0",
        "cuda:1",
        "cuda:0",
    ]


def sit(folder: Path, told: Connection) -> None:
    torch.cuda.device_count = lambda: 4
    told.send(devices.GpuClaim(folder, "cuda").device)
    signal.pause()


def test_the_gpu_of_a_worker_that_was_killed_is_free_again(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")

    def start() -> tuple[multiprocessing.process.BaseProcess, str]:
        heard, told = context.Pipe()
        worker = context.Process(target=sit, args=(tmp_path, told))
        worker.start()
        assert heard.poll(30)
        return worker, heard.recv()

    first, one = start()
    second, two = start()
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    first.join()
    third, three = start()
    for worker in (second, third):
        worker.kill()
        worker.join()

    assert (one, two, three) == ("cuda:0", "cuda:1", "cuda:0")
