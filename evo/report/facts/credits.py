"""The credit of each component of a combination, computed from history.

    credit = mean over trials of log(loss with the standard component instead / loss as it is)

on the same tasks, networks and seeds, within ±3 each; above 0 the component helps, and a trial lost
by both counts 0. The unit of the interval is the seed. See `evo.campaign.ablation` for what trains.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from archive.history.reader import Reader
from evo.campaign.member_graphs import ablated_graphs, standard_graphs
from evo.core.contract import SEPARATOR
from evo.core.records import Record
from evo.evaluation.statistics.paired_test import Comparison, compare_paired
from evo.evaluation.statistics.trial_values import at_highest_rung

Credits = Mapping[str, Comparison | None]
"""By the name of a kind; None where training without its component failed."""


def credits_of(history: Reader, chosen: Sequence[Record]) -> dict[str, Credits]:
    """The credits of some of a campaign's records by id; empty unless it combines kinds."""
    kind = history.config["kind"]
    last = len(history.config["protocol"]["rungs"]) - 1
    chosen = [record for record in chosen if record.score is not None and record.score.rung == last]
    if SEPARATOR not in kind or not chosen:
        return {}
    baselines = takewhile(lambda record: record.is_baseline, history.records)
    standards = standard_graphs(kind, baselines)
    return measured_credits(
        chosen, lambda record: ablated_graphs(record.graphs, standards), history.records
    )


def measured_credits(
    chosen: Sequence[Record],
    ablated: Callable[[Record], Mapping[str, tuple[str, ...]]],
    records: Iterable[Record],
) -> dict[str, Credits]:
    """The credits of some evaluated records by id, as far as their ablations were trained.

    Args:
        chosen: the records, at the campaign's last rung.
        ablated: graphs of a record's ablations, by the name of the kind.
        records: all of the campaign.
    """
    graphs_of = {record.id: ablated(record) for record in chosen}
    ablation_graphs = {graphs for ablations in graphs_of.values() for graphs in ablations.values()}
    # Of several records that compute the same the one with the most trials counts.
    trained: dict[tuple[str, ...], Record] = {}
    for record in records:
        if record.graphs in ablation_graphs and (record.is_ablation or record.score is not None):
            previous = trained.get(record.graphs)
            trained[record.graphs] = (
                record if previous is None else max(previous, record, key=_trial_count)
            )
    return {
        record.id: {
            name: credit
            for name, graphs in graphs_of[record.id].items()
            if graphs in trained
            and ((credit := _compared(record, trained[graphs])) or trained[graphs].is_ablation)
        }
        for record in chosen
    }


def credit_facts(credits_: Credits) -> dict[str, Any]:
    """A record's credits as `--json` prints them."""
    return {
        name: None
        if credit is None
        else {
            "log_loss_ratio": credit.log_ratio.value,
            "log_loss_ratio_ci": [credit.log_ratio.low, credit.log_ratio.high],
        }
        for name, credit in credits_.items()
    }


def _trial_count(record: Record) -> int:
    return 0 if record.score is None else len(record.score.trials)


def _compared(record: Record, ablation: Record) -> Comparison | None:
    """Compare on the trials of both; None where the ablation's training was cut short.

    Only candidates train on the fresh seeds, so an ablation lacks those.
    """
    if ablation.score is None or not ablation.score.end.is_whole:
        return None
    losses = {trial[:4]: trial.loss for trial in ablation.score.trials}
    with_it = [t for t in at_highest_rung(record.scored.trials) if t[:4] in losses]
    if not with_it:
        return None
    without = [trial._replace(loss=losses[trial[:4]]) for trial in with_it]
    for index, pair in enumerate(zip(with_it, without, strict=True)):
        if all(math.isinf(trial.loss) for trial in pair):  # tells nothing of the component
            with_it[index], without[index] = (trial._replace(loss=1.0) for trial in pair)
    return compare_paired(with_it, without)
