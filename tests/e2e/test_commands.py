import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from support.command import Evo
from support.profiles import heavy

FAST = """
[protocol]
rungs = [{ epochs = 2, seeds = 2, networks = 1 }, { epochs = 2, seeds = 3, networks = 1 }]
learning_rates = [0.01]
"""

SWISH = "import torch\n\ndef activation(x):\n    return x * torch.sigmoid(1.5 * x)\n"
RELU = "import torch\n\ndef activation(x):\n    return torch.clamp(x, min=0.0)\n"
THIEF = "import os\n\ndef activation(x):\n    return x * len(os.environ)\n"
MEAN = "def activation(x):\n    return x - x.mean()\n"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    sources = {"swish": SWISH, "relu": RELU, "thief": THIEF, "mean": MEAN}
    paths = {name: tmp_path / f"{name}.py" for name in sources}
    for name, path in paths.items():
        path.write_text(sources[name])
    return paths


def test_validate_says_where_and_why_a_file_falls_out(evo: Evo, files: dict[str, Path]) -> None:
    done = evo("validate", *map(str, files.values()), "--kind", "activation", "--json")

    assert done.code == 0, done.err
    swish, relu, thief, mean = done.json
    assert set(swish) == {"path", "status", "stage", "reason", "graph_nodes", "finite_to"}
    assert (swish["path"], swish["status"]) == (str(files["swish"]), "valid")
    assert (swish["graph_nodes"], swish["finite_to"]) == (3, 10_000.0)
    assert relu["status"] == "valid"
    assert (thief["status"], thief["stage"], thief["graph_nodes"]) == ("invalid", "policy", None)
    assert "os" in thief["reason"]
    assert "line 1" in thief["reason"]
    assert (mean["status"], mean["stage"]) == ("invalid", "contract")
    strict = evo("validate", str(files["thief"]), "--kind", "activation", "--strict", "--json")
    assert (strict.code, strict.json[0]["status"]) == (1, "invalid")


def test_evaluate_measures_files_against_the_baselines(evo: Evo, files: dict[str, Path]) -> None:
    wanted = [str(files[name]) for name in ("swish", "relu", "thief", "swish")]
    config = files["swish"].with_name("fast.toml")
    config.write_text(FAST)
    done = evo("evaluate", *wanted, "--kind", "activation", "--config", str(config), "--json")

    assert done.code == 0, done.err
    swish, relu, thief, again = done.json
    assert set(swish) == {
        *("path", "status", "reason", "rung", "b_wr", "b_wr_ci", "bsota_wr", "bsota_wr_ci"),
        *("margin", "margin_ci", "seconds", "tasks", "figures"),
    }
    assert (swish["status"], swish["rung"]) == ("EVALUATED", 1)
    assert swish["b_wr_ci"][0] <= swish["b_wr"] <= swish["b_wr_ci"][1]
    assert swish["b_wr"] == swish["tasks"]["digits"]["b_wr"]
    assert 0 < swish["tasks"]["digits"]["loss"] < 2.3
    assert set(swish["tasks"]["digits"]) == {"b_wr", "bsota_wr", "loss"}
    assert swish["seconds"] > 0
    assert swish == again
    assert thief["status"] == "INVALID"
    assert thief["b_wr"] is None
    assert relu["reason"] == "computes the same as relu: compared with the others"
    assert swish["reason"] == ""
    # relu by another spelling is compared with the other eleven baselines, not with itself.
    assert relu["b_wr"] * 11 * 3 * 2 == pytest.approx(round(relu["b_wr"] * 11 * 3 * 2))


