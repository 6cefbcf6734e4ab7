"""Machines where almost nothing can be written, and minimal ones."""

import os
from pathlib import Path

import no_training
import pytest
from support.command import Finished, run_evo
from support.mounts import can_mount
from support.profiles import heavy
from typer.testing import CliRunner

from evo.cli import app

pytestmark = pytest.mark.skipif(not can_mount(), reason="needs root, to mount file systems")

READ_ONLY = """
mount --bind {work}/runs {work}/runs
mount -o remount,ro,bind /
mount -t tmpfs -o ro none /var/tmp
mount -t tmpfs -o ro none /dev/shm
"""


def within(mounts: str, command: str, cwd: Path, **environment: str) -> Finished:
    """The command where these are mounted, in an almost empty environment."""
    fresh = {"PATH": os.environ["PATH"], "HOME": "/no/such", **environment}
    return run_evo(*command.split(), cwd=cwd, environment=fresh, mounts=mounts)


@pytest.fixture
def work(tmp_path) -> Path:
    (tmp_path / "runs").mkdir()
    source = "import torch\n\n\ndef activation(x):\n    return torch.tanh(x) * 1.1\n"
    (tmp_path / "a.py").write_text(source)
    return tmp_path


@pytest.mark.parametrize("command", ["list", *heavy(("validate a.py --kind activation",))])
def test_commands_work_where_only_runs_can_be_written(work: Path, command: str) -> None:
    done = within(READ_ONLY.format(work=work), command, work)

    assert (done.code, "Traceback" in done.err) == (0, False), done.err
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

    status = within(nothing, "status whole", work)
    for command in ("validate a.py --kind activation", "pareto whole --plot p"):
        done = within(nothing, command, work)
        assert done.code == 1
        assert "Traceback" not in done.err
        assert done.err.endswith(
            "evo: No folder for temporary files can be written. Set TMPDIR to one that can, or "
            "make runs/ writable.\n"
        )

    assert status.code == 0, status.err


@pytest.fixture(scope="module")
def healthy() -> int:
    """Exit code of the doctor where everything is as it is."""
    return CliRunner().invoke(app, ["doctor"]).exit_code


@pytest.mark.parametrize(
    "mounts",
    [
        "mount -t tmpfs none /etc",
        *heavy(
            (
                "mount --bind /tmp /tmp; mount -o remount,ro,bind /tmp; "
                "mount -t tmpfs -o ro none /dev/shm",
            )
        ),
    ],
    ids=["minimal", "read-only"],
)
def test_the_doctor_tells_a_wall_from_a_file_system(mounts: str, healthy: int) -> None:
    done = within(mounts, "doctor --json", Path("/"), HOME="/")

    assert done.code == healthy, done.out + done.err
    assert "GotThrough" not in done.out
