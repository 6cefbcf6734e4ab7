import numpy as np
import pytest
import torch
import torch.nn.functional as F

from evo.components.kinds import kinds
from evo.evaluation.propagation import Propagation


@pytest.fixture(scope="module")
def signals() -> Propagation:
    return Propagation(kinds.get("activation")().parts, "digits")


def test_the_same_component_gives_the_same_bits_in_any_company(signals) -> None:
    first = signals(F.gelu)
    signals(torch.tanh)

    assert signals(F.gelu).tobytes() == first.tobytes()
    assert first.dtype == np.float32 and np.isfinite(first).all()


def test_a_component_that_kills_the_signal_stands_out(signals) -> None:
    honest, dying = signals(F.relu), signals(lambda x: 1e-6 * x)

    assert np.abs(honest - signals(F.gelu)).max() < np.abs(honest - dying).max()


def test_what_explodes_gives_finite_statistics(signals) -> None:
    assert np.isfinite(signals(lambda x: torch.exp(x * 40))).all()


@pytest.mark.parametrize(
    ("kind", "component"),
    [
        ("preprocessor", torch.tanh),
        ("regularizer", lambda w: 1e-3 * w.square().sum()),
    ],
)
def test_every_kind_has_statistics(kind: str, component) -> None:
    told = Propagation(kinds.get(kind)().parts, "digits")(component)

    assert told.ndim == 1 and len(told) > 50 and np.isfinite(told).all()


@pytest.mark.parametrize("task", ["breast-cancer", "harmonics", "digits-cnn", "digits-transformer"])
def test_every_sort_of_task_has_statistics(task: str) -> None:
    told = Propagation(kinds.get("activation")().parts, task)(F.gelu)

    assert len(told) > 10 and np.isfinite(told).all()
