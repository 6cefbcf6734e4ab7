import numpy as np
import pytest
from support.records import record

from archive.novelty.descriptors import BehaviourScale
from archive.novelty.novelty_archive import NoveltyArchive
from evo.campaign.steps import Archive, Recognise, Validate
from evo.components.activation import Activation
from evo.core.novelty import Novelty
from evo.core.records import Status
from evo.core.stages import Stage
from evo.core.step import apply_to_live
from evo.screening.chance import Screen
from evo.validation.graph.graphs import component_of
from evo.validation.refusal import Refused


def test_a_step_moves_the_live_records_and_leaves_the_fallen_in_their_places() -> None:
    records = [record("a"), record("b", Status.INVALID), record("c")]

    moved = apply_to_live(records, lambda live: [record(r.id.upper()) for r in live])

    assert [r.id for r in moved] == ["A", "b", "C"]


def test_validation_gives_graphs_and_reasons() -> None:
    class Walls:
        def validate(self, candidates):
            return [
                Refused(Stage.POLICY, "line 1: no") if candidate.id == "bad" else graph
                for candidate in candidates
            ]

    class graph:  # noqa: N801
        texts = ("{}",)

    bad, good = Validate(Walls())([record("bad"), record("good")])  # type: ignore[arg-type]

    assert (bad.status, bad.stage, bad.reason) == (Status.INVALID, "policy", "line 1: no")
    assert (good.status, good.graphs) == (Status.PROPOSED, ("{}",))


def test_what_has_a_graph_already_is_not_validated_again() -> None:
    class Walls:
        def validate(self, candidates):
            assert not candidates
            return []

    (same,) = Validate(Walls())([record("done", graphs=("{}",))])  # type: ignore[arg-type]

    assert (same.status, same.graphs) == (Status.PROPOSED, ("{}",))


def graph_text(*nodes: str) -> str:
    """A graph of one argument, each node of which takes the result before it."""
    steps = [node.replace("it", f'{{"ref":{place}}}') for place, node in enumerate(nodes)]
    return f'{{"inputs":1,"nodes":[{",".join(steps)}],"output":{{"ref":{len(steps)}}}}}'


SINE, COSINE = (f'["aten.{name}.default",[it],{{}}]' for name in ("sin", "cos"))


def test_what_computes_the_known_or_a_twin_of_its_batch_falls_out() -> None:
    kind = Activation()
    known = kind.behaviour(component_of([graph_text(SINE)]))
    scale = BehaviourScale.of(np.stack([known, -known, np.ones_like(known)]))
    archive = NoveltyArchive()
    archive.add(["known"], np.ones((1, 2), np.float32), scale(known)[None])
    texts = {
        "twin": graph_text(SINE, '["aten.mul.Tensor",[it,1.000001],{}]'),
        "new": graph_text(COSINE),
        "again": graph_text(COSINE),
    }

    twin, new, again = Recognise(kind, scale, archive)(
        [record(name, graphs=(text,)) for name, text in texts.items()]
    )

    assert (twin.status, twin.reason) == (Status.DUPLICATE, "computes the same as known")
    assert new.status is Status.PROPOSED
    assert new.behaviour_vector.shape == known.shape
    assert (again.status, again.reason) == (Status.DUPLICATE, "computes the same as new")


def test_nothing_to_recognise_is_nothing() -> None:
    archive = NoveltyArchive()
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
            return np.array([[1.0, 0.0]] * len(sources), np.float32)

    archive = NoveltyArchive()
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
