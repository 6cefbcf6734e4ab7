"""Real worker processes: results, deaths, time-outs."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.processes import children

from evo.compute.engines.local import Local
from evo.compute.settings import Needs
from evo.compute.work import Work
from evo.compute.workers import Workers
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job, Protocol, Rung

IDENTITY = '{"inputs":1,"nodes":[],"output":{"ref":0}}'
LONG, ENDLESS = 1, 2
"""Rungs whose training takes a second, or longer than anybody waits."""
PROTOCOL = Protocol(
    rungs=(
        Rung(epochs=1, seeds=2),
        Rung(epochs=70, seeds=4, networks=1),
        Rung(epochs=40_000, seeds=8, networks=1),
    ),
    learning_rates=(0.01,),
)


@pytest.fixture(scope="module")
def graph() -> tuple[str, ...]:
    """The text of tanh's graph, traced as any candidate is."""
    from evo.components.activation import Activation
    from evo.validation.sandbox.sandbox import Sandbox
    from evo.validation.validator import Validator

    kind = Activation()
    with Sandbox() as sandbox:
        verdict = Validator(kind, sandbox).validate([kind.baselines()["tanh"]])[0]
    return verdict.texts  # type: ignore[union-attr]


def local(count: int = 2, *, timeout_s: float = 60.0, kind: str = "activation") -> Local:
    return Local(Work(kind, ("digits",), PROTOCOL, "cpu", timeout_s), Needs(count))


def workers(count: int = 2, *, timeout_s: float = 60.0, kind: str = "activation") -> Workers:
    return Workers(local(count, timeout_s=timeout_s, kind=kind))


@pytest.fixture(scope="module")
def pool() -> Iterator[Workers]:
    with workers() as running:
        yield running


def by_id(outcomes) -> dict[str, Outcome]:
    return {outcome.id: outcome for outcome in outcomes}


def trainers() -> set[int]:
    """Workers of all pools of this process: what its fork server has forked."""
    return {
        worker
        for server in children(os.getpid())
        if b"multiprocessing.forkserver" in Path(f"/proc/{server}/cmdline").read_bytes()
        for worker in children(server)
    }


def test_outcomes_hold_every_trial_of_the_rung(pool: Workers, graph: tuple[str, ...]) -> None:
    (outcome,) = pool.run([Job("a", graph, 0)])

    keys = {(t.rung, t.task, t.network, t.seed) for t in outcome.trials}
    networks = ("mlp-64-64", "mlp-48-48-48", "patches-8-24", "patches-12-32-32")
    assert keys == {(0, "digits", name, seed) for name in networks for seed in range(2)}
    assert all(0 < t.loss < 3 and 0 < t.accuracy <= 1 for t in outcome.trials)
    assert outcome.seconds > 0


def test_results_do_not_depend_on_the_worker_or_the_company(
    pool: Workers, graph: tuple[str, ...]
) -> None:
    alone = by_id(pool.run([Job("a", graph, 0)]))
    among = by_id(pool.run([Job(name, graph, 0) for name in "abcde"]))

    assert {outcome.trials for outcome in among.values()} == {alone["a"].trials}


@pytest.mark.heavy(quick="test_a_worker_that_is_killed_at_work_costs_nothing_but_time")
def test_a_job_that_runs_out_of_time_twice_costs_itself_alone(graph: tuple[str, ...]) -> None:
    with workers(timeout_s=3.0) as pool:
        by_id(pool.run([Job("warm", graph, 0), Job("up", graph, 0)]))
        outcomes = by_id(
            pool.run([Job("slow", graph, ENDLESS), Job("a", graph, 0), Job("b", graph, 0)])
        )
        after = by_id(pool.run([Job("c", graph, 0)]))

    assert "longer than 3 s (timeout_s), twice" in outcomes["slow"].error
    assert outcomes["slow"].trials == ()
    assert not outcomes["a"].error
    assert outcomes["a"].trials == outcomes["b"].trials == after["c"].trials


