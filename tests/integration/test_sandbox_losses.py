"""A sandbox that loses a child, its zygote or its engine; and how a zygote is handed on."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sandboxed import HONEST, LOOP, attack, needs_all_walls, trace
from support.processes import becomes_true, children, is_alive, processes

from evo.validation.sandbox.sandbox import Sandbox, SandboxError

pytestmark = needs_all_walls


def test_zygote_and_child_have_none_of_the_engines_environment(sandbox):
    told = trace(sandbox, attack("raise ValueError(str(dict(os.environ)))"))[0]

    assert "ValueError: {}" in str(told)
    given = Path(f"/proc/{sandbox.process_id}/environ").read_bytes().split(b"\0")
    assert given == [b"GLIBC_TUNABLES=glibc.malloc.hugetlb=1", b""]


def test_the_zygote_has_one_thread(sandbox, honest_trace):
    assert len(list(Path(f"/proc/{sandbox.process_id}/task").iterdir())) == 1


def test_a_killed_zygote_is_replaced_and_the_requests_go_on(sandbox, honest_trace):
    lost = sandbox.process_id
    os.kill(lost, signal.SIGKILL)

    assert trace(sandbox, HONEST, HONEST) == [honest_trace] * 2
    assert sandbox.process_id != lost
    assert lost not in processes()


@pytest.mark.heavy(quick="test_a_killed_zygote_is_replaced_and_the_requests_go_on")
def test_a_request_that_costs_the_zygote_does_not_cost_its_mates(honest_trace):
    with Sandbox(cpu_s=60, silent_s=60, deadline_s=1.0, grace_s=-0.5) as own:
        trace(own, HONEST)
        results = trace(own, HONEST, LOOP, HONEST)

    assert results[::2] == [honest_trace] * 2
    assert "the sandbox was lost" in str(results[1])


@pytest.mark.heavy(quick="test_a_killed_zygote_is_replaced_and_the_requests_go_on")
def test_the_next_sandbox_takes_over_a_zygote_that_owes_no_reply(honest_trace):
    with Sandbox() as first:
        trace(first, HONEST)
        left = first.process_id
    with Sandbox(cpu_s=0.4, silent_s=60) as second:
        results = trace(second, HONEST, LOOP)

    assert second.process_id == left
    assert results[0] == honest_trace
    assert "computed longer than 0.4 s" in str(results[1])


def test_a_zygote_that_owes_replies_ends_with_its_sandbox():
    with Sandbox(cpu_s=60, silent_s=60, deadline_s=60) as own:
        trace(own, HONEST)
        left = own.process_id
        with interrupted_after(0.3), pytest.raises(KeyboardInterrupt):
            trace(own, LOOP)

    assert left not in processes()


@contextlib.contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    """Raise KeyboardInterrupt in the block once this time has passed."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_zygote_of_a_thread_is_not_handed_on():
    def run() -> int:
        with Sandbox() as own:
            trace(own, HONEST)
            return own.process_id

    with ThreadPoolExecutor() as threads:
        left = threads.submit(run).result()

    assert left not in processes()


def test_a_forked_process_leaves_the_spare_zygote_to_its_parent(honest_trace):
    with Sandbox() as own:
        trace(own, HONEST)
        left = own.process_id
    child = os.fork()
    if child == 0:
        try:
            with Sandbox() as other:
                os._exit(0 if other.process_id != left else 1)
        finally:
            os._exit(2)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with Sandbox() as again:
        assert trace(again, HONEST) == [honest_trace]
        assert again.process_id == left


def test_zygote_and_child_die_with_a_killed_engine():
    engine = subprocess.Popen(
        [sys.executable, "-c", ENGINE, LOOP], stdout=subprocess.PIPE, text=True
    )
    zygote = int(engine.stdout.readline())
    assert becomes_true(lambda: children(zygote) != [], within_s=60.0)
    (child,) = children(zygote)

    engine.kill()
    engine.wait()

    assert becomes_true(lambda: not is_alive(zygote) and not is_alive(child))


ENGINE = """
import sys
from evo.validation.sandbox.sandbox import Sandbox, TraceRequest

with Sandbox(cpu_s=60, silent_s=60, deadline_s=60) as sandbox:
    sandbox.trace([TraceRequest("def f(x): return x", "f", (((2,),),))])
    print(sandbox.process_id, flush=True)
    sandbox.trace([TraceRequest(sys.argv[1], "activation", (((2,),),))])
"""


def fake_zygote(*lines: str) -> str:
    """Program of something quick in place of a zygote."""
    head = "import sys; sys.path.insert(0, sys.argv[1]); from evo.validation.sandbox import frames"
    return "\n".join([head, *lines])


def test_a_sandbox_that_does_not_start_says_why():
    boot = fake_zygote("raise SystemExit('no torch here')")

    with Sandbox(boot=boot) as own, pytest.raises(SandboxError, match="no torch here"):
        trace(own, HONEST)


def test_a_sandbox_that_fails_its_own_test_says_why():
    boot = fake_zygote("frames.send(1, {'reason': 'no user nobody'})")

    with Sandbox(boot=boot) as own, pytest.raises(SandboxError, match="no user nobody"):
        trace(own, HONEST)


@pytest.mark.parametrize(
    "reply",
    [
        "{'id': 7, 'graph': 'of another request'}",
        "{'id': 1, 'graph': 'x', 'reason': 'y'}",
        "{'id': 1, 'graph': 3}",
        "{'id': '1', 'graph': 'x'}",
        "{}",
    ],
)
def test_an_answer_to_another_question_is_no_answer(reply):
    boot = fake_zygote(
        "frames.send(1, {'graph': ''})",
        "frames.receive(0, limit_bytes=10**6)",
        f"frames.send(1, {reply})",
    )

    with Sandbox(boot=boot) as own:
        assert "the sandbox was lost" in str(trace(own, HONEST)[0])
        left = own.process_id
    assert left not in processes()
