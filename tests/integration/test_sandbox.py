"""The sandbox as a machine: batches, limits, losses, and what each wall holds by itself."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.processes import becomes_true, children, is_alive, processes

from evo.components.activation import Activation
from evo.core.errors import UsageError
from evo.validation.refusal import Refused
from evo.validation.sandbox import walls
from evo.validation.sandbox.child import ResourceLimits
from evo.validation.sandbox.connection import Connection
from evo.validation.sandbox.sandbox import Sandbox, SandboxError, Traced, TraceRequest
from evo.validation.sandbox.walls import Wall

pytestmark = pytest.mark.skipif(
    walls.standing() != set(Wall), reason="this machine lacks a wall of the sandbox"
)

SHAPES = Activation.trace_shapes
HONEST = "import torch\ndef activation(x):\n    return torch.sin(x) * x.abs()"
COMPONENTS: dict[str, str] = tomllib.loads(
    (Path(__file__).parents[1] / "unit" / "validation" / "components.toml").read_text()
)


@pytest.fixture(scope="module")
def unsafe():
    with Sandbox(unsafe=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def honest_trace(sandbox) -> Traced:
    return trace(sandbox, HONEST)[0]


def trace(sandbox: Sandbox, *sources: str) -> list[Traced]:
    return sandbox.trace([TraceRequest(source, "activation", SHAPES) for source in sources])


def attack(*lines: str) -> str:
    head = ["import ctypes, json, mmap, os, resource, signal, socket, sys, threading, time"]
    return "\n".join([*head, "import torch", "def activation(x):", *(f"    {x}" for x in lines)])


LOOP = attack("while True: pass")
BOMB = attack("held = [bytearray(1 << 22) for _ in range(10**6)]")
HOSTILE = (
    LOOP,
    BOMB,
    attack("ctypes.string_at(0)"),
    attack("os._exit(0)"),
    attack("while True: os.write(3, b'\\0\\0\\0\\2{}')"),
    "import torch\ntorch.sin = torch.Tensor.abs = lambda x: x\ndef activation(x): return x",
)


# Batches


def test_a_graph_is_the_same_alone_in_any_order_and_beside_any_mate(sandbox):
    sources = list(COMPONENTS.values())
    alone = [trace(sandbox, source)[0] for source in sources]

    in_order = trace(sandbox, *sources)
    mixed = [HOSTILE[i % len(HOSTILE)] if i % 2 else None for i in range(2 * len(sources))]
    turned = trace(sandbox, *[s or sources[-1 - i // 2] for i, s in enumerate(mixed)])

    assert all(isinstance(one, str) for one in alone)
    assert in_order == alone
    assert turned[::2] == alone[::-1]


def test_a_graph_is_the_same_in_another_sandbox(sandbox, unsafe):
    sources = list(COMPONENTS.values())

    assert trace(unsafe, *sources) == trace(sandbox, *sources)


def test_who_hangs_costs_itself_and_holds_up_nobody(sandbox, honest_trace):
    zygote = sandbox.process_id
    began = time.monotonic()

    results = trace(sandbox, *[LOOP] * 12, *[HONEST] * 12)

    # One after the other, twelve loops take 12 × 0.2 s of processor time before the first trace.
    assert results[12:] == [honest_trace] * 12
    assert all("computed longer than 0.15 s" in str(one) for one in results[:12])
    assert time.monotonic() - began < 8
    assert sandbox.process_id == zygote
    assert children(zygote) == []


def test_replies_come_while_others_hang():
    limits = ResourceLimits(cpu_s=60, silent_s=60, deadline_s=60, memory_bytes=64 << 20)
    common = {"function": "activation", "shapes": SHAPES}
    common |= {"limits": limits, "walls": list(Wall)}

    with Connection() as zygote:
        zygote.expect_ready()
        for number, source in enumerate([*[LOOP] * 7, HONEST, HONEST]):
            zygote.send({"id": number, "source": source, **common}, within_s=5)
        replies = [zygote.receive(within_s=30) for _ in range(2)]

    assert [reply["id"] for reply in replies] == [7, 8]
    assert all("graph" in reply for reply in replies)


def test_nobody_can_speak_for_a_mate(sandbox, honest_trace):
    forged = r'(15).to_bytes(4, "big") + b"{\"graph\": \"no\"}"'
    liar = attack("for pipe in (0, 1, 2, *range(4, 256)):")
    liar += f"\n        try: os.write(pipe, {forged})\n        except OSError: pass\n    return x"

    results = trace(sandbox, liar, HONEST, liar, HONEST)

    assert results[1::2] == [honest_trace] * 2
    assert "no" not in results


def test_a_child_holds_nothing_but_its_reply(sandbox):
    source = attack(
        "held = []",
        "for descriptor in range(256):",
        "    try: held.append((descriptor, os.lseek(descriptor, 0, os.SEEK_CUR)))",
        "    except OSError as error:",
        "        if error.errno != 9: held.append((descriptor, error.strerror))",
        "raise ValueError(held)",
    )

    told = trace(sandbox, *[HONEST] * 8, source)[-1]

    # Three that lead to nowhere, and one pipe.
    assert "ValueError: [(0, 0), (1, 0), (2, 0), (3, 'Illegal seek')]" in str(told)


# Limits


def test_a_candidate_may_compute_long_as_long_as_it_gets_on(sandbox):
    source = attack(
        "for _ in range(5):",
        "    for _ in range(20): x = torch.sin(x)",
        "    end = time.process_time() + 0.05",
        "    while time.process_time() < end: pass",
        "return x",
    )

    assert isinstance(trace(sandbox, source)[0], str)
    assert "between two tensor operators" in str(trace(sandbox, source.replace("0.05", "0.5"))[0])


def test_a_limit_that_is_reached_once_is_no_verdict(sandbox, honest_trace):
    # At two shapes: longer than the first try allows, not as long as the second does.
    slow = attack(
        "end = time.process_time() + 0.06",
        "while time.process_time() < end: pass",
        "return torch.sin(x) * x.abs()",
    )

    assert trace(sandbox, slow, HONEST, slow) == [honest_trace] * 3


def test_a_child_cannot_say_that_it_reached_a_limit(sandbox):
    forged = '{"limit": "again"}'
    source = attack(f"os.write(3, ({len(forged)}).to_bytes(4, 'big') + b'{forged}')", "return x")

    assert "expected a graph or a reason" in str(trace(sandbox, source)[0])


def test_signs_of_progress_end_with_the_time_for_all():
    source = attack("while True:", "    os.write(3, b'\\0\\0\\0\\2{}')", "    sum(range(100_000))")

    with Sandbox(cpu_s=0.4) as own:
        assert "computed longer than 0.4 s" in str(trace(own, source)[0])


def test_endless_signs_of_progress_are_refused(sandbox):
    told = trace(sandbox, attack("while True: os.write(3, b'\\0\\0\\0\\2{}')"))[0]

    assert "signs of progress" in str(told)


@pytest.mark.parametrize(
    "line",
    [
        "time.sleep(60)",
        "signal.pause()",
        "signal.sigwait([signal.SIGTERM])",
        "os.read(0, 1)",
        "threading.Event().wait()",
        "threading.Thread(target=print).start()",
    ],
)
def test_whoever_takes_time_takes_processor_time(line, sandbox):
    told = trace(sandbox, attack(line))[0]

    assert isinstance(told, Refused)
    assert "longer than" not in str(told), "it was waited for until a limit ended it"


def test_the_deadline_ends_who_gets_no_processor():
    with Sandbox(cpu_s=60, silent_s=60, deadline_s=0.3) as own:
        assert "took longer than 0.9 s" in str(trace(own, LOOP)[0])


def test_memory_over_the_limit_is_refused_and_under_it_is_not(sandbox):
    sizes = [attack(f"held = bytearray({mb} << 20)", "return x") for mb in (32, 100)]

    little, much = trace(sandbox, *sizes)

    assert isinstance(little, str)
    assert "MemoryError" in str(much)


def test_more_operators_than_any_graph_holds_are_refused(sandbox):
    source = attack("for _ in range(10**9): x = x + 1", "return x")

    assert "more than 2,000 operators" in str(trace(sandbox, source)[0])


def test_a_long_source_is_refused_without_being_sent(sandbox):
    assert "shorten" in str(trace(sandbox, "#" * 10**6)[0])


def test_random_numbers_of_a_candidate_are_the_same_every_time(sandbox):
    source = "import random\nR = random.random()\ndef activation(x):\n    return x * R"

    first, second = trace(sandbox, source, source)

    assert isinstance(first, str)
    assert first == second


# Losses


def test_zygote_and_child_have_an_empty_environment(sandbox):
    told = trace(sandbox, attack("raise ValueError(str(dict(os.environ)))"))[0]

    assert "ValueError: {}" in str(told)
    assert Path(f"/proc/{sandbox.process_id}/environ").read_bytes() == b""


def test_the_zygote_has_one_thread(sandbox, honest_trace):
    assert len(list(Path(f"/proc/{sandbox.process_id}/task").iterdir())) == 1


def test_a_killed_zygote_is_replaced_and_the_requests_go_on(sandbox, honest_trace):
    lost = sandbox.process_id
    os.kill(lost, signal.SIGKILL)

    assert trace(sandbox, HONEST, HONEST) == [honest_trace] * 2
    assert sandbox.process_id != lost
    assert lost not in processes()


def test_a_request_that_costs_the_zygote_does_not_cost_its_mates(honest_trace):
    with Sandbox(cpu_s=60, silent_s=60, deadline_s=1.0, grace_s=-0.5) as own:
        trace(own, HONEST)
        results = trace(own, HONEST, LOOP, HONEST)

    assert results[::2] == [honest_trace] * 2
    assert "the sandbox was lost" in str(results[1])


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


# Walls

SCRATCH = Path(f"/dev/shm/attack-{os.getpid()}")
"""A name of this process, since tests run side by side."""
REACHES = {
    "a file": (["open('/etc/hosts')"], {Wall.LANDLOCK, Wall.SECCOMP}),
    "a folder": (["os.listdir('/')"], {Wall.LANDLOCK, Wall.SECCOMP}),
    "a new file": ([f"open('{SCRATCH}', 'w')"], {Wall.LANDLOCK, Wall.SECCOMP}),
    "a file's length": (["os.truncate('/dev/null', 0)"], {Wall.SECCOMP}),
    "TCP": (["socket.socket().connect((b'127.0.0.1', 9))"], {Wall.LANDLOCK, Wall.SECCOMP}),
    "a port": (["socket.socket().bind((b'127.0.0.1', 0))"], {Wall.LANDLOCK, Wall.SECCOMP}),
    "UDP": (
        ["socket.socket(type=socket.SOCK_DGRAM).sendto(b'', (b'127.0.0.1', 9))"],
        {Wall.SECCOMP},
    ),
    "executable memory": (
        ["mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)"],
        {Wall.SECCOMP},
    ),
    "a memory file": (["os.memfd_create('x')"], {Wall.SECCOMP}),
    "the clock": (["time.sleep(0.001)"], {Wall.SECCOMP}),
}
SETS = ({Wall.LANDLOCK, Wall.SECCOMP}, {Wall.LANDLOCK}, {Wall.SECCOMP}, set())


@pytest.mark.parametrize("name", REACHES)
@pytest.mark.parametrize("standing", SETS, ids=["both", "Landlock", "seccomp", "none"])
def test_each_wall_holds_by_itself_what_it_has_to_and_nothing_holds_without(name, standing, unsafe):
    lines, holds = REACHES[name]
    unsafe.walls = frozenset(standing)

    told = str(trace(unsafe, attack(*lines, "raise ValueError('reached')"))[0])
    SCRATCH.unlink(missing_ok=True)

    assert ("PermissionError" in told) == bool(holds & standing), told


UNDER_THE_WALLS = {
    "no other user": ("os.getresuid() + os.getresgid()", str((65534,) * 6)),
    "no group": ("os.getgroups()", "[]"),
    "no process": ("os.fork()", "BlockingIOError"),
    "no processor time": ("resource.getrlimit(resource.RLIMIT_CPU)", "(3, 3)"),
    "no core": ("resource.getrlimit(resource.RLIMIT_CORE)", "(0, 0)"),
    "no locked memory": ("resource.getrlimit(resource.RLIMIT_MEMLOCK)", "(0, 0)"),
    "few descriptors": ("resource.getrlimit(resource.RLIMIT_NOFILE)", "(9, 9)"),
    "no written byte": (f"os.write(os.open('{SCRATCH}', 65), b'x')", "File too large"),
    "no privilege": ("'NoNewPrivs:\\t1' in open('/proc/self/status').read()", "True"),
    "no look at itself from outside": ("open('/proc/self/mem')", "PermissionError"),
    "a session of its own": ("os.getsid(0) == os.getpid()", "True"),
    "no way back": ("os.setuid(0)", "PermissionError"),
}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("name", UNDER_THE_WALLS)
def test_what_needs_no_wall_of_the_kernel_stands_without_them(name, unsafe):
    line, words = UNDER_THE_WALLS[name]
    unsafe.walls = frozenset()

    told = str(trace(unsafe, attack(f"raise ValueError({line})"))[0])
    SCRATCH.unlink(missing_ok=True)

    assert words in told


def test_landlock_keeps_abstract_sockets_of_others_out_of_reach(unsafe):
    import socket

    name = f"evo-test-{os.getpid()}"
    connect = f"socket.socket(socket.AF_UNIX).connect('\\0{name}')"
    lines = [connect, "raise ValueError('reached')"]
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0{name}")
        listening.listen()

        unsafe.walls = frozenset({Wall.LANDLOCK})
        held = str(trace(unsafe, attack(*lines))[0])
        unsafe.walls = frozenset()
        reached = str(trace(unsafe, attack(*lines))[0])

    assert "PermissionError" in held
    assert "reached" in reached


@pytest.mark.parametrize("missing", Wall)
def test_without_a_wall_nothing_runs_unless_asked_for(missing):
    standing = frozenset(Wall) - {missing}

    with Sandbox(standing=standing) as careful, pytest.raises(UsageError) as refusal:
        trace(careful, HONEST)
    with Sandbox(standing=standing, unsafe=True) as bold:
        assert isinstance(trace(bold, HONEST)[0], str)

    assert f"absent on this machine: {missing}" in str(refusal.value)
    assert "--unsafe-sandbox" in str(refusal.value)
