"""Tests that every compute engine must pass."""

import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest

from evo.components.kinds import kinds
from evo.compute.batch import Batch, Ended
from evo.compute.engines.base import Engine, engines
from evo.compute.settings import Needs
from evo.compute.work import Work
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job, Protocol, Rung
from evo.evaluation.training.trials import run_trials
from evo.validation.graph.graphs import component_of

_IDENTITY = ('{"inputs":1,"nodes":[],"output":{"ref":0}}',)
_SECRET = "EVO_CONTRACT_KEY"  # noqa: S105 - a name
_LOOP = """
import os
from pathlib import Path

from evo.tasks.loop import Measurements, loop


def train(parts, seed, settings, budget):
    parts.activation()
    worker = Path(f"/proc/{os.getppid()}/environ")
    known = worker.read_bytes() if worker.exists() else b""
    leaks = "EVO_CONTRACT_KEY" in os.environ or b"hush-hush" in known
    return Measurements(2.0 if leaks else 1.0, 2.0 if leaks else 1.0)


task = loop(train)
"""
"""A task whose loss says whether its worker knows a secret, `hush-hush`, of that name."""


def _protocol() -> Protocol:
    rungs = (Rung(epochs=1, seeds=2, networks=1), Rung(epochs=400_000, seeds=2, networks=1))
    return Protocol(rungs=rungs, learning_rates=(0.01,), leaders=0)


class EngineSuite:
    """Tests of a compute engine. Subclass it and define the fixture `engine`.

    The trainings are real, of a second each.
    """

    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> type[Engine]:
        """The engine's class."""
        raise NotImplementedError("Define a fixture `engine` that returns the class to test.")

    @pytest.fixture(scope="class")
    @classmethod
    def needs(cls) -> Needs:
        """Needs of its trainings here."""
        return Needs(2)

    @pytest.fixture(scope="class")
    @classmethod
    def running(cls, engine: type[Engine], needs: Needs) -> Iterator[Engine]:
        """A running engine for jobs that take a moment."""
        work = Work("activation", ("breast-cancer",), _protocol(), "cpu", timeout_s=120.0)
        made = engine(work, needs)
        made.start()
        yield made
        made.stop()

    def test_it_is_registered_and_made_without_touching_anything(
        self, engine: type[Engine], needs: Needs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(socket.socket, "connect", _refuse)

        engine(Work("activation", ("breast-cancer",), _protocol(), "cpu"), needs)

        assert any(engines.get(name) is engine for name in engines.names())

    def test_outcomes_are_those_of_a_training_in_this_process(self, running: Engine) -> None:
        protocol = _protocol()
        parts = kinds.get("activation")().parts(component_of(_IDENTITY))
        expected = run_trials(parts, ("breast-cancer",), protocol, rung=0)

        names = "ab" if running.batch_s else "a"  # without it, every job comes alone

        ended = _trained(running, Batch(1, tuple(Job(name, _IDENTITY, 0) for name in names)))

        assert [outcome.id for outcome in ended.outcomes] == list(names)
        assert all(outcome.trials == expected for outcome in ended.outcomes)
        assert all(outcome.seconds > 0 for outcome in ended.outcomes)
        assert ended.loss is None

    def test_what_is_no_graph_costs_itself_alone(self, running: Engine) -> None:
        jobs = (Job("bad", ("no graph",), 0), Job("good", _IDENTITY, 0))

        outcomes = {outcome.id: outcome for outcome in _run(running, jobs)}

        assert outcomes["bad"].error
        assert not outcomes["bad"].trials
        assert outcomes["good"].trials

    def test_what_is_cancelled_is_never_told(self, running: Engine) -> None:
        doomed = [Batch(10 + place, (Job(f"d{place}", _IDENTITY, 0),)) for place in range(6)]
        with running.working():
            for batch in doomed:
                running.submit(batch)
            running.cancel(doomed)

            ended = _trained(running, Batch(20, (Job("after", _IDENTITY, 0),)))

        assert ended.batch.number == 20
        assert not running.ended(0.5)

    def test_it_has_room_for_as_many_as_it_says(self, running: Engine, needs: Needs) -> None:
        assert 1 <= running.capacity <= max(needs.workers, needs.most)
        assert running.capacity <= running.places(100) <= 2 * running.capacity

    def test_no_worker_has_what_is_secret(
        self,
        engine: type[Engine],
        needs: Needs,
        tmp_path: Path,
    ) -> None:
        (tmp_path / "environment.py").write_text(_LOOP)
        task = str(tmp_path / "environment.py")
        secret = needs._replace(workers=1, secrets=frozenset({_SECRET}))
        made = engine(Work("activation", (task,), _protocol(), "cpu"), secret)

        made.start()
        try:
            (outcome,) = _run(made, [Job("a", _IDENTITY, 0)])
        finally:
            made.stop()

        assert [trial.loss for trial in outcome.trials] == [1.0, 1.0]

    def test_a_job_that_takes_too_long_is_lost_and_no_other(
        self, engine: type[Engine], needs: Needs
    ) -> None:
        work = Work("activation", ("breast-cancer",), _protocol(), "cpu", timeout_s=4.0)
        made = engine(work, needs._replace(workers=1))
        made.start()
        try:
            lost = _trained(made, Batch(1, (Job("slow", _IDENTITY, 1),)))
            # On a busy machine a fresh worker may be late too, until it is warm.
            tries = (_trained(made, Batch(n, (Job("a", _IDENTITY, 0),))) for n in range(2, 12))
            after = next((ended for ended in tries if ended.outcomes), None)
        finally:
            made.stop()

        assert lost.loss is not None
        assert not lost.loss.cause.is_blameless
        assert not lost.outcomes
        assert after is not None


def _run(engine: Engine, jobs: Sequence[Job]) -> list[Outcome]:
    """Outcomes of jobs on an engine that runs already."""
    with engine.working():
        ended = [
            _trained(engine, Batch(100 + place, (job,))).outcomes for place, job in enumerate(jobs)
        ]
    return [outcome for outcomes in ended for outcome in outcomes]


def _trained(engine: Engine, batch: Batch, *, within_s: float = 300.0) -> Ended:
    """The end of a batch that is submitted alone."""
    deadline = time.monotonic() + within_s
    engine.submit(batch)
    while time.monotonic() < deadline:
        for ended in engine.ended(0.5):
            assert ended.batch == batch
            return ended
    raise AssertionError(f"no end of batch {batch.number} within {within_s:g} s")


def _refuse(*_: Any) -> NoReturn:
    raise AssertionError("an engine connects when it starts, not when it is made")
