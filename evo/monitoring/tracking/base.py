"""The interface of experiment trackers, and their registry."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from evo.core.registry import Registry


class TrackedRun(NamedTuple):
    """The campaign that a tracker logs.

    Attributes:
        id: of the campaign, the same after every resume.
        name: of the campaign.
        folder: for what the tracker writes on this machine.
        config: the resolved configuration.
    """

    id: str
    name: str
    folder: Path
    config: Mapping[str, Any]


class ExperimentTracker(ABC):
    """Logs one campaign; one file per tracker, registered with `trackers.register`.

    An exception of any method ends this tracker and never the campaign.

    Attributes:
        package: the package it needs, for messages.
        extra: the extra of evo that installs it; empty for a plug-in.
    """

    package: str
    extra: str = ""

    @abstractmethod
    def open(self, run: TrackedRun) -> None:
        """Begin the run, or go on with it where the campaign is resumed."""

    @abstractmethod
    def log_generation(self, generation: int, metrics: Mapping[str, float]) -> None:
        """Log the metrics of a sealed generation, each once."""

    @abstractmethod
    def log_evaluation(self, number: int, metrics: Mapping[str, float]) -> None:
        """Log a candidate that was trained in full; numbers count from 1."""

    @abstractmethod
    def log_best(self, generation: int, source: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Log the source of the best candidate, and the best ones as rows of a table."""

    @abstractmethod
    def log_picture(self, generation: int, name: str, path: Path) -> None:
        """Log a picture, a PNG file."""

    @abstractmethod
    def close(self, *, is_finished: bool) -> None:
        """End the run; what was logged is kept."""


trackers: Registry[ExperimentTracker] = Registry("tracker", "evo.monitoring.tracking", "trackers")
