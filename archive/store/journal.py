"""What the generation in progress has already paid for, on disk before anyone hears of it.

One file of entries (`archive.frames`), each a JSON object. The first one names the format, the
campaign and the generation; every other one is an object of one key, what it is, and its content:
so far there are outcomes.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from archive.store import disk
from archive.store.frames import Appender, entries, framed
from evo.core.errors import HistoryError, unknown_format
from evo.core.records import JobKey, Outcome, Trial

JOURNAL_FORMAT = 1

_CUT = "what follows is then evaluated again"


class Contents(NamedTuple):
    """A journal as read.

    Attributes:
        generation: the one in progress.
        campaign: id of its campaign.
        outcomes: what is paid for.
        size: where the whole entries end.
    """

    generation: int
    campaign: str
    outcomes: dict[JobKey, Outcome]
    size: int


class Journal:
    """A journal open for appending. Make one with `start` or `resume`.

    Args:
        file: its file.
    """

    def __init__(self, file: Appender) -> None:
        self._file = file

    @classmethod
    def start(
        cls, path: Path, generation: int, *, campaign: str, outcomes: Iterable[Outcome] = ()
    ) -> "Journal":
        """A journal for a generation with what is paid for, in place of whatever was there."""
        header = {"format": JOURNAL_FORMAT, "campaign": campaign, "generation": generation}
        payloads = [_payload(header), *map(_outcome_payload, outcomes)]
        content = [framed(payload) for payload in payloads]
        disk.replace(path, *content)
        return cls.resume(path, sum(map(len, content)))

    @classmethod
    def resume(cls, path: Path, size: int) -> "Journal":
        """An existing journal, cut off behind its last whole entry at `size`."""
        return cls(Appender.open(path, size))

    def append(self, outcome: Outcome) -> None:
        """Write an outcome and return once it is durable.

        Raises:
            HistoryError: the disk refused; the outcome is not acknowledged, all before it are.
        """
        self._file.append(_outcome_payload(outcome))

    def close(self) -> None:
        """Give the file back; closing twice is harmless."""
        self._file.close()


def read_journal(path: Path) -> Contents:
    """The contents of a journal, without a torn tail; works beside its writer.

    Raises:
        HistoryError: it is missing, damaged or of another format.
    """
    found = [(json.loads(entry.payload), entry.end) for entry in entries(path, advice=_CUT)]
    header, size = found[0] if found else ({}, 0)
    if "generation" not in header:
        raise HistoryError(f"{path} is not a journal of evo. Restore it from a copy.")
    if header["format"] != JOURNAL_FORMAT:
        raise unknown_format(path, header["format"], known=JOURNAL_FORMAT)
    outcomes: dict[JobKey, Outcome] = {}
    for payload, end in found[1:]:
        outcome = outcome_of(path, payload)
        outcomes[outcome.key] = outcome
        size = end
    return Contents(header["generation"], header["campaign"], outcomes, size)


def _outcome_payload(outcome: Outcome) -> bytes:
    return _payload({"outcome": vars(outcome)})


def outcome_of(path: Path, payload: dict[str, Any]) -> Outcome:
    """The outcome that the payload of an entry tells of.

    Raises:
        HistoryError: it tells of something else.
    """
    fields = payload.get("outcome")
    if fields is None:
        raise HistoryError(
            f"{path} has an entry that this version of evo does not know ({', '.join(payload)}). "
            "Use the version that wrote it."
        )
    trials = tuple(Trial(*trial) for trial in fields.pop("trials"))
    return Outcome(trials=trials, **fields)


def _payload(content: dict[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()
