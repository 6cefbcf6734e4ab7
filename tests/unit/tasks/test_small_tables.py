import numpy as np
import pytest
import torch

from evo.tasks.base import Task
from evo.tasks.breast_cancer import BreastCancer
from evo.tasks.bundled import read_bundled_table
from evo.tasks.digits import Digits
from evo.tasks.digits_cnn import DigitsCnn
from evo.tasks.digits_transformer import DigitsTransformer


@pytest.mark.parametrize("task", [DigitsCnn(), DigitsTransformer()])
def test_other_networks_see_the_very_data_of_digits(task: Task) -> None:
    here, there = task.load(), Digits().load()

    assert torch.equal(here.samples.inputs, there.samples.inputs)
    assert torch.equal(here.samples.targets, there.samples.targets)
    assert len(here.train.targets) == len(there.train.targets)
    assert not set(task.networks()) & set(Digits().networks())


@pytest.mark.parametrize(
    ("task", "sizes"), [(Digits(), (1000, 297, 500)), (BreastCancer(), (300, 119, 150))]
)
def test_splits_have_the_stated_sizes(task: Task, sizes: tuple[int, int, int]) -> None:
    data = task.load()

    assert tuple(len(s.targets) for s in (data.train, data.validation, data.test)) == sizes
    assert data.samples.inputs.mean().item() == pytest.approx(0, abs=1e-4)
    assert data.samples.inputs.std().item() == pytest.approx(1, abs=1e-3)


def test_a_table_is_read_as_scikit_learn_reads_it() -> None:
    from sklearn.datasets import load_breast_cancer, load_digits

    for load, name, header_rows in (
        (load_digits, "digits.csv.gz", 0),
        (load_breast_cancer, "breast_cancer.csv", 1),
    ):
        inputs, classes = load(return_X_y=True)
        table = read_bundled_table(name, header_rows=header_rows)
        assert np.array_equal(table, np.column_stack([inputs, classes]))
