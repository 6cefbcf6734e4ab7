"""Where nothing trains, nothing is imported that takes seconds; held without timing anything."""

import os
import subprocess
import sys
from pathlib import Path

import no_training
import pytest
from support.profiles import heavy

GOLDEN = str(Path(__file__).parents[2] / "golden" / "history")
"""A campaign that combines kinds, so that its components have credits."""
GOLDEN_ID = "29b95cd7b5b7986b"
MODEL = 'llm.models=[{provider="opena",model="one"}]'
PROGRAM = """
import sys
from evo.cli import main
try:
    main()
finally:
    heavy = {"torch", "faiss", "sentence_transformers", "sklearn", "scipy"} & set(sys.modules)
    print("heavy:", sorted(heavy), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workplace")
    (folder / "runs").mkdir()
    config = no_training.configure(["generations=1", "population=8", "offspring=8", "trainings=4"])
    with no_training.create(folder / "runs" / "small", config) as history:
        no_training.run(history, lambda _: None)
        best = next(record for record in history.records if record.is_proposal and record.novelty)
    (folder / "id").write_text(best.id)
    return folder


def test_status_neither_imports_masked_arrays_nor_starts_threads(workplace):
    watch = """
    print("masked arrays:", "numpy.ma" in sys.modules, file=sys.stderr)
    print("threads of BLAS:", os.environ["OPENBLAS_NUM_THREADS"], file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", f"import os{PROGRAM}{watch}", "status", "small"],
        cwd=workplace,
        env={name: os.environ[name] for name in os.environ if name != "OPENBLAS_NUM_THREADS"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-2:] == ["masked arrays: False", "threads of BLAS: 1"]


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["list"], 0, "activation"),
        (["status", "small", "--json"], 0, '"generation": 1'),
        (["ctl", "small"], 0, "not running"),
        (["show", "small", "ID"], 0, "def activation"),
        (["run", "smoke", "--set", "generatoins=3"], 2, "did you mean 'generations'"),
        (["show", GOLDEN, GOLDEN_ID], 0, "credit"),
        (["validate", "none.py", "--kind", "activation"], 2, "Expected readable Python files"),
        (["validate", __file__, "--kind", "los"], 2, "Unknown kind 'los'. Did you mean 'loss'?"),
        *heavy(
            (["--help"], 0, "Components"),
            (["run", "smoke", "--set", "kind=loss+schedul"], 2, "Did you mean 'schedule'?"),
            (["evaluate", __file__, "--kind", "los"], 2, "Did you mean 'loss'?"),
            (["try", "digit"], 2, "Unknown task 'digit'. Did you mean 'digits'?"),
            (["run", "smoke", "--set", "operators={tune=1.0}"], 2, "Unknown operator 'tune'."),
            (["fidelity", "--set", "tasks=digit"], 2, "Did you mean 'digits'?"),
            (["init", "new", "--kind", "los"], 2, "Did you mean 'loss'?"),
            (["list", "--json"], 0, '"kinds"'),
            (["status", "small"], 0, "finished"),
            (["ctl", "small", "puase"], 2, "Did you mean 'pause'"),
            (["show", "small", "ID", "--json"], 0, '"operator"'),
            (["pareto", "smal"], 2, "Did you mean 'small'"),
            (["pareto", "small", "--objectives", "b_wr,laten"], 2, "Did you mean 'latency'"),
            (["confirm", "small", "--task", "digit"], 2, "Did you mean 'digits'"),
            (["clean", "nowhere"], 2, "Expected a folder of campaigns"),
            (["run", "smoke", "--from", "smal"], 2, "Did you mean 'small'"),
            (["run", "smoke", "--set", "compute=loca"], 2, "Unknown compute engine 'loca'"),
            (["run", "smoke", "--set", "selection.survival=merits"], 2, "Did you mean 'merit'"),
            (["run", "smoke", "--set", "selection.parents=ranks"], 2, "Did you mean 'rank'"),
            (["run", "smoke", "--set", 'tracking=["wand"]'], 2, "Did you mean 'wandb'"),
            (["run", "smoke", "--set", MODEL], 2, "Unknown provider 'opena'"),
            (["status", "smal"], 2, "Did you mean 'small'"),
            (["run", "smok"], 2, "Did you mean 'smoke'"),
            (["run", "smoke", "--seed", "one"], 2, "--seed: expected a whole number"),
            (["run", "smoke", "--name", "small"], 2, "resume small`, or choose another name"),
            (["resume", "smal"], 2, "Did you mean 'small'"),
            (["resume", "small", "--set", "offsprin=4"], 2, "did you mean 'offspring'"),
            (["resume", "small", "--set", "offspring=-4"], 2, "expected more than 0"),
            (["resume", "small", "--budget", "dolars=3"], 2, "did you mean 'dollars'"),
            (["bench", "tabular", "none.parquet"], 2, "Expected the parquet file of a pool"),
            (["bench", "tabular", "--strategy", "randm"], 2, "Did you mean 'random'"),
            (["bench", "tabular", "--goal", "bwr"], 2, "Unknown goal 'bwr'"),
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_that_trains_nothing_imports_nothing_heavy(workplace, words, code, expected):
    words = [(workplace / "id").read_text() if word == "ID" else word for word in words]

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=workplace,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == code, done.stderr
    assert expected in done.stdout + done.stderr
    assert done.stderr.splitlines()[-1] == "heavy: []"
