"""The write-ahead journal of a generation in progress: outcomes, durable before they are used.

An append-only log (`archive.store.append_log`) whose entries are JSON objects. The first one holds
format, campaign and generation; each other one has a single key, its type, which is `outcome`.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from archive.store import disk
from archive.store.append_log import Appender, framed, whole_entries
from evo.core.errors import HistoryError, unknown_format
from evo.core.trials import JobKey, Outcome

JOURNAL_FORMAT = 1

_CUT = "the outcomes behind it are then evaluated again"


class Contents(NamedTuple):
    """The contents of a journal.

    Attributes:
        generation: number of the generation in progress.
        campaign: id of its campaign.
        outcomes: outcomes by candidate, rung and heat.
        size: byte where the last whole entry ends.
    """

    generation: int
    campaign: str
    outcomes: dict[JobKey, Outcome]
    size: int


class Journal:
    """A journal open for appending. Make one with `start` or `resume`.

    Args:
        file: the log to append to.
    """

    def __init__(self, file: Appender) -> None:
        self._file = file

    @classmethod
    def start(
        cls, path: Path, generation: int, *, campaign: str, outcomes: Iterable[Outcome] = ()
    ) -> "Journal":
        """Write a new journal that holds some outcomes; replaces an existing file.

        Raises:
            HistoryError: it could not be written; the old file, if there was one, is untouched.
        """
        header = {"format": JOURNAL_FORMAT, "campaign": campaign, "generation": generation}
        payloads = [_payload(header), *map(_outcome_payload, outcomes)]
        content = [framed(payload) for payload in payloads]
        disk.replace(path, *content)
        return cls.resume(path, sum(map(len, content)))

    @classmethod
    def resume(cls, path: Path, size: int) -> "Journal":
        """Open an existing journal and truncate it to `size` bytes, its whole entries.

        Raises:
            HistoryError: the file cannot be written.
        """
        return cls(Appender.open(path, size))

    def append(self, outcome: Outcome) -> None:
        """Write an outcome and return once it is durable.

        Raises:
            HistoryError: it could not be written; all outcomes before it are on disk.
        """
        self._file.append(_outcome_payload(outcome))

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        self._file.close()


def read_journal(path: Path) -> Contents:
    """Read a journal, also while it is written; passes over a torn tail.

    Raises:
        HistoryError: the file is missing or damaged, or no journal.
        FormatError: it has another format.
    """
    contents = [
        (json.loads(entry.payload), entry.end) for entry in whole_entries(path, advice=_CUT)
    ]
    header, size = contents[0] if contents else ({}, 0)
    if "generation" not in header:
        raise HistoryError(f"{path} is not a journal of evo. Restore it from a copy.")
    if header["format"] != JOURNAL_FORMAT:
        raise unknown_format(path, header["format"], known=JOURNAL_FORMAT)
    outcomes: dict[JobKey, Outcome] = {}
    for payload, end in contents[1:]:
        outcome = outcome_of(path, payload)
        outcomes[outcome.key] = outcome
        size = end
    return Contents(header["generation"], header["campaign"], outcomes, size)


def _outcome_payload(outcome: Outcome) -> bytes:
    fields = vars(outcome) if outcome.diagnoses else _without_diagnoses(outcome)
    return _payload({"outcome": fields})


def _without_diagnoses(outcome: Outcome) -> dict[str, Any]:
    return {name: value for name, value in vars(outcome).items() if name != "diagnoses"}


def outcome_of(path: Path, payload: dict[str, Any]) -> Outcome:
    """Decode the outcome in the payload of an entry.

    Raises:
        HistoryError: the entry has another type.
    """
    fields = payload.get("outcome")
    if fields is None:
        raise HistoryError(
            f"{path} has an entry that this version of evo does not know ({', '.join(payload)}). "
            "Use the version that wrote it."
        )
    return Outcome.of(fields)


def _payload(content: dict[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()