def test_status_pareto_and_show_agree(evo: Evo, finished_run: str) -> None:
    status = evo("status", finished_run, "--json").json
    pareto = evo("pareto", finished_run, "--json").json
    ids = (status["best"]["id"], pareto["front"][0]["id"])
    best, first = (evo("show", finished_run, id_[:8], "--json").json for id_ in ids)

    assert list(status) == [
        *("name", "kind", "generation", "generations", "state", "stopped_because"),
        *("elapsed_hours", "progress", "seed"),
        *("proposed", "duplicates", "invalid"),
        *("screened_out", "failed", "evaluated", "archive_size", "best", "figures"),
        *("climb", "llm"),
        *("reward", "operators", "models"),
    ]
    assert (status["state"], status["generation"], status["seed"]) == ("finished", 2, 4)
    fallen = ("duplicates", "invalid", "screened_out", "failed", "evaluated")
    assert status["proposed"] == sum(status[key] for key in fallen) == 16
    assert status["archive_size"] == 12 + status["evaluated"]
    assert set(status["best"]) == {"id", "b_wr", "bsota_wr", "margin", "n_text", "n_behaviour"}
    assert status["llm"]["requests"] == 0
    assert {"objectives", "hypervolume", "front"} <= set(pareto)
    assert {"id", "source", "b_wr", "bsota_wr", "n_text", "n_behaviour"} <= set(pareto["front"][0])
    assert all(0 <= member["probability"] <= 1 for member in pareto["front"])
    assert pareto["knee"] in [member["id"] for member in pareto["front"]]
    assert pareto["hypervolume"] > 0
    assert [member["merit"] for member in pareto["front"]] == sorted(
        (member["b_wr"] >= 0.5 for member in pareto["front"]), reverse=True
    )
    assert best["score"]["b_wr"] == status["best"]["b_wr"]
    assert best["score"]["margin"] >= first["score"]["margin"]
    assert first["source"] == pareto["front"][0]["source"]
    climb = status["climb"]
    assert climb["margin_ci"][0] < climb["margin"] < climb["margin_ci"][1]
    assert climb["remeasured"] >= 1
    assert 0 <= climb["ahead_of_parents"] <= 1
    assert 0 <= climb["parents_with_merit"] <= 1


@pytest.mark.parametrize("command", [("status",), ("pareto",)])
def test_facts_are_also_shown_to_people(evo: Evo, finished_run: str, command) -> None:
    done = evo(*command, finished_run)

    assert done.code == 0, done.err
    assert done.out.strip()
    with pytest.raises(json.JSONDecodeError):
        json.loads(done.out)


@pytest.mark.heavy(quick="test_campaign.py::test_every_picture_is_a_figure")
def test_a_front_can_be_drawn_later(evo: Evo, finished_run: str, tmp_path: Path) -> None:
    done = evo("pareto", finished_run, "--plot", str(tmp_path / "pictures"), "--json")

    assert done.code == 0, done.err
    assert done.json["front"]
    names = {"pareto", "progress", "win-rates", "best", "shapes", "lineage"}
    found = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert found == {f"{name}.{ending}" for name in names for ending in ("png", "svg")}
    assert (tmp_path / "pictures/pareto.png").read_bytes().startswith(b"\x89PNG")


def test_a_front_of_other_objectives_beside_that_of_another_campaign(
    evo: Evo, finished_run: str
) -> None:
    keys = "margin,nodes,seconds"
    done = evo("pareto", finished_run, "--objectives", keys, "--over", finished_run, "--json")

    assert done.code == 0, done.err
    assert done.json["objectives"] == keys.split(",")
    assert all(member["nodes"] >= 1 for member in done.json["front"])
    assert done.json["over"]["front"] == done.json["front"]
    assert done.json["over"]["hypervolume"] == done.json["hypervolume"]
    assert finished_run in evo("pareto", finished_run, "--over", finished_run).out


@pytest.mark.parametrize("keys", ["b_wr", "b_wr,b_wr", "b_wr,n_txt", "b_wr,n_text", ""])
def test_objectives_that_make_no_front_exit_with_2(evo: Evo, finished_run: str, keys: str) -> None:
    done = evo("pareto", finished_run, "--objectives", keys)

    assert done.code == 2
    assert "objective" in done.err
    assert "Traceback" not in done.err


