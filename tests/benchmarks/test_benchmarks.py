"""Each benchmark still runs; its figures are not looked at."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from support.profiles import PROFILE

from evo.components.kinds import kinds

FOLDER = Path(__file__).parents[2] / "benchmarks"
PRINTS = {
    "bench_front.py": "Brier",
    "bench_gpu.py": "candidates per minute",
    "bench_history.py": "engine: ",
    "bench_intervals.py": "by true rate",
    "bench_kernels.py": "operator / kernel",
    "bench_modules.py": "train side by side",
    "bench_noting.py": "notes take",
    "bench_novelty.py": "recall",
    "bench_operators.py": "ahead of parent",
    "bench_overlap.py": "proposed ahead",
    "bench_racing.py": "rungs and races",
    "bench_ray.py": "throughput by Ray / local",
    "bench_scale.py": "first page",
    "bench_surrogate.py": "held out",
    "bench_thousand.py": "jobs/s",
    "bench_trainer.py": "all networks",
    "bench_utilisation.py": "utilisation",
    "bench_view.py": "first page",
    "bench_walls.py": "hostile",
    "bench_workers.py": "one worker / two workers",
    "browser_view.py": "processor time",
    "model_arms.py": " − ",
    "real_search.py": "evolution − nsga2",
    "soak_days.py": "equal to an undisturbed campaign",
    "soak_kill.py": "none lost",
    "soak_long.py": "slope",
    "study_scale.py": "processor hours",
    "transfer.py": "breast-cancer ~ harmonics | τ",
    "winners_elsewhere.py": "general − demo | ",
}
"""Words that each prints with its result."""


HELPERS = {
    *("architectures.py", "daily_commands.py", "faulty_model.py", "large_campaign.py"),
    *("make_pool.py", "no_training.py", "simulated_day.py", "sizes.py"),
}


def test_every_benchmark_is_here() -> None:
    assert set(PRINTS) == {file.name for file in FOLDER.glob("*.py")} - HELPERS


HEAVY = {
    *("bench_gpu.py", "bench_history.py", "bench_novelty.py", "bench_operators.py"),
    *("bench_overlap.py", "bench_racing.py", "bench_view.py", "bench_walls.py"),
    *("bench_surrogate.py", "bench_trainer.py", "bench_workers.py", "transfer.py"),
}
"""Those that take seconds."""


@pytest.mark.parametrize("name", PRINTS)
def test_it_finds_all_that_it_imports(name: str) -> None:
    runpy.run_path(str(FOLDER / name))


SLOW = (
    "soak",
    "real",
    "winners",
    "browser",
    "model",
    "study",
    "bench_ray",
    "bench_scale",
    "bench_thousand",
)
LONG = pytest.mark.skipif(
    PROFILE != "nightly", reason="kills, browsers and long runs: make test-long"
)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            # Some of the long ones ask a server of their own.
            marks=[pytest.mark.long, LONG, pytest.mark.enable_socket]
            if name.startswith(SLOW)
            else [pytest.mark.heavy(quick="test_it_finds_all_that_it_imports")]
            if name in HEAVY
            else [],
        )
        for name in PRINTS
    ],
)
def test_it_runs_in_seconds(
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [name, "--quick"])

    if name == "soak_kill.py":  # it forks, which a process that has trained must not
        subprocess.run([sys.executable, FOLDER / name, "--quick"], check=True)
    else:
        runpy.run_path(str(FOLDER / name), run_name="__main__")

    assert PRINTS[name] in capfd.readouterr().out


@pytest.mark.long
@LONG
def test_real_campaigns_that_were_cut_off_go_on(tmp_path: Path) -> None:
    benchmark = runpy.run_path(str(FOLDER / "real_search.py"))
    options = benchmark["parse"](
        [str(tmp_path), "--quick", "--strategies", "random,best-of-n", "--seeds", "1"]
    )
    whole = benchmark["run_campaign"]("random", 0, options)
    folder = tmp_path / "random-0"
    before = {path.name for path in folder.iterdir()}

    again = benchmark["run_campaign"]("random", 0, options)

    assert [path.name for path in tmp_path.iterdir()] == ["random-0"]
    assert {path.name for path in folder.iterdir()} == before
    assert again == whole


@pytest.mark.parametrize(
    ("kind", "grid"), [("regularizer", "strengths"), ("optimizer", "learning_rates")]
)
def test_fresh_trainings_pick_from_what_the_campaigns_pick_from(
    kind: str, grid: str, tmp_path: Path
) -> None:
    benchmark = runpy.run_path(str(FOLDER / "real_search.py"))
    options = benchmark["parse"]([str(tmp_path), "--kind", kind])

    protocol = benchmark["fresh_config"](options).protocol

    assert getattr(protocol, grid) == getattr(kinds.get(kind), grid)
    assert (protocol.first_seed, len(protocol.rungs)) == (2_000_000, 1)
