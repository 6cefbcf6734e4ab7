"""Wordings of a task compete, and a model's stays only while its contribution holds."""

from collections import Counter
from dataclasses import replace

import pytest
from support.records import evaluated, record

from evo.core.records import Generation, Record, Status
from evo.core.seeds import child
from evo.llm.settings import WordingSettings
from evo.proposing.wordings import Wordings, wording_id
from operators.llm.wordings import read_wording, shipped

NAME = "novel-llm"
NEW = "Surprise us with one formula that nobody would have expected to train."
CHANGED = {"operator": NAME, "model": "m"}


def of(made: Record, text: str, new: str = "") -> Record:
    worded = replace(made.candidate, wording=wording_id(text), new_wording=new)
    return replace(made, candidate=worded)


def worded(name: str, text: str) -> Record:
    return of(evaluated(name, **CHANGED), text)


def proposing() -> Record:
    return of(evaluated("new", **CHANGED), NEW, NEW)


def sealed(number: int, records: list[Record], survivors: list[str]) -> Generation:
    return Generation(number, records, survivors)


def wordings(*generations: Generation, **settings) -> Wordings:
    made = Wordings(WordingSettings(compete=True, **settings), window=10)
    for generation in generations:
        made.take(generation)
    return made


def drawn(made: Wordings, known: int, count: int = 400) -> Counter[str]:
    return Counter(made.draw(NAME, known, child(0, "test", place)) for place in range(count))


def test_all_wordings_of_evo_and_of_the_configuration_are_drawn() -> None:
    found = drawn(wordings(texts={NAME: ("Be bold and bounded.",)}), known=1)

    assert set(found) == {"", *shipped(NAME), "Be bold and bounded."}


def test_a_wording_whose_candidates_survive_is_drawn_more_often() -> None:
    (other,) = shipped(NAME)
    good = [worded(f"g{i}", other) for i in range(12)]
    bad = [worded(f"b{i}", "") for i in range(12)]
    found = drawn(wordings(sealed(1, [*good, *bad], [one.id for one in good])), known=1)

    assert found[other] > 5 * found[""]


def test_a_models_wording_is_tried_and_dropped_once_it_contributes_less() -> None:
    standard = [worded(f"s{i}", "") for i in range(8)]
    first = sealed(1, [proposing(), *standard], [one.id for one in standard[:4]])
    barren = [worded(f"n{i}", NEW) for i in range(7)]
    second = sealed(2, barren, [])
    made = wordings(first, second)

    assert drawn(made, known=1)[NEW] > 0
    assert drawn(made, known=2)[NEW] == 0
    texts = [one.text for one in made.contenders(NAME, known=1)]
    assert texts == ["", *shipped(NAME), NEW]


def test_a_models_wording_that_contributes_stays() -> None:
    standard = [worded(f"s{i}", "") for i in range(8)]
    fertile = [worded(f"n{i}", NEW) for i in range(9)]
    made = wordings(
        sealed(1, [proposing(), *standard], []), sealed(2, fertile, [one.id for one in fertile])
    )

    assert drawn(made, known=2)[NEW] > 200
    assert next(one for one in made.contenders(NAME, 2) if one.text == NEW)[1:] == (10, 9)


def test_a_repair_counts_for_the_wording_of_what_it_repairs() -> None:
    (other,) = shipped(NAME)
    refused = of(record("r", Status.INVALID, **CHANGED), other)
    repair = evaluated("ok", operator="repair-llm", model="m", parents=["r"])
    made = wordings(sealed(1, [refused, repair], ["ok"]))

    contender = next(one for one in made.contenders(NAME, 1) if one.text == other)
    assert (contender.proposed, contender.survived) == (1, 1)


def test_a_model_is_asked_for_a_wording_every_few_generations_operator_by_operator() -> None:
    made = wordings(propose_every=2)
    drawable = ["ablate-tree", "generate-llm", NAME]

    asked = [made.reworded(known, drawable) for known in range(7)]

    assert asked == ["", "", "generate-llm", "", NAME, "", "generate-llm"]
    assert wordings().reworded(2, drawable) == ""


@pytest.mark.parametrize(
    ("block", "wording"),
    [
        (f"```task\n{NEW}\n```\n", NEW),
        (f"``` task \n## {NEW}\n```\n", NEW),
        ("```task\nShort.\n```\n", ""),
        ("```task\n" + "word " * 300 + "\n```\n", ""),
        ("", ""),
    ],
)
def test_a_wording_is_one_paragraph_of_bounded_length(block: str, wording: str) -> None:
    rest = "A sine.\n```python\ndef activation(x):\n    return torch.sin(x)\n```"

    assert read_wording(f"{block}{rest}") == (wording, rest)
