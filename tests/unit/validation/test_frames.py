import json
import os
import time

import pytest

from evo.validation.sandbox.frames import (
    DeadlineError,
    FrameError,
    FrameReader,
    encode,
    receive,
    send,
    send_some,
)


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


def test_a_reader_gives_each_message_once_it_is_whole(pipe):
    reader = FrameReader(pipe[0], limit_bytes=100)
    stream = encode({"id": 1}) + encode({}) + encode({"id": 2})

    got = []
    for byte in stream:
        os.write(pipe[1], bytes([byte]))
        got += reader.read()
    os.write(pipe[1], stream)

    assert got == [{"id": 1}, {}, {"id": 2}]
    assert reader.read() == got


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "closed"),
        (encode({"id": 1})[:-1], "closed"),
        ((10**9).to_bytes(4, "big"), "at most 100 bytes"),
        (b"\0\0\0\1{", "JSON"),
        (b"\0\0\0\2[]", "list"),
    ],
)
def test_a_reader_refuses_what_is_no_frame(pipe, data, words):
    reader = FrameReader(pipe[0], limit_bytes=100)
    os.write(pipe[1], data)
    os.close(pipe[1])

    with pytest.raises(FrameError, match=words):
        for _ in range(2):
            assert reader.read() == []


def test_what_a_full_pipe_does_not_take_waits_for_the_next_time(pipe):
    os.set_blocking(pipe[1], False)
    message = {"text": "x" * 300_000}
    data = bytearray(encode(message))
    reader, got = FrameReader(pipe[0], limit_bytes=400_000), []

    while data:
        left = len(data) + 1
        while data and len(data) < left:
            left = len(data)
            send_some(pipe[1], data)
        got += reader.read()
    while not got:
        got += reader.read()

    assert got == [message]


def test_sending_some_to_nobody_is_an_error(pipe):
    os.close(pipe[0])

    with pytest.raises(FrameError, match="reader is gone"):
        send_some(pipe[1], bytearray(b"x"))
