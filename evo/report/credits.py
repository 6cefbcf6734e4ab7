"""The credit of each component of a combination, read off history.

    credit = mean over trials of log(loss with the standard component instead / loss as it is)

on the same tasks, networks and seeds, within ±3 each; above 0 the component helps. The unit of the
interval is the seed. See `evo.ablation` for what trains.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from evo.evaluation.confirmation import Comparison, compare
from evo.evaluation.win_rates import at_highest_rung
from evo.report.objectives import score_of
from evo.types import Record

Credits = Mapping[str, Comparison | None]
"""By the name of a kind; None where training without its component failed."""


def measured(
    chosen: Sequence[Record],
    ablated: Callable[[Record], Mapping[str, str]],
    records: Iterable[Record],
) -> dict[str, Credits]:
    """The credits of some evaluated records by their ids, as far as they were measured.

    Args:
        chosen: the records, at least one.
        ablated: ids of a record's ablations, by the name of the kind.
        records: all of the campaign.
    """
    wanted = {record.id: ablated(record) for record in chosen}
    ids = {id_ for names in wanted.values() for id_ in names.values()}
    rung = max(score_of(record).rung for record in chosen)
    found: dict[str, Record] = {}
    for record in records:
        is_full = record.score is not None and record.score.rung == rung
        if record.id in ids and (is_full or record.is_ablation):
            found[record.id] = record
    return {
        record.id: {
            name: _compared(record, found[id_])
            for name, id_ in wanted[record.id].items()
            if id_ in found
        }
        for record in chosen
        if score_of(record).rung == rung
    }


def credit_facts(credits_: Credits) -> dict[str, Any]:
    """What `--json` prints of a record's credits."""
    return {
        name: None
        if credit is None
        else {"log_loss_ratio": credit.log_ratio, "log_loss_ratio_ci": [credit.low, credit.high]}
        for name, credit in credits_.items()
    }


def credit_text(credit: Comparison | None) -> str:
    """A credit with its interval, for people."""
    if credit is None:
        return "fails without"
    return f"{credit.log_ratio:+.3f} [{credit.low:+.2f}, {credit.high:+.2f}]"


def _compared(record: Record, ablation: Record) -> Comparison | None:
    if ablation.score is None:
        return None
    own, without = (at_highest_rung(score_of(each).trials) for each in (record, ablation))
    return compare(own, without)
