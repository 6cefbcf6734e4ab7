"""Messages on a pipe: a length, then that many bytes of JSON.

Both ends of every pipe of the sandbox speak this, and the reader never trusts the writer: a frame
has a size limit and a deadline, and JSON can hold nothing but data. Never pickle.
"""

import json
import os
import select
import time
from collections.abc import Mapping

_HEADER_BYTES = 4
_ATOMIC_BYTES = 4096
"""A pipe that is ready for writing takes this many bytes without blocking (PIPE_BUF)."""


class FrameError(Exception):
    """The other end closed the pipe, missed the deadline or sent something that is no frame."""


class DeadlineError(FrameError):
    """The other end was too slow."""


def send(descriptor: int, message: Mapping[str, object], *, deadline: float | None = None) -> None:
    """Writes one frame; `deadline` is a time of `time.monotonic`.

    Raises:
        FrameError: nobody reads.
    """
    body = json.dumps(message).encode()
    data = memoryview(len(body).to_bytes(_HEADER_BYTES, "big") + body)
    while data:
        _wait(descriptor, deadline, writing=True)
        try:
            data = data[os.write(descriptor, data[:_ATOMIC_BYTES]) :]
        except OSError as error:
            raise FrameError(f"the reader is gone: {error}") from error


def receive(
    descriptor: int, *, limit_bytes: int, deadline: float | None = None
) -> dict[str, object]:
    """The next frame's JSON object.

    Raises:
        FrameError: no whole frame within limit and deadline, or its body is no JSON object.
    """
    length = int.from_bytes(_read(descriptor, _HEADER_BYTES, deadline), "big")
    if length > limit_bytes:
        raise FrameError(f"expected a reply of at most {limit_bytes} bytes, got {length}")
    try:
        message = json.loads(_read(descriptor, length, deadline))
    except (ValueError, RecursionError) as error:
        raise FrameError(f"expected JSON: {error}") from error
    if not isinstance(message, dict):
        raise FrameError(f"expected a JSON object, got {type(message).__name__}")
    return message


def _read(descriptor: int, count: int, deadline: float | None) -> bytes:
    data = bytearray()
    while len(data) < count:
        _wait(descriptor, deadline, writing=False)
        part = os.read(descriptor, min(count - len(data), 1 << 16))
        if not part:
            raise FrameError("the writer closed the pipe")
        data += part
    return bytes(data)


def _wait(descriptor: int, deadline: float | None, *, writing: bool) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT if writing else select.POLLIN)
    left_ms = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
    if not poll.poll(left_ms):
        raise DeadlineError("the deadline passed")
