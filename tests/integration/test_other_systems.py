"""Campaigns are read where no generated code can run, such as on Windows."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "support" / "other_system.py"
GOLDEN = Path(__file__).parents[1] / "golden" / "history"


@pytest.mark.enable_socket
def test_campaigns_are_read_without_what_only_posix_has_and_generated_code_is_refused(
    tmp_path: Path,
) -> None:
    shutil.copytree(GOLDEN, tmp_path / "run")
    report = tmp_path / "report.html"
    commands = (
        *("status run", "pareto run", "compare run run", "check run"),
        *(f"report run --output {report}", "run demo --set generations=1"),
        "view run --no-browser --port 18437",
    )

    done = subprocess.run(
        [sys.executable, PROGRAM, *commands],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )

    ended = [line for line in done.stderr.splitlines() if line.startswith("== ")]
    assert ended == [
        *("== status: 0", "== pareto: 0", "== compare: 0", "== check: 0", "== report: 0"),
        *("== run: 2", "== page: 200 True"),
    ], done.stderr
    assert done.returncode == 0  # the view was interrupted
    assert "Run evo in its container" in " ".join(done.stderr.split())
    assert report.stat().st_size > 10_000
