"""For any text the walls give a graph of allowed operators or a reason, never a crash."""

import json
from collections.abc import Iterator

import pytest
from fuzz_strategies import BASELINES, broken, fuzzing, graphs, mutants, programs
from hypothesis import given
from hypothesis import strategies as st
from told_sandbox import ToldSandbox

from evo.components.kinds import kinds
from evo.core.records import Candidate
from evo.validation.graph.allowed import ALLOWED
from evo.validation.graph.graph import Graph
from evo.validation.policy import rules
from evo.validation.refusal import Refused
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validation, Validator

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as opened:
        yield opened


@pytest.fixture(scope="module")
def texts(sandbox: Sandbox) -> list[str]:
    """Graphs of all baselines."""
    found: list[str] = []
    for name in kinds.names():
        kind = kinds.get(name)()
        verdicts = Validator(kind, sandbox).validate(list(kind.baselines().values()))
        assert not [str(verdict) for verdict in verdicts if isinstance(verdict, Refused)]
        found += [verdict.text for verdict in verdicts if isinstance(verdict, Graph)]
    assert len(found) == len(BASELINES)
    return found


def expect_sound(verdict: Validation) -> None:
    """A short reason, or a graph of allowed operators whose text is its only form."""
    if isinstance(verdict, Refused):
        assert 0 < len(verdict.reason) <= 500
        assert verdict.reason.isprintable()
        return
    assert Graph.parse(verdict.text) == verdict
    document = json.loads(verdict.text)
    nodes = [node for case in document.get("cases", [document]) for node in case["nodes"]]
    assert {node[0] for node in nodes} <= {*ALLOWED, "constant", "item"}


@fuzzing
@given(programs())
def test_any_program_gets_a_verdict(sandbox: Sandbox, program: tuple[str, str]) -> None:
    kind, source = program

    (verdict,) = validated(kind, source, sandbox)

    expect_sound(verdict)


@fuzzing
@given(mutants())
def test_any_mutant_of_a_known_component_gets_a_verdict(
    sandbox: Sandbox, mutant: tuple[str, str]
) -> None:
    kind, source = mutant

    (verdict,) = validated(kind, source, sandbox)

    expect_sound(verdict)


@fuzzing
@given(st.text(max_size=200))
def test_any_text_passes_the_policy_or_is_refused(text: str) -> None:
    for name in kinds.names():
        contract = kinds.get(name).contract
        Candidate.of(name, text, operator="test")
        try:
            rules.check_source(text, contract)
        except Refused as refused:
            expect_sound(refused)


@fuzzing
@given(st.sampled_from(kinds.names()), graphs())
def test_any_graph_of_allowed_operators_is_judged_without_a_crash(kind: str, text: str) -> None:
    expect_sound(judged(kind, text))


@fuzzing
@given(st.sampled_from(kinds.names()), st.data())
def test_any_damaged_graph_is_judged_without_a_crash(
    texts: list[str], kind: str, data: st.DataObject
) -> None:
    expect_sound(judged(kind, data.draw(broken(texts))))


def validated(kind: str, source: str, sandbox: Sandbox) -> list[Validation]:
    found = kinds.get(kind)()
    return Validator(found, sandbox).validate([Candidate.of(kind, source, operator="test")])


def judged(kind: str, text: str) -> Validation:
    """The engine's verdict on a text that a sandbox gave it."""
    baseline = next(source for name, source in BASELINES if name == kind)
    (verdict,) = validated(kind, baseline, ToldSandbox(text))
    return verdict
