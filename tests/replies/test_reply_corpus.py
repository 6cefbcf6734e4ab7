"""Replies in the styles of eight families of models are read as their authors mean them."""

import re
from collections.abc import Iterator

import pytest
import torch
from reply_corpus import Sample, samples
from support.arguments import given

from evo.components.kinds import kinds
from evo.core.records import Candidate
from evo.validation.graph.graph import Graph
from evo.validation.refusal import Refused
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator
from operators.llm.modules import UnreadableError

SHARE_TAKEN = 0.95
"""Least share of the replies with a usable component from which it is taken."""

_BY_NAME = {f"{sample.family}: {sample.name}": sample for sample in samples()}
Outcome = Graph | str
"""The graph of the component, or the reason why there is none."""


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, Outcome]]:
    with Sandbox() as sandbox:
        yield {name: _outcome(sample, sandbox) for name, sample in _BY_NAME.items()}


@pytest.mark.parametrize("name", [name for name, one in _BY_NAME.items() if one.is_usable])
def test_the_component_that_a_reply_proposes_is_taken(
    name: str, outcomes: dict[str, Outcome]
) -> None:
    assert _computes(_BY_NAME[name], outcomes[name]), outcomes[name]


@pytest.mark.parametrize("name", [name for name, one in _BY_NAME.items() if not one.is_usable])
def test_a_reply_without_a_usable_component_is_refused_with_the_reason(
    name: str, outcomes: dict[str, Outcome]
) -> None:
    reason = outcomes[name]

    assert isinstance(reason, str), "a component was made of it"
    assert re.search(_BY_NAME[name].because, reason), reason


def test_nearly_all_usable_components_are_taken_from_many_replies_of_every_family(
    outcomes: dict[str, Outcome],
) -> None:
    usable = {name: sample for name, sample in _BY_NAME.items() if sample.is_usable}
    taken = [name for name, sample in usable.items() if _computes(sample, outcomes[name])]

    share = f"{len(taken)} of {len(usable)} usable components are taken"
    assert len(usable) >= 120, share
    assert len({sample.family for sample in usable.values()}) >= 9
    assert len(taken) / len(usable) >= SHARE_TAKEN, share


def _outcome(sample: Sample, sandbox: Sandbox) -> Outcome:
    try:
        source = sample.read().source
    except UnreadableError as error:
        return str(error)
    candidate = Candidate.of(sample.kind, source, operator="test")
    (verdict,) = Validator(kinds.get(sample.kind)(), sandbox).validate([candidate])
    if isinstance(verdict, Refused):
        return f"{verdict.reason}\n{source}"
    assert isinstance(verdict, Graph)
    return verdict


def _computes(sample: Sample, outcome: Outcome) -> bool:
    """True if a graph computes what the sample should."""
    if isinstance(outcome, str):
        return False
    for shape in ((4, 12), (9, 5)):
        values = torch.randn(shape, generator=torch.Generator().manual_seed(1))
        arguments = given(sample.kind, values)
        expected = sample.expected(arguments)
        if not torch.allclose(outcome(*arguments), expected, rtol=1e-4, atol=1e-5):
            return False
    return True
