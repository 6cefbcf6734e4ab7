"""Rebuild search state from sealed generations when a campaign resumes.

History is read once, a generation at a time, so that resuming a long campaign costs one reading
and no memory for the records themselves.
"""

from itertools import groupby

from archive.history.reader import Reader
from evo.campaign.state import SearchState
from evo.core.errors import HistoryError
from evo.core.records import Generation, Record


def replay(history: Reader, state: SearchState, *, lag: int = 0) -> list[Generation]:
    """Feed a fresh search state every sealed generation of a campaign, but for the last ones.

    Args:
        history: the campaign's.
        state: fresh.
        lag: number of the last generations to hold back; the baselines never are.

    Returns:
        The generations that are held back.

    Raises:
        HistoryError: the baselines are lost, or a file is damaged.
    """
    lost = frozenset(history.lost)
    held: list[Generation] = []
    groups = groupby(history.records, key=lambda record: record.generation)
    number, group = next(groups, (None, iter(())))
    for generation, survivors in enumerate(history.populations()):
        records: list[Record] = []
        if number == generation:
            records = list(group)
            number, group = next(groups, (None, iter(())))
        if generation not in lost:
            sealed = Generation(generation, records, survivors)
            if 0 < generation > history.generation - lag:
                held.append(sealed)
            else:
                state.take(sealed)
        if not state.baselines.records:
            raise HistoryError(
                f"{history.folder} has lost its baselines (generation 0), so nothing more can be "
                "compared with them. Read or export it; to search further, start a new campaign."
            )
    return held
