"""Cost of a component from its graph, and the objectives of a front that read it."""

import json
from dataclasses import replace

import pytest
import report_samples as samples

from evo.core.records import Record
from evo.report.facts.analysis import analyse
from evo.report.facts.cost import cost_of
from evo.report.facts.objectives import OBJECTIVES, mean_of_tasks, objectives_of


def graph(inputs: int, *nodes: tuple[str, list[int]]) -> tuple[str, ...]:
    steps = [[name, [{"ref": source} for source in sources], {}] for name, sources in nodes]
    last = {"ref": inputs + len(nodes) - 1}
    return (json.dumps({"inputs": inputs, "nodes": steps, "output": last}),)


def of(kind: str, graphs: tuple[str, ...]) -> Record:
    record = samples.record("one", 0.9, 0.1)
    return replace(record, graphs=graphs, candidate=replace(record.candidate, kind=kind))


def with_accuracy(record: Record, accuracy: float) -> Record:
    trials = [trial._replace(accuracy=accuracy) for trial in record.scored.trials]
    return replace(record, score=replace(record.scored, trials=trials))


TANH = graph(1, ("aten.tanh.default", [0]))
SINES = graph(1, ("aten.sin.default", [0]), ("aten.cos.default", [1]), ("aten.mul.Tensor", [1, 2]))


def test_memory_is_what_the_backward_pass_needs() -> None:
    one, three = cost_of(of("activation", TANH)), cost_of(of("activation", SINES))

    assert one.bytes > 0
    assert three.bytes == 3 * one.bytes  # input, sine, cosine
    assert one.microseconds > 0
    assert one.parameters == 0


def test_learned_numbers_count_where_the_graph_uses_them() -> None:
    kind = "parametric-activation"
    used = graph(3, ("aten.mul.Tensor", [0, 1]))

    assert cost_of(of(kind, used)).parameters == 1
    assert cost_of(of(kind, graph(3, ("aten.tanh.default", [0])))).parameters == 0


@pytest.mark.parametrize("key", ["loss", "metric", "least_metric", "latency", "memory"])
def test_a_front_takes_any_metric_as_an_objective(key: str) -> None:
    records = [
        with_accuracy(replace(samples.record(name, loss, 0.1), graphs=graphs), loss)
        for name, loss, graphs in (("one", 0.9, TANH), ("two", 0.8, SINES))
    ]

    analysis = analyse(records, objectives_of([key, "n_behaviour"]))

    assert analysis.members
    worst = max if OBJECTIVES[key].is_minimised else min
    values = [OBJECTIVES[key].read(record) for record in records]
    assert values[0] != values[1]
    assert values.index(worst(values)) not in analysis.members


def test_means_of_a_record_are_over_its_last_rung() -> None:
    means = mean_of_tasks(samples.record("one", 0.9, 0.1))

    assert means.loss == pytest.approx(0.9, abs=0.15)
