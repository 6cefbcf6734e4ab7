"""Runs the installed command as a user does: another process, its streams and its exit code."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

EVO = Path(sys.executable).parent / "evo"


class Finished(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Evo = Callable[..., Finished]


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
def finished_run(evo: Evo) -> str:
    """A whole small campaign; its name under runs/."""
    done = evo("run", "smoke", "--name", "whole", "--seed", "4")
    assert done.code == 0, done.err
    return "whole"
