from pathlib import Path

import pytest
from support.records import written

from evo.core.errors import UsageError
from evo.core.estimate import Estimate
from evo.core.records import Score, Status
from evo.core.stages import Stage
from evo.screening import pool
from evo.screening.graph_statistics import graph_statistics
from evo.validation.graph.graphs import component_of


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    score = Score(
        1, (), Estimate(0.5, 0.25, 0.75), Estimate(0.25, 0.0, 0.5), Estimate(-0.5, -3.0, 3.0), {}
    )
    trained = written(
        "def f(x):\n    return x\n",
        Status.EVALUATED,
        operator="mutate-tree",
        generation=0,
        stage=Stage.EVALUATE,
        graphs=("{}",),
        score=score,
    )

    pool.write_pool(tmp_path / "pool.parquet", [trained], [3])

    assert pool.read_pool(tmp_path / "pool.parquet") == [trained]


def test_the_pool_that_comes_with_evo_holds_different_candidates_trained_in_full() -> None:
    records = pool.read_pool()

    assert len({record.id for record in records}) == len(records) > 600
    for record in records:
        assert record.scored.rung == 1
        assert 0 <= record.score.b_wr.low <= record.score.b_wr.value <= record.score.b_wr.high <= 1
    assert len(component_of(records[0].graphs)) > 0
    assert graph_statistics(records[0].graphs).any()


def test_a_file_that_is_no_pool_is_named(tmp_path: Path) -> None:
    (tmp_path / "pool.parquet").write_text("no")

    with pytest.raises(UsageError, match=r"pool\.parquet"):
        pool.read_pool(tmp_path / "pool.parquet")
