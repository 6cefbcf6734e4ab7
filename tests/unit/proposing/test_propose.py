from collections.abc import Sequence
from typing import ClassVar

from support.records import evaluated

from evo.components.activation import Activation
from evo.core.records import Record, Status
from evo.proposing.memory import Memory
from evo.proposing.propose import Propose
from evo.proposing.seen import SeenSources
from evo.selection.individual import Individual
from evo.selection.islands import Islands
from evo.selection.settings import SelectionSettings
from operators.base import WritingOperator


class Echo(WritingOperator):
    """Writes a source for each draw of its generator, few enough to repeat."""

    name: ClassVar[str] = "echo"
    arity: ClassVar[int] = 1

    def __init__(self, different: int) -> None:
        self.different = different

    def propose(self, parents, contract, rng) -> str:
        return f"x = {rng.integers(self.different)}"


class Always:
    """A portfolio of one."""

    asks = False

    def __init__(self, operator: WritingOperator) -> None:
        self.operator = operator

    def draw(self, rng, tallies) -> WritingOperator:
        return self.operator


def propose(seen: SeenSources, *, different: int = 1000, seed: int = 0) -> Sequence[Record]:
    islands = Islands.of(SelectionSettings(), 4, 10)
    parents = islands.survive([Individual.of(evaluated(name)) for name in "ab"], 0)
    step = Propose(
        Always(Echo(different)),  # type: ignore[arg-type]
        Activation(),
        memory=Memory(3),
        seen=seen,
        offspring=lambda _: 6,
        seed=seed,
        islands=islands,
    )
    return [proposal.record for proposal in step(parents, 3, 2)]


def test_proposals_depend_on_the_seed_alone() -> None:
    assert propose(SeenSources()) == propose(SeenSources())
    assert propose(SeenSources()) != propose(SeenSources(), seed=1)


def test_a_source_seen_before_falls_out_and_a_new_one_is_remembered() -> None:
    seen = SeenSources()

    first = propose(seen, different=2)

    assert len(first) == 6
    fresh = [r for r in first if r.status is Status.PROPOSED]
    repeats = [r for r in first if r.status is Status.DUPLICATE]
    assert len(fresh) == len(seen) <= 2
    assert all(r.stage == "propose" and r.reason for r in repeats)
    assert all(r.generation == 3 and r.candidate.parents for r in first)
