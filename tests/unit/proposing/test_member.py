from dataclasses import replace

import numpy as np
from support.records import written

from evo.components.kinds import kinds
from evo.core.records import Candidate, Record, Status
from evo.proposing.member import VariedMember

ALONE = kinds.get("activation")()
PAIR = kinds.get("activation+regularizer")()
SOURCE = (
    "import torch\n\n\ndef activation(x):\n    return torch.tanh(x)\n\n\n"
    "def regularize(w):\n    return w.abs().sum()\n"
)
RECORD = written(SOURCE, kind=PAIR.name, generation=3)
ACTIVATION, REGULARIZER = (VariedMember(PAIR, member) for member in PAIR.members)


def test_every_member_is_varied_about_equally_often() -> None:
    rng = np.random.default_rng(0)

    drawn = [VariedMember.draw(PAIR, rng).member.name for _ in range(200)]

    assert 70 < drawn.count("activation") < 130
    assert set(drawn) == {"activation", "regularizer"}


def test_a_kind_alone_is_always_varied_and_nothing_is_split_or_drawn() -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state

    varied = VariedMember.draw(ALONE, rng)

    assert rng.bit_generator.state == before
    record = written("def activation(x:\n")
    assert varied.view(record) is record
    assert varied.complete(record.candidate, record) is record.candidate
    assert varied.failures([record]) == [record]
    assert varied.contract is ALONE.contract


def test_operators_see_the_component_of_the_varied_member() -> None:
    seen = REGULARIZER.view(RECORD)

    assert seen.candidate.kind == "regularizer"
    assert "def regularize" in seen.candidate.source
    assert "activation" not in seen.candidate.source
    assert (seen.id, seen.generation) == (RECORD.id, RECORD.generation)
    assert REGULARIZER.contract.function == "regularize"


def test_new_source_is_completed_with_the_components_that_stay() -> None:
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

    whole = REGULARIZER.complete(written, RECORD)

    assert whole.kind == PAIR.name
    assert "torch.tanh(x)" in whole.source
    assert "0.1 * w.square().sum()" in whole.source
    assert "abs" not in whole.source
    assert (whole.operator, whole.parents) == ("novel-llm", ("p",))
    assert (whole.model, whole.request, whole.rationale) == ("m", "r", "smooth")


def test_a_component_without_parents_descends_from_the_host_that_completes_it() -> None:
    written = Candidate.of("activation", "def activation(x):\n    return x\n", operator="generate")

    assert ACTIVATION.complete(written, RECORD).parents == (RECORD.id,)


def test_source_that_does_not_parse_is_left_to_the_validator() -> None:
    written = Candidate.of("activation", "def activation(x:\n", operator="test")

    whole = ACTIVATION.complete(written, RECORD)

    assert (whole.kind, whole.source) == (PAIR.name, "def activation(x:\n")


def test_a_reply_without_a_component_keeps_its_text_and_names_the_varied_member() -> None:
    record = written(
        "I would rather not.",
        Status.INVALID,
        kind="regularizer",
        reason="expected a fenced Python function",
    )

    completed = REGULARIZER.complete_record(record, RECORD)

    assert completed.candidate.source == "I would rather not."
    assert completed.candidate.kind == PAIR.name
    assert completed.member == "regularizer"
    assert completed.reason == "expected a fenced Python function"
    assert REGULARIZER.failures([completed])[0].reason == "expected a fenced Python function"
    assert VariedMember(ALONE, ALONE).complete_record(record, RECORD) is record


def test_failures_and_known_components_are_those_of_the_member() -> None:
    failed = replace(
        RECORD, status=Status.INVALID, reason="expected finite values", member="activation"
    )
    baselines = {name: Record(known, 0) for name, known in PAIR.baselines().items()}

    assert REGULARIZER.failures([failed]) == []
    (failure,) = ACTIVATION.failures([failed])
    assert failure.reason == "expected finite values"
    assert "regularize" not in failure.candidate.source
    known = REGULARIZER.baselines(baselines)
    assert set(known) == set(PAIR.members[1].baselines())
    assert known["l2"].id == baselines["relu + l2"].id
    assert "activation" not in known["l2"].candidate.source
