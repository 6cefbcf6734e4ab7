"""Trainings by Slurm: an array of workers that take jobs from a folder which all machines share.

Each task of the array is one warm worker, `evo.compute.slurm_worker`, and trains batch after batch
until it is told to stop, its time is over, or its place is taken back; then it puts back what it
has begun. What ends is replaced. The folder holds JSON, never pickles, and is the user's alone.
"""

import math
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from evo.compute.batch import Batch, Ended
from evo.compute.engines.base import Engine, engines
from evo.compute.lost_attempts import LossCause, LostAttempt
from evo.compute.settings import Needs
from evo.compute.slurm_commands import (
    ENDED,
    CommandError,
    Patience,
    call_slurm,
    shell_quoted,
    states_of,
)
from evo.compute.slurm_folder import Folder
from evo.compute.work import Work
from evo.core.errors import EvoError, UsageError
from evo.core.trials import Outcome

_LOOK_S = 5.0
"""Seconds between two looks at the queue of Slurm."""
_POLL_S = 0.1
_LATE_TO_START = 3
"""Arrays in a row whose workers may all end before one has begun to work."""
_WARNING_S = 60
"""Seconds before the end of a worker's time at which it is told."""
_PASSED_ON = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH"}
    | {"PYTHONPATH", "VIRTUAL_ENV", "SLURM_CONF", "EVO_DATA"}
)
"""Variables of the environment that workers get; no other one leaves this process."""


