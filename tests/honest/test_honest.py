"""Honest components pass every wall, and their graphs give what their sources give."""

import linecache
import re
from collections.abc import Iterator
from types import CodeType

import pytest
import torch
from honest_corpus import LIMITS, RIGHTLY, VALUES_ALONE, all_sources, sources
from support.arguments import given_by_name
from support.profiles import many

from evo.components.kinds import kinds
from evo.core.records import Candidate
from evo.validation.graph.graph import Graph
from evo.validation.refusal import Refused
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validation, Validator

SHARE_REFUSED = 0.01
"""The most that may be refused wrongly."""
WITHOUT_GRADIENTS = ("initializer", "matrix-optimizer", "optimizer", "preprocessor", "schedule")
"""Kinds of whose components nobody asks for gradients."""
CONSTANT = {"loss": (1,)}
"""Arguments that training never differentiates, by kind."""
REFUSED = {**RIGHTLY, **LIMITS}
PASSING = sorted(set(all_sources()) - REFUSED.keys())
TRIED = {*PASSING[:: many(4, ci=1, nightly=1)], *REFUSED}
"""A quarter of the corpus in the quick tier."""


@pytest.fixture(scope="module")
def verdicts() -> Iterator[dict[tuple[str, str], Validation]]:
    found: dict[tuple[str, str], Validation] = {}
    with Sandbox() as sandbox:
        for kind in kinds.names():
            tried = {n: source for n, source in sources(kind).items() if (kind, n) in TRIED}
            candidates = [Candidate.of(kind, source, operator="test") for source in tried.values()]
            judged = Validator(kinds.get(kind)(), sandbox).validate(candidates)
            found |= {(kind, name): v for name, v in zip(tried, judged, strict=True)}
    yield found


def as_a_file(source: str, name: str) -> CodeType:
    """The compiled source, whose text is found by what asks for it, as torch's compilers do."""
    file = f"<{name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    return compile(source, file, "exec")


@pytest.mark.parametrize(("kind", "name"), sorted(TRIED - REFUSED.keys()))
def test_an_honest_component_is_accepted_and_computes_what_its_source_computes(
    kind: str, name: str, verdicts: dict[tuple[str, str], Validation]
) -> None:
    graph = verdicts[kind, name]
    assert isinstance(graph, Graph), graph
    function = kinds.get(kind).contract.function
    namespace: dict = {"__name__": "candidate"}
    exec(as_a_file(sources(kind)[name], f"{kind}-{name}"), namespace)

    for shape in ((4, 12), (9, 5), (2, 64)):
        values = torch.randn(shape, generator=torch.Generator().manual_seed(1))
        arguments, taken = given_by_name(kind, sources(kind)[name], values)
        x, y = (
            [
                one.clone().requires_grad_(
                    kind not in WITHOUT_GRADIENTS and place not in CONSTANT.get(kind, ())
                )
                for place, one in enumerate(arguments)
            ]
            for _ in range(2)
        )
        # What a compiler makes of a source is not what is compared, and takes it ten seconds.
        with torch.compiler.set_stance("force_eager"):
            expected = namespace[function](*(x[place] for place in taken))
        got = graph(*y)

        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)
        if kind not in WITHOUT_GRADIENTS and (kind, name) not in VALUES_ALONE:
            torch.testing.assert_close(
                _gradients(got, y), _gradients(expected, x), rtol=1e-4, atol=1e-5
            )


@pytest.mark.heavy(
    quick="test_an_honest_component_is_accepted_and_computes_what_its_source_computes"
)
def test_the_share_of_honest_components_that_is_refused_wrongly_is_small(
    verdicts: dict[tuple[str, str], Validation],
) -> None:
    honest = [key for key in verdicts if key not in RIGHTLY]
    refused = {key: str(verdicts[key]) for key in honest if isinstance(verdicts[key], Refused)}

    share = f"{len(refused)} of {len(honest)} honest components are refused: {refused}"
    assert len(honest) >= 300, share
    assert len(refused) / len(honest) < SHARE_REFUSED, share


@pytest.mark.parametrize(("kind", "name"), REFUSED)
def test_a_component_that_is_refused_is_told_what_to_write_instead(
    kind: str, name: str, verdicts: dict[tuple[str, str], Validation]
) -> None:
    verdict = verdicts[kind, name]

    assert isinstance(verdict, Refused), "a limit that has gone: take it off the list"
    assert re.search(REFUSED[kind, name], verdict.reason), verdict


def _gradients(output: torch.Tensor, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    if not output.requires_grad:
        return [torch.zeros_like(one) for one in inputs]
    inputs = [one for one in inputs if one.requires_grad]
    weights = torch.linspace(0.5, 2.0, output.numel()).reshape(output.shape)
    total = (output * weights).sum()
    return list(torch.autograd.grad(total, inputs, allow_unused=True, materialize_grads=True))
