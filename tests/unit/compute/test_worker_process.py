import pytest
import torch

from evo.compute import local
from evo.compute.devices import GpuClaim
from evo.evaluation.protocol import Job, Protocol
from evo.validation.graph.graph import Graph

IDENTITY = '{"inputs":1,"nodes":[],"output":{"ref":0}}'


class Exited(BaseException):
    """Stands for the end of the process."""


def test_after_a_failure_of_its_device_a_worker_ends_for_a_new_one(tmp_path, monkeypatch) -> None:
    def fails(*_, **__) -> None:
        raise torch.AcceleratorError("CUDA error: device-side assert triggered")

    def exit_(code: int) -> None:
        raise Exited(code)

    monkeypatch.setattr(local, "run_trials", fails)
    monkeypatch.setattr(local.os, "_exit", exit_)
    monkeypatch.setattr(local, "_gpu_claim", GpuClaim(tmp_path, "cpu"), raising=False)
    work = local._Work("activation", ("digits",), Protocol(), "cpu")

    with pytest.raises(Exited, match="1"):
        local._train(Job("a", Graph.parse(IDENTITY).texts, 0), work)
