"""Begin a campaign with others: what can be taken of them, and whether their trainings count.

Everything is read and checked when the campaign is created, before anything is spent. What is taken
is copied into its folder (`archive.history.origins`); `evo.campaign.inherit` makes generation 0 of
it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from archive.history import origins, task_changes
from archive.history.manifest import LESSONS
from archive.history.origins import Taken
from archive.history.reader import Reader
from evo.campaign.config import Config, parse
from evo.campaign.config.given import Origin
from evo.campaign.create import with_grids
from evo.campaign.environment import environment
from evo.campaign.needs import device_of
from evo.campaign.ready_tasks import ReadyTask
from evo.core.errors import HistoryError, UsageError
from evo.core.registry import plugins
from evo.tasks.fingerprint import Fingerprint, fingerprint_changes

_TRAINING = (
    *("rungs", "first_seed", "rate_seeds", "heat_seeds", "learning_rates", "strengths"),
    *("batch_size", "passes", "epoch_steps", "precision", "recorded_steps"),
)
"""Settings of the protocol that decide the result of a training."""


class BranchPoint(NamedTuple):
    """A campaign to begin with: its folder, and the generation; None for the last one."""

    folder: Path
    generation: int | None = None


class Branch(NamedTuple):
    """A configuration with the campaigns that it begins with, and what is taken of them.

    Attributes:
        config: of the new campaign.
        taken: of each campaign.
    """

    config: Config
    taken: Sequence[Taken] = ()

    def fill(self, folder: Path) -> None:
        """Write what is taken into the folder of the new campaign.

        Raises:
            HistoryError: it could not be written.
        """
        for number, taken in enumerate(self.taken, start=1):
            origins.write_taken(folder, number, taken)


def branch(config: Config, places: Iterable[BranchPoint], ready: Mapping[str, ReadyTask]) -> Branch:
    """Take from campaigns what a new one begins with.

    Args:
        config: of the new campaign.
        places: the campaigns.
        ready: the tasks of the new campaign, with their fingerprints.

    Raises:
        UsageError: a campaign cannot be read, is running, of another kind, or has no such
            generation.
    """
    fingerprints = _fingerprints(ready)
    named: list[Origin] = []
    taken: list[Taken] = []
    for place in places:
        try:
            reader = Reader.read(place.folder)
            generation = _generation(reader, place.generation, kind=config.kind)
            part = origins.take_results(reader, generation)
            again = "; ".join(training_differences(config, fingerprints, reader))
            theirs = parse(reader.config, where=str(place.folder / "config.json"))
        except HistoryError as error:
            raise UsageError(f"start_from: {error}") from error
        origin = Origin(
            run=place.folder.resolve().name,
            generation=generation,
            id=reader.id,
            sha256=part.sha256,
            same_versions=not list(_other_versions(reader)),
            same_text_model=theirs.novelty.text_model == config.novelty.text_model,
            trains_again=again,
        )
        if origin in named:
            raise UsageError(f"start_from names generation {generation} of {origin.run} twice.")
        if not part.survivors:
            raise UsageError(
                f"start_from: generation {generation} of {origin.run} was lost. Take another one."
            )
        named.append(origin)
        taken.append(part)
    config = config.model_copy(update={"start_from": tuple(named)})
    return Branch(_with_lessons(config, list(places)), taken)


def branch_again(config: Config, ready: Mapping[str, ReadyTask], replay: Reader) -> Branch:
    """Take what a campaign that is replayed began with, from its own folder.

    Raises:
        UsageError: its copy is missing or damaged.
    """
    again = "; ".join(training_differences(config, _fingerprints(ready), replay))
    named = [origin for origin in config.start_from if isinstance(origin, Origin)]
    try:
        taken = [
            origins.taken_again(
                replay.folder,
                number,
                campaign=origin.id,
                generation=origin.generation,
                sha256=origin.sha256,
            )
            for number, origin in enumerate(named, start=1)
        ]
    except HistoryError as error:
        raise UsageError(f"start_from: {error}") from error
    changed = [one.model_copy(update={"trains_again": one.trains_again or again}) for one in named]
    return Branch(config.model_copy(update={"start_from": tuple(changed)}), taken)


def _generation(history: Reader, wanted: int | None, *, kind: str) -> int:
    """The generation to take.

    Raises:
        UsageError: the campaign is running, of another kind, or has no such generation.
    """
    name = history.folder.resolve().name
    if history.config["kind"] != kind:
        raise UsageError(
            f"start_from: {name} is of kind {history.config['kind']!r}, the new campaign of "
            f"{kind!r}; only campaigns of one kind can be merged."
        )
    if history.is_running:
        raise UsageError(
            f"start_from: {name} is running. Wait for its end, or stop it; it can be resumed."
        )
    if history.generation < 0:
        raise UsageError(f"start_from: {name} has no sealed generation yet. Resume it first.")
    if wanted is not None and wanted > history.generation:
        raise UsageError(
            f"start_from: {name} has no generation {wanted}; its last one is {history.generation}."
        )
    return history.generation if wanted is None else wanted


def training_differences(
    config: Config, fingerprints: Mapping[str, Fingerprint], history: Reader
) -> Iterator[str]:
    """Reasons why the trainings of a campaign do not count in a new one; none where they do.

    Args:
        config: of the new campaign.
        fingerprints: of its tasks, by name.
        history: the other campaign.
    """
    theirs = parse(history.config, where=str(history.folder / "config.json"))
    if config.tasks != theirs.tasks:
        yield f"tasks {', '.join(theirs.tasks)} → {', '.join(config.tasks)}"
        return
    known = task_changes.known_fingerprints(history)
    for name in config.tasks:
        if (name in known) != (name in fingerprints):
            yield f"the data of {name} then are not known"
        elif name in known and (words := fingerprint_changes(known[name], fingerprints[name])):
            yield f"{name}: {', '.join(words)}"
    if task_changes.read_task_changes(history.folder):
        yield "its tasks changed while it ran"
    ours = with_grids(config).protocol
    for name in _TRAINING:
        if getattr(ours, name) != getattr(theirs.protocol, name):
            yield f"other protocol.{name}"
    if (ours.leaders > 0) != (theirs.protocol.leaders > 0):
        yield "protocol.leaders"
    if (device := device_of(config)) != theirs.device:
        yield f"device {theirs.device} → {device}"
    yield from _other_versions(history)


def _fingerprints(ready: Mapping[str, ReadyTask]) -> dict[str, Fingerprint]:
    return {name: task.fingerprint for name, task in ready.items()}


def _other_versions(history: Reader) -> Iterator[str]:
    now = environment()
    for name in ("evo", "torch", *(plugin.package for plugin in plugins().values())):
        if history.environment.get(name) != now[name]:
            yield f"{name} {history.environment.get(name, 'unknown')} → {now[name]}"


def _with_lessons(config: Config, places: Sequence[BranchPoint]) -> Config:
    """The configuration with the first lessons for its reward model that the campaigns have."""
    if not config.is_screened or config.reward.lessons:
        return config
    kept = [place.folder / LESSONS for place in places if (place.folder / LESSONS).is_file()]
    if not kept:
        return config
    reward = config.reward.model_copy(update={"lessons": str(kept[0]), "lessons_sha256": ""})
    return config.model_copy(update={"reward": reward})
