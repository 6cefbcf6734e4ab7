"""A campaign in which every text that a candidate, a model or a user brings is an attack."""

from dataclasses import replace
from itertools import groupby
from pathlib import Path

from archive.history.history import History
from archive.history.reader import Reader
from archive.history.replies import Replies
from evo.core.messages import Exchange, Prompt, Reply, Request
from evo.core.records import Record

ATTACK = "".join(
    (
        "<script>window.attacked=1</script>",
        "<img src=x onerror=window.attacked=1>",
        "\"'><svg onload=window.attacked=1>",
        "{{ 7 * 7 }}{% raw %}",
        "<a href='javascript:window.attacked=1'>x</a>",
        "a\u202eb\x00\x1b[31m\ud800",
        "%{customdata}<b>&lt;</style></textarea></title>",
    )
)
MARKUP = ("<script>window", "<img src=x", "<svg onload", "<a href='javascript")
"""What stands in a page only where an attack was not escaped."""
_ID = ATTACK.encode("utf-8", "replace").decode()  # no address holds half a surrogate pair
NAME = "run <img src=x onerror=window.attacked=1> 'x' \"y\""
"""Name of the campaign's folder."""
EXCHANGE = Exchange(
    Request("model " + ATTACK, "id", Prompt(ATTACK, ATTACK), 1, None, 100),
    Reply(ATTACK, "stop " + ATTACK, ATTACK, 10, 5),
    1,
    cost_usd=0.25,
    error=ATTACK,
)


def write_hostile_campaign(parent: Path, small: Path) -> Path:
    """Write the records of a small campaign again, with an attack for each text; its folder."""
    reader = Reader.read(small)
    folder = parent / NAME
    with History.create(folder, config=reader.config, environment=reader.environment) as history:
        for generation, members in groupby(reader.records, lambda record: record.generation):
            records = [record if record.is_baseline else _hostile(record) for record in members]
            survivors = [record.id for record in records if record.novelty is not None]
            history.seal(generation, records, survivors)
        replies = Replies.open(folder, campaign=history.id)
        replies.add(EXCHANGE)
        replies.close()
    return folder


def _hostile(record: Record) -> Record:
    candidate = record.candidate
    changed = replace(
        candidate,
        id=candidate.id + _ID,
        source=f'{candidate.source}# {ATTACK}\n"""{ATTACK}"""\n',
        operator=candidate.operator + _ID,
        parents=tuple(parent + _ID for parent in candidate.parents),
        model="model " + ATTACK,
        request=EXCHANGE.request.key,
        rationale=ATTACK,
    )
    return replace(record, candidate=changed, reason=record.reason and ATTACK)
