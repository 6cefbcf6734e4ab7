import math
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from evo.components.activation import Activation
from evo.validation.graph import tracer
from evo.validation.graph.allowed import ALLOWED, ELEMENTWISE
from evo.validation.graph.arguments import schema_of
from evo.validation.graph.graph import Graph, GraphError
from evo.validation.graph.shape_cache import ShapeCache, elementwise_output
from evo.validation.graph.step import GraphStep

COMPONENTS: dict[str, str] = tomllib.loads((Path(__file__).parent / "components.toml").read_text())
SHAPES = Activation.trace_shapes


@pytest.fixture
def cache() -> ShapeCache:
    return ShapeCache()


def traced(source: str) -> Graph:
    return Graph.parse(tracer.trace(source, "activation", SHAPES, progress=lambda: None))


def text(*nodes: str) -> Graph:
    count = len(nodes)
    return Graph.parse(f'{{"inputs":1,"nodes":[{",".join(nodes)}],"output":{{"ref":{count}}}}}')


def costs(component: Graph, cache: ShapeCache) -> list[object]:
    """Form and cost at each shape: the smallest budget that it keeps."""
    results: list[object] = []
    for shapes in (*SHAPES, ((2, 3, 5),), ((0,),)):
        low, high = 0, 10**6
        try:
            results.append(component.check_budget(shapes, cache=cache))
        except GraphError as error:
            results.append(str(error))
            continue
        while low < high:
            middle = (low + high) // 2
            try:
                component.check_budget(shapes, elements=middle, cache=cache)
                high = middle
            except GraphError:
                low = middle + 1
        results.append(low)
    return results


@pytest.mark.parametrize("name", COMPONENTS)
def test_form_and_cost_are_those_without_a_memory(name, cache):
    component = traced(COMPONENTS[name])

    remembered = costs(component, cache)

    assert remembered == costs(component, NoCache())
    assert remembered == costs(component, cache)


class NoCache(ShapeCache):
    def run(self, step: GraphStep, values: Sequence[Any]) -> Any:
        return step.run(values)


def test_what_was_asked_before_changes_no_answer():
    by_type = [
        text('["aten.mul.Tensor",[{"ref":0},2],{}]'),
        text('["aten.mul.Tensor",[{"ref":0},2.0],{}]'),
        text('["aten.mul.Tensor",[{"ref":0},true],{}]'),
    ]

    one_way, other_way = (
        [graph.check_budget(((3,),), dtype=torch.int64, cache=cache) for graph in graphs]
        for graphs, cache in ((by_type, ShapeCache()), (by_type[::-1], ShapeCache()))
    )

    assert [form.dtype for form in one_way] == [torch.int64, torch.float32, torch.int64]
    assert one_way == other_way[::-1]


def test_another_float_is_no_other_question_and_another_size_is(cache):
    for factor in (0.5, 0.25, math.pi):
        text(f'["aten.mul.Tensor",[{{"ref":0}},{factor}],{{}}]').check_budget(((3,),), cache=cache)
    assert len(cache) == 1

    for size in (1, 2):
        text(f'["aten.flip.default",[{{"ref":0}},[{size - 1}]],{{}}]').check_budget(
            ((3, 3),), cache=cache
        )
    assert len(cache) == 3


def test_what_does_not_fit_is_refused_every_time(cache):
    wrong = text('["aten.matmul.default",[{"ref":0},{"ref":0}],{}]')

    for _ in range(2):
        with pytest.raises(GraphError, match="matmul"):
            wrong.check_budget(((2, 3),), cache=cache)
    assert len(cache) == 0


def test_the_memory_has_an_end():
    cache = ShapeCache(capacity=4)
    component = text('["aten.sin.default",[{"ref":0}],{}]')

    for size in range(1, 12):
        component.check_budget(((size,),), cache=cache)

    assert 0 < len(cache) <= 4


def on_meta(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    return torch.empty(shape, dtype=dtype, device="meta")


def elementwise_step(name: str) -> GraphStep:
    """A call on the first values, one for each tensor that it takes, and the number 2."""
    arguments = schema_of(ALLOWED[name]).arguments
    taken = [a for a in arguments if not a.has_default_value() or a.name == "min"]
    positional = [argument for argument in taken if not argument.kwarg_only]
    single = [(place, place) for place, a in enumerate(positional) if "Tensor" in str(a.real_type)]
    keywords = {a.name: "floor" if a.name == "rounding_mode" else 2 for a in taken if a.kwarg_only}
    numbers = (2,) * len(positional)
    return GraphStep(name, 3, ALLOWED[name], numbers, keywords, tuple(single), ())


def form(output: torch.Tensor) -> object:
    return output.shape, output.stride(), output.dtype, output.device.type


FLOAT, WHOLE, TRUTH = torch.float32, torch.int64, torch.bool
INPUTS = (
    [((5, 7), FLOAT)] * 3,
    [((1024, 1), FLOAT), ((1, 3), FLOAT), ((3,), FLOAT)],
    [((3, 2, 4), WHOLE), ((), FLOAT), ((2, 1), FLOAT)],
    [((6,), TRUTH), ((4, 6), FLOAT), ((4, 1), WHOLE)],
    [((6,), WHOLE)] * 3,
    [((2, 5), TRUTH)] * 3,
    [((4, 6), FLOAT), ((1, 6), TRUTH), ((), FLOAT)],
    [((5,), FLOAT), ((4,), FLOAT), ((4,), FLOAT)],
)


def test_an_elementwise_operator_has_the_form_that_the_meta_device_gives():
    answers = dict.fromkeys(ELEMENTWISE, 0)
    for name in sorted(ELEMENTWISE):
        step = elementwise_step(name)
        for forms in INPUTS:
            values = [on_meta(*shape_and_dtype) for shape_and_dtype in forms]
            output = elementwise_output(step, values)
            if output is not None:
                answers[name] += 1
                assert form(output) == form(step.run(values)), (name, forms)

    assert {name for name, count in answers.items() if not count} == set()


def test_what_is_not_contiguous_is_left_to_the_meta_device():
    turned = on_meta((3, 4), FLOAT).t()

    assert elementwise_output(elementwise_step("aten.sin.default"), [turned]) is None
