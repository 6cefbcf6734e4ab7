"""Every reply of a language model, under the hash of its request, for as long as a campaign lives.

One file of entries (`archive.frames`) beside the journal: a reply is durable before it counts, no
sealing moves it, and a resumed or replayed campaign finds it instead of asking again. Requests that
were given up are kept too, since what was done in their place must not change. An entry is a JSON
object, compressed: prompts repeat themselves. The first one names the format and the campaign.
"""

import json
import threading
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from archive.store import disk
from archive.store.frames import Appender, Entry, entries, framed, payload_at
from evo.core.errors import HistoryError, unknown_format
from evo.core.messages import Exchange, Prompt, Reply, Request, Spent

REPLIES_FORMAT = 1
REPLIES_FILE = "replies"

_CUT = "what follows is then asked for again"


class Place(NamedTuple):
    """Where an exchange stands in the file."""

    start: int
    end: int


class Replies:
    """The replies of a campaign; make one with `Replies.read` or, to add to it, `Replies.open`.

    Threads may share one.

    Attributes:
        spent: what each model has cost so far, by its name in the configuration.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.spent: dict[str, Spent] = {}
        self._places: dict[str, Place] = {}
        self._file: Appender | None = None
        self._lock = threading.Lock()

    @classmethod
    def read(cls, folder: Path, *, campaign: str) -> "Replies":
        """The replies in a campaign's folder; none where it never asked.

        Raises:
            HistoryError: the file is damaged, foreign or of another format.
        """
        replies = cls(folder / REPLIES_FILE)
        replies._load(campaign)
        return replies

    @classmethod
    def open(cls, folder: Path, *, campaign: str) -> "Replies":
        """The same, ready to take more; whoever opens them holds the campaign's lock.

        Raises:
            HistoryError: the file is damaged or foreign, or the disk refused.
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
        """What all models have cost so far."""
        return Spent(*(sum(column) for column in zip(*self.spent.values(), strict=True)))

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def get(self, key: str) -> Exchange | None:
        """The exchange of a request's key, if there was one."""
        with self._lock:
            place = self._places.get(key)
        if place is None:
            return None
        return _exchange(_content(self.path, payload_at(self.path, *place)))

    def __iter__(self) -> Iterator[Exchange]:
        """Every exchange in the order in which they came."""
        for key in list(self._places):
            exchange = self.get(key)
            assert exchange is not None
            yield exchange

    def add(self, exchange: Exchange) -> None:
        """Write an exchange down; it is durable when this returns.

        Raises:
            HistoryError: the disk refused; it is not acknowledged, all before it are.
        """
        payload = _payload(asdict(exchange))
        with self._lock:
            assert self._file is not None, "opened for reading"
            start = self._file.size
            self._file.append(payload)
            self._take(exchange, Place(start, self._file.size))

    def close(self) -> None:
        """Give the file back; closing twice is harmless."""
        if self._file is not None:
            self._file.close()

    def _load(self, campaign: str) -> int:
        """Take in what is there; where the whole entries end, 0 without a file."""
        if not self.path.exists():
            return 0
        found = entries(self.path, advice=_CUT)
        header = next(found, Entry(b"", 0, 0))
        self._check(_content(self.path, header.payload) if header.end else {}, campaign)
        size = header.end
        for entry in found:
            exchange = _exchange(_content(self.path, entry.payload))
            self._take(exchange, Place(entry.start, entry.end))
            size = entry.end
        return size

    def _check(self, header: dict[str, Any], campaign: str) -> None:
        if "format" not in header:
            raise HistoryError(f"{self.path} holds no replies of evo. Restore it from a copy.")
        if header["format"] != REPLIES_FORMAT:
            raise unknown_format(self.path, header["format"], known=REPLIES_FORMAT)
        if header["campaign"] != campaign:
            raise HistoryError(f"{self.path} is of another campaign. Restore it from a copy.")

    def _take(self, exchange: Exchange, place: Place) -> None:
        if exchange.final:
            self._places[exchange.request.key] = place
        model = exchange.request.model
        self.spent[model] = self.spent.get(model, Spent()).plus(exchange)


def restore(folder: Path, payloads: Iterable[bytes], *, campaign: str) -> None:
    """Write the file anew with the replies among some whole payloads, in order.

    Raises:
        HistoryError: the disk refused; the old file, if there is one, is untouched.
    """
    path = folder / REPLIES_FILE
    header = _payload({"format": REPLIES_FORMAT, "campaign": campaign})
    kept = [content for content in payloads if "request" in _content(path, content)]
    disk.replace(path, *map(framed, (header, *kept)))


def _payload(content: dict[str, Any]) -> bytes:
    # The line break keeps the promise of `archive.frames`: zlib may end in NUL.
    return zlib.compress(json.dumps(content, separators=(",", ":")).encode()) + b"\n"


def _content(path: Path, payload: bytes) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(zlib.decompress(payload[:-1]))
    except (zlib.error, ValueError) as error:
        raise HistoryError(f"{path} is no file of replies. Restore it from a copy.") from error
    return content


def _exchange(content: dict[str, Any]) -> Exchange:
    request, reply = content.pop("request"), content.pop("reply")
    prompt = Prompt(*request.pop("prompt"))
    return Exchange(
        Request(prompt=prompt, **request), None if reply is None else Reply(**reply), **content
    )
