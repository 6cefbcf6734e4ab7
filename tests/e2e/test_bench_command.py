import re
from pathlib import Path

import pytest
from support.command import Evo

QUICK = ("bench", "tabular", "--budget", "40", "--batch", "20", "--seeds", "2")


@pytest.mark.heavy(
    quick="test_search_benchmark.py::test_figures_of_a_search_follow_from_its_records"
)
def test_strategies_are_compared_on_the_pool_that_comes_with_evo(evo: Evo, workplace: Path) -> None:
    some = ("--strategy", "random", "--strategy", "local-search")
    done = evo(*QUICK, *some, "--plot", "pictures", "--json")

    assert done.code == 0, done.err
    facts = done.json
    assert [row["strategy"] for row in facts["strategies"]] == ["random", "local-search"]
    assert (facts["budget"], facts["batch"], facts["seeds"], facts["goal"]) == (40, 20, 2, "b_wr")
    assert facts["candidates"] > 600
    for row in facts["strategies"]:
        assert 0 <= row["found"] <= 1
        assert row["best"] <= facts["best_of_pool"]
    assert {path.name for path in (workplace / "pictures").iterdir()} >= {
        "tabular.png",
        "tabular.svg",
    }


def test_the_table_names_each_strategy(evo: Evo) -> None:
    done = evo(*QUICK, "--strategy", "random")

    assert done.code == 0, done.err
    assert "random" in done.out
    assert "random choice finds" in " ".join(done.out.split())


def test_wrong_use_of_the_bench_ends_with_one_message_before_anything_runs(
    evo: Evo, workplace: Path
) -> None:
    (workplace / "none.parquet").write_text("no")
    wrong = {
        ("--strategy", "randon"): "Did you mean 'random'?",
        ("none.parquet",): "none.parquet",
        ("--goal", "loss"): "Unknown goal 'loss'",
        ("--budget", "10"): "batch < budget",
        ("--seeds", "1"): "at least 2 seeds",
    }
    for words, message in wrong.items():
        done = evo(*QUICK, *words)
        assert (done.code, done.out) == (2, ""), words
        assert message in " ".join(done.err.split()), words


def test_the_strategy_of_the_documentation_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "guide" / "tabular.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)

    exec(code, {})

    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "shortest",
        "random",
    ]


SIZES = ("--set", "trainings=12", "--set", "offspring=16")
SEARCH = ("bench", "search", "--quick", "--processes", "1", *SIZES)


@pytest.mark.heavy(
    quick="test_search_benchmark.py::test_figures_of_a_search_follow_from_its_records"
)
def test_searches_of_a_file_are_compared_with_one_that_comes_with_evo(
    evo: Evo, workplace: Path
) -> None:
    (workplace / "mine.toml").write_text('[mine]\nselection.parents = "rank"\n')

    done = evo(*SEARCH, "--with", "mine.toml", "--reference", "hill", "--json")

    assert done.code == 0, done.err
    facts = done.json
    assert [row["strategy"] for row in facts["strategies"]] == ["hill", "mine"]
    assert (facts["reference"], facts["seeds"], facts["evaluations"]) == ("hill", 2, 48)
    hill, mine = facts["strategies"]
    assert hill["difference"] is None
    assert 0 < mine["difference"]["p"] <= 1
    for row in facts["strategies"]:
        assert row["evaluated"] == 48
        assert row["fresh"]["ci"][0] <= row["fresh"]["mean"] <= row["fresh"]["ci"][1]
        assert len(row["quarters"]) == 4


def test_wrong_use_of_the_search_bench_ends_with_one_message_before_anything_runs(
    evo: Evo, workplace: Path
) -> None:
    (workplace / "mine.toml").write_text("[mine]\npopulation = 1\n")
    wrong = {
        ("--strategies", "hil"): "Did you mean 'hill'?",
        ("--strategies", "hill"): "at least two strategies",
        ("--with", "none.toml", "--strategies", "hill"): "none.toml: cannot be read",
        ("--with", "mine.toml", "--strategies", "hill"): "population",
        ("--set", "protocol.rungs=[{epochs=3, seeds=4}]"): "10 epochs, got 3",
    }
    for words, message in wrong.items():
        done = evo(*SEARCH, *words)
        assert (done.code, done.out) == (2, ""), words
        assert message in " ".join(done.err.split()), words
