"""A fingerprint changes with data, splits and code, and not with the last digits of a machine."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.small_data import data, split

from evo.networks.base import Network
from evo.networks.mlp import Mlp
from evo.tasks.base import Data, Split, Task
from evo.tasks.fingerprint import changes, fingerprint


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

    assert changes(of(data()), of(data(train=nearly))) == []


@pytest.mark.parametrize("row", [0, 31, 59])
def test_one_number_one_label_and_one_sample_more_are_changes(row: int) -> None:
    moved, relabelled = split(60, 0), split(60, 0)
    moved.inputs[row, 1] += 0.1
    relabelled.targets[row] = (relabelled.targets[row] + 1) % 3

    assert changes(of(data()), of(data(train=moved))) == ["other train inputs"]
    assert changes(of(data()), of(data(train=relabelled))) == ["other train targets"]
    assert "test inputs of shape [30, 4] → [31, 4]" in changes(
        of(data()), of(data(test=split(31, 2)))
    )


def test_a_pooled_split_is_another_one() -> None:
    assert changes(of(data()), of(data(pooled=True))) == ["pooled False → True"]


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

    assert changes(plain, noted) == []
    assert changes(plain, wider) == ["other code"]
