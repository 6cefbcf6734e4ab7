"""Each attack is tried on the whole way, and without the policy straight at the sandbox.

What the sandbox holds back must not depend on the policy. After every attack the engine goes on,
the next honest candidate gives the bits it always gave, and no process, file or memory is left.
"""

import errno
import json
from collections.abc import Iterator

import pytest
from attack_corpus import (
    HONEST,
    MARK,
    SECRET_NAME,
    SECRET_VALUE,
    Attack,
    Untouched,
    attacks,
    candidate,
    graph_attacks,
    request,
    says,
    system_calls,
)
from told_sandbox import ToldSandbox

from evo.components.kinds import kinds
from evo.validation.graph.graph import Graph
from evo.validation.refusal import Refused
from evo.validation.sandbox import walls
from evo.validation.sandbox.sandbox import Sandbox, Traced, TraceRequest
from evo.validation.validator import Validation, Validator

pytestmark = pytest.mark.skipif(
    walls.standing() != set(walls.Wall), reason="this machine lacks a wall of the sandbox"
)

ATTACKS = {attack.name: attack for attack in attacks()}
GRAPHS = graph_attacks()
CALLS = system_calls()

SPEAK = """
import json, os
from evo.validation.sandbox import frames
from evo.validation.sandbox.lockdown import REPLY

R0 = {"ref": 0}
SINE = ["aten.sin.default", [R0], {}]

def graph(*nodes, inputs=1, output=None):
    last = inputs + len(nodes) - 1 if output is None else output
    return json.dumps({"inputs": inputs, "nodes": list(nodes), "output": {"ref": last}})

def activation(x):
    frames.send(REPLY, {"graph": TEXT})
    os._exit(0)
"""

CALL_ALL = """
import ctypes, json
from evo.validation.sandbox import frames
from evo.validation.sandbox.lockdown import REPLY

def activation(x):
    C = ctypes.CDLL(None, use_errno=True)
    told = {}
    for number in NUMBERS:
        got = C.syscall(ctypes.c_long(number), 0, 0, 0, 0, 0, 0)
        told[number] = [got, ctypes.get_errno()]
    frames.send(REPLY, {"graph": json.dumps(told)})
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SECRET_NAME, SECRET_VALUE)
        patch.chdir(tmp_path_factory.mktemp("here"))
        with Sandbox(deadline_s=3.0) as opened:
            yield opened


@pytest.fixture(scope="module")
def untouched(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Untouched:
    return Untouched(sandbox, tmp_path_factory.getbasetemp())


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_stopped_by_its_wall_and_reaches_nothing_without_the_policy(
    name: str, sandbox: Sandbox, untouched: Untouched
) -> None:
    attack = ATTACKS[name]

    verdict, following = whole_way(sandbox, attack)

    if attack.wall == "none":
        assert isinstance(verdict, Graph), verdict
    else:
        assert isinstance(verdict, Refused)
        assert verdict.stage in attack.wall.split("|"), verdict
        assert says(verdict, attack.reason), verdict
    if attack.wall == "policy":
        following = straight(sandbox, attack)
    untouched.check(following)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_text_in_place_of_a_graph_is_refused_or_a_graph_like_any_other(
    name: str, sandbox: Sandbox, untouched: Untouched
) -> None:
    entry = GRAPHS[name]
    text = repr(entry["text"].replace("evo-attack", MARK)) if "text" in entry else entry["python"]
    wall = entry.get("wall", "graph")

    told, following = sandbox.trace([request(SPEAK.replace("TEXT", text)), request(HONEST)])
    assert isinstance(told, str), told
    verdict = judged(told)

    if isinstance(verdict, Refused):
        assert verdict.stage in wall.split("|"), verdict
        assert says(verdict, entry["reason"]), verdict
    else:
        assert "none" in wall, verdict.text
    untouched.check(following)


@pytest.fixture(scope="module")
def calls_made(sandbox: Sandbox, untouched: Untouched) -> dict[str, list[int]]:
    """Result and error of each system call, made by number."""
    source = CALL_ALL.replace("NUMBERS", repr(list(CALLS.values())))
    told, following = sandbox.trace([request(source), request(HONEST)])
    untouched.check(following)
    assert isinstance(told, str), told
    return json.loads(told)


@pytest.mark.parametrize("name", CALLS)
def test_a_system_call_past_all_libraries_is_denied(
    name: str, calls_made: dict[str, list[int]]
) -> None:
    assert calls_made[str(CALLS[name])] == [-1, errno.EPERM]


def test_the_corpus_is_large_and_every_wall_stops_some_of_it() -> None:
    walls = {attack.wall for attack in ATTACKS.values()}

    assert len(ATTACKS) + len(GRAPHS) + len(CALLS) >= 300
    assert walls >= {"policy", "trace", "graph", "contract"}


def whole_way(sandbox: Sandbox, attack: Attack) -> tuple[Validation, Traced]:
    """The verdict on an attack, and the trace of an honest candidate that stands beside it."""
    beside = _Beside(sandbox, request(HONEST))
    (verdict,) = Validator(kinds.get(attack.kind)(), beside).validate(
        [candidate(attack.source, attack.kind)]
    )
    return verdict, beside.following


def straight(sandbox: Sandbox, attack: Attack) -> Traced:
    """Tries an attack without the policy; gives the trace of an honest one in the same batch."""
    told, following = sandbox.trace([request(attack.source, attack.kind), request(HONEST)])
    if isinstance(told, Refused):
        assert told.stage == "trace"
        assert says(told, attack.straight), told
    else:
        assert "harmless" in attack.straight, told[:500]
        assert isinstance(judged(told, attack.kind), Graph | Refused)
    return following


def judged(text: str, kind: str = "activation") -> Validation:
    """The engine's verdict on a text that a sandbox gave it."""
    baseline = next(iter(kinds.get(kind)().baselines().values()))
    (verdict,) = Validator(kinds.get(kind)(), ToldSandbox(text)).validate([baseline])
    return verdict


class _Beside(Sandbox):
    """Puts one more request into the batch that a validator asks for, if it asks for any."""

    def __init__(self, sandbox: Sandbox, beside: TraceRequest) -> None:
        super().__init__()
        self._sandbox = sandbox
        self._beside = beside
        self.following: Traced = ""

    def trace(self, requests):
        if not requests:
            return []
        *results, self.following = self._sandbox.trace([*requests, self._beside])
        return results
