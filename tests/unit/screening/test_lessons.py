from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from evo.core.errors import UsageError
from evo.screening.lessons import Lessons
from evo.screening.model import BLOCKS, Example


def features(count: int, *, seed: int = 0, width: int = 4) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.standard_normal((count, width)).astype(np.float32) for name in BLOCKS}


def lessons(count: int = 9) -> Lessons:
    margins = np.linspace(-0.9, 0.1, count)
    examples = Example(margins, np.full(count, 0.02))
    return Lessons("activation", "digits", ["one"], features(count), examples, features(1, seed=1))


def test_what_is_written_is_read_again_bit_for_bit_and_the_same_file_each_time(
    tmp_path: Path,
) -> None:
    kept = lessons()
    paths = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    for path in paths:
        kept.write(path)

    again = Lessons.parse(paths[0].read_bytes(), where="one")

    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert (again.kind, again.task, again.campaigns) == ("activation", "digits", ["one"])
    for name in BLOCKS:
        assert np.array_equal(again.features[name], kept.features[name])
        assert np.array_equal(again.reference[name], kept.reference[name])
    assert all(map(np.array_equal, again.examples, kept.examples))


@pytest.mark.parametrize(("most", "taken"), [(-3, 0), (0, 0), (4, 4), (99, 9)])
def test_the_latest_lessons_stand_before_a_campaigns_own_examples(most: int, taken: int) -> None:
    kept, own = lessons(), lessons(5)

    found, examples = kept.before(own.features, own.examples, most=most)

    assert len(examples.value) == taken + 5
    assert np.array_equal(examples.value[:taken], kept.examples.value[9 - taken :])
    assert np.array_equal(found["behaviour"][taken:], own.features["behaviour"])


def test_a_campaign_without_examples_has_the_lessons_alone() -> None:
    found, examples = lessons().before({}, Example.of([]), most=600)

    assert len(examples.value) == len(found["propagation"]) == 9


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"kind": "regularizer"}, "of kind 'activation', the campaign is of 'regularizer'"),
        ({"task": "wine"}, "made for task 'digits', the campaign's first is 'wine'"),
        ({"reference": features(1, width=7)}, "4 numbers of behaviour per candidate, expected 7"),
        ({"reference": features(1, seed=2)}, "behaviour of a known component differs"),
    ],
)
def test_a_campaign_whose_features_mean_something_else_is_refused(
    other: dict, message: str
) -> None:
    kept = lessons()
    campaign = {"kind": "activation", "task": "digits", "reference": kept.reference}

    kept.expect(**campaign, where="file")
    with pytest.raises(UsageError, match=message):
        kept.expect(**(campaign | other), where="file")


def changed(tmp_path: Path, old: bytes, new: bytes) -> bytes:
    """The file of lessons with another word on itself."""
    lessons().write(tmp_path / "file")
    table = parquet.read_table(tmp_path / "file")
    about = table.schema.metadata[b"evo.lessons"].replace(old, new)
    parquet.write_table(
        table.replace_schema_metadata({b"evo.lessons": about}), tmp_path / "changed"
    )
    return (tmp_path / "changed").read_bytes()


def test_what_is_no_file_of_lessons_is_named(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"id": ["one"]}), tmp_path / "table")
    wrong = {
        "expected a file of evo reward --save": b"no parquet",
        "KeyError": (tmp_path / "table").read_bytes(),
        "of format 2, this version of evo reads 1": changed(
            tmp_path, b'"format": 1', b'"format": 2'
        ),
        "differs in length": changed(tmp_path, b'"behaviour": [', b'"behaviour": [0.0, '),
    }
    for message, content in wrong.items():
        with pytest.raises(UsageError, match=f"file: .*{message}"):
            Lessons.parse(content, where="file")


def test_numbers_that_no_evaluation_gives_are_refused(tmp_path: Path) -> None:
    kept = lessons()
    bad = kept.features["behaviour"].copy()
    bad[0, 0] = np.nan
    for wrong in (
        replace(kept, examples=kept.examples._replace(error=-kept.examples.error)),
        replace(kept, features={**kept.features, "behaviour": bad}),
    ):
        wrong.write(tmp_path / "file")
        with pytest.raises(UsageError, match="no evaluation gives"):
            Lessons.parse((tmp_path / "file").read_bytes(), where="file")
