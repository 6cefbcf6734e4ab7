"""Things that cells of a study share: trainings, and replies of language models.

A training of one cell counts in every other one that would train the same. A reply counts where a
cell of the same seed asks the same model the same question with the same sampling seed; cells of
other seeds draw other sampling seeds, so that repeats stay independent.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from archive.history.reader import Reader
from archive.history.records import Records
from archive.history.replies import Replies
from archive.history.task_changes import known_fingerprints
from evo.campaign.branch import training_differences
from evo.campaign.config import parse
from evo.llm import models


class Shared(NamedTuple):
    """Things that a cell takes from the others of its study.

    Attributes:
        trainings: records of cells that train the same.
        replies: of cells that may have asked the same.
    """

    trainings: list[Records]
    replies: list[Replies]


class Siblings:
    """The cells of a study as its other cells see them; each is read once, then what is new.

    Args:
        folder: of the study.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._readers: dict[str, Reader] = {}
        self._trains_alike: dict[tuple[str, str], bool] = {}

    def shared_with(self, history: Reader, names: list[str]) -> Shared:
        """Collect what a cell takes from others.

        Args:
            history: of the cell; its tasks were compared with what they are now.
            names: of all cells of the study.
        """
        readers = list(self._others(history, names))
        return Shared(
            [reader.records for reader in readers if self._counts(history, reader)],
            [models.read_replies(reader) for reader in readers if _asks_alike(history, reader)],
        )

    def _others(self, history: Reader, names: list[str]) -> Iterator[Reader]:
        """The other cells of the kind that have begun."""
        for name in sorted(names):
            place = self._folder / name
            if name == history.folder.name or not (place / "campaign.json").exists():
                continue
            if name in self._readers:
                self._readers[name].refresh()
            else:
                self._readers[name] = Reader.read(place)
            if self._readers[name].config["kind"] == history.config["kind"]:
                yield self._readers[name]

    def _counts(self, history: Reader, other: Reader) -> bool:
        if other.generation < 0:
            return False
        pair = history.folder.name, other.folder.name
        if pair not in self._trains_alike:
            config = parse(history.config, where=str(history.folder / "config.json"))
            reasons = training_differences(config, known_fingerprints(history), other)
            self._trains_alike[pair] = not any(reasons)
        return self._trains_alike[pair]


def _asks_alike(history: Reader, other: Reader) -> bool:
    """True if both have the same seed, and a model in common with all of its settings."""
    if history.config["seed"] != other.config["seed"]:
        return False
    ours, theirs = (reader.config["llm"]["models"] for reader in (history, other))
    return any(model in theirs for model in ours)
