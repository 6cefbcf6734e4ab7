"""A fingerprint changes with data, splits and code, and not with the last digits of a machine."""

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.small_data import data, split

from evo.networks.base import Network
from evo.networks.mlp import Mlp
from evo.tasks.base import Data, Split, Task, tasks
from evo.tasks.fingerprint import fingerprint, fingerprint_changes


class Plain(Task):
    def load(self) -> Data:
        return data()

    def networks(self) -> dict[str, Network]:
        return {"mlp": Mlp((8,))}


def of(loaded: Data) -> Any:
    return fingerprint(Plain(), loaded)


def test_rounding_is_no_change() -> None:
    train = split(60, 0)
    nearly = Split(train.inputs * (1 + 1e-7), train.targets)

    assert fingerprint_changes(of(data()), of(data(train=nearly))) == []


@pytest.mark.parametrize("row", [0, 31, 59])
def test_one_number_one_label_and_one_sample_more_are_changes(row: int) -> None:
    moved, relabelled = split(60, 0), split(60, 0)
    moved.inputs[row, 1] += 0.1
    relabelled.targets[row] = (relabelled.targets[row] + 1) % 3

    assert fingerprint_changes(of(data()), of(data(train=moved))) == ["other train inputs"]
    assert fingerprint_changes(of(data()), of(data(train=relabelled))) == ["other train targets"]
    assert "test inputs of shape [30, 4] → [31, 4]" in fingerprint_changes(
        of(data()), of(data(test=split(31, 2)))
    )


def test_a_pooled_split_is_another_one() -> None:
    assert fingerprint_changes(of(data()), of(data(pooled=True))) == ["pooled False → True"]


SOURCE = """
from evo.networks.mlp import Mlp
from evo.tasks.base import Task

class Mine(Task):
    def load(self):
        return None

    def networks(self):
        return {"mlp": Mlp((8,))}
"""


def module(path: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, path.stem, loaded)
    spec.loader.exec_module(loaded)
    return loaded


def test_code_counts_and_comments_do_not(tmp_path: Path, monkeypatch) -> None:
    sources = (SOURCE, SOURCE + "\n# a note\n", SOURCE.replace("(8,)", "(9,)"))
    plain, noted, wider = (
        fingerprint(module(tmp_path / f"mine_{place}.py", source, monkeypatch).Mine(), data())
        for place, source in enumerate(sources)
    )

    assert fingerprint_changes(plain, noted) == []
    assert fingerprint_changes(plain, wider) == ["other code"]


TASK = """
import numpy as np
from neighbour_of_a_task import network

from evo.tasks.own import arrays

print("reading")

numbers = np.random.default_rng(0).normal(size=(100, 3))
task = arrays(numbers, np.arange(100) % 2, networks={"mine": network()})
"""
NEIGHBOUR = """
from evo.networks.mlp import Mlp

WIDTH = 8


def network():
    return Mlp((WIDTH,))
"""


def test_a_task_may_import_from_its_folder_and_that_code_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    file, prints = tmp_path / "task.py", list[Any]()
    for width in ("WIDTH = 8", "WIDTH = 8", "WIDTH = 9"):
        monkeypatch.delitem(sys.modules, "neighbour_of_a_task", raising=False)
        neighbour = tmp_path / "neighbour_of_a_task.py"
        neighbour.write_text(NEIGHBOUR.replace("WIDTH = 8", width))
        file.write_text(TASK + "\n" * len(prints))  # another time of change: it is read again
        os.utime(file, (0, len(prints)))
        importlib.invalidate_caches()
        task = tasks.get(str(file))()
        prints.append(fingerprint(task, task.load()))

    assert fingerprint_changes(*prints[:2]) == []
    assert fingerprint_changes(*prints[1:]) == ["other code"]
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "reading\n" * 3)
