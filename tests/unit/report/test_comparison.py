import numpy as np
import pytest
from rich.console import Console
from scipy.stats import ttest_rel
from support.records import evaluated, trials

from archive.history.history import History
from archive.history.reader import Reader
from evo.core.records import Record
from evo.report.facts.comparison import comparison_facts
from evo.report.views.comparison import comparison_table

CONFIG = {
    "kind": "activation",
    "tasks": ["digits"],
    "seed": 0,
    "generations": 1,
    "protocol": {"first_seed": 0, "rungs": [{"seeds": 6}]},
}


def lossy(name: str, b_wr: float, n_score: float, loss: float) -> Record:
    losses = trials(loss * np.linspace(1, 1.03, 4))
    return evaluated(name, b_wr, n_score, rung=0, trials=losses)


def run(folder, records, **settings) -> Reader:
    with History.create(folder, config=CONFIG | settings, environment={}) as history:
        history.seal(0, [], [])
        history.seal(1, records, [])
    return Reader.read(folder)


def test_two_runs_are_compared_over_one_reference(tmp_path) -> None:
    one = run(tmp_path / "one", [lossy("a", 0.8, 0.5, 0.2), lossy("b", 0.5, 1.0, 0.4)])
    two = run(tmp_path / "two", [lossy("c", 0.7, 0.4, 0.3)], seed=1)

    facts = comparison_facts(one, two)

    assert (facts["comparable"], facts["differing"]) == (True, [])
    assert [run["front"] for run in facts["runs"]] == [2, 1]
    assert facts["runs"][0]["hypervolume"] == pytest.approx(0.8 * 0.5 + 0.5 * 0.5)
    assert facts["runs"][1]["hypervolume"] == pytest.approx(0.28)
    assert facts["hypervolume_of_both"] == facts["runs"][0]["hypervolume"]
    assert facts["front_members_beaten"] == [0, 1]


def test_the_best_are_compared_seed_by_seed_and_the_better_has_the_sign(tmp_path) -> None:
    one = run(tmp_path / "one", [lossy("a", 0.8, 0.5, 0.2)])
    two = run(tmp_path / "two", [lossy("c", 0.7, 0.4, 0.4)], seed=1)

    best = comparison_facts(one, two)["best"]

    assert best["seeds"] == 4
    assert best["log_loss_ratio"] == pytest.approx(0.6931, abs=1e-4)
    low, high = best["log_loss_ratio_ci"]
    assert low <= best["log_loss_ratio"] <= high
    assert comparison_facts(two, one)["best"]["log_loss_ratio"] == pytest.approx(-0.6931, abs=1e-4)


def test_the_paired_test_is_that_of_scipy_over_seeds(tmp_path, capsys) -> None:
    rng = np.random.default_rng(0)
    losses = [trials(0.3 * np.exp(rng.normal(shift, 0.1, 6))) for shift in (0.0, 0.1)]
    first, second = (
        evaluated(n, 0.7, 0.5, rung=0, trials=t) for n, t in zip("ac", losses, strict=True)
    )
    one, two = run(tmp_path / "one", [first]), run(tmp_path / "two", [second], seed=1)

    facts = comparison_facts(one, two)
    logs = [np.log([trial.loss for trial in part]) for part in losses]
    expected = ttest_rel(logs[1], logs[0])
    Console(width=200).print(comparison_table(facts))

    assert facts["best"]["p"] == pytest.approx(expected.pvalue)
    assert facts["best"]["log_loss_ratio_ci"] == pytest.approx(expected.confidence_interval())
    assert f"over 6 seeds, paired t test p = {expected.pvalue:.3f}" in capsys.readouterr().out


def test_runs_that_were_measured_otherwise_are_not_compared_by_their_best(tmp_path) -> None:
    one = run(tmp_path / "one", [lossy("a", 0.8, 0.5, 0.2)])
    two = run(tmp_path / "two", [lossy("c", 0.7, 0.4, 0.4)], tasks=["harmonics"])

    facts = comparison_facts(one, two)

    assert (facts["comparable"], facts["differing"], facts["best"]) == (False, ["tasks"], None)


def test_the_best_are_compared_where_only_who_trains_differs(tmp_path) -> None:
    one = run(tmp_path / "one", [lossy("a", 0.8, 0.5, 0.2)])
    protocol = {"protocol": {**CONFIG["protocol"], "leaders": 0}}
    two = run(tmp_path / "two", [lossy("c", 0.7, 0.4, 0.4)], **protocol)

    facts = comparison_facts(one, two)

    assert (facts["comparable"], facts["differing"]) == (False, ["protocol"])
    assert facts["best"]["seeds"] == 4


def test_a_run_without_candidates_has_no_best(tmp_path, capsys) -> None:
    one = run(tmp_path / "one", [lossy("a", 0.8, 0.5, 0.2)])
    two = run(tmp_path / "two", [], seed=1)

    facts = comparison_facts(one, two)

    assert (facts["best"], facts["runs"][1]["best"]) == (None, None)
    Console(width=200).print(comparison_table(facts))
    assert "highest rung reached" in capsys.readouterr().out
