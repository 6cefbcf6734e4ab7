"""Graphs of a combination's members: the standard ones, and those of its ablations.

Names and texts alone: facts are read from them without importing a kind.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from evo.core.contract import SEPARATOR
from evo.core.records import Record


def standard_graphs(kind_name: str, baselines: Iterable[Record]) -> dict[str, str]:
    """The graph of each member's standard component, by the member's name.

    It is the most frequent one, since each baseline varies one member and has the others standard.
    """
    by_member = zip(*(record.graphs for record in baselines), strict=True)
    return {
        name: Counter(texts).most_common(1)[0][0]
        for name, texts in zip(kind_name.split(SEPARATOR), by_member, strict=True)
    }


def ablated_graphs(
    graphs: Sequence[str], standards: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """A combination's graphs with the standard one in place of a member's, by the member's name.

    A member that has the standard one already is left out.
    """
    present = dict(zip(standards, graphs, strict=True))
    return {
        name: tuple({**present, name: standard}.values())
        for name, standard in standards.items()
        if present[name] != standard
    }
