"""The sandbox as a machine: batches of candidates, and their limits."""

import os
import platform
import re
import time
import tomllib
from pathlib import Path

import pytest
from sandboxed import HONEST, LOOP, SHAPES, attack, needs_all_walls, trace
from support.processes import children

from evo.validation.refusal import Refused
from evo.validation.sandbox.child import ResourceLimits
from evo.validation.sandbox.connection import Connection
from evo.validation.sandbox.walls import Wall
from evo.validation.sandbox.zygote import PACK_AFTER

pytestmark = needs_all_walls

COMPONENTS: dict[str, str] = tomllib.loads(
    (Path(__file__).parents[1] / "unit" / "validation" / "components.toml").read_text()
)


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


@pytest.mark.heavy(quick="test_a_graph_is_the_same_alone_in_any_order_and_beside_any_mate")
def test_a_graph_is_the_same_in_another_sandbox(sandbox, unsafe):
    sources = list(COMPONENTS.values())

    assert trace(unsafe, *sources) == trace(sandbox, *sources)


def huge_pages_mb(process: int) -> float:
    """Memory of a process that lies in huge pages."""
    (line,) = re.findall(
        r"AnonHugePages: +(\d+) kB", Path(f"/proc/{process}/smaps_rollup").read_text()
    )
    return int(line) / 1024


@pytest.mark.skipif(os.geteuid() != 0, reason="the zygote's memory is hidden from others")
@pytest.mark.skipif(
    tuple(map(int, platform.release().split(".")[:2])) < (6, 1), reason="needs MADV_COLLAPSE"
)
def test_a_zygote_that_has_many_children_packs_its_memory_and_traces_as_before(sandbox):
    traces = trace(sandbox, *[HONEST] * (2 * PACK_AFTER))

    assert set(traces) == {traces[0]}
    assert huge_pages_mb(sandbox.process_id) > 50


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


@pytest.mark.heavy(quick="test_who_hangs_costs_itself_and_holds_up_nobody")
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


def test_signs_of_progress_end_with_the_time_for_all(sandbox, monkeypatch):
    source = attack("while True:", "    os.write(3, b'\\0\\0\\0\\2{}')", "    sum(range(100_000))")

    monkeypatch.setattr(sandbox, "limits", sandbox.limits._replace(cpu_s=0.4))
    assert "computed longer than 0.4 s" in str(trace(sandbox, source)[0])


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


def test_the_deadline_ends_who_gets_no_processor(sandbox, monkeypatch):
    patient = sandbox.limits._replace(cpu_s=60, silent_s=60, deadline_s=0.3)
    monkeypatch.setattr(sandbox, "limits", patient)

    assert "took longer than 0.9 s" in str(trace(sandbox, LOOP)[0])


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
