"""Filters, order and page of the table of candidates, as an address holds them."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from evo.core.records import Status
from evo.report.facts.index import Index

PAGE = 50
"""Rows per page."""
SORTS = (
    *("generation", "rung", "margin", "b_wr", "bsota_wr", "n_behaviour", "n_text"),
    *("loss", "metric", "seconds", "cost_usd"),
)
"""Columns that a table can be sorted by."""
_OF_RUNG = ("margin", "b_wr", "bsota_wr", "loss", "metric")
"""Those of which values at different rungs do not compare."""


class Query(NamedTuple):
    """The part of a campaign that a table shows.

    Attributes:
        text: words that source, rationale, reason, model or id must contain, all of them.
        status: a status, "merit" for those that beat the median baseline, "full" for those
            trained in full, or empty for all.
        operator: name of an operator; empty for all.
        model: name of a language model; empty for all.
        generation: a generation; None for all.
        sort: a column of `SORTS`.
        ascending: whether the smallest come first.
        page: from 1.
    """

    text: str = ""
    status: str = ""
    operator: str = ""
    model: str = ""
    generation: int | None = None
    sort: str = "margin"
    ascending: bool = False
    page: int = 1

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "Query":
        """The query in the parameters of an address; what makes no sense is left out."""
        sort = parameters.get("sort", "")
        return cls(
            text=parameters.get("q", "").strip()[:200],
            status=parameters.get("status", ""),
            operator=parameters.get("operator", ""),
            model=parameters.get("model", ""),
            generation=_number(parameters.get("generation", "")),
            sort=sort if sort in SORTS else "margin",
            ascending=parameters.get("order") == "up",
            page=max(_number(parameters.get("page", "")) or 1, 1),
        )

    def address(self, **changes: object) -> str:
        """The query as the part of an address behind `?`, with some fields changed."""
        query = self._replace(**{"page": 1, **changes})
        values = {
            "q": query.text,
            "status": query.status,
            "operator": query.operator,
            "model": query.model,
            "generation": "" if query.generation is None else query.generation,
            "sort": "" if query.sort == "margin" else query.sort,
            "order": "up" if query.ascending else "",
            "page": "" if query.page == 1 else query.page,
        }
        return urlencode({key: value for key, value in values.items() if value != ""})

    def sorted_by(self, column: str) -> str:
        """The address of the same rows sorted by a column; the other way round if they are.

        The best come first: the lowest of losses, the highest of all else.
        """
        ascending = not self.ascending if column == self.sort else column == "loss"
        return self.address(sort=column, ascending=ascending)

    def places(self, index: Index) -> NDArray[np.intp]:
        """Places in the index of all rows that match, in order."""
        matches = index.proposed.copy()
        if self.status == "merit":
            matches &= index.has_merit
        elif self.status == "full":
            matches &= index.full
        elif self.status in Status.__members__:
            matches &= index.coded("status").among(self.status)
        if self.generation is not None:
            matches &= index.numbers["generation"] == self.generation
        for column, wanted in (("operator", self.operator), ("model", self.model)):
            if wanted:
                matches &= index.coded(column).among(wanted)
        for word in self.text.lower().split():
            matches &= index.having(word)
        places = np.flatnonzero(matches)
        return places[self._order(index, places)]

    def _order(self, index: Index, places: NDArray[np.intp]) -> NDArray[np.intp]:
        values = index.measures(self.sort)[places]
        keys = values if self.ascending else -values
        keys = np.where(np.isnan(values), np.inf, keys)  # what has no value comes last
        if self.sort in _OF_RUNG:
            # The highest rung comes first.
            rungs = np.where(index.scored[places], index.numbers["rung"][places], -1)
            return np.lexsort((keys, -rungs))
        return np.argsort(keys, kind="stable")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
