import pytest
import torch

from evo.compute.work import Work
from evo.compute.worker import Worker
from evo.evaluation.protocol import Job, Protocol
from evo.validation.graph.graph import Graph

IDENTITY = '{"inputs":1,"nodes":[],"output":{"ref":0}}'


class Exited(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize(
    "failure",
    [
        torch.AcceleratorError("CUDA error: device-side assert triggered"),
        RuntimeError(
            "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm(handle)`"
        ),
    ],
)
def test_after_a_failure_of_its_device_a_worker_ends_for_a_new_one(failure) -> None:
    def fails(*_, **__) -> None:
        raise failure

    def exit_(code: int) -> None:
        raise Exited(code)

    worker = Worker("cpu", run=fails, end=exit_)

    with pytest.raises(Exited, match="1"):
        worker.train(
            Job("a", Graph.parse(IDENTITY).texts, 0),
            Work("activation", ("digits",), Protocol(), "cpu"),
        )
