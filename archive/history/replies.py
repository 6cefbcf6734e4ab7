"""A persistent cache of language models' replies, by the hash of their requests.

One append-only log (`archive.store.append_log`) per campaign, the file `replies`: a reply is
durable before it is used, and a resumed or replayed campaign reads it instead of paying again.
Requests that were given up are kept too, or a resumed campaign would proceed differently. An entry
is a compressed JSON object. The first one holds the format and the campaign.
"""

import json
import threading
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from archive.store import disk
from archive.store.append_log import Appender, Entry, framed, payload_at, whole_entries
from evo.core.errors import HistoryError, unknown_format
from evo.core.messages import Exchange, Prompt, Reply, Request, Spent

REPLIES_FORMAT = 1
REPLIES_FILE = "replies"

_CUT = "the replies behind it are then requested again"


class ByteRange(NamedTuple):
    """Byte range of an exchange in the file."""

    start: int
    end: int


class Replies:
    """The replies of a campaign. Make one with `Replies.read` or, for adding, `Replies.open`.

    Thread-safe.

    Attributes:
        spent: requests, tokens and cost of each model so far, by its name in the configuration.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.spent: dict[str, Spent] = {}
        self._places: dict[str, ByteRange] = {}
        self._file: Appender | None = None
        self._lock = threading.Lock()

    @classmethod
    def read(cls, folder: Path, *, campaign: str) -> "Replies":
        """Read the replies in a campaign's folder; empty where no model was ever asked.

        Args:
            folder: the campaign's folder.
            campaign: the campaign's id.

        Raises:
            HistoryError: the file is damaged, or of another campaign.
            FormatError: it has another format.
        """
        replies = cls(folder / REPLIES_FILE)
        replies._load(campaign)
        return replies

    @classmethod
    def open(cls, folder: Path, *, campaign: str) -> "Replies":
        """Open the replies for adding; the caller must hold the campaign's lock.

        Raises:
            HistoryError: the file is damaged, of another campaign, or cannot be written.
            FormatError: it has another format.
        """
        replies = cls(folder / REPLIES_FILE)
        size = replies._load(campaign)
        if size == 0:
            header = framed(_payload({"format": REPLIES_FORMAT, "campaign": campaign}))
            disk.replace(replies.path, header)
            size = len(header)
        replies._file = Appender.open(replies.path, size)
        return replies

    @property
    def total(self) -> Spent:
        """Requests, tokens and cost of all models so far."""
        with self._lock:
            rows = list(self.spent.values())
        return Spent(*(sum(column) for column in zip(*rows, strict=True)))

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def get(self, key: str) -> Exchange | None:
        """The exchange for a request's key; None where there is none.

        Raises:
            HistoryError: the file cannot be read.
        """
        with self._lock:
            place = self._places.get(key)
        if place is None:
            return None
        return _exchange(_content(self.path, payload_at(self.path, *place)))

    def __iter__(self) -> Iterator[Exchange]:
        """Yield every final exchange in the order of the file."""
        for key in list(self._places):
            exchange = self.get(key)
            assert exchange is not None
            yield exchange

    def add(self, exchange: Exchange) -> None:
        """Append an exchange; it is durable when this returns.

        Raises:
            HistoryError: it could not be written; all exchanges before it are on disk.
        """
        payload = _payload(asdict(exchange))
        with self._lock:
            assert self._file is not None, "opened for reading"
            start = self._file.size
            self._file.append(payload)
            self._index(exchange, ByteRange(start, self._file.size))

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        if self._file is not None:
            self._file.close()

    def _load(self, campaign: str) -> int:
        """Index the file; the byte where its last whole entry ends, 0 without a file."""
        if not self.path.exists():
            return 0
        stored = whole_entries(self.path, advice=_CUT)
        header = next(stored, Entry(b"", 0, 0))
        self._check(_content(self.path, header.payload) if header.end else {}, campaign)
        size = header.end
        for entry in stored:
            exchange = _exchange(_content(self.path, entry.payload))
            self._index(exchange, ByteRange(entry.start, entry.end))
            size = entry.end
        return size

    def _check(self, header: dict[str, Any], campaign: str) -> None:
        if "format" not in header:
            raise HistoryError(
                f"{self.path} holds no replies of evo. Restore it from a copy, or run evo check."
            )
        if header["format"] != REPLIES_FORMAT:
            raise unknown_format(self.path, header["format"], known=REPLIES_FORMAT)
        if header["campaign"] != campaign:
            raise HistoryError(f"{self.path} is of another campaign. Restore it from a copy.")

    def _index(self, exchange: Exchange, place: ByteRange) -> None:
        if exchange.final:
            self._places[exchange.request.key] = place
        model = exchange.request.model
        self.spent[model] = self.spent.get(model, Spent()).plus(exchange)


def restore(folder: Path, payloads: Iterable[bytes], *, campaign: str) -> None:
    """Rewrite the file with the replies among recovered payloads, in order.

    Args:
        folder: the campaign's folder.
        payloads: payloads of whole entries, headers among them.
        campaign: the campaign's id.

    Raises:
        HistoryError: it could not be written; the old file, if there is one, is untouched.
    """
    path = folder / REPLIES_FILE
    header = _payload({"format": REPLIES_FORMAT, "campaign": campaign})
    kept = [content for content in payloads if "request" in _content(path, content)]
    disk.replace(path, *map(framed, (header, *kept)))


def _payload(content: dict[str, Any]) -> bytes:
    # The line break: a payload must not end in NUL (`archive.store.append_log`), as zlib's may.
    return zlib.compress(json.dumps(content, separators=(",", ":")).encode()) + b"\n"


def _content(path: Path, payload: bytes) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(zlib.decompress(payload[:-1]))
    except (zlib.error, ValueError) as error:
        raise HistoryError(
            f"{path} holds no replies of evo. Restore it from a copy, or run evo check."
        ) from error
    return content


def _exchange(content: dict[str, Any]) -> Exchange:
    request, reply = content.pop("request"), content.pop("reply")
    prompt = Prompt(*request.pop("prompt"))
    return Exchange(
        Request(prompt=prompt, **request), None if reply is None else Reply(**reply), **content
    )
