"""Campaigns are read, exported and confirmed where no generated code can run: on Windows."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.profiles import PROFILE

PROGRAM = Path(__file__).parents[1] / "support" / "other_system.py"
GOLDEN = Path(__file__).parents[1] / "golden" / "history"


def _call(folder: Path, *commands: str, sandbox: str = "") -> tuple[list[str], str, str]:
    """How commands ended on such a system, standard output and standard error."""
    shutil.copytree(GOLDEN, folder / "run")
    done = subprocess.run(
        [sys.executable, PROGRAM, *commands],
        cwd=folder,
        env={**os.environ, "EVO_SANDBOX": sandbox},
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    assert done.returncode == 0, done.stderr
    ended = [line for line in done.stderr.splitlines() if line.startswith("== ")]
    return ended, done.stdout, done.stderr


@pytest.mark.enable_socket
@pytest.mark.heavy(alone="a process that has never imported what is taken away")
def test_campaigns_are_read_without_what_only_posix_has_and_generated_code_is_refused(
    tmp_path: Path,
) -> None:
    report = tmp_path / "report.html"

    ended, out, err = _call(
        tmp_path,
        *("status run", "pareto run", "compare run run", "check run"),
        *("export run --format csv", "export run --component 7db72403 --as module"),
        *(f"report run --output {report}", "run demo --set generations=1"),
        "view run --no-browser --port 18437",  # it is interrupted
    )

    assert ended == [
        *("== status: 0", "== pareto: 0", "== compare: 0", "== check: 0"),
        *("== export: 0", "== export: 0", "== report: 0", "== run: 2", "== page: 200 True"),
    ], err
    assert "Run evo in its container" in " ".join(err.split())
    assert "class " in out
    assert report.stat().st_size > 10_000


@pytest.mark.long
@pytest.mark.skipif(PROFILE != "nightly", reason="minutes of training: make test-long")
def test_workers_train_without_forks_and_a_sandbox_elsewhere_runs_what_is_generated(
    tmp_path: Path,
) -> None:
    small = (
        "generations=1",
        "workers=1",
        "novelty.text_model=none",
        "protocol.learning_rates=[0.003]",
    )
    settings = " ".join(f"--set {setting}" for setting in small)

    ended, out, err = _call(
        tmp_path,
        "confirm run --top 0 --epochs 1 --seeds 6",
        f"run smoke --name other {settings}",
        "check runs/other",
        sandbox=shlex.join([sys.executable, "-m", "evo", "sandbox"]),
    )

    assert ended == ["== confirm: 0", "== run: 0", "== check: 0"], err
    assert "not confirmed" in out
    assert (tmp_path / "run" / "confirmations" / "001.json").exists()
