"""Changes of a campaign's tasks that were accepted on a resume: the file `task-changes`.

The manifest holds the fingerprints of the tasks that a campaign began with, under `tasks` of its
environment. A resume on other data or code is refused unless the user insists; then a line here
says from which generation on the new ones count.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from archive.history.reader import Reader
from archive.store import disk
from evo.core.errors import HistoryError

TASK_CHANGES_FILE = "task-changes"


class TaskChange(NamedTuple):
    """An accepted change.

    Attributes:
        generation: the first generation that was trained on the changed tasks.
        changes: differences in words, by task.
        fingerprints: of all tasks from then on.
    """

    generation: int
    changes: Mapping[str, list[str]]
    fingerprints: Mapping[str, Any]

    def __str__(self) -> str:
        """The change in words."""
        return "; ".join(f"{task}: {', '.join(words)}" for task, words in self.changes.items())


def read_task_changes(folder: Path) -> list[TaskChange]:
    """The accepted changes of a campaign, in order.

    Raises:
        HistoryError: the file is damaged.
    """
    path = folder / TASK_CHANGES_FILE
    with disk.reading(path):
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    try:
        return [TaskChange(**json.loads(line)) for line in text.splitlines()]
    except (ValueError, TypeError) as error:
        raise HistoryError(f"{path} is damaged: {error}. Restore it from a copy.") from error


def known_fingerprints(history: Reader) -> Mapping[str, Any]:
    """Fingerprints of the tasks that a campaign has been trained on last; empty where unknown.

    Raises:
        HistoryError: the file of changes is damaged.
    """
    changes = read_task_changes(history.folder)
    return changes[-1].fingerprints if changes else history.environment.get("tasks", {})


def note_task_change(history: Reader, change: TaskChange) -> None:
    """Append an accepted change; the caller holds the campaign's lock.

    Raises:
        HistoryError: it could not be written.
    """
    lines = [json.dumps(one._asdict()) for one in read_task_changes(history.folder)]
    text = "".join(f"{line}\n" for line in [*lines, json.dumps(change._asdict())])
    disk.replace(history.folder / TASK_CHANGES_FILE, text.encode())
