import json
import os
import time

import pytest

from evo.validation.frames import DeadlineError, FrameError, receive, send


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    yield reading, writing
    for descriptor in (reading, writing):
        try:
            os.close(descriptor)
        except OSError:
            continue


def soon() -> float:
    return time.monotonic() + 0.05


def test_a_message_comes_out_as_it_went_in(pipe):
    send(pipe[1], {"id": 1, "text": "é\ud800"})

    assert receive(pipe[0], limit_bytes=100, deadline=soon()) == {"id": 1, "text": "é\ud800"}


def test_a_frame_over_the_limit_is_refused_before_it_is_read(pipe):
    os.write(pipe[1], (10**9).to_bytes(4, "big"))

    with pytest.raises(FrameError, match="at most 100 bytes"):
        receive(pipe[0], limit_bytes=100, deadline=soon())


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 90_000, b"1" * 90_000, b"null"]
)
def test_a_body_that_is_no_json_object_is_refused(pipe, body):
    os.set_blocking(pipe[1], False)
    import fcntl

    fcntl.fcntl(pipe[1], fcntl.F_SETPIPE_SZ, 1 << 18)
    os.write(pipe[1], len(body).to_bytes(4, "big") + body)

    with pytest.raises(FrameError):
        receive(pipe[0], limit_bytes=1 << 20, deadline=soon())


def test_a_writer_that_stops_halfway_costs_the_deadline(pipe):
    os.write(pipe[1], (10).to_bytes(4, "big") + b"{")

    with pytest.raises(DeadlineError):
        receive(pipe[0], limit_bytes=100, deadline=soon())


def test_a_writer_that_leaves_halfway_is_noticed_at_once(pipe):
    os.write(pipe[1], (10).to_bytes(4, "big") + b"{")
    os.close(pipe[1])

    with pytest.raises(FrameError, match="closed"):
        receive(pipe[0], limit_bytes=100)


def test_a_reader_that_does_not_read_costs_the_deadline(pipe):
    with pytest.raises(DeadlineError):
        send(pipe[1], {"text": "x" * (1 << 20)}, deadline=soon())


def test_a_reader_that_left_is_noticed(pipe):
    os.close(pipe[0])

    with pytest.raises(FrameError, match="gone"):
        send(pipe[1], json.loads("{}"))
