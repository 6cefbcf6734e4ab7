"""The credit of each component of a combination, read off history.

    credit = mean over trials of log(loss with the standard component instead / loss as it is)

on the same tasks, networks and seeds, within ±3 each; above 0 the component helps, and a trial lost
by both counts 0. The unit of the interval is the seed. See `evo.campaign.ablation` for what trains.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from evo.core.records import Record
from evo.evaluation.statistics.paired_test import Comparison, compare_paired
from evo.evaluation.statistics.win_rates import at_highest_rung

Credits = Mapping[str, Comparison | None]
"""By the name of a kind; None where training without its component failed."""


def measured(
    chosen: Sequence[Record],
    ablated: Callable[[Record], Mapping[str, str]],
    records: Iterable[Record],
) -> dict[str, Credits]:
    """The credits of some evaluated records by their ids, as far as they were measured.

    Args:
        chosen: the records, of the campaign's last rung.
        ablated: graphs of a record's ablations, by the name of the kind.
        records: all of the campaign.
    """
    wanted = {record.id: ablated(record) for record in chosen}
    graphs = {graph for own in wanted.values() for graph in own.values()}
    # Of several records that compute the same the one with the most trials counts.
    found: dict[str, Record] = {}
    for record in records:
        if record.graph in graphs and (record.is_ablation or record.score is not None):
            known = found.get(record.graph)
            found[record.graph] = record if known is None else max(known, record, key=_trained)
    return {
        record.id: {
            name: credit
            for name, graph in wanted[record.id].items()
            if graph in found
            and ((credit := _compared(record, found[graph])) or found[graph].is_ablation)
        }
        for record in chosen
    }


def credit_facts(credits_: Credits) -> dict[str, Any]:
    """What `--json` prints of a record's credits."""
    return {
        name: None
        if credit is None
        else {
            "log_loss_ratio": credit.log_ratio.value,
            "log_loss_ratio_ci": [credit.log_ratio.low, credit.log_ratio.high],
        }
        for name, credit in credits_.items()
    }


def credit_text(credit: Comparison | None) -> str:
    """A credit with its interval, for people."""
    if credit is None:
        return "fails without"
    ratio = credit.log_ratio
    return f"{ratio.value:+.3f} [{ratio.low:+.2f}, {ratio.high:+.2f}]"


def _trained(record: Record) -> int:
    return 0 if record.score is None else len(record.score.trials)


def _compared(record: Record, other: Record) -> Comparison | None:
    """None where the other has not trained on every trial by which the record is judged."""
    own = at_highest_rung(record.scored.trials)
    trained = () if other.score is None else other.score.trials
    losses = {trial[:4]: trial.loss for trial in trained}
    if any(trial[:4] not in losses for trial in own):
        return None
    without = [trial._replace(loss=losses[trial[:4]]) for trial in own]
    for place, pair in enumerate(zip(own, without, strict=True)):
        if all(math.isinf(trial.loss) for trial in pair):  # tells nothing of the component
            own[place], without[place] = (trial._replace(loss=1.0) for trial in pair)
    return compare_paired(own, without)
