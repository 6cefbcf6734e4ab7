import math
import tomllib
from pathlib import Path

import pytest
import torch

from evo.components.activation import Activation
from evo.validation.graph import graph, shape_cache, tracer
from evo.validation.graph.graph import Graph, GraphError

COMPONENTS: dict[str, str] = tomllib.loads((Path(__file__).parent / "components.toml").read_text())
SHAPES = Activation.trace_shapes


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch):
    monkeypatch.setattr(shape_cache, "_remembered", {})


def traced(source: str) -> Graph:
    return Graph.parse(tracer.trace(source, "activation", SHAPES, progress=lambda: None))


def text(*nodes: str) -> Graph:
    count = len(nodes)
    return Graph.parse(f'{{"inputs":1,"nodes":[{",".join(nodes)}],"output":{{"ref":{count}}}}}')


def found(component: Graph) -> list[object]:
    """Form and cost at each shape: the smallest budget that it keeps."""
    results: list[object] = []
    for shapes in (*SHAPES, ((2, 3, 5),), ((0,),)):
        low, high = 0, 10**6
        try:
            results.append(component.check_budget(shapes))
        except GraphError as error:
            results.append(str(error))
            continue
        while low < high:
            middle = (low + high) // 2
            try:
                component.check_budget(shapes, elements=middle)
                high = middle
            except GraphError:
                low = middle + 1
        results.append(low)
    return results


@pytest.mark.parametrize("name", COMPONENTS)
def test_form_and_cost_are_those_without_a_memory(name, monkeypatch):
    component = traced(COMPONENTS[name])
    remembered = found(component)
    monkeypatch.setattr(graph, "run_on_meta", lambda step, values: step.run(values))

    assert remembered == found(component)
    assert remembered == found(component)


def test_what_was_asked_before_changes_no_answer():
    by_type = [
        text('["aten.mul.Tensor",[{"ref":0},2],{}]'),
        text('["aten.mul.Tensor",[{"ref":0},2.0],{}]'),
        text('["aten.mul.Tensor",[{"ref":0},true],{}]'),
    ]

    forwards = [one.check_budget(((3,),), dtype=torch.int64) for one in by_type]
    shape_cache._remembered.clear()
    backwards = [one.check_budget(((3,),), dtype=torch.int64) for one in reversed(by_type)]

    assert [form.dtype for form in forwards] == [torch.int64, torch.float32, torch.int64]
    assert forwards == backwards[::-1]


def test_another_float_is_no_other_question_and_another_size_is():
    for factor in (0.5, 0.25, math.pi):
        text(f'["aten.mul.Tensor",[{{"ref":0}},{factor}],{{}}]').check_budget(((3,),))
    assert len(shape_cache._remembered) == 1

    for size in (1, 2):
        text(f'["aten.flip.default",[{{"ref":0}},[{size - 1}]],{{}}]').check_budget(((3, 3),))
    assert len(shape_cache._remembered) == 3


def test_what_does_not_fit_is_refused_every_time():
    wrong = text('["aten.matmul.default",[{"ref":0},{"ref":0}],{}]')

    for _ in range(2):
        with pytest.raises(GraphError, match="matmul"):
            wrong.check_budget(((2, 3),))
    assert shape_cache._remembered == {}


def test_the_memory_has_an_end(monkeypatch):
    monkeypatch.setattr(shape_cache, "_MOST", 4)
    component = text('["aten.sin.default",[{"ref":0}],{}]')

    for size in range(1, 12):
        component.check_budget(((size,),))

    assert len(shape_cache._remembered) <= 4
