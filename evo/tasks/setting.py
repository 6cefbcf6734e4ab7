"""The setting of a task as prompts tell it."""

import inspect

from evo.core.search_setting import TaskSetting
from evo.tasks.base import LoopTask, tasks
from evo.tasks.objective import Classification


def task_setting(name: str, *, gated: bool) -> TaskSetting:
    """The setting of a task, which is loaded for it.

    Args:
        name: of the task.
        gated: whether components take gated layers, which networks are then described with.
    """
    task = tasks.get(name)()
    label = name.replace("\\", "/").rpartition("/")[2]
    if isinstance(task, LoopTask):
        return TaskSetting(label, (), 0, False, (0, 0, 0), {}, loop=_loop(task))
    data = task.load()
    networks = task.networks()
    if gated:
        networks = {label: network.gated() for label, network in networks.items()}
    return TaskSetting(
        label,
        tuple(data.train.inputs.shape[1:]),
        data.outputs,
        isinstance(data.objective, Classification),
        (len(data.train.targets), len(data.validation.targets), len(data.test.targets)),
        {label: network.summary for label, network in networks.items()},
    )


def _loop(task: LoopTask) -> str:
    """A loop in a line: what its author says of it, and what decides."""
    decides = task.metric.name if task.decided_by == "metric" else "the test loss"
    words = (inspect.getdoc(task) or "").partition("\n")[0].rstrip(".")
    return f"{words}; decided by {decides}" if words else f"decided by {decides}"
