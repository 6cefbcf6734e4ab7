"""Trainings on a Ray cluster: one warm actor per training at once.

An actor loads the data of all tasks once, from Ray's object store, and then trains batch after
batch. Machines may join and leave at any time: actors that are lost are replaced where there is
room, and what they trained is told as lost. Actors end with this process, however it ends.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

from evo.compute.batch import Batch, Ended
from evo.compute.engines.base import Engine, engines
from evo.compute.memory import Peak
from evo.compute.ray_actors import Actor, RayWorker, error_line, loss_of
from evo.compute.ray_cluster import RayCluster, reaching
from evo.compute.remote import greeting
from evo.compute.settings import Needs
from evo.compute.work import Work
from evo.core.errors import EvoError, UsageError

_LOOK_S = 2.0
"""Seconds between two looks at the machines of the cluster."""
_DEATHS_AT_START = 5
"""Actors in a row that may die before any worker is ready."""


@engines.register("ray")
class Ray(Engine):
    """A Ray cluster: joins a running one, or starts one on this machine."""

    batch_s = 1.0

    def __init__(self, work: Work, needs: Needs) -> None:
        super().__init__(work, needs)
        self._actors: list[Actor] = []
        self._homeless: list[Batch] = []
        self._packs: dict[str, list[Any]] = {}
        self._looked = -_LOOK_S
        self._deaths = 0
        self._cluster = RayCluster(needs)
        self._ray: Any = None

    @classmethod
    def check(cls, needs: Needs) -> None:
        """Check that Ray is installed.

        Raises:
            UsageError: it is not.
        """
        del needs
        if find_spec("ray") is None:
            raise UsageError("compute = 'ray' needs Ray: pip install 'evo-search[ray]'.")

    def start(self) -> None:
        """Join the cluster, or start one, and start the actors.

        Raises:
            EvoError: there is no cluster at the address, or no worker can start.
        """
        self._cluster.join()
        import ray  # noqa: PLC0415 - the extra may be missing

        self._ray = ray
        try:
            self._packs = self._cluster.share_data(self.work.tasks)
            self._look_after()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the actors, and the cluster if it was started here."""
        for actor in self._actors:
            with suppress(Exception):
                self._ray.kill(actor.handle)
        self._actors, self._homeless, self._packs = [], [], {}
        self._cluster.leave()

    @property
    def capacity(self) -> int:
        """Number of actors that are ready."""
        with reaching():
            self._look_after()
        return len(self._ready)

    def adapt(self, work: Work, needs: Needs) -> None:
        """Take other limits, and as many actors as are asked for."""
        super().adapt(work, needs)
        for actor in self._actors:
            actor.handle.adapt.remote(work)
        self._looked = -_LOOK_S

    def submit(self, batch: Batch) -> None:
        """Hand a batch to the actor that has least to do."""
        if not (ready := self._ready):
            self._homeless.append(batch)
            return
        from ray.exceptions import ObjectStoreFullError, OutOfDiskError  # noqa: PLC0415

        actor = min(ready, key=lambda one: len(one.queue))
        try:
            ref = actor.handle.train.remote(batch.jobs)
        except (ObjectStoreFullError, OutOfDiskError):
            # Only large batches go through the store of this machine; it may have room later.
            self._homeless.append(batch)
            return
        if not actor.queue:
            actor.head_since = time.monotonic()
        actor.queue.append((ref, batch))

    def ended(self, timeout_s: float) -> Sequence[Ended]:
        """The batches that have ended.

        Raises:
            EvoError: the cluster cannot be reached any more, or no worker can start.
        """
        with reaching():
            return self._ended(timeout_s)

    def _ended(self, timeout_s: float) -> list[Ended]:
        self._look_after()
        owners = {ref: actor for actor in self._actors for ref, _ in actor.queue}
        starting = [actor.ready for actor in self._actors if actor.greeting is None]
        if not (refs := [*owners, *starting]):
            time.sleep(min(timeout_s, 0.1))
            return []
        self._ray.wait(refs, timeout=timeout_s)
        if not owners:
            return []
        done, _ = self._ray.wait(list(owners), num_returns=len(owners), timeout=0)
        ended: list[Ended] = []
        failed: dict[int, tuple[Actor, Exception]] = {}
        for ref in done:
            actor = owners[ref]
            try:
                outcomes = self._ray.get(ref)
            except Exception as error:  # noqa: BLE001 - Ray's own errors, and those of pickling
                failed.setdefault(id(actor), (actor, error))
                continue
            place = [one for one, _ in actor.queue].index(ref)
            _, batch = actor.queue.pop(place)
            actor.head_since = time.monotonic()
            if batch is not None:
                ended.append(Ended(batch, tuple(outcomes)))
        for actor, error in failed.values():
            ended += self._lost(actor, error)
        return ended

    def cancel(self, batches: Sequence[Batch]) -> None:
        """Forget batches; actors that have them already train them, one or two each, for nobody."""
        # Ray can cancel what waits for an actor, but then holds back what follows for 30 seconds.
        numbers = {batch.number for batch in batches}
        self._homeless = [one for one in self._homeless if one.number not in numbers]
        for actor in self._actors:
            actor.queue = [
                (ref, None if batch is not None and batch.number in numbers else batch)
                for ref, batch in actor.queue
            ]

    def measure(self, graphs: tuple[str, ...]) -> Peak | None:
        """The memory that one worker needs, measured by a few steps of one actor.

        Raises:
            EvoError: the network does not fit.
        """
        from ray.exceptions import RayError  # noqa: PLC0415

        while not self._ready:
            self.ended(1.0)
        try:
            result: Peak = self._ray.get(self._ready[0].handle.measure.remote(graphs))
        except RayError as error:
            raise EvoError(
                "A worker was lost when it trained the largest network for a few steps: most "
                f"likely its memory does not suffice. {error_line(error)}"
            ) from error
        return result

    @property
    def _ready(self) -> list[Actor]:
        return [actor for actor in self._actors if actor.greeting is not None]

    def _look_after(self) -> None:
        """Start actors where there is room, and greet those that are ready."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_S:
            self._looked = now
            wanted = self.needs.workers or min(self._cluster.room(self.needs), self.needs.most)
            while len(self._actors) < wanted:
                self._actors.append(self.new_actor())
            idle = [actor for actor in self._actors if not actor.queue]
            for actor in idle[: max(0, len(self._actors) - wanted)]:
                self._actors.remove(actor)
                self._ray.kill(actor.handle)
        starting = [actor for actor in self._actors if actor.greeting is None]
        if starting:
            refs = [actor.ready for actor in starting]
            done, _ = self._ray.wait(refs, num_returns=len(refs), timeout=0)
            for actor in starting:
                if actor.ready in done:
                    self._greet(actor)
        if self._homeless and self._ready:
            homeless, self._homeless = self._homeless, []
            for batch in homeless:
                self.submit(batch)

    def new_actor(self) -> Actor:
        """Start an actor."""
        secrets = sorted(self.needs.secrets)
        options: dict[str, Any] = {"num_cpus": self.needs.cpus, "num_gpus": self.needs.gpus}
        if secrets:
            # The process begins without them: removing them later leaves them in its memory.
            options["runtime_env"] = {"env_vars": dict.fromkeys(secrets, "")}
        remote = self._ray.remote(RayWorker).options(max_restarts=0, max_task_retries=0, **options)
        return Actor(remote.remote(self.work, self._packs, secrets))

    def _greet(self, actor: Actor) -> None:
        """Take an actor in that is ready.

        Raises:
            EvoError: none can start, or it has other versions.
        """
        try:
            actor.greeting = self._ray.get(actor.ready)
        except Exception as error:
            self._actors.remove(actor)
            self._deaths += 1
            if self._deaths >= _DEATHS_AT_START and not self._ready:
                raise EvoError(
                    f"Workers cannot start on the Ray cluster; {self._deaths} in a row have died: "
                    f"{error_line(error)}"
                ) from error
            return
        self._deaths = 0
        assert actor.greeting is not None
        here = greeting("")
        if (actor.greeting.evo, actor.greeting.torch) != (here.evo, here.torch):
            theirs = actor.greeting
            raise EvoError(
                f"{theirs.host} has evo {theirs.evo} and torch {theirs.torch}, this machine "
                f"{here.evo} and {here.torch}: results would differ. Install the same on both."
            )

    def _lost(self, actor: Actor, error: Exception) -> list[Ended]:
        """Take in that an actor is lost: its first batch is, the others go to other actors."""
        if actor not in self._actors:
            return []
        self._actors.remove(actor)
        self._looked = -_LOOK_S  # replace it at once
        with suppress(Exception):
            self._ray.kill(actor.handle)
        ended: list[Ended] = []
        batches = [batch for _, batch in actor.queue]
        if batches and batches[0] is not None:
            loss = loss_of(error, actor, len(batches[0].jobs), limit_s=self.work.job_timeout_s)
            ended.append(Ended(batches[0], (), loss))
        for batch in batches[1:]:
            if batch is not None:
                self.submit(batch)
        return ended
