"""The search strategies of a campaign: one row per island, with what its candidates achieved."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from pydantic import ValidationError

from archive.history.reader import Reader
from evo.core.arrays import Indices
from evo.core.records import Status
from evo.core.registry import declared
from evo.report.facts.index import Index
from evo.selection.halving import Halving
from evo.selection.individual import Individual
from evo.selection.islands import Birthplaces
from evo.selection.settings import SelectionSettings
from evo.web.campaign import LiveCampaign


class StrategyRow(NamedTuple):
    """One strategy on its island.

    Attributes:
        island: its number, from 0.
        survival: name of the survival strategy.
        parents: name of the strategy that draws parents.
        about: what both do, in words.
        proposed: candidates that were born there.
        evaluated: those that were trained.
        full: those trained in full.
        survivors: of the population of the last sealed generation.
        mean_margin: of those trained in full; NaN without any.
        best_margin: the largest of these; NaN without any.
        seconds: processor time of their trainings.
        is_open: whether it takes part in the next generation.
    """

    island: int
    survival: str
    parents: str
    about: str
    proposed: int
    evaluated: int
    full: int
    survivors: int
    mean_margin: float
    best_margin: float
    seconds: float
    is_open: bool


def strategy_rows(campaign: LiveCampaign) -> Sequence[StrategyRow]:
    """The strategies of a campaign, by island; none where its selection is of another version."""
    return campaign.cached("strategies", lambda: _rows(campaign.index, campaign.reader))


def _rows(index: Index, reader: Reader) -> Sequence[StrategyRow]:
    try:
        settings = SelectionSettings.model_validate(reader.config.get("selection", {}))
    except ValidationError:
        return ()
    pairs = settings.strategies
    halving = Halving(len(pairs), int(reader.begun_with["generations"]))
    is_halved = bool(settings.portfolio)

    def open_in(generation: int) -> Sequence[int]:
        return halving.open_in(generation) if is_halved else range(len(pairs))

    islands = _islands(index, reader, open_in, halving if is_halved else None)
    survivors = set(reader.population(reader.generation)) if reader.generation > 0 else set[str]()
    words = {
        name: {key: one.description for key, one in declared("evo.selection", name).items()}
        for name in ("survivals", "parent_draws")
    }
    rows: list[StrategyRow] = []
    for island, (survival, parents) in enumerate(pairs):
        here = index.proposed & (islands == island)
        margins = index.numbers["margin"][here & index.full]
        about = words["survivals"].get(survival, ""), words["parent_draws"].get(parents, "")
        rows.append(
            StrategyRow(
                island=island,
                survival=survival,
                parents=parents,
                about=" ".join(filter(None, about)),
                proposed=int(here.sum()),
                evaluated=int((here & index.scored).sum()),
                full=len(margins),
                survivors=len(survivors & {index.ids[p] for p in np.flatnonzero(here).tolist()}),
                mean_margin=float(margins.mean()) if len(margins) else np.nan,
                best_margin=float(margins.max(initial=-np.inf)) if len(margins) else np.nan,
                seconds=float(index.numbers["seconds"][here].sum()),
                is_open=island in open_in(reader.generation + 1),
            )
        )
    return rows


def _islands(
    index: Index, reader: Reader, open_in: Callable[[int], Sequence[int]], halving: Halving | None
) -> Indices:
    """Island of each record, as the campaign assigned it: (n,)."""
    islands = np.zeros(len(index), dtype=np.intp)
    birthplaces, generations = Birthplaces(open_in), index.numbers["generation"].astype(int)
    for place, generation in enumerate(generations.tolist()):
        if halving is not None and place and generations[place - 1] < generation:
            _halve(halving, int(generations[place - 1]), index, reader, islands)
        islands[place] = birthplaces.place(
            generation,
            index.texts["id"][place],
            index.parents[place],
            is_refused=index.texts["status"][place] == Status.INVALID.value,
        )
    return islands


def _halve(
    halving: Halving, generation: int, index: Index, reader: Reader, islands: Indices
) -> None:
    """Close islands as the campaign did when a generation was sealed."""
    if generation not in halving.points:
        return
    places = [index.places[id_] for id_ in reader.population(generation) if id_ in index.places]
    halving.take(
        generation,
        [Individual.of(reader.records[place], island=int(islands[place])) for place in places],
    )
