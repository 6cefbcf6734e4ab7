"""A place of work with a finished campaign, and the command in it."""

import os
import pickle
import shutil
from pathlib import Path

import pytest
from support.command import SECRET, SMALL, Evo, Finished, call_evo, execute_evo
from support.made_once import made_once


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

    def make(folder: Path) -> None:
        folder.mkdir()
        env = {**os.environ, "OPENAI_API_KEY": SECRET}
        done = execute_evo(*SMALL, "--name", "whole", cwd=folder, env=env)
        assert done.code == 0, done.err
        (folder / "said").write_bytes(pickle.dumps(done))

    shared = made_once(tmp_path_factory, worker_id, "first-run", make)
    shutil.copytree(shared / "runs" / "whole", workplace / "runs" / "whole")
    done: Finished = pickle.loads((shared / "said").read_bytes())
    return done


@pytest.fixture(scope="session")
def finished_run(first_run: Finished) -> str:
    """The name of a finished campaign under runs/."""
    return "whole"
