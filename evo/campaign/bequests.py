"""Records that a campaign took over from others, and which of their trainings count in it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from archive.history.origins import Inheritance, read_taken
from archive.history.records import Records
from evo.campaign.config import Config
from evo.campaign.config.given import Origin
from evo.core.diagnosis import Diagnosis
from evo.core.records import Record
from evo.core.trials import Outcome, Trial
from evo.evaluation.protocol import Job, Protocol
from evo.evaluation.rungs import Runner
from evo.selection.individual import Individual

Where = tuple[int, int]
"""Number of a history among several, and of a record in it."""


class Bequest(NamedTuple):
    """Records taken over from another campaign, with their entry in the configuration."""

    origin: Origin
    kept: Inheritance

    @property
    def counts(self) -> bool:
        """True if the trainings of the other campaign count here."""
        return not self.origin.trains_again


def bequests(folder: Path, config: Config) -> list[Bequest]:
    """Records taken over from other campaigns, those first whose trainings count.

    Raises:
        HistoryError: a file in its folder is missing or damaged.
    """
    origins = [origin for origin in config.start_from if isinstance(origin, Origin)]
    together = [
        Bequest(
            origin,
            read_taken(
                folder,
                number,
                campaign=origin.id,
                generation=origin.generation,
                sha256=origin.sha256,
            ),
        )
        for number, origin in enumerate(origins, start=1)
    ]
    return sorted(together, key=lambda bequest: not bequest.counts)


def recalled(train: Runner, known: Iterable[Records], protocol: Protocol) -> Runner:
    """Train the jobs whose result is not among the trainings that count here.

    Args:
        train: trains the others.
        known: records of campaigns whose trainings count.
        protocol: of this campaign.
    """
    histories = list(known)
    places: dict[str, list[Where]] = {}
    for number, records in enumerate(histories):
        for place, id_ in records.scored():
            places.setdefault(id_, []).append((number, place))
    if not places:
        return train

    read: dict[Where, tuple[Sequence[Trial], tuple[Diagnosis, ...]]] = {}

    def remember(jobs: Sequence[Job]) -> None:
        """Read the records of these jobs, and forget others: heats ask for the same again."""
        wanted = {where for job in jobs for where in places.get(job.id, ())}
        for where in read.keys() - wanted:
            del read[where]
        for number, records in enumerate(histories):
            missing = [place for other, place in wanted - read.keys() if other == number]
            for place, record in zip(missing, records.several(missing), strict=True):
                read[number, place] = tuple(trials_of(record)), record.diagnoses

    def recall(job: Job) -> Outcome | None:
        seeds = protocol.heats(job.rung)[job.heat]
        for where in places.get(job.id, ()):
            known_trials, known_diagnoses = read[where]
            trials = [
                trial for trial in known_trials if trial.rung == job.rung and trial.seed in seeds
            ]
            if trials:
                diagnoses = () if job.heat else known_diagnoses
                return Outcome(
                    job.id, job.rung, tuple(trials), 0.0, heat=job.heat, diagnoses=diagnoses
                )
        return None

    def run(jobs: Sequence[Job]) -> Iterable[Outcome]:
        unknown: list[Job] = []
        remember(jobs)
        for job in jobs:
            outcome = recall(job)
            if outcome is None:
                unknown.append(job)
            else:
                yield outcome
        yield from train(unknown)

    return run


def first_population(born: Sequence[Individual], known: Sequence[Bequest]) -> Sequence[Individual]:
    """The individuals of generation 0 that survivors are chosen from."""
    survivors = {id_ for bequest in known for id_ in bequest.kept.survivors}
    return [individual for individual in born if individual.record.id in survivors] or born


def trials_of(record: Record) -> Sequence[Trial]:
    """The trials of a record; none where it has no score."""
    return record.score.trials if record.score else ()
