"""Slurm's commands, and the states in which a worker of it works no more."""

import subprocess
from collections.abc import Callable, Sequence

from evo.compute.lost_attempts import LossCause
from evo.core.errors import EvoError

_GIVE_UP_S = 600.0
"""Seconds for which Slurm may not answer; a restart of its controller takes less."""
_WAIT_MOST_S = 60.0
"""Longest wait before a command is tried again."""
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


def shell_quoted(word: str) -> str:
    """A word as the shell takes it literally."""
    return "'" + word.replace("'", "'\\''") + "'"


class CommandError(EvoError):
    """A command of Slurm failed; the next attempt may not."""


def call_slurm(*words: str, environment: dict[str, str] | None = None) -> str:
    """The standard output of a command of Slurm.

    Raises:
        CommandError: it cannot be started, fails, or takes more than two minutes.
    """
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=120, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandError(f"{words[0]} does not work: {error}") from error
    if done.returncode:
        raise CommandError(f"{words[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def states_of(arrays: Sequence[str]) -> dict[str, tuple[str, str]]:
    """State and node of each worker of these arrays that Slurm still knows.

    Raises:
        CommandError: Slurm does not answer.
    """
    try:
        lines = call_slurm(
            "squeue", "-h", "-r", "-t", "all", "-j", ",".join(arrays), "-o", "%i|%T|%N"
        )
    except CommandError as error:
        if "Invalid job id" in str(error):  # Slurm has forgotten the only one
            return {}
        raise
    rows = [line.split("|") for line in lines.splitlines() if line.count("|") == 2]
    return {name: (state, node) for name, state, node in rows if state}


class Patience:
    """Times to ask Slurm again: later after each failure, and not for ever.

    Args:
        clock: monotonic seconds.
        every_s: wait between two looks while Slurm answers; doubles with each failure.
    """

    def __init__(self, clock: Callable[[], float], *, every_s: float) -> None:
        self._clock = clock
        self._every_s = self._wait_s = every_s
        self._next = clock() + every_s
        self._failing_since: float | None = None

    def is_due(self) -> bool:
        """True where it is time to ask."""
        return self._clock() >= self._next

    def look_soon(self) -> None:
        """Ask at the next opportunity."""
        self._next = self._clock()

    def succeeded(self) -> None:
        """Take in that Slurm has answered."""
        self._failing_since = None
        self._wait_s = self._every_s
        self._next = self._clock() + self._wait_s

    def failed(self, error: CommandError) -> None:
        """Take in that a command failed.

        Raises:
            EvoError: commands have failed for ten minutes.
        """
        now = self._clock()
        self._failing_since = now if self._failing_since is None else self._failing_since
        if now - self._failing_since >= _GIVE_UP_S:
            raise EvoError(
                f"Slurm's commands have failed for {_GIVE_UP_S / 60:g} minutes: {error} Everything "
                "is saved; evo resume goes on once they work."
            ) from error
        self._wait_s = min(2 * self._wait_s, _WAIT_MOST_S)
        self._next = now + self._wait_s
