"""Slurm's commands, and the states in which a worker of it works no more."""

import subprocess

from evo.compute.losses import LossCause
from evo.core.errors import EvoError

ENDED = {
    "COMPLETED": LossCause.WORKER,
    "FAILED": LossCause.WORKER,
    "OUT_OF_MEMORY": LossCause.MEMORY,
    "NODE_FAIL": LossCause.NODE,
    "BOOT_FAIL": LossCause.NODE,
    "PREEMPTED": LossCause.PREEMPTED,
    "TIMEOUT": LossCause.PREEMPTED,
    "DEADLINE": LossCause.PREEMPTED,
    "CANCELLED": LossCause.PREEMPTED,
    "REVOKED": LossCause.PREEMPTED,
}
"""States in which a worker works no more, by Slurm's name."""


def quoted(word: str) -> str:
    """A word as the shell takes it literally."""
    return "'" + word.replace("'", "'\\''") + "'"


def call(*words: str, environment: dict[str, str] | None = None) -> str:
    """The standard output of a command of Slurm.

    Raises:
        EvoError: it cannot be started, fails, or takes more than two minutes.
    """
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=120, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EvoError(f"{words[0]} does not work: {error}") from error
    if done.returncode:
        raise EvoError(f"{words[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
