"""Lessons that a campaign begins with: evaluations of other campaigns for its reward model.

The campaign's folder holds a copy of the file, so that a resume needs nothing else. The
configuration holds its SHA-256, so that a changed copy or original is noticed.
"""

import hashlib
from pathlib import Path

from archive.history.manifest import LESSONS
from archive.store import disk
from evo.campaign.baselines import behaviour_scale, raw_behaviour
from evo.campaign.config import Config
from evo.components.base import Kind
from evo.components.kinds import kinds
from evo.core.errors import HistoryError, UsageError
from evo.evaluation.propagation import Propagation
from evo.screening.features import Features
from evo.screening.lessons import Lessons
from evo.screening.model import BLOCKS
from evo.screening.settings import RewardSettings
from evo.validation.baselines import own_baselines
from evo.validation.graph.graphs import component_of


def check_lessons(config: Config) -> None:
    """Check that a new campaign can use the lessons that its configuration names.

    Raises:
        UsageError: they cannot be read, have changed, or are of another kind, task or version.
    """
    where = f"reward.lessons {config.reward.lessons}"
    content = _read(config.reward, where)
    reference = features_of_first_baseline(kinds.get(config.kind)(), config.tasks[0])
    lessons = Lessons.parse(content, where=where)
    lessons.expect(kind=config.kind, task=config.tasks[0], reference=reference, where=where)


def resolve_lessons(settings: RewardSettings) -> RewardSettings:
    """The settings with the absolute path of their lessons and the SHA-256 of the file.

    Raises:
        UsageError: the file cannot be read, or does not match the SHA-256 given.
    """
    if not settings.lessons:
        return settings
    content = _read(settings, f"reward.lessons {settings.lessons}")
    path = str(Path(settings.lessons).absolute())
    return settings.model_copy(update={"lessons": path, "lessons_sha256": _hash(content)})


def keep_lessons(folder: Path, settings: RewardSettings) -> None:
    """Copy the lessons into a campaign's folder, unless they are there.

    Raises:
        HistoryError: copy and original are missing or have changed.
    """
    if settings.lessons and not (folder / LESSONS).exists():
        disk.replace(folder / LESSONS, _original(folder, settings))


def with_recorded_lessons(config: Config, folder: Path) -> Config:
    """The configuration with the lessons in the folder of the campaign that it replays."""
    if not config.reward.lessons or not (folder / LESSONS).exists():
        return config
    reward = config.reward.model_copy(update={"lessons": str(folder / LESSONS)})
    return config.model_copy(update={"reward": reward})


def lessons_of(folder: Path, settings: RewardSettings) -> Lessons | None:
    """The lessons of a campaign, read from the copy in its folder; None where it has none.

    Raises:
        HistoryError: copy and original are missing or have changed.
    """
    if not settings.lessons:
        return None
    copy = folder / LESSONS
    with disk.reading(copy):
        content = copy.read_bytes() if copy.exists() else _original(folder, settings)
    if _hash(content) != settings.lessons_sha256:
        raise HistoryError(
            f"{copy} differs from the lessons that the campaign began with. Restore it from a "
            f"copy, or from {settings.lessons}."
        )
    return Lessons.parse(content, where=str(copy))


def features_of_first_baseline(kind: Kind, task: str) -> Features:
    """Reward-model features of a kind's first baseline: one row per block."""
    baselines = own_baselines(kind)
    first = baselines[0]
    features = {
        "behaviour": behaviour_scale(kind, baselines)(raw_behaviour(kind, first))[None],
        "propagation": Propagation(kind.parts, task)(component_of(first.graphs))[None],
    }
    return {name: features[name] for name in BLOCKS}


def _original(folder: Path, settings: RewardSettings) -> bytes:
    try:
        return _read(settings, str(folder))
    except UsageError as error:
        raise HistoryError(
            f"{folder / LESSONS} is missing, and so is its original: {error}"
        ) from None


def _read(settings: RewardSettings, where: str) -> bytes:
    """The content of the file that settings name, which must have the hash that they name."""
    try:
        content = Path(settings.lessons).read_bytes()
    except OSError as error:
        raise UsageError(f"{where}: cannot be read ({error.strerror}).") from None
    if settings.lessons_sha256 not in ("", _hash(content)):
        raise UsageError(
            f"{where}: has changed: SHA-256 {_hash(content)[:12]}…, expected "
            f"{settings.lessons_sha256[:12]}…. Leave lessons_sha256 out to take what is there."
        )
    return content


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
