"""A text file is a task."""

from pathlib import Path

import numpy as np
import pytest
import torch

from evo.core.errors import UsageError
from evo.tasks.base import tasks
from evo.tasks.check import checked_task


def task_of(folder: Path, text: str, *, context: int = 8) -> str:
    (folder / "novel.txt").write_text(text)
    file = folder / "mine.py"
    file.write_text(
        f"from evo.tasks.text import text\n\ntask = text('novel.txt', context={context})\n"
    )
    return str(file)


def words(count: int) -> str:
    """A text without repetition, which would put the same window into two splits."""
    rng = np.random.default_rng(0)
    return "".join(rng.choice(list("toben är"), size=6 * count).tolist())


def test_windows_of_a_file_are_samples_that_a_transformer_takes(tmp_path: Path) -> None:
    name = task_of(tmp_path, words(400))

    task, data, _ = checked_task(name, tasks.get(name))

    characters = sorted(set(words(400)))
    assert list(task.networks()) == ["gpt-32"]
    assert data.train.inputs.shape[1:] == (8,)
    assert data.samples.inputs.max() < len(characters)
    assert data.outputs <= len(characters)
    window = "".join(characters[int(place)] for place in data.train.inputs[0])
    assert window in words(400)


def test_no_character_is_in_two_samples(tmp_path: Path) -> None:
    text = words(400)
    name = task_of(tmp_path, text)

    count = len(tasks.get(name)().load().samples.targets)

    assert count <= len(text) // 9
    assert count > len(text) // 9 - 6


def test_a_window_decides_only_what_follows_it(tmp_path: Path) -> None:
    name = task_of(tmp_path, words(400))
    (network,) = tasks.get(name)().networks().values()
    model = network.make_model().eval()  # type: ignore[attr-defined]
    x = torch.zeros(1, 8)
    hidden: list[torch.Tensor] = []
    model.blocks.register_forward_hook(lambda *seen: hidden.append(seen[2]))

    model(x)
    x[0, -1] = 1
    model(x)

    assert torch.equal(hidden[0][:, :-1], hidden[1][:, :-1])
    assert not torch.equal(hidden[0][:, -1], hidden[1][:, -1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"too short", "expected at least 360 characters, 40 windows of 8 and what follows, got 9"),
        (b"\xff\xfe" * 500, "cannot be read as UTF-8"),
    ],
)
def test_a_text_that_is_none_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    name = task_of(tmp_path, "")
    (tmp_path / "novel.txt").write_bytes(content)

    with pytest.raises(UsageError, match=message):
        tasks.get(name)


def test_a_network_of_ones_own_reads_text_and_a_window_has_a_character(tmp_path: Path) -> None:
    name = task_of(tmp_path, words(400))
    mine = (
        "from evo.networks.mlp import Mlp\nfrom evo.tasks.text import text\n\n"
        "task = text('novel.txt', context=8, networks={'mine': Mlp((8,))})\n"
    )
    (tmp_path / "own.py").write_text(mine)
    own = str(tmp_path / "own.py")

    task, data, _ = checked_task(own, tasks.get(own))

    assert list(task.networks()) == ["mine"]
    assert torch.equal(data.train.inputs, tasks.get(name)().load().train.inputs)
    with pytest.raises(UsageError, match="1 character or more, got 0"):
        tasks.get(task_of(tmp_path, words(400), context=0))