def test_export_gives_a_row_a_record_in_every_format(
    evo: Evo, finished_run: str, tmp_path: Path
) -> None:
    table = tmp_path / "records.parquet"
    evo("export", finished_run, "--format", "parquet", "--output", str(table))
    rows = list(csv.DictReader(io.StringIO(evo("export", finished_run, "--format", "csv").out)))
    lines = evo("export", finished_run, "--format", "jsonl").out.splitlines()

    assert len(rows) == len(lines) == pq.read_table(table).num_rows == 12 + 16
    assert [row["id"] for row in rows] == [json.loads(line)["id"] for line in lines]
    assert {"id", "status", "b_wr", "n_behaviour", "source"} <= set(rows[0])


def test_list_shows_what_there_is(evo: Evo) -> None:
    facts = evo("list", "--json").json

    sorts = {"kinds", "tasks", "operators", "survival", "parents", "presets", "plug-ins"}
    assert set(facts) == sorts | {"tabular", "strategies", "compute", "further baselines"}
    assert "activation" in facts["kinds"]
    assert "digits" in facts["tasks"]
    assert {"mutate-tree", "crossover-tree"} <= set(facts["operators"])
    assert {"nsga2", "niches"} <= set(facts["survival"])
    assert {"tournament", "rank"} <= set(facts["parents"])
    assert {"random", "reward-model"} <= set(facts["tabular"])
    assert {"demo", "smoke"} <= set(facts["presets"])
    assert {"local", "ray", "slurm"} <= set(facts["compute"])
    assert "demo" in evo("list").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "dmeo"), "Did you mean 'demo'"),
        (("run", "demo", "--set", "generatoins=2"), "did you mean 'generations'"),
        (("run", "demo", "--set", "kind=activatoin"), "Did you mean 'activation'"),
        (("run", "demo", "--set", "tasks=['digit']"), "Did you mean 'digits'"),
        (("run", "demo", "--set", "operators={mutate-tre=1}"), "Did you mean 'mutate-tree'"),
        *heavy((("run", "demo", "--set", "novelty.text_model=none-such"), "none-such")),
        (("run", "demo", "--set", "selection.survival=niche"), "Did you mean 'niches'"),
        (("run", "demo", "--set", "selection.parents=ranks"), "Did you mean 'rank'"),
        (
            ("run", "demo", "--set", "population=52", "--set", "selection.islands=13"),
            "at most 12 selection.islands",
        ),
        (("status", "no-such-run"), "Unknown campaign 'no-such-run'"),
        (("resume", "no-such-run"), "Unknown campaign"),
        (("validate", "absent.py", "--kind", "activation"), "absent.py"),
        (("validate", __file__, "--kind", "activaton"), "Did you mean 'activation'"),
        (("evaluate", "absent.py", "--kind", "activation"), "absent.py"),
        (("frobnicate",), "No such command"),
        (("run",), "expects a TOML file or a preset"),
        (("run", "demo", "--seed", "x"), "--seed: expected a whole number (got 'x'). See `"),
        (("run", "demo", "--seed", "x"), "evo run --help`."),
        (("run", "demo", "--hours", "x"), "--hours: expected a number (got 'x')"),
        (("run", "demo", "--hours", "-1"), "--hours: expected 0 or more (got '-1')"),
        (("bench", "tabular", "--seed", "x"), "--seed: expected a whole number (got 'x')"),
        (("run", "demo", "--seed"), "'--seed' requires an argument"),
        (("show", "some"), "Missing argument 'ID'"),
    ],
)
def test_wrong_use_exits_with_2_and_says_what_to_do(
    evo: Evo, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    done = evo(*words, cwd=tmp_path)

    assert done.code == 2, done.err
    assert message in done.err
    assert "Traceback" not in done.err
    assert not done.out
    assert not list(tmp_path.iterdir()), "nothing was made"


def test_wrong_names_within_a_run_exit_with_2(evo: Evo, finished_run: str) -> None:
    assert evo("show", finished_run, "zzzz").code == 2
    assert evo("export", finished_run, "--format", "xml").code == 2


def test_a_run_does_not_overwrite_another(evo: Evo, finished_run: str) -> None:
    done = evo("run", "smoke", "--name", finished_run)

    assert done.code == 2
    assert f"{finished_run} holds a campaign already. Resume it with `" in done.err
    assert f"evo resume {finished_run}`, or choose another name" in done.err
