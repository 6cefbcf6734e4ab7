"""Machines where almost nothing can be written, and minimal ones."""

import subprocess
import sys
from pathlib import Path

import no_training
import pytest
from support.mounts import can_mount, in_mounts
from typer.testing import CliRunner

from evo.cli import app

pytestmark = pytest.mark.skipif(not can_mount(), reason="needs root, to mount file systems")

READ_ONLY = """
mount --make-rprivate /
mount --bind {work}/runs {work}/runs
cd {work}
mount -o remount,ro,bind /
mount -t tmpfs -o ro none /var/tmp
mount -t tmpfs -o ro none /dev/shm
"""


def within(mounts: str, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return in_mounts(f"{mounts}\nexec {sys.executable} -m evo {command}", **environment)


@pytest.fixture
def work(tmp_path) -> Path:
    (tmp_path / "runs").mkdir()
    source = "import torch\n\n\ndef activation(x):\n    return torch.tanh(x) * 1.1\n"
    (tmp_path / "a.py").write_text(source)
    return tmp_path


@pytest.mark.parametrize("command", ["validate a.py --kind activation", "list"])
def test_commands_work_where_only_runs_can_be_written(work: Path, command: str) -> None:
    done = within(READ_ONLY.format(work=work), command)

    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert list((work / "runs").iterdir()) == []


def test_a_command_that_needs_a_folder_says_so_where_there_is_none_and_others_work(
    work: Path,
) -> None:
    config = no_training.configure(
        ("generations=1", "offspring=6", "trainings=4", "novelty.text_model=none")
    )
    with no_training.create(work / "runs" / "whole", config) as history:
        no_training.run(history, lambda _: None)
    nothing = READ_ONLY.replace("mount --bind {work}/runs {work}/runs\n", "").format(work=work)

    status = within(nothing, "status whole")
    for command in ("validate a.py --kind activation", "pareto whole --plot p"):
        done = within(nothing, command)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert done.stderr.endswith(
            "evo: No folder for temporary files can be written. Set TMPDIR to one that can, or "
            "make runs/ writable.\n"
        )

    assert status.returncode == 0, status.stderr


@pytest.fixture(scope="module")
def healthy() -> int:
    """Exit code of the doctor where everything is as it is."""
    return CliRunner().invoke(app, ["doctor"]).exit_code


@pytest.mark.parametrize(
    "mounts",
    [
        "mount --bind /tmp /tmp; mount -o remount,ro,bind /tmp; mount -t tmpfs -o ro none /dev/shm",
        "mount -t tmpfs none /etc",
    ],
    ids=["read-only", "minimal"],
)
def test_the_doctor_tells_a_wall_from_a_file_system(mounts: str, healthy: int) -> None:
    done = within(mounts, "doctor --json", HOME="/")

    assert done.returncode == healthy, done.stdout + done.stderr
    assert "GotThrough" not in done.stdout
