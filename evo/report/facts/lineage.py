"""Where a candidate comes from: all of its ancestors, as far as history knows them."""

from collections.abc import Iterable, Sequence

from evo.core.records import Record


def lineage(records: Iterable[Record], of: Record) -> list[Record]:
    """A record and its ancestors, the oldest first.

    Of several proposals of one source the one that was trained counts.

    Args:
        records: a history that can be gone through twice, such as a reader's.
        of: the record that the ancestors are of.
    """
    parents: dict[str, tuple[str, ...]] = {}
    for record in records:
        if record.generation > of.generation:
            break
        if record.novelty is not None:
            parents.setdefault(record.id, record.candidate.parents)
    wanted, fresh = {of.id}, [of.id]
    while fresh:
        fresh = [p for id_ in fresh for p in parents.get(id_, ()) if p in parents]
        fresh = [id_ for id_ in dict.fromkeys(fresh) if id_ not in wanted]
        wanted.update(fresh)
    found: dict[str, Record] = {}
    for record in records:
        if record.generation > of.generation or len(found) == len(wanted):
            break
        if record.novelty is not None and record.id in wanted:
            found.setdefault(record.id, record)
    return list(found.values())


def main_line(family: Sequence[Record], of: Record) -> list[Record]:
    """From the oldest ancestor down to a record, each time by the parent that was worth most.

    Args:
        family: what `lineage` gives.
        of: the last of the line.
    """
    known = {record.id: record for record in family}
    line, seen = [of], {of.id}
    while parents := [known[p] for p in line[-1].candidate.parents if p in known and p not in seen]:
        line.append(max(parents, key=_worth))
        seen.add(line[-1].id)
    return line[::-1]


def _worth(record: Record) -> tuple[int, float]:
    return record.scored.rung, record.scored.b_wr.value
