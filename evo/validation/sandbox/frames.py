"""Message frames on a pipe: a length, then that many bytes of JSON.

All pipes of the sandbox use them. The reader never trusts the writer: a frame has a size limit and
a deadline, and JSON can hold nothing but data. Never pickle.
"""

import json
import os
import select
import time
from collections.abc import Mapping

HAS_DEADLINES = hasattr(select, "poll")
"""True where this system can wait for a pipe. Elsewhere, as on Windows, deadlines are ignored."""

_HEADER_BYTES = 4
_ATOMIC_BYTES = 4096
"""A pipe that is ready for writing takes this many bytes without blocking (PIPE_BUF)."""
_CHUNK_BYTES = 1 << 16


class FrameError(Exception):
    """The other end closed the pipe, missed the deadline or sent no valid frame."""


class DeadlineError(FrameError):
    """The other end was too slow."""


def send(descriptor: int, message: Mapping[str, object], *, deadline: float | None = None) -> None:
    """Write one frame; `deadline` is a time of `time.monotonic`.

    Raises:
        FrameError: the reader is gone, or too slow.
    """
    data = memoryview(encode(message))
    while data:
        _wait(descriptor, deadline, writing=True)
        data = data[_write(descriptor, data[:_ATOMIC_BYTES]) :]


def encode(message: Mapping[str, object]) -> bytes:
    """Encode a message as one frame."""
    body = json.dumps(message).encode()
    return len(body).to_bytes(_HEADER_BYTES, "big") + body


def send_some(descriptor: int, data: bytearray) -> None:
    """Write as much of `data` as a non-blocking descriptor takes, and remove it from `data`.

    Raises:
        FrameError: the reader is gone.
    """
    try:
        del data[: _write(descriptor, memoryview(data).toreadonly()[:_ATOMIC_BYTES])]
    except BlockingIOError:
        return


def receive(
    descriptor: int, *, limit_bytes: int, deadline: float | None = None
) -> dict[str, object]:
    """Read the next frame and return its JSON object.

    Raises:
        FrameError: no whole frame within limit and deadline, or its body is no JSON object.
    """
    length = _length(_read(descriptor, _HEADER_BYTES, deadline), limit_bytes)
    return _decode(_read(descriptor, length, deadline))


class FrameReader:
    """Read frames incrementally, for a reader that polls several pipes.

    Args:
        descriptor: of the pipe; call `read` when it is readable.
        limit_bytes: largest body of a frame.
    """

    def __init__(self, descriptor: int, *, limit_bytes: int) -> None:
        self._descriptor = descriptor
        self._limit_bytes = limit_bytes
        self._data = bytearray()

    def read(self) -> list[dict[str, object]]:
        """Read once and return the messages that are complete now.

        Raises:
            FrameError: the pipe is at its end, or holds no valid frame.
        """
        self._data += _read_some(self._descriptor, _CHUNK_BYTES)
        messages: list[dict[str, object]] = []
        while len(self._data) >= _HEADER_BYTES:
            length = _length(self._data[:_HEADER_BYTES], self._limit_bytes)
            if len(self._data) < _HEADER_BYTES + length:
                break
            messages.append(_decode(self._data[_HEADER_BYTES : _HEADER_BYTES + length]))
            del self._data[: _HEADER_BYTES + length]
        return messages


def _length(header: bytes | bytearray, limit_bytes: int) -> int:
    length = int.from_bytes(header, "big")
    if length > limit_bytes:
        raise FrameError(f"expected a reply of at most {limit_bytes} bytes, got {length}")
    return length


def _decode(body: bytes | bytearray) -> dict[str, object]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"expected JSON: {error}") from error
    if not isinstance(message, dict):
        raise FrameError(f"expected a JSON object, got {type(message).__name__}")
    return message


def _read(descriptor: int, count: int, deadline: float | None) -> bytes:
    data = bytearray()
    while len(data) < count:
        _wait(descriptor, deadline, writing=False)
        data += _read_some(descriptor, min(count - len(data), _CHUNK_BYTES))
    return bytes(data)


def _read_some(descriptor: int, count: int) -> bytes:
    part = os.read(descriptor, count)
    if not part:
        raise FrameError("the writer closed the pipe")
    return part


def _write(descriptor: int, data: memoryview) -> int:
    try:
        return os.write(descriptor, data)
    except BlockingIOError:
        raise
    except OSError as error:
        raise FrameError(f"the reader is gone: {error}") from error


def _wait(descriptor: int, deadline: float | None, *, writing: bool) -> None:
    if deadline is None or not HAS_DEADLINES:
        # Reading and writing block without poll, a call that a locked child may not make.
        return
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT if writing else select.POLLIN)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise DeadlineError("the deadline passed")
