"""The funnel, the win rates and the cost per operator and per language model."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from evo.core.arrays import Floats, Indices
from evo.core.records import Record, Status
from evo.report.facts.columns import Coded
from evo.report.facts.index import Index

AuthorshipFacts = dict[str, dict[str, dict[str, Any]]]
"""Facts by name, under `operators` and `models`."""


class _Share(NamedTuple):
    """The candidates that authors of one type have a share in.

    Attributes:
        authors: of all records.
        places: of the candidates.
        costs: in dollars, of that share, one per place.
    """

    authors: Coded
    places: Indices
    costs: Floats


def authorship_facts(records: Sequence[Record]) -> AuthorshipFacts:
    """The facts of some records, see `authorship_of`."""
    return authorship_of(Index.of(records))


def authorship_of(index: Index) -> AuthorshipFacts:
    """Facts of the proposals by operator and by model; win rates of those trained in full.

    What a campaign began with counts for nobody.
    """
    here = np.flatnonzero(index.proposed_here)
    costs, ideas = (index.numbers[name][here] for name in ("cost_usd", "idea_cost_usd"))
    operators, models, thinkers = (
        index.coded(name) for name in ("operator", "model", "idea_model")
    )
    wrote, thought = ~models.among("")[here], ~thinkers.among("")[here]
    shares = {
        "operators": [_Share(operators, here, costs)],
        "models": [
            _Share(models, here[wrote], (costs - ideas)[wrote]),
            _Share(thinkers, here[thought], ideas[thought]),
        ],
    }
    top = int(index.numbers["rung"][here][index.scored[here]].max(initial=-1))
    return {
        author_type: {
            name: _facts(index, top, [_of(share, name) for share in parts])
            for name in sorted({n for share in parts for n in _names(share)})
        }
        for author_type, parts in shares.items()
    }


def _names(share: _Share) -> set[str]:
    # Not `np.unique`, which imports masked arrays.
    codes: set[int] = set(share.authors.codes[share.places].tolist())
    return {share.authors.values[code] for code in codes}


def _of(share: _Share, name: str) -> _Share:
    """The part of a share that is of one author."""
    mine = share.authors.among(name)[share.places]
    return _Share(share.authors, share.places[mine], share.costs[mine])


def _facts(index: Index, top: int, shares: Sequence[_Share]) -> dict[str, Any]:
    places = np.sort(np.concatenate([share.places for share in shares]))
    cost_usd = sum(float(share.costs.sum()) for share in shares)
    status, scored = index.coded("status"), places[index.scored[places]]
    full = index.numbers["b_wr"][scored[index.numbers["rung"][scored] == top]].tolist()
    return {
        "proposed": len(places),
        "valid": int((~status.among(Status.INVALID)[places]).sum()),
        "new": int((~status.among(Status.INVALID, Status.DUPLICATE)[places]).sum()),
        "evaluated": len(scored),
        "full": len(full),
        "b_wr_mean": sum(full) / len(full) if full else None,
        "b_wr_best": max(full, default=None),
        "cost_usd": None if math.isnan(cost_usd) else cost_usd,
    }
