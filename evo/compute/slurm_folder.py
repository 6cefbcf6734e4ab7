"""The folder in which an engine and its workers of Slurm meet: jobs and outcomes as JSON files.

    work.json             settings that all jobs share
    todo/N.json           a batch that waits; a worker claims it by renaming it
    doing/N@WORKER.json   a batch that a worker trains
    done/N.json           its outcomes
    workers/WORKER        a worker that has begun to work
    driver                changes as long as the engine's process lives
    stop                  tells all workers to end

A file appears whole, by a rename. Renaming a file that is gone fails, so one worker gets each.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from evo.compute.work import Work
from evo.core.trials import Outcome, Trial
from evo.evaluation.protocol import Job, Protocol

_WORDS = 600
"""Characters of a log that are shown."""


class Folder:
    """The folder of one engine.

    Args:
        root: its path.

    Attributes:
        root: its path.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    # The engine's side.

    def make(self, work: Work, secrets: Iterable[str]) -> None:
        """Make what the folder holds."""
        for name in ("todo", "doing", "done", "workers", "logs"):
            (self.root / name).mkdir()
        self.beat(0)
        self.write_work(work, secrets)

    def write_work(self, work: Work, secrets: Iterable[str]) -> None:
        """Write the settings that all jobs share."""
        fields = {
            **work._asdict(),
            "protocol": work.protocol.model_dump(mode="json"),
            "secrets": sorted(secrets),
        }
        self._write("work.json", fields)

    def write_script(self, text: str) -> Path:
        """Write the program of a worker for the shell."""
        path = self.root / "worker.sh"
        path.write_text(text)
        return path

    def beat(self, number: int) -> None:
        """Show that the engine's process lives."""
        self._write("driver", number)

    def tell_stop(self) -> None:
        """Tell all workers to end."""
        (self.root / "stop").touch()

    def put(self, number: int, jobs: Sequence[Job]) -> None:
        """Put a batch where workers find it."""
        fields = [{**vars(job), "known": [list(trial) for trial in job.known]} for job in jobs]
        self._write(f"todo/{number:09d}.json", fields)

    def take_back(self, number: int) -> None:
        """Remove a batch that no worker has claimed."""
        (self.root / "todo" / f"{number:09d}.json").unlink(missing_ok=True)

    def take_done(self) -> Iterator[tuple[int, list[Outcome]]]:
        """Take the batches that are done, with their outcomes."""
        for path in sorted((self.root / "done").glob("[0-9]*.json")):
            entries: list[dict[str, Any]] = json.loads(path.read_bytes())
            path.unlink()
            yield int(path.stem), list(map(Outcome.of, entries))

    def is_done(self, number: int) -> bool:
        """True if the outcomes of a batch are there."""
        return (self.root / "done" / f"{number:09d}.json").exists()

    def claimed(self) -> Iterator[tuple[int, str, float]]:
        """Batches that are being trained: number, worker, and for how many seconds."""
        for path in sorted((self.root / "doing").glob("[0-9]*@*.json")):
            number, _, worker = path.stem.partition("@")
            with suppress(OSError):
                yield int(number), worker, time.time() - path.stat().st_mtime

    def drop(self, number: int, worker: str) -> None:
        """Remove a batch whose worker has ended."""
        self._doing(number, worker).unlink(missing_ok=True)

    def greeted(self) -> set[str]:
        """Workers that have begun to work."""
        return {path.name for path in (self.root / "workers").iterdir()}

    def last_words(self) -> str:
        """The end of the newest log of a worker."""
        logs = sorted((self.root / "logs").glob("*.txt"), key=lambda path: path.stat().st_mtime)
        return logs[-1].read_text(errors="replace")[-_WORDS:].strip() if logs else ""

    # The workers' side.

    def read_work(self) -> tuple[Work, list[str]]:
        """The settings that all jobs share, and the names of secrets."""
        fields: dict[str, Any] = json.loads((self.root / "work.json").read_bytes())
        secrets: list[str] = fields.pop("secrets")
        fields["tasks"] = tuple(fields["tasks"])
        fields["protocol"] = Protocol.model_validate(fields["protocol"])
        return Work(**fields), secrets

    def greet(self, worker: str) -> None:
        """Say that a worker has begun to work."""
        (self.root / "workers" / worker).touch()

    def pulse(self) -> str:
        """A text that changes while the engine's process lives; empty where the folder is gone."""
        try:
            return (self.root / "driver").read_text()
        except OSError:
            return ""

    def is_over(self) -> bool:
        """True if workers are to end."""
        return (self.root / "stop").exists() or not self.root.exists()

    def claim(self, worker: str) -> tuple[int, list[Job]] | None:
        """Claim the batch that has waited longest; None where none waits."""
        for path in sorted((self.root / "todo").glob("[0-9]*.json")):
            number = int(path.stem)
            mine = self._doing(number, worker)
            try:
                path.rename(mine)
                os.utime(mine)
                entries: list[dict[str, Any]] = json.loads(mine.read_bytes())
            except FileNotFoundError:
                continue  # another worker was quicker
            return number, [_job(entry) for entry in entries]
        return None

    def put_back(self, number: int, worker: str) -> None:
        """Put a claimed batch back for the others."""
        with suppress(OSError):
            self._doing(number, worker).rename(self.root / "todo" / f"{number:09d}.json")

    def finish(self, number: int, worker: str, outcomes: Sequence[Outcome]) -> None:
        """Write the outcomes of a claimed batch."""
        self._write(f"done/{number:09d}.json", [vars(outcome) for outcome in outcomes])
        self._doing(number, worker).unlink(missing_ok=True)

    def _doing(self, number: int, worker: str) -> Path:
        return self.root / "doing" / f"{number:09d}@{worker}.json"

    def _write(self, name: str, content: Any) -> None:
        path = self.root / name
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(json.dumps(content))
        draft.replace(path)


def _job(fields: dict[str, Any]) -> Job:
    known = tuple(Trial(*trial) for trial in fields.pop("known"))
    return Job(graphs=tuple(fields.pop("graphs")), known=known, **fields)
