"""A place of work with a finished campaign, and the command in it."""

import os
import pickle
import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from support.command import SECRET, SMALL, Evo, Finished, call_evo, run_evo


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workplace")


@pytest.fixture(scope="session")
def evo(workplace: Path) -> Evo:
    """The command in this process; tests of signals, limits and plug-ins start one of its own."""

    def call(*words: str, cwd: Path = workplace) -> Finished:
        return call_evo(*words, cwd=cwd)

    return call


@pytest.fixture(scope="session")
def first_run(
    workplace: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Finished:
    """A whole small campaign under the name `whole`, with a secret in the user's environment.

    It runs once, in a folder that all of pytest's workers see; each works on a copy.
    """
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "first-run"
    with FileLock(f"{shared}.lock"):
        if not (shared / "said").exists():
            shared.mkdir()
            env = {**os.environ, "OPENAI_API_KEY": SECRET}
            done = run_evo(*SMALL, "--name", "whole", cwd=shared, env=env)
            assert done.code == 0, done.err
            (shared / "said").write_bytes(pickle.dumps(done))
    shutil.copytree(shared / "runs" / "whole", workplace / "runs" / "whole")
    done: Finished = pickle.loads((shared / "said").read_bytes())
    return done


@pytest.fixture(scope="session")
def finished_run(first_run: Finished) -> str:
    """The name of a finished campaign under runs/."""
    return "whole"
