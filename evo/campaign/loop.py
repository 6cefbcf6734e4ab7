"""The loop: one campaign, generation by generation, each sealed before the next begins.

    select parents → propose → validate → recognise → screen → evaluate → remeasure → archive
    → survive → seal

Where several kinds are evolved together, `ablate` follows `archive`.

A generation depends on the sealed ones and on named seeds alone. So a resumed campaign repeats
the generation that was cut off, finds in the journal what was already paid for, and equals the
uninterrupted one.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from deap import base

from archive.history.history import History
from evo.campaign.state import SearchState
from evo.core.records import Generation, Record
from evo.core.step import Step
from evo.selection.individual import Individual

Vary = Callable[[Sequence[Individual], int], list[Record]]
"""Parents and the number of a generation in, its proposals out."""
Select = Callable[[Sequence[Individual], int], list[Individual]]
"""Individuals and the number of a generation in, those chosen out."""


class Toolbox(base.Toolbox):  # pyright: ignore[reportUntypedBaseClass] - deap ships no types
    """DEAP's toolbox with every tool of a campaign typed; `evo.campaign.tools` registers them.

    Attributes:
        arrange: the population as parents are drawn from it, each with its crowding.
        vary: proposals from parents, by the operators.
        validate: policy, trace and contract.
        recognise: behaviour, by which duplicates fall out.
        screen: decides which candidates train.
        evaluate: trains and scores.
        remeasure: trains those that would lead on fresh seeds.
        archive: N-scores.
        ablate: credits of a combination's components; None where no kinds are combined.
        born: those of a generation that reached the archive.
        select: the survivors of a pool.
        also_known: records that `recognise` knows too, while the context lasts.
    """

    arrange: Select
    vary: Vary
    validate: Step
    recognise: Step
    screen: Step
    evaluate: Step
    remeasure: Step
    archive: Step
    ablate: Step | None = None
    born: Callable[[Sequence[Record]], list[Individual]]
    select: Select
    also_known: Callable[[Sequence[Record]], AbstractContextManager[None]]


def run_generations(
    toolbox: Toolbox,
    state: SearchState,
    history: History,
    *,
    generations: int,
    begin: Callable[[int], bool],
) -> None:
    """Run the generations that are not sealed yet, as long as they may begin.

    Args:
        toolbox: the way of a candidate, and selection.
        state: derived from everything that is sealed; its tracker records each step.
        history: seals generations; generation 0, the baselines, is sealed.
        generations: number of the last generation.
        begin: says whether a generation begins under the settings that the toolbox was built by.
    """
    for generation in range(history.generation + 1, generations + 1):
        if not begin(generation):
            return
        parents = toolbox.arrange(state.population.parents, generation)
        state.tracker.step(generation, "propose", [])
        records = toolbox.vary(parents, generation)
        records = advance(state, generation, "validate", toolbox.validate, records)
        records = advance(state, generation, "recognise", toolbox.recognise, records)
        records = advance(state, generation, "screen", toolbox.screen, records)
        records = advance(state, generation, "evaluate", toolbox.evaluate, records)
        finish(toolbox, state, history, generation, records)


def finish(
    toolbox: Toolbox,
    state: SearchState,
    history: History,
    generation: int,
    records: list[Record],
    *,
    is_followed: bool = False,
) -> None:
    """Take a generation from its trainings to the seal, and into the search state.

    Args:
        toolbox: the way of a candidate, and selection.
        state: derived from everything that is sealed.
        history: seals it.
        generation: its number.
        records: evaluated.
        is_followed: whether outcomes of later generations are in the journal already.
    """
    records = advance(state, generation, "remeasure", toolbox.remeasure, records)
    records = advance(state, generation, "archive", toolbox.archive, records)
    if toolbox.ablate is not None:
        records = advance(state, generation, "ablate", toolbox.ablate, records)

    pool = state.population.with_newborn(toolbox.born(records))
    survivors = [individual.record.id for individual in toolbox.select(pool, generation)]
    history.seal(generation, records, survivors, is_followed=is_followed)
    state.take(Generation(generation, records, survivors))


def advance(
    state: SearchState, generation: int, name: str, step: Step, records: list[Record]
) -> list[Record]:
    """Take a generation's records through a step."""
    state.tracker.step(generation, name, records)
    return step(records)
