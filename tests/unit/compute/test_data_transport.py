"""Data of tasks between processes."""

import pickle

import torch

from evo.compute.data_transport import packed_data, unpacked
from evo.evaluation.protocol import Protocol, Rung
from evo.evaluation.training.trials import give_data, run_trials
from evo.networks.parts import Parts
from evo.tasks.base import tasks


def test_what_arrives_is_what_was_loaded_and_shares_its_memory() -> None:
    data = tasks.get("breast-cancer")().load()

    pack = packed_data(data)
    arrived = unpacked(pack)

    assert len(pack.description) < 2000
    assert arrived.outputs == data.outputs
    assert arrived.pooled == data.pooled
    for split in ("train", "validation", "test"):
        ours, theirs = getattr(data, split), getattr(arrived, split)
        assert torch.equal(ours.inputs, theirs.inputs)
        assert torch.equal(ours.targets, theirs.targets)
    assert any(arrived.test.inputs.data_ptr() == array.ctypes.data for array in pack.arrays)


def test_training_writes_nothing_into_data_that_all_workers_of_a_machine_share() -> None:
    pack = packed_data(tasks.get("breast-cancer")().load())
    before = pickle.dumps(pack.arrays)
    for array in pack.arrays:
        array.flags.writeable = False
    protocol = Protocol(rungs=(Rung(epochs=1, seeds=2),), learning_rates=(0.01,), leaders=0)
    give_data("breast-cancer", unpacked(pack))

    found = run_trials(Parts(torch.tanh), ("breast-cancer",), protocol, rung=0)

    assert found
    assert pickle.dumps(pack.arrays) == before
