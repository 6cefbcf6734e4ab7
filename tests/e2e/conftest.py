"""Runs the installed command as a user does: another process, its streams and its exit code."""

import os
import subprocess
from pathlib import Path

import pytest
from evo_command import EVO, SECRET, SMALL, Evo, Finished


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workplace")


@pytest.fixture(scope="session")
def evo(workplace: Path) -> Evo:
    def call(*words: str, cwd: Path = workplace) -> Finished:
        done = subprocess.run(
            [EVO, *words], cwd=cwd, capture_output=True, text=True, timeout=300, check=False
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def first_run(workplace: Path) -> Finished:
    """A whole small campaign under the name `whole`, with a secret in the user's environment."""
    done = subprocess.run(
        [EVO, *SMALL, "--name", "whole"],
        cwd=workplace,
        env={**os.environ, "OPENAI_API_KEY": SECRET},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Finished(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def finished_run(first_run: Finished) -> str:
    """The name of a finished campaign under runs/."""
    return "whole"
