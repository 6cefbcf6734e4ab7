"""Data of tasks on their way to other machines: loaded once, shared by a machine's workers.

Tensors leave as flat arrays beside a small description, so that a store of shared memory can hold
them and each worker reads the same pages. What arrives is read-only by convention: training copies
its batches.
"""

import io
import pickle
import warnings
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray

from evo.tasks.base import Data


class PackedData(NamedTuple):
    """Data of a task.

    Attributes:
        description: pickled, without the values of tensors.
        arrays: values of the tensors, in order.
    """

    description: bytes
    arrays: list[NDArray[Any]]


def packed_data(data: Data) -> PackedData:
    """Data with the values of its tensors apart."""
    arrays: list[NDArray[Any]] = []

    class Packer(pickle.Pickler):
        def persistent_id(self, obj: Any) -> int | None:
            if not isinstance(obj, torch.Tensor):
                return None
            arrays.append(obj.detach().cpu().contiguous().numpy())
            return len(arrays) - 1

    file = io.BytesIO()
    Packer(file, protocol=5).dump(data)
    return PackedData(file.getvalue(), arrays)


def unpacked(pack: PackedData) -> Data:
    """The data, whose tensors are the arrays, not copies of them."""

    class Unpacker(pickle.Unpickler):
        def persistent_load(self, pid: int) -> torch.Tensor:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they cannot be written to, and nothing does
                return torch.from_numpy(pack.arrays[pid])

    data: Data = Unpacker(io.BytesIO(pack.description)).load()
    return data
