"""Search state of a campaign before any generation is taken in, as its configuration asks."""

import time
from itertools import chain
from pathlib import Path

from archive.history.history import History
from archive.history.reader import Reader
from archive.novelty.novelty_archive import NoveltyArchive
from evo.campaign import lessons
from evo.campaign.ablation import AblationState
from evo.campaign.config import Config
from evo.campaign.progress import OnProgress, Tracker
from evo.campaign.state import SearchState
from evo.components.base import Kind
from evo.components.combination import Combination
from evo.evaluation.propagation import Propagation
from evo.proposing.feedback.results import Results
from evo.proposing.memory import Memory
from evo.proposing.wordings import Wordings
from evo.screening.features import FeatureExtractor
from evo.screening.learner import Learner
from evo.selection.choices import Choices
from evo.selection.islands import Islands
from evo.selection.population import Population
from evo.tasks.base import network_counts


def fresh_state(
    history: History,
    config: Config,
    kind: Kind,
    islands: Islands,
    watch: OnProgress,
    *,
    start: float | None = None,
) -> SearchState:
    """Search state of a campaign before any generation is taken in.

    Args:
        history: the campaign's.
        config: that of the generations to run.
        kind: what is evolved.
        islands: assign an island to each individual.
        watch: called with a snapshot at every event.
        start: monotonic seconds at which the process began to work; by default now.
    """
    tracker = Tracker(
        watch,
        generation=history.generation,
        generations=config.generations,
        trainings=config.trainings,
        protocol=config.protocol,
        networks=network_counts(config.tasks),
        clock=time.monotonic,
        screening=config.is_screened,
        start=start,
    )
    return SearchState(
        Population(islands, choices_of(history, config)),
        NoveltyArchive.of(config.novelty),
        Memory(config.portfolio.window),
        tracker,
        learner=learner_of(config, kind, history.folder) if config.is_screened else None,
        ablations=(
            AblationState(len(config.protocol.rungs) - 1) if isinstance(kind, Combination) else None
        ),
        results=Results() if config.llm.models else None,
        wordings=(
            Wordings(config.llm.wordings, config.portfolio.window)
            if config.llm.models and config.llm.wordings.compete
            else None
        ),
    )


def choices_of(history: Reader, config: Config) -> Choices:
    """A person's choices to keep and to ban candidates, as a configuration has them."""
    steering = history.begun_with.get("steering", {})
    lists = [change.settings.get("steering.pinned", ()) for change in history.changes]
    return Choices(
        frozenset(config.steering.pinned),
        frozenset(config.steering.banned),
        frozenset(chain(steering.get("pinned", ()), *lists)),
    )


def learner_of(config: Config, kind: Kind, folder: Path) -> Learner:
    """The reward learner of a campaign, with the lessons it began with."""
    return Learner(
        FeatureExtractor(Propagation(kind.parts, config.tasks[0])),
        config.reward,
        seed=config.seed,
        lessons=lessons.lessons_of(folder, config.reward),
    )
