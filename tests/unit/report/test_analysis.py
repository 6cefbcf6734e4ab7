from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import baselines, record

from evo.core.errors import UsageError
from evo.report.facts.analysis import analyse, on_one_scale
from evo.report.facts.objectives import OBJECTIVES, objectives_of
from evo.report.facts.posterior import BaselineTrials
from evo.validation.graph.tracer import trace

_candidates = st.lists(
    st.tuples(
        st.sampled_from([0.5, 0.8, 1.0, 1.2, 3.0]),
        st.sampled_from([0.0, 0.3, 0.7]),
        st.integers(1, 4),
    ),
    max_size=8,
).map(
    lambda rows: [
        record(f"c{n}", loss, n_score, generation=generation)
        for n, (loss, n_score, generation) in enumerate(sorted(rows, key=lambda row: row[2]))
    ]
)
_keys = st.sampled_from(
    [
        ("b_wr", "n_behaviour"),
        ("b_wr", "bsota_wr", "length"),
        ("margin", "n_text"),
        ("seconds", "bsota_wr"),
    ]
)


@settings(max_examples=40, deadline=None)
@given(_candidates, _keys)
def test_what_an_analysis_says_holds_together(candidates, keys):
    found = analyse([*baselines(), *candidates], objectives_of(keys))

    assert len(found.records) == len(candidates)
    assert ((found.probabilities >= 0) & (found.probabilities <= 1)).all()
    assert (found.knee in found.members) == bool(candidates)
    assert not set(found.near) & set(found.members)
    volumes = [volume.hypervolume for volume in found.volumes]
    assert volumes == sorted(volumes)
    assert [v.generation for v in found.volumes] == sorted({r.generation for r in candidates})
    assert (found.lows <= found.values).all()
    assert (found.values <= found.highs).all()


@settings(max_examples=20, deadline=None)
@given(_candidates, _keys)
def test_some_candidate_is_on_the_front_in_every_draw(candidates, keys):
    found = analyse([*baselines(), *candidates], objectives_of(keys))

    if candidates:
        assert found.probabilities.sum() >= 1 - 1e-9


def test_who_dominates_for_certain_is_on_the_front_for_certain():
    sure = record("sure", 0.1, 0.9, spread=0.001)
    others = [record(f"c{n}", 2.0, 0.1 * n, spread=0.001) for n in range(5)]

    found = analyse([*baselines(), *others, sure])

    assert found.members == (5,)
    assert found.probabilities.tolist() == [0, 0, 0, 0, 0, 1]
    assert found.near == ()


def test_two_that_are_all_but_equal_share_the_doubt():
    twins = [record("left", 1.05, 0.5), record("right", 1.05, 0.5001)]

    found = analyse([*baselines(), *twins])

    assert 0.1 < found.probabilities[0] < 0.9
    assert found.probabilities[1] == pytest.approx(1.0)


def test_only_the_highest_rung_counts():
    found = analyse([*baselines(), record("short", 0.1, 0.9, rung=0), record("full", 1.1, 0.1)])

    assert [r.id for r in found.records] == ["full"]


def test_a_campaign_that_lost_its_baselines_has_a_front_without_probabilities():
    found = analyse(
        [record("one", 0.5, 0.1), record("two", 1.1, 0.5)], objectives_of(("margin", "n_behaviour"))
    )

    assert found.probabilities is None
    assert found.near == ()
    assert len(found.members) == 2


def test_fewer_seconds_are_better():
    cheap, dear = record("cheap", 1.0, 0.1, seconds=1), record("dear", 1.0, 0.1, seconds=5)

    found = analyse([*baselines(), dear, cheap], objectives_of(("seconds", "n_behaviour")))

    assert [found.records[i].id for i in found.members] == ["cheap"]
    assert found.reference.tolist() == [5.0, 0.0]


def test_volumes_of_two_campaigns_count_from_the_worst_of_both():
    one = analyse(
        [*baselines(), record("a", 0.5, 0.5, seconds=2)], objectives_of(("seconds", "n_behaviour"))
    )
    two = analyse(
        [*baselines(), record("b", 0.5, 0.5, seconds=6)], objectives_of(("seconds", "n_behaviour"))
    )

    first, second = on_one_scale([one, two])

    assert first.reference.tolist() == second.reference.tolist() == [6.0, 0.0]
    assert (first.hypervolume, second.hypervolume) == (4 * 0.5, 0)


def test_the_same_records_give_the_same_probabilities():
    records = [*baselines(), *(record(f"c{n}", 1.0, 0.1 * n) for n in range(6))]

    one, two = analyse(records), analyse(records)

    assert (one.probabilities == two.probabilities).all()


def test_draws_keep_to_what_the_interval_says_and_tie_the_measures_of_a_candidate():
    objectives = objectives_of(("b_wr", "bsota_wr", "margin", "n_text"))
    one = record("one", 1.05, 0.3, spread=0.2)

    drawn = BaselineTrials(baselines()).draws(
        [one], objectives, count=4000, rng=np.random.default_rng(0)
    )

    low, high = np.quantile(drawn[:, 0, 0], [0.025, 0.975])
    assert (low, high) == pytest.approx(one.score.b_wr[1:], abs=0.02)
    assert drawn[:, 0, 2].mean() == pytest.approx(one.score.margin.value, abs=0.02)
    assert np.corrcoef(drawn[:, 0, :3].T)[0, 1] > 0.3
    assert (drawn[:, 0, 3] == one.novelty.text).all()


def test_who_won_every_trial_is_still_not_certain():
    winner = record("winner", 0.1, 0.3, spread=0.001)

    drawn = BaselineTrials(baselines()).draws(
        [winner], objectives_of(("b_wr", "bsota_wr")), count=1000, rng=np.random.default_rng(0)
    )

    assert winner.score.bsota_wr.value == 1.0
    assert 0.01 < drawn[:, 0, 1].std() < 0.2


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (["b_wr"], "two or more different objectives, got b_wr"),
        (["b_wr", "b_wr"], "got b_wr, b_wr"),
        ([], "got none"),
        (["b_wr", "n_txt"], "Did you mean 'n_text'"),
    ],
)
def test_objectives_that_make_no_front_are_refused(keys, message):
    with pytest.raises(UsageError, match=message):
        objectives_of(keys)


def test_every_objective_reads_a_record():
    source = "import torch\ndef f(x):\n    return torch.sin(x) * 2"
    graph = trace(source, "f", (((5,),), ((7,),)), progress=lambda: None)
    one = replace(record("one", 1.0, 0.3, seconds=2.5), graphs=(graph,))

    values = {key: objective.read(one) for key, objective in OBJECTIVES.items()}

    assert values["seconds"] == 2.5
    assert values["n_behaviour"] == 0.3
    assert values["length"] == len("def activation(x):\n    return one(x)")
    assert values["nodes"] == 2
