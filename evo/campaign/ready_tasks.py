"""Tasks that are ready to train: downloaded, checked, and compared with what they were."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from archive.history import task_changes
from archive.history.history import History
from evo.campaign.kind_needs import check_suits, remarks_on_inputs
from evo.core.errors import UsageError
from evo.tasks.base import LoopTask, tasks
from evo.tasks.check import checked_loop, checked_task
from evo.tasks.fingerprint import Fingerprint, fingerprint, fingerprint_changes, loop_fingerprint
from evo.tasks.objective import Classification


class ReadyTask(NamedTuple):
    """A task whose data and networks were checked.

    Attributes:
        fingerprint: of its data and code.
        remarks: oddities of the data, for a warning.
        has_classes: whether it is a task of classification.
    """

    fingerprint: Fingerprint
    remarks: tuple[str, ...] = ()
    has_classes: bool = False


def prepare_tasks(
    kind_name: str, task_names: Iterable[str], *, batch_size: int = 1
) -> dict[str, ReadyTask]:
    """Download what tasks need, so that workers never do, and check their data and networks.

    Args:
        kind_name: of what is trained on them.
        task_names: the tasks.
        batch_size: samples per batch.

    Returns:
        The tasks by name.

    Raises:
        UsageError: a name is unknown, a task cannot be had here, breaks a rule, or does not suit
            the kind.
    """
    ready: dict[str, ReadyTask] = {}
    for name in task_names:
        task_class = tasks.get(name)
        if issubclass(task_class, LoopTask):
            ready[name] = ReadyTask(loop_fingerprint(checked_loop(name, task_class)))
            continue
        task, data, remarks = checked_task(name, task_class, batch_size=batch_size)
        check_suits(kind_name, name, task, data)
        remarks = (*remarks, *remarks_on_inputs(kind_name, name, task, data))
        has_classes = isinstance(data.objective, Classification)
        ready[name] = ReadyTask(fingerprint(task, data), remarks, has_classes)
    return ready


def check_decided(decided_by: str, ready: Mapping[str, ReadyTask]) -> None:
    """Check that some task has what decides its trials, see `Protocol.decided_by`.

    Raises:
        UsageError: no task has classes, whose loss alone can be refined.
    """
    if decided_by == "refined" and not any(t.has_classes for t in ready.values()):
        raise UsageError(
            'protocol.decided_by = "refined" needs a task of classification, got '
            f'{", ".join(ready)}. Leave it at "loss", or add such a task.'
        )


def changes_of_tasks(
    history: History, ready: Mapping[str, ReadyTask], *, accept: bool
) -> list[str]:
    """Warnings about tasks that have changed since the campaign began; notes an accepted change.

    Args:
        history: the campaign's, open for writing.
        ready: its tasks as they are now, by name.
        accept: whether the search goes on with a task that has changed.

    Raises:
        UsageError: a task has changed, and the caller does not accept it.
    """
    known = task_changes.known_fingerprints(history)
    differences = {
        name: words
        for name, task in ready.items()
        if name in known and (words := fingerprint_changes(known[name], task.fingerprint))
    }
    if differences:
        fingerprints = {name: task.fingerprint for name, task in ready.items()}
        change = task_changes.TaskChange(history.generation + 1, differences, fingerprints)
        if not accept:
            raise UsageError(
                f"The campaign's tasks have changed since it began ({change}), so results before "
                "and after would not compare. Restore them, start a new campaign, or resume with "
                "--accept-changed-tasks."
            )
        task_changes.note_task_change(history, change)
    return [
        f"Tasks changed before generation {change.generation} ({change}): results before and "
        "after do not compare."
        for change in task_changes.read_task_changes(history.folder)
    ]
