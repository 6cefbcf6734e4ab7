from dataclasses import replace

import numpy as np

from evo.components.kinds import kinds
from evo.core.records import Candidate, Record, Status
from evo.proposing.member import Turn

ALONE = kinds.get("activation")()
PAIR = kinds.get("activation+regularizer")()
SOURCE = (
    "import torch\n\n\ndef activation(x):\n    return torch.tanh(x)\n\n\n"
    "def regularize(w):\n    return w.abs().sum()\n"
)
RECORD = Record(Candidate.of(PAIR.name, SOURCE, operator="test"), 3)
ACTIVATION, REGULARIZER = (Turn(PAIR, member) for member in PAIR.members)


def test_every_member_gets_its_turns() -> None:
    rng = np.random.default_rng(0)

    drawn = [Turn.draw(PAIR, rng).member.name for _ in range(200)]

    assert 70 < drawn.count("activation") < 130
    assert set(drawn) == {"activation", "regularizer"}


def test_a_kind_alone_is_always_on_and_nothing_is_taken_apart_or_drawn() -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state

    turn = Turn.draw(ALONE, rng)

    assert rng.bit_generator.state == before
    record = Record(Candidate.of("activation", "def activation(x:\n", operator="test"), 1)
    assert turn.view(record) is record
    assert turn.whole(record.candidate, record) is record.candidate
    assert turn.concerning([record]) == [record]
    assert turn.contract is ALONE.contract


def test_operators_see_the_component_whose_turn_it_is() -> None:
    seen = REGULARIZER.view(RECORD)

    assert seen.candidate.kind == "regularizer"
    assert "def regularize" in seen.candidate.source
    assert "activation" not in seen.candidate.source
    assert (seen.id, seen.generation) == (RECORD.id, RECORD.generation)
    assert REGULARIZER.contract.function == "regularize"


def test_what_they_write_stands_beside_the_components_that_stay() -> None:
    written = replace(
        Candidate.of(
            "regularizer",
            "def regularize(w):\n    return 0.1 * w.square().sum()\n",
            operator="novel-llm",
            parents=["p"],
        ),
        model="m",
        request="r",
        rationale="smooth",
    )

    whole = REGULARIZER.whole(written, RECORD)

    assert whole.kind == PAIR.name
    assert "torch.tanh(x)" in whole.source
    assert "0.1 * w.square().sum()" in whole.source
    assert "abs" not in whole.source
    assert (whole.operator, whole.parents) == ("novel-llm", ("p",))
    assert (whole.model, whole.request, whole.rationale) == ("m", "r", "smooth")


def test_what_was_written_from_nothing_descends_from_what_it_stands_beside() -> None:
    written = Candidate.of("activation", "def activation(x):\n    return x\n", operator="generate")

    assert ACTIVATION.whole(written, RECORD).parents == (RECORD.id,)


def test_what_does_not_parse_is_left_to_the_walls() -> None:
    written = Candidate.of("activation", "def activation(x:\n", operator="test")

    whole = ACTIVATION.whole(written, RECORD)

    assert (whole.kind, whole.source) == (PAIR.name, "def activation(x:\n")


def test_an_answer_that_is_no_component_stays_what_it_is_and_says_whose_turn_it_was() -> None:
    said = Candidate.of("regularizer", "I would rather not.", operator="novel-llm", parents=["p"])
    record = Record(said, 3, Status.INVALID, "reply", "expected a fenced Python function")

    told = REGULARIZER.completed(record, RECORD)

    assert told.candidate.source == "I would rather not."
    assert told.candidate.kind == PAIR.name
    assert told.reason == "regularizer: expected a fenced Python function"
    assert REGULARIZER.concerning([told])[0].reason == "expected a fenced Python function"
    assert Turn(ALONE, ALONE).completed(record, RECORD) is record


def test_failures_and_known_components_are_those_of_the_member() -> None:
    failed = replace(RECORD, status=Status.INVALID, reason="activation: expected finite values")
    baselines = {name: Record(known, 0) for name, known in PAIR.baselines().items()}

    assert REGULARIZER.concerning([failed]) == []
    (told,) = ACTIVATION.concerning([failed])
    assert told.reason == "expected finite values"
    assert "regularize" not in told.candidate.source
    known = REGULARIZER.known(baselines)
    assert set(known) == set(PAIR.members[1].baselines())
    assert known["l2"].id == baselines["relu + l2"].id
    assert "activation" not in known["l2"].candidate.source
