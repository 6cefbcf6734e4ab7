import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from operator_samples import ALL, BASELINES, CONTRACT, component, rewritten
from support.records import written

from evo.core.source import normalise
from operators.past import NO_PAST, Past, Variant
from operators.tree.form import Form, form_key
from operators.tree.program import Program
from operators.tune_tree import TuneTree

OPERATOR = TuneTree()
WAVE = component("return F.relu(x) + 0.5 * torch.sin(1.5 * x)")


def tuned(source: str, seed: int, past: Past = NO_PAST) -> str:
    return OPERATOR.draft([written(source)], CONTRACT, np.random.default_rng(seed), past).source


def known(variants: Sequence[Variant], form: str) -> Sequence[Variant]:
    return variants if form == form_key(rewritten(WAVE))[0] else ()


def past_of(*variants: Variant) -> Past:
    return Past(partial(known, variants))


def numbers(source: str) -> tuple[float, ...]:
    return form_key(source)[1]


def of_the_form(past: Past) -> list[tuple[float, ...]]:
    """Numbers of offspring that kept the parent's form."""
    sources = [tuned(WAVE, seed, past) for seed in range(40)]
    return [numbers(text) for text in sources if form_key(text)[0] == form_key(rewritten(WAVE))[0]]


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(sorted(ALL)), seed=st.integers(0, 2**32))
def test_an_offspring_differs_and_is_written_once(name: str, seed: int) -> None:
    source = tuned(ALL[name], seed)

    assert normalise(source) != normalise(ALL[name])
    assert source == tuned(ALL[name], seed)


def test_most_offspring_keep_the_form_and_the_others_have_a_number_more() -> None:
    sources = [tuned(WAVE, seed) for seed in range(40)]
    kept = [text for text in sources if len(numbers(text)) == 2]

    assert 25 < len(kept) < 40
    assert {form_key(text)[0] for text in kept} == {form_key(rewritten(WAVE))[0]}
    assert all(len(numbers(text)) in (2, 3) for text in sources)


def test_a_component_without_numbers_gets_one_near_to_what_changes_nothing() -> None:
    sources = [tuned(BASELINES["gelu"], seed) for seed in range(30)]

    assert {len(numbers(text)) for text in sources} == {1}
    assert all(abs(math.log(numbers(text)[0])) < 1.2 for text in sources if " * " in text)


def test_the_next_numbers_follow_what_those_before_scored() -> None:
    high = past_of(*(Variant((0.5, z), -abs(z - 4.0) / 8, 1, 0.03) for z in (0.5, 1.5, 3.0, 4.5)))
    low = past_of(*(Variant((0.5, z), -abs(z - 0.3) / 8, 1, 0.03) for z in (0.25, 0.5, 1.5, 3.0)))

    upper, lower = ([pair[1] for pair in of_the_form(past)] for past in (high, low))

    assert np.median(upper) > 2.5
    assert np.median(lower) < 0.6


def test_the_best_of_the_form_is_the_start_and_not_the_parent() -> None:
    best = past_of(Variant((0.01, 30.0), 0.2, 1, 0.03), Variant((0.5, 1.5), 0.0, 1, 0.03))

    assert np.median([pair[1] for pair in of_the_form(best)]) > 15


def test_offspring_of_one_generation_differ_and_none_repeats_what_is_known() -> None:
    variants = [Variant((0.5, 1.5), 0.0, 1, 0.03), Variant((0.5, 1.6), 0.01, 1, 0.03)]
    variants += [Variant((0.4, 1.6), 0.02, 1, 0.03)]

    offspring = of_the_form(past_of(*variants))

    assert len(set(offspring)) == len(offspring)
    assert not {variant.numbers for variant in variants} & set(offspring)


def test_variants_with_another_exponent_or_a_zero_are_none_of_its_problem() -> None:
    parent = rewritten(component("return 0.5 * x ** 2 + torch.tanh(x)"))
    key = form_key(parent)[0]
    strange = [Variant((9.0, 3.0), 9.0, 1, 0.03), Variant((0.0, 2.0), 9.0, 1, 0.03)]
    past = Past(lambda form: strange if form == key else ())

    sources = [tuned(parent, seed, past) for seed in range(20)]

    assert all(2.0 in numbers(text) for text in sources)
    assert max(max(numbers(text)) for text in sources) < 9


def test_tuned_offspring_are_programs_of_their_parents_size() -> None:
    for name in sorted(ALL):
        source = tuned(ALL[name], 1)
        assert Form.of(source, CONTRACT).source({}) == source
        assert Program.read(source, CONTRACT).size <= Program.read(ALL[name], CONTRACT).size + 2
