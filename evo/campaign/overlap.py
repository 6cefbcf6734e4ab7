"""Overlapping generations: one begins while those before it still train, by a fixed lag.

With a lag of L, generation g is proposed from the search state as of generation g − 1 − L, and then
trains in a thread of its own; the generations are finished and sealed in order. Which state that
is depends on numbers alone, so a resumed campaign equals the uninterrupted one.

What the L generations before propose is not in that state yet, so it is looked at here: no source
and no behaviour of theirs trains twice.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import torch

from archive.history.history import History
from evo.campaign.loop import Toolbox, advance, finish
from evo.campaign.state import SearchState
from evo.core.records import Generation, Record, Status


class _Training(NamedTuple):
    """A generation in progress.

    Attributes:
        number: of the generation.
        records: as they were when it began to train.
        trained: the same, evaluated.
    """

    number: int
    records: list[Record]
    trained: Future[list[Record]]


def run_overlapping(
    toolbox: Toolbox,
    state: SearchState,
    history: History,
    *,
    generations: int,
    begin: Callable[[int], bool],
    lag: int,
    held: Sequence[Generation],
    abandon: Callable[[], None],
) -> None:
    """Run the generations that are not sealed yet, each begun while `lag` others train.

    Args:
        toolbox: the way of a candidate, and selection.
        state: derived from what is sealed, without the generations that are held.
        history: seals generations.
        generations: number of the last generation.
        begin: says whether a generation begins under the settings that the toolbox was built by.
        lag: generations that train while another begins.
        held: the last sealed generations that the next one to begin knows nothing of, in order.
        abandon: has trainings in other threads end, where the campaign stops.
    """
    sealed, training = deque(held), deque[_Training]()
    for generation in held:
        state.seen.expect(generation)

    def settle(last: int) -> None:
        """Have the state take in everything up to a generation."""
        while sealed and sealed[0].number <= last:
            state.take(sealed.popleft())
        while training and training[0].number <= last:
            number, _, trained = training.popleft()
            finish(toolbox, state, history, number, trained.result(), is_followed=bool(training))

    with ThreadPoolExecutor(
        lag + 1, thread_name_prefix="train", initializer=torch.set_num_threads, initargs=(1,)
    ) as threads:
        try:
            for number in range(history.generation + 1, generations + 1):
                settle(number - 1 - lag)
                if not begin(number):
                    break
                parents = toolbox.arrange(state.population.parents, number)
                state.tracker.step(number, "propose", [])
                records = toolbox.vary(parents, number)
                records = advance(state, number, "validate", toolbox.validate, records)
                before = [r for generation in sealed for r in generation.records]
                before += [record for one in training for record in one.records]
                with toolbox.also_known(list(filter(_trains, before))):
                    records = advance(state, number, "recognise", toolbox.recognise, records)
                records = advance(state, number, "screen", toolbox.screen, records)
                state.tracker.step(number, "evaluate", records)
                trained = threads.submit(toolbox.evaluate, records)
                training.append(_Training(number, records, trained))
            settle(generations)
        except BaseException:
            abandon()
            for one in training:
                one.trained.cancel()
            raise


def _trains(record: Record) -> bool:
    """True for a proposal that was chosen for training, whether it has begun or is sealed."""
    chosen = (Status.PROPOSED, Status.FAILED, Status.EVALUATED)
    return record.is_proposal and len(record.behaviour_vector) > 0 and record.status in chosen
