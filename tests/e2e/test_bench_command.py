import re
from pathlib import Path

import pytest
from support.command import Evo

QUICK = ("bench", "tabular", "--budget", "40", "--batch", "20", "--seeds", "2")


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