def kill_workers(*, but: set[int]) -> None:
    doomed = trainers() - but
    for worker in doomed:
        os.kill(worker, signal.SIGKILL)
    assert doomed


def test_a_worker_that_is_killed_at_work_costs_nothing_but_time(graph: tuple[str, ...]) -> None:
    before = trainers()
    with workers(1) as pool:
        by_id(pool.run([Job("warm", graph, 0)]))
        outcomes: dict[str, Outcome] = {}
        runner = threading.Thread(
            target=lambda: outcomes.update(
                by_id(pool.run([Job("long", graph, LONG), Job("a", graph, 0)]))
            )
        )
        runner.start()
        time.sleep(0.5)
        kill_workers(but=before)
        runner.join(timeout=60)
        undisturbed = by_id(pool.run([Job("long", graph, LONG)]))

    assert outcomes["long"].trials == undisturbed["long"].trials != ()
    assert outcomes["a"].trials


def test_workers_that_are_killed_while_idle_are_replaced(graph: tuple[str, ...]) -> None:
    before = trainers()
    with workers() as pool:
        first = by_id(pool.run([Job("a", graph, 0)]))
        kill_workers(but=before)
        time.sleep(1.0)
        second = by_id(pool.run([Job("a", graph, 0)]))

    assert first["a"].trials == second["a"].trials != ()


def test_a_pool_that_is_resized_has_as_many_workers_and_gives_the_same(
    graph: tuple[str, ...],
) -> None:
    others = trainers()
    with workers(1) as pool:
        before = by_id(pool.run([Job("a", graph, 0)]))
        pool.adapt(local(2))
        after = by_id(pool.run([Job(name, graph, 0) for name in "ab"]))

        assert len(trainers() - others) == pool.count == 2
    assert after["a"].trials == before["a"].trials


def test_a_graph_that_is_none_is_an_outcome_with_an_error(pool: Workers) -> None:
    (outcome,) = pool.run([Job("a", ("not a graph",), 0)])

    assert outcome.error
    assert not outcome.trials


def test_a_penalty_is_mapped_over_the_copies_whatever_operators_it_is_made_of() -> None:
    from evo.evaluation.training.kernels import kernels_for

    nodes = [
        '["aten.zeros_like.default",[{"ref":0}],{}]',
        '["aten.maximum.default",[{"ref":0},{"ref":1}],{}]',
        '["aten.sum.default",[{"ref":2}],{}]',
    ]
    text = f'{{"inputs":1,"nodes":[{",".join(nodes)}],"output":{{"ref":3}}}}'
    assert "aten.maximum.default" in kernels_for("cpu")

    with workers(1, kind="regularizer") as running:
        (outcome,) = running.run([Job("a", (text,), 0)])

    assert not outcome.error
    assert all(trial.loss < 3 for trial in outcome.trials)


PROGRAM = f"""
print("runs", flush=True)
from evo.compute.engines.local import Local
from evo.compute.settings import Needs
from evo.compute.work import Work
from evo.compute.workers import Workers
from evo.evaluation.protocol import Job, Protocol, Rung

protocol = Protocol(rungs=(Rung(epochs=1, seeds=2),), learning_rates=(0.01,))
work = Work("activation", ("digits",), protocol, "cpu", timeout_s=60.0)
with Workers(Local(work, Needs(1))) as pool:
    (outcome,) = pool.run([Job("a", ({IDENTITY!r},), 0)])
print(outcome.error or "trained", flush=True)
"""


@pytest.mark.heavy(alone="a program, a server of workers and a worker, each a process")
def test_workers_do_not_run_a_program_again_that_does_not_ask_for_its_name(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    # Names of ours in the folder where the program is called are none of the workers' business.
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "operators.py").write_text("print('operators of the user')")

    done = subprocess.run(
        [sys.executable, tmp_path / "program.py"],
        cwd=tmp_path / "elsewhere",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.stdout.splitlines() == ["runs", "trained"], done.stderr
