"""The ancestors of a candidate, as far as history knows them."""

from collections.abc import Iterable, Sequence

from evo.core.records import Record


def lineage(records: Iterable[Record], of: Record) -> list[Record]:
    """A record and its ancestors, the oldest first.

    Of several proposals of one source the one that was trained counts.

    Args:
        records: a history that can be iterated twice, such as a reader's.
        of: the record whose ancestors are wanted.
    """
    parents: dict[str, tuple[str, ...]] = {}
    for record in records:
        if record.generation > of.generation:
            break
        if record.novelty is not None:
            parents.setdefault(record.id, record.candidate.parents)
    family, newest = {of.id}, [of.id]
    while newest:
        newest = [p for id_ in newest for p in parents.get(id_, ()) if p in parents]
        newest = [id_ for id_ in dict.fromkeys(newest) if id_ not in family]
        family.update(newest)
    members: dict[str, Record] = {}
    for record in records:
        if record.generation > of.generation or len(members) == len(family):
            break
        if record.novelty is not None and record.id in family:
            members.setdefault(record.id, record)
    return list(members.values())


def main_line(family: Sequence[Record], of: Record) -> list[Record]:
    """The line from the oldest ancestor to a record, by the better parent at each step.

    Args:
        family: the result of `lineage`.
        of: the last of the line.
    """
    by_id = {record.id: record for record in family}
    line, seen = [of], {of.id}
    while parents := [by_id[p] for p in line[-1].candidate.parents if p in by_id and p not in seen]:
        line.append(max(parents, key=_quality))
        seen.add(line[-1].id)
    return line[::-1]


def _quality(record: Record) -> tuple[int, float]:
    score = record.scored
    return score.rung, score.b_wr.value
