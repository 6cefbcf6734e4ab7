"""Tasks of one's own data: a line each, and a clear error for what cannot be trained on."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image
from pyarrow import csv, parquet

from evo.campaign.config import parse
from evo.core.errors import UsageError
from evo.tasks.base import tasks
from evo.tasks.check import checked_task
from evo.tasks.objective import Classification, Regression
from evo.tasks.own import arrays, images, table


def numbers(samples: int = 100, features: int = 3) -> np.ndarray:
    return np.random.default_rng(0).normal(5, 2, (samples, features))


def columns(samples: int = 100) -> dict[str, list]:
    inputs = numbers(samples, 2)
    return {
        "id": list(range(samples)),
        "length": inputs[:, 0].tolist(),
        "colour": ["red" if place % 2 else "blue" for place in range(samples)],
        "kind": ["abc"[place % 3] for place in range(samples)],
        "price": inputs[:, 1].tolist(),
    }


@pytest.fixture
def wine(tmp_path: Path) -> Path:
    """A folder with a table and a task on it."""
    csv.write_csv(pa.table(columns()), tmp_path / "wine.csv")
    (tmp_path / "wine.py").write_text(
        "from evo.tasks.own import table\n\ntask = table('wine.csv', target='kind', drop=['id'])\n"
    )
    return tmp_path


def test_a_file_named_in_a_configuration_is_a_task_wherever_one_stands(
    wine: Path, monkeypatch
) -> None:
    monkeypatch.chdir(wine)
    (name,) = parse({"tasks": ["wine.py"]}, where="here").tasks
    monkeypatch.chdir("/")

    task, data, remarks = checked_task(name, tasks.get(name), batch_size=32)

    assert name == str(wine / "wine.py")
    assert remarks == ()
    assert data.train.inputs.shape == (60, 4)  # length, price and two colours
    assert (data.outputs, data.pooled) == (3, True)
    assert list(task.networks()) == ["mlp-32-32", "mlp-64-64"]


def test_a_file_that_changes_is_run_again_even_at_the_same_time(wine: Path) -> None:
    begun = (wine / "wine.py").stat().st_mtime_ns
    name = str(wine / "wine.py")
    assert isinstance(tasks.get(name)().load().objective, Classification)
    text = (wine / "wine.py").read_text().replace("'kind'", "'price'")
    (wine / "wine.py").write_text(text)
    os.utime(wine / "wine.py", ns=(begun, begun))

    assert isinstance(tasks.get(name)().load().objective, Regression)


def test_a_file_may_define_a_class(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from evo.networks.mlp import Mlp\nfrom evo.tasks.base import Task\n\n"
        "class Mine(Task):\n    def load(self): ...\n"
        "    def networks(self):\n        return {'mlp': Mlp((3,))}\n"
    )

    assert list(tasks.get(str(path))().networks()) == ["mlp"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "expected a variable `task`.*got none"),
        ("import nothing_of_that_name", "ModuleNotFoundError.* files of its own folder"),
        ("def f(:", "SyntaxError"),
    ],
)
def test_a_file_without_a_task_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "odd.py").write_text(text)

    with pytest.raises(UsageError, match=message):
        tasks.get(str(tmp_path / "odd.py"))
    with pytest.raises(UsageError, match=r"none\.py: cannot be read"):
        tasks.get(str(tmp_path / "none.py"))


def test_features_are_standardised_and_every_sample_is_in_one_split() -> None:
    inputs = numbers(200)

    data = arrays(inputs, np.arange(200) % 4).load()

    everything = data.samples.inputs
    assert [len(s.targets) for s in (data.train, data.validation, data.test)] == [120, 40, 40]
    assert torch.allclose(everything.mean(0), torch.zeros(3), atol=1e-5)
    assert torch.allclose(everything.std(0), torch.ones(3), atol=0.01)
    assert len({tuple(row) for row in everything.tolist()}) == 200


def test_targets_tell_classes_from_numbers() -> None:
    inputs = numbers()
    words = arrays(inputs, np.asarray(["yes", "no"] * 50)).load()
    reals = arrays(inputs, inputs[:, 0]).load()
    said = arrays(inputs, np.arange(100), regression=True).load()

    assert words.train.targets.dtype == torch.int64
    assert isinstance(reals.objective, Regression)
    assert reals.train.targets.shape == (60, 1)
    assert said.outputs == 1
    with pytest.raises(UsageError, match=r"100 different whole numbers.*Say regression=True"):
        arrays(inputs, np.arange(100)).load()


def test_parquet_is_read_as_csv_is(wine: Path) -> None:
    parquet.write_table(pa.table(columns()), wine / "wine.parquet")

    one, other = (
        table(wine / f"wine.{form}", target="kind", drop=["id"]).load()
        for form in ("csv", "parquet")
    )

    assert torch.equal(one.train.inputs, other.train.inputs)
    assert torch.equal(one.train.targets, other.train.targets)


def folder_of_images(root: Path, each: int = 25) -> Path:
    generator = np.random.default_rng(0)
    for place, name in enumerate(("cat", "dog")):
        (root / name).mkdir(parents=True)
        for number in range(each):
            pixels = generator.integers(100 * place, 100 * place + 100, (20, 30, 3)).astype(
                np.uint8
            )
            Image.fromarray(pixels).save(root / name / f"{number}.png")
    return root


def test_a_folder_of_images_has_a_class_per_folder(tmp_path: Path) -> None:
    task = images(folder_of_images(tmp_path / "pets"), size=(8, 12))

    data = task.load()

    assert data.train.inputs.shape == (30, 3, 8, 12)
    assert data.outputs == 2
    assert list(task.networks()) == ["mlp-64-64", "cnn-8-16"]
    grey = images(tmp_path / "pets", size=(8, 8), grey=True).load()
    assert grey.train.inputs.shape == (30, 1, 8, 8)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"standardize": True}, "settings networks, regression, shares, standardise"),
        ({"networks": [1]}, "networks by name.* got a list"),
        ({"shares": (0.5, 0.1, 0.1)}, "add up to 1"),
        ({"shares": (0.8, 0.0, 0.2)}, "above 0"),
        ({"regression": False}, "whole numbers or text as classes, got 0.5"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        arrays(numbers(), np.arange(100) / 2 + 0.5, **settings).load()


def _holed() -> np.ndarray:
    holed = numbers()
    holed[3, 1] = np.nan
    return holed


def _mixed() -> np.ndarray:
    mixed = numbers().astype(object)
    mixed[3, 1] = "u"
    return mixed


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        (_holed(), np.arange(100) % 2, "finite inputs, got 1 .* the first in sample 3"),
        (numbers(), np.zeros(100, int), "two classes or more, got"),
        (numbers(), np.arange(99) % 2, "as many targets as inputs, got 99 for 100"),
        (numbers(20), np.arange(20) % 2, "at least 40 samples, got 20"),
        (np.full((100, 2), "a"), np.arange(100) % 2, "inputs that are numbers"),
        (numbers(), np.asarray([0] * 99 + [1]), "three samples or more of each class, got 1"),
        (numbers(), np.asarray([np.nan] + [0.0, 1.0, 1.0] * 33), "a class for every sample"),
        (numbers() + 1j, np.arange(100) % 2, "inputs that are numbers, got dtype complex"),
        (_mixed(), np.arange(100) % 2, "numbers, got 'u' in sample 3, feature number 1"),
        (numbers(), np.asarray([None] + ["a", "b", "b"] * 33, object), "got None in sample 0"),
        (numbers(), np.zeros(100, int), "got 0 for every sample"),
        (numbers(), np.zeros((100, 2, 2)), r"targets of shape \(n,\) or \(n, outputs\)"),
        (numbers(), np.eye(2)[np.arange(100) % 2], r"one-hot rows .*argmax\(1\)"),
        (np.zeros((100, 8, 8, 3)), np.arange(100) % 2, r"channels, height.*moveaxis\(inputs, 3, 1"),
        (numbers(), None, "targets of shape"),
        (numbers(), np.asarray([np.inf] + [0.5] * 99), "finite targets, got inf in sample 0"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(
    inputs: np.ndarray, targets: np.ndarray, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        arrays(inputs, targets).load()


def test_faults_of_a_table_name_file_column_and_row(wine: Path) -> None:
    path = wine / "wine.csv"
    holed = columns() | {"length": [1.0, None, *[2.0] * 98]}
    csv.write_csv(pa.table(holed), wine / "holed.csv")
    named = columns() | {"name": [f"n{place}" for place in range(100)]}
    csv.write_csv(pa.table(named), wine / "named.csv")
    (wine / "pets" / "cat").mkdir(parents=True)

    for task, message in (
        (table(path, target="sort"), r"wine\.csv: expected a column 'sort', got id, length"),
        (table(wine / "no.csv", target="kind"), r"no\.csv: cannot be read"),
        (table(wine / "holed.csv", target="kind"), "column 'length', got 1 empty .* in row 2"),
        (table(wine / "named.csv", target="kind"), r"column 'name', got 100\. Leave it out"),
        (images(wine / "pets"), "a folder of images per class, two or more, got 1"),
    ):
        with pytest.raises(UsageError, match=message):
            task.load()


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_table_may_be_separated_by_semicolons_and_tabs(wine: Path, separator: str) -> None:
    text = (wine / "wine.csv").read_text()
    (wine / "other.csv").write_text(text.replace(",", separator))

    one, other = (
        table(wine / name, target="kind", drop="id").load() for name in ("wine.csv", "other.csv")
    )

    assert torch.equal(one.train.inputs, other.train.inputs)


def _table_of(length: list[Any], kind: list[Any]) -> str:
    rows = (f"{a},{b}\n" for a, b in zip(length, kind, strict=True))
    return "length,kind\n" + "".join(rows)


KINDS = ["a", "b"] * 50


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (_table_of([*range(99), "?"], KINDS), r"numbers in column 'length'.* got '\?' in row 100"),
        (_table_of([1, 2, 3, "?"] * 25, KINDS), r"got '\?' in row 4"),
        (_table_of([*range(99), "3+"], KINDS), r"got '3\+' in row 100"),
        (_table_of(list(range(100)), ["", *KINDS[1:]]), "column 'kind', got 1 empty .* row 1"),
        ("length,kind\n", "rows below the header, got none"),
        ("length,length,kind\n" + "1,2,a\n" * 50, "'length' more than once"),
        (_table_of(list(range(100)), ["é", "u"] * 50).encode("latin-1"), "text in UTF-8"),
        (_table_of(list(range(100)), KINDS).replace("h", "é").encode("latin-1"), "UTF-8"),
    ],
)
def test_a_fault_in_a_table_is_named_and_never_becomes_a_category(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    file = tmp_path / "odd.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(UsageError, match=message):
        table(file, target="kind").load()


def test_a_few_values_of_which_one_is_text_are_categories(tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text(_table_of([0, 1, 2, "3+"] * 25, KINDS))

    assert table(tmp_path / "odd.csv", target="kind").load().train.inputs.shape == (60, 4)


def test_faults_of_a_folder_of_images_are_named(tmp_path: Path) -> None:
    root = folder_of_images(tmp_path / "set" / "pets")
    (root / ".ipynb_checkpoints").mkdir()
    assert images(root).load().outputs == 2
    (root / "fish").mkdir()
    (tmp_path / "set" / "more" / "cat").mkdir(parents=True)

    for task, message in (
        (images(root), "images in every folder, got none in fish"),
        (images(tmp_path / "set"), "Name the folder whose folders are the classes"),
        (images(root, size=16), r"size=\(height, width\), got size=16"),  # pyright: ignore[reportArgumentType]
    ):
        with pytest.raises(UsageError, match=message):
            task.load()
