"""On which tasks, and for how long, a campaign is confirmed unless the user says it."""

from collections.abc import Sequence

from evo.evaluation.protocol import Protocol
from evo.tasks.base import LoopTask, tasks

FURTHER = ("digits", "digits-cnn", "breast-cancer")
"""Tasks added to the campaign's own, where they have data or a network that those lack."""
_EPOCHS = 30


def further_tasks(searched: Sequence[str]) -> list[str]:
    """Those of `FURTHER` that the search's tasks do not include, as none counts twice.

    A campaign on loops of the user's own has none: learning rates and epochs of a loop suit no
    task of evo.
    """
    if _are_loops(searched):
        return []

    def is_further(name: str) -> bool:
        task = tasks.get(name)
        same_data = [other for other in map(tasks.get, searched) if other.load is task.load]
        networks = [network for other in same_data for network in other().networks().values()]
        return any(network not in networks for network in task().networks().values())

    return [name for name in FURTHER if name in tasks.names() and is_further(name)]


def usual_epochs(searched: Sequence[str], protocol: Protocol) -> int:
    """Epochs per training: thirty, or the last rung's where loops of the user's own count them."""
    return protocol.rungs[-1].epochs if _are_loops(searched) else _EPOCHS


def _are_loops(names: Sequence[str]) -> bool:
    return all(issubclass(tasks.get(name), LoopTask) for name in names)