@engines.register("slurm")
class Slurm(Engine):
    """Arrays of `sbatch`, and a folder that all nodes see.

    Args:
        work: settings that all jobs share.
        needs: what each training needs.
        clock: monotonic seconds.
    """

    batch_s = 5.0
    patience_s = math.inf  # a queue may be long

    def __init__(
        self, work: Work, needs: Needs, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(work, needs)
        self._batches: dict[int, Batch] = {}
        self._states: dict[str, str] = {}
        self._nodes: dict[str, str] = {}
        self._newest = ""
        self._barren = 0
        self._patience = Patience(clock, every_s=_LOOK_S)

    @classmethod
    def check(cls, needs: Needs) -> None:
        """Check that Slurm's commands are here, and the number of workers known.

        Raises:
            UsageError: they are not.
        """
        if missing := [name for name in ("sbatch", "squeue", "scancel") if not shutil.which(name)]:
            raise UsageError(
                f"compute = 'slurm' needs {missing[0]} on the PATH. Start evo on a login node, or "
                "start Ray inside an allocation and set compute = 'ray'."
            )
        if not needs.workers:
            raise UsageError("compute = 'slurm' needs workers, the number of trainings at once.")
        if needs.gpus % 1:
            raise UsageError(
                f"Slurm gives whole GPUs, and gpus_per_training is {needs.gpus:g}. Give a whole "
                "number, or start Ray inside an allocation, which shares them."
            )

    def start(self) -> None:
        """Make the folder, and ask Slurm for the workers.

        Raises:
            EvoError: the folder cannot be made, or Slurm refuses.
        """
        place = Path(self.needs.cluster.folder or "~/.cache/evo/slurm").expanduser().absolute()
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            root = Path(tempfile.mkdtemp(prefix="run-", dir=place))
        except OSError as error:
            raise EvoError(f"{place} cannot be used: {error.strerror}.") from error
        self._folder = Folder(root)
        self._folder.make(self.work, self.needs.secrets)
        self._over = threading.Event()
        threading.Thread(target=self._live, daemon=True).start()
        try:
            self._submit_workers(self.needs.workers)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Have the workers stop, and remove the folder."""
        self._over.set()
        with suppress(OSError):
            self._folder.tell_stop()
        if arrays := self._arrays:
            with suppress(EvoError):
                call_slurm("scancel", *arrays)
        shutil.rmtree(self._folder.root, ignore_errors=True)

    @property
    def capacity(self) -> int:
        """Number of workers that have begun to work."""
        self._look_after()
        return len(self._working)

    def adapt(self, work: Work, needs: Needs) -> None:
        """Take other limits; workers that are too many are cancelled."""
        super().adapt(work, needs)
        self._folder.write_work(work, needs.secrets)
        self._patience.look_soon()

    def submit(self, batch: Batch) -> None:
        """Put a batch into the folder."""
        self._batches[batch.number] = batch
        self._folder.put(batch.number, batch.jobs)

    def ended(self, timeout_s: float) -> Sequence[Ended]:
        """The batches whose outcomes are in the folder, and those whose worker has ended."""
        deadline = time.monotonic() + timeout_s
        while True:
            self._look_after()
            ended = [*self._finished(), *self._lost()]
            if ended or time.monotonic() >= deadline:
                return ended
            time.sleep(_POLL_S)

    def cancel(self, batches: Sequence[Batch]) -> None:
        """Take batches out of the folder; what a worker trains now it trains to its end."""
        for batch in batches:
            self._batches.pop(batch.number, None)
            self._folder.take_back(batch.number)

    @property
    def _present(self) -> list[str]:
        """Workers that wait for a place, or have one."""
        return [name for name, state in self._states.items() if state not in ENDED]

    @property
    def _working(self) -> list[str]:
        greeted = self._folder.greeted()
        return [name for name in self._present if name in greeted]

    def _live(self) -> None:
        """Show that this process lives; workers end where it does not."""
        number = 0
        while not self._over.wait(_LOOK_S):
            number += 1
            with suppress(OSError):
                self._folder.beat(number)

    def _finished(self) -> list[Ended]:
        ended: list[Ended] = []
        for number, outcomes in self._folder.take_done():
            batch = self._batches.pop(number, None)
            if batch is not None:
                ended.append(Ended(batch, _in_order(batch, outcomes)))
        return ended

    def _lost(self) -> list[Ended]:
        """Batches whose worker has ended without outcomes."""
        ended: list[Ended] = []
        for number, worker, seconds in self._folder.claimed():
            state = self._states.get(worker, "")
            if state not in ENDED:
                continue
            if self._folder.is_done(number):
                continue  # it ended after it had finished
            batch = self._batches.pop(number, None)
            self._folder.drop(number, worker)
            if batch is None:
                continue
            cause = ENDED[state]
            if cause is LossCause.WORKER and seconds >= self.work.job_timeout_s:
                cause = LossCause.LATE
            where = self._nodes.get(worker, "")
            jobs = len(batch.jobs)
            detail = (
                f"worker {worker} on {where or 'a node'} ended ({state}), with {jobs} trainings"
            )
            ended.append(Ended(batch, (), LostAttempt(cause, where, jobs, detail)))
        return ended

    @property
    def _arrays(self) -> list[str]:
        """Arrays of which a worker waits or works."""
        return sorted({name.partition("_")[0] for name in self._present})

    def _look_after(self) -> None:
        """Look at the queue, and ask for workers in the place of those that ended.

        Raises:
            EvoError: Slurm has not answered for minutes, or workers end before they work.
        """
        if not self._patience.is_due():
            return
        try:
            self._look()
            missing = self.needs.workers - len(self._present)
            if missing > 0:
                self._expect_a_start()
                self._submit_workers(missing)
            elif missing < 0:
                call_slurm("scancel", *sorted(self._present)[missing:])
        except CommandError as error:
            self._patience.failed(error)
        else:
            self._patience.succeeded()

    def _look(self) -> None:
        """The state of each worker, from Slurm."""
        # An array whose `sbatch` seemed to fail may work all the same: its workers say so.
        self._states |= dict.fromkeys(self._folder.greeted() - self._states.keys(), "PENDING")
        if not (arrays := self._arrays):
            return
        seen = states_of(arrays)
        for name, (state, node) in seen.items():
            self._states[name] = state
            self._nodes[name] = node or self._nodes.get(name, "")
        for name in self._present:
            if name not in seen:
                self._states[name] = "COMPLETED"  # so long ago that Slurm has forgotten it

    def _submit_workers(self, number: int) -> None:
        needs, log = self.needs, self._folder.root / "logs"
        options: dict[str, object] = {
            "job-name": "evo",
            "cpus-per-task": math.ceil(needs.cpus),
            "signal": f"B:TERM@{_WARNING_S}",
            **({"gres": f"gpu:{needs.gpus:g}"} if needs.gpus else {}),
            **needs.cluster.options,
        }
        words = [f"--{name}={value}" for name, value in options.items()]
        script = self._folder.write_script(
            f"#!/bin/sh\nexec {shell_quoted(sys.executable)} -m evo.compute.slurm_worker "
            f"{shell_quoted(str(self._folder.root))}\n"
        )
        environment = {
            name: value
            for name, value in os.environ.items()
            if name in _PASSED_ON and name not in needs.secrets
        }
        answer = call_slurm(
            *("sbatch", "--parsable", "--no-requeue", f"--array=0-{number - 1}"),
            *(f"--output={log}/%A_%a.txt", *words, str(script)),
            environment=environment,
        )
        array = self._newest = answer.strip().partition(";")[0]
        self._states |= {f"{array}_{place}": "PENDING" for place in range(number)}

    def _expect_a_start(self) -> None:
        """Give up where workers end again and again before they begin.

        Raises:
            EvoError: they do.
        """
        if not self._newest:
            return
        started = any(name.partition("_")[0] == self._newest for name in self._folder.greeted())
        self._newest = ""  # judged once, however often the next `sbatch` fails
        self._barren = 0 if started else self._barren + 1
        if self._barren >= _LATE_TO_START:
            raise EvoError(
                f"Workers of Slurm end before they work, {self._barren} times in a row. The last "
                f"says: {self._folder.last_words() or 'nothing'}"
            )


def _in_order(batch: Batch, outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    by_key = {outcome.key: outcome for outcome in outcomes}
    return tuple(by_key[job.key] for job in batch.jobs)
