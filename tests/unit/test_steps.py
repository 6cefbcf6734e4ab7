from collections.abc import Sequence

import numpy as np
import pytest

from archive.descriptors import BehaviourScale
from archive.novelty import NoveltyArchive
from evo.components.activation import Activation
from evo.selection import Individual, survive
from evo.steps import Archive, Propose, Recognise, Screen, Validate, apply_to_live
from evo.types import Candidate, Novelty, Record, Score, Status, WinRate
from evo.validation.graph import Graph
from evo.validation.refusal import Refused


def record(name: str, status: Status = Status.PROPOSED, **known) -> Record:
    return Record(Candidate(name, "activation", f"# {name}", (), "test"), 1, status, **known)


def evaluated(name: str) -> Record:
    rate = WinRate(0.5, 0.0, 1.0)
    return record(
        name,
        Status.EVALUATED,
        score=Score(0, (), rate, rate, 0.0, {}),
        novelty=Novelty(0.1, 0.1, "a", "b"),
    )


def test_a_step_moves_the_live_records_and_leaves_the_fallen_in_their_places() -> None:
    records = [record("a"), record("b", Status.INVALID), record("c")]

    moved = apply_to_live(records, lambda live: [record(r.id.upper()) for r in live])

    assert [r.id for r in moved] == ["A", "b", "C"]


class Echo:
    """A portfolio that gives a source for each draw of its generator, few enough to repeat."""

    def __init__(self, different: int) -> None:
        self.different = different

    def propose(self, draw, contract, rng) -> Candidate:
        (parent,) = draw(1)
        number = rng.integers(self.different)
        return Candidate.of(contract.kind, f"x = {number}", operator="echo", parents=[parent.id])


def propose(seen: set[str], *, different: int = 1000, seed: int = 0) -> Sequence[Record]:
    parents = survive([Individual(evaluated(name)) for name in "ab"], 2)
    step = Propose(Echo(different), Activation(), seen=seen, offspring=6, seed=seed)  # type: ignore[arg-type]
    return step(parents, 3)


def test_proposals_depend_on_the_seed_alone() -> None:
    assert propose(set()) == propose(set())
    assert propose(set()) != propose(set(), seed=1)


def test_a_source_seen_before_falls_out_and_a_new_one_is_remembered() -> None:
    seen: set[str] = set()

    first = propose(seen, different=2)

    assert len(first) == 6
    fresh = [r for r in first if r.status is Status.PROPOSED]
    repeats = [r for r in first if r.status is Status.DUPLICATE]
    assert len(fresh) == len(seen) <= 2
    assert all(r.stage == "propose" and r.reason for r in repeats)
    assert all(r.generation == 3 and r.candidate.parents for r in first)


def test_validation_gives_graphs_and_reasons() -> None:
    class Walls:
        def validate(self, candidates):
            return [
                Refused("policy", "line 1: no") if candidate.id == "bad" else graph
                for candidate in candidates
            ]

    class graph:  # noqa: N801
        text = "{}"

    bad, good = Validate(Walls())([record("bad"), record("good")])  # type: ignore[arg-type]

    assert (bad.status, bad.stage, bad.reason) == (Status.INVALID, "policy", "line 1: no")
    assert (good.status, good.graph) == (Status.PROPOSED, "{}")


class Curves(Activation):
    """Behaviour by the graph's text, so that no graph is needed."""

    outputs: dict[str, np.ndarray]

    def behaviour(self, component):
        return self.outputs[component]


def test_what_computes_the_known_or_a_twin_of_its_batch_falls_out(monkeypatch) -> None:
    monkeypatch.setattr(Graph, "parse", staticmethod(lambda text: text))
    kind = Curves()
    grid = np.linspace(-1, 1, 8, dtype=np.float32)
    kind.outputs = {"known": grid, "twin": grid + 1e-6, "new": grid**2, "again": grid**2}
    scale = BehaviourScale.of(np.stack([grid, -grid, np.ones_like(grid)]))
    archive = NoveltyArchive(2, 8)
    archive.add(["known"], np.ones((1, 2), np.float32), scale(grid)[None])

    twin, new, again = Recognise(kind, scale, archive)(
        [record(name, graph=name) for name in ("twin", "new", "again")]
    )

    assert (twin.status, twin.reason) == (Status.DUPLICATE, "computes the same as known")
    assert new.status is Status.PROPOSED
    assert new.behaviour_vector.shape == (8,)
    assert (again.status, again.reason) == (Status.DUPLICATE, "computes the same as new")


def test_nothing_to_recognise_is_nothing() -> None:
    archive = NoveltyArchive(2, 8)
    scale = BehaviourScale.of(np.ones((2, 8)))

    fallen = [record("a", Status.INVALID)]
    assert Recognise(Activation(), scale, archive)(fallen) == fallen


@pytest.mark.parametrize("trainings", [1, 3, 5])
def test_the_screen_lets_as_many_through_as_there_are_trainings(trainings: int) -> None:
    records = [record(name) for name in "abcde"]

    screened = Screen(trainings=trainings, seed=0)(records)

    assert [r.id for r in screened] == list("abcde")
    out = [r for r in screened if r.status is Status.SCREENED_OUT]
    assert len(out) == 5 - trainings
    assert all(r.stage == "screen" and r.reason for r in out)


def test_the_screen_draws_by_seed_and_generation() -> None:
    def passing(seed: int) -> list[str]:
        screened = Screen(trainings=10, seed=seed)([record(str(n)) for n in range(40)])
        return [r.id for r in screened if r.status is Status.PROPOSED]

    assert passing(0) == passing(0)
    assert passing(0) != passing(1)


def test_n_scores_are_fixed_in_order_each_known_to_the_next() -> None:
    class Text:
        def __call__(self, sources):
            return np.array([[1.0, 0.0]], np.float32)

    archive = NoveltyArchive(2, 4)
    archive.add(["base"], np.array([[0.0, 1.0]], np.float32), np.zeros((1, 4), np.float32))
    curve = np.full(4, 2.0, np.float32)
    records = [
        record("first", Status.EVALUATED, behaviour_vector=curve),
        record("failed", Status.FAILED, behaviour_vector=curve),
        record("second", Status.EVALUATED, behaviour_vector=curve + 1),
    ]

    first, failed, second = Archive(Text(), archive)(records)  # type: ignore[arg-type]

    assert first.novelty == Novelty(1.0, 2.0, "base", "base")
    assert failed.novelty is None
    assert second.novelty == Novelty(0.0, 1.0, "first", "first")
