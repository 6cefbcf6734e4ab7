"""Set up a search under one configuration: its kind, islands, state and trainings."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

from archive.history.history import History
from evo.campaign.bequests import Bequest, bequests, recalled
from evo.campaign.budget import stop_at
from evo.campaign.config import Config, parse
from evo.campaign.fresh_state import fresh_state
from evo.campaign.journaled import journaled
from evo.campaign.progress import OnProgress
from evo.campaign.resources import Resources
from evo.campaign.state import SearchState
from evo.components.base import Kind
from evo.components.kinds import kinds
from evo.evaluation.rungs import Runner
from evo.selection.islands import Islands
from evo.validation.validator import Validator


class Setup(NamedTuple):
    """All that the steps of a search are built from, the same until its settings change.

    Attributes:
        history: the campaign's, open for writing.
        settings: of the generations to run, as history has them.
        config: the same settings, parsed.
        resources: of this process.
        kind: what is evolved.
        islands: assign an island to each individual, and select.
        validator: checks candidates.
        state: derived from the sealed generations, once they are replayed.
        known: taken over from other campaigns.
        train: trains jobs whose outcome is not known yet.
    """

    history: History
    settings: Mapping[str, Any]
    config: Config
    resources: Resources
    kind: Kind
    islands: Islands
    validator: Validator
    state: SearchState
    known: Sequence[Bequest]
    train: Runner

    @classmethod
    def of(
        cls,
        history: History,
        settings: Mapping[str, Any],
        watch: OnProgress,
        resources: Resources,
        *,
        start: float,
    ) -> Self:
        """The setup of a campaign's search under some settings, which the workers adapt to.

        Args:
            history: the campaign's, open for writing.
            settings: of the generations to run, as history has them.
            watch: called with a snapshot at every event.
            resources: of this process.
            start: monotonic seconds at which the process began to work.
        """
        config = parse(settings, where=str(history.folder / "changes"))
        resources.staff(config)
        kind = kinds.get(config.kind)()
        islands = Islands.of(
            config.selection,
            config.population,
            int(history.begun_with["generations"]),  # a portfolio is halved by these
            pinned=frozenset(config.steering.pinned),
        )
        state = fresh_state(history, config, kind, islands, watch, start=start)
        known = bequests(history.folder, config)
        counting = [bequest.kept.records for bequest in known if bequest.counts]
        train = recalled(resources.train, [*counting, *resources.known], config.protocol)
        train = journaled(train, history, state.tracker)
        train = stop_at(train, resources.hours, limit=config.llm.budget.hours)
        validator = Validator(kind, resources.sandbox)
        return cls(
            history, settings, config, resources, kind, islands, validator, state, known, train
        )
