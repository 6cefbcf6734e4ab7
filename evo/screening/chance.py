"""Random screening: a random share of the new components trains."""

from collections.abc import Sequence
from dataclasses import replace

from evo.core.records import Record, Status
from evo.core.seeds import child
from evo.core.stages import Screening, Stage
from evo.core.step import apply_to_live


class Screen:
    """Keeps a generation within its trainings by a random choice among new components.

    Args:
        trainings: most components that may pass.
        seed: of the campaign.
    """

    def __init__(self, *, trainings: int, seed: int) -> None:
        self._trainings = trainings
        self._seed = seed

    def __call__(self, records: list[Record]) -> list[Record]:
        """The records, those over the budget SCREENED_OUT."""
        return apply_to_live(records, self._screen)

    def _screen(self, records: list[Record]) -> list[Record]:
        if len(records) <= self._trainings:
            return records
        order = chance_order(self._seed, records[0].generation, len(records))
        order = given_first(order, records)
        return first_drawn(records, order[: self._trainings])


def chance_order(seed: int, generation: int, count: int) -> list[int]:
    """The random order in which a generation's new components may train, as indices."""
    return child(seed, "screen", generation).permutation(count).tolist()


def given_first(order: Sequence[int], records: Sequence[Record]) -> list[int]:
    """The order with those first that a person gave and wants to see trained."""
    return sorted(order, key=lambda place: not records[place].is_given)


def first_drawn(
    records: Sequence[Record],
    passing: Sequence[int],
    why: str = "",
    screening: Screening | None = None,
) -> list[Record]:
    """The records, all but the drawn ones SCREENED_OUT.

    Args:
        records: of one generation.
        passing: indices of those that train.
        why: end of the reason, in words.
        screening: state of the reward model, where there is one.
    """
    reason = f"not drawn for one of the {len(passing)} trainings of the generation{why}"
    drawn = set(passing)
    return [
        record if index in drawn else screened_out(record, reason, screening)
        for index, record in enumerate(records)
    ]


def screened_out(record: Record, reason: str, screening: Screening | None) -> Record:
    """The record as SCREENED_OUT: it will not be trained."""
    return replace(
        record,
        status=Status.SCREENED_OUT,
        stage=Stage.SCREEN,
        reason=reason,
        screening=screening,
    )
