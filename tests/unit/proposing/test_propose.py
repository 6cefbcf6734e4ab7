from collections.abc import Sequence
from typing import ClassVar

from support.records import estimate, evaluated

from evo.components.activation import Activation
from evo.core.records import Record, Status
from evo.core.source import source_size
from evo.proposing.memory import Memory
from evo.proposing.occasion import PlanFn, Planned, nothing_planned
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


def propose(
    seen: SeenSources,
    *,
    different: int = 1000,
    seed: int = 0,
    population: Sequence[Record] = (evaluated("a"), evaluated("b")),
    plan: PlanFn = nothing_planned,
) -> Sequence[Record]:
    islands = Islands.of(SelectionSettings(), 10, 10)
    parents = islands.survive([Individual.of(one) for one in population], 0)
    step = Propose(
        Always(Echo(different)),  # type: ignore[arg-type]
        Activation(),
        memory=Memory(3),
        seen=seen,
        offspring=lambda _: 6,
        seed=seed,
        islands=islands,
        plan=plan,
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


def ablation(*_: int) -> Planned:
    return Planned("ablate-tree", from_best=True)


def test_an_ablation_is_one_of_the_best_five_without_a_part_and_new() -> None:
    head, sources = "import torch\n\ndef activation(x):\n    return ", {}
    for n in range(8):
        sources[f"p{n}"] = f"{head}{n}.5 * x + torch.sin(x) * torch.tanh(x)\n"
    population = [
        evaluated(name, margin=estimate(place / 10, 0.001), source=source)
        for place, (name, source) in enumerate(sources.items())
    ]
    seen = SeenSources()

    first, later = (propose(seen, population=population, plan=ablation) for _ in range(2))

    assert {one.candidate.operator for one in first} == {"ablate-tree"}
    further = [one for one in later if one.candidate.operator == "ablate-tree"]
    for one in [*first, *further]:
        (parent,) = one.candidate.parents
        assert parent in {"p3", "p4", "p5", "p6", "p7"}
        assert source_size(one.candidate.source) < source_size(sources[parent])
    assert not {one.id for one in first} & {one.id for one in further}


def test_where_nothing_is_left_to_take_out_an_offspring_is_drawn_as_usual() -> None:
    bare = evaluated("bare", source="def activation(x):\n    return x\n")

    found = propose(SeenSources(), population=[bare], plan=ablation)

    assert {one.candidate.operator for one in found} == {"echo"}
