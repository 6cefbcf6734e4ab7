"""Tasks of one's own data: a line each, and a clear error for what cannot be trained on."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image
from pyarrow import csv, parquet

from evo.config import parse
from evo.core.errors import UsageError
from evo.tasks.base import tasks
from evo.tasks.check import checked_task
from evo.tasks.objective import Classification, Regression
from evo.tasks.own import arrays, dataset, images, table


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


def test_a_file_that_changes_is_run_again(wine: Path) -> None:
    import os

    name = str(wine / "wine.py")
    assert isinstance(tasks.get(name)().load().objective, Classification)
    text = (wine / "wine.py").read_text().replace("'kind'", "'price'")
    (wine / "wine.py").write_text(text)
    os.utime(wine / "wine.py", ns=(1, 1))

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


def test_data_sets_and_loaders_of_torch_are_read_to_the_end() -> None:
    inputs, targets = torch.randn(100, 3), torch.arange(100) % 2
    plain = torch.utils.data.TensorDataset(inputs, targets)
    loader = torch.utils.data.DataLoader(plain, batch_size=7)

    whole = arrays(inputs, targets).load()

    assert torch.equal(dataset(plain).load().train.inputs, whole.train.inputs)
    assert torch.equal(dataset(loader).load().test.targets, whole.test.targets)


def _holed() -> np.ndarray:
    holed = numbers()
    holed[3, 1] = np.nan
    return holed


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
        (numbers(), np.asarray([np.inf] + [0.5] * 99), "finite targets, got another in sample 0"),
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
