import pytest

from evo.core.records import Candidate, Record
from evo.report.facts.reach import reach_of_record

GRAPHS = {
    10_000.0: '{"inputs":1,"nodes":[["aten.relu.default",[{"ref":0}],{}]],"output":{"ref":1}}',
    30.0: '{"inputs":1,"nodes":[["aten.sinh.default",[{"ref":0}],{}]],"output":{"ref":1}}',
}


@pytest.mark.parametrize("reach", GRAPHS)
def test_a_record_is_finite_as_far_as_its_graph_is(reach: float) -> None:
    record = Record(Candidate.of("activation", "def activation(x): ...", operator="test"), 0)

    assert reach_of_record(record) is None
    assert reach_of_record(Record(record.candidate, 0, graphs=(GRAPHS[reach],))) == reach
