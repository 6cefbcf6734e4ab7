"""The command `evo`: called in process, or started as a process where only a process shows it."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import torch

from evo.cli import main
from support import fork_server
from support.fork_server import Forked

EVO = Path(sys.executable).parent / "evo"
SECRET = "sk-do-not-write-me"
ONE_NETWORK = "{epochs = 1, seeds = 2, networks = 1}"
"""A rung that takes a fifth of a second per candidate; all networks of digits take a second."""
SMALL = (
    # Without embeddings, which take a second, and with one learning rate, which halves trainings.
    *("run", "smoke", "--seed", "4", "--set", "novelty.text_model=none"),
    *("--set", "protocol.learning_rates=[0.01]"),
    *("--set", f"protocol.rungs=[{ONE_NETWORK}, {{epochs = 2, seeds = 3, networks = 1}}]"),
)
"""A campaign long enough to be interrupted, short enough to wait for."""
LONG = (
    *SMALL,
    "--set",
    "workers=1",
    "--set",
    f"protocol.rungs=[{ONE_NETWORK}, {{epochs = 30, seeds = 8}}]",
)
"""One that is not waited for: it is stopped."""
SHORT = (*SMALL, "--set", f"protocol.rungs=[{ONE_NETWORK}]")
"""One whose trainings are not what is tested."""


class Finished(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Evo = Callable[..., Finished]


def call_evo(*words: str, cwd: Path) -> Finished:
    """Call the command in this process, since a start costs seconds: output and exit code."""
    out, err = _Stream(), _Stream()
    with (
        _as_it_was(),
        contextlib.chdir(cwd),
        mock.patch.object(sys, "argv", [str(EVO), *words]),
        mock.patch.dict(os.environ, COLUMNS="80"),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
            code = 0
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else 0
    return Finished(code, out.text, err.text)


def start_evo(*words: str, cwd: Path, **how: Any) -> Forked:
    """The command as a process of its own, in a session of its own, still running.

    It hears Ctrl-C also where the tests do not, as in the background of a shell.
    """
    return fork_server.start(*words, cwd=cwd, **how)


def run_evo(*words: str, cwd: Path, timeout_s: float = 300.0, **how: Any) -> Finished:
    """The command as a process of its own, to its end; see `fork_server.start`."""
    process = start_evo(*words, cwd=cwd, **how)
    out, err = process.communicate(timeout_s)
    assert process.returncode is not None
    return Finished(process.returncode, out, err)


def execute_evo(*words: str, timeout_s: float = 300.0, **options: Any) -> Finished:
    """The command executed as a shell does, to its end; takes the options of `subprocess.run`."""
    done = subprocess.run(
        [EVO, *words],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        **options,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


class _Stream(io.TextIOWrapper):
    """A stream in memory, for text and for bytes."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    @property
    def text(self) -> str:
        content = self.buffer
        assert isinstance(content, io.BytesIO)
        return content.getvalue().decode()


@contextlib.contextmanager
def _as_it_was() -> Iterator[None]:
    """Give back what the command changes: the handler of SIGTERM, torch's threads."""
    handler, threads = signal.getsignal(signal.SIGTERM), torch.get_num_threads()
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
        torch.set_num_threads(threads)
