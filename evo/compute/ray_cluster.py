"""A Ray cluster: how evo joins it or starts one, its room, and data in its object store.

Ray is imported where it is used: it is an extra.
"""

import os
import signal
import socket
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from evo.compute.data_transport import packed_data
from evo.compute.ray_actors import error_line
from evo.compute.settings import Needs
from evo.core.errors import EvoError
from evo.tasks.base import LoopTask, tasks

_CONNECT_S = 20.0
_SETTINGS = b"\0\0\0\4\0\0\0\0\0"
"""An empty frame of settings, the first of each side."""
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _SETTINGS
"""The beginning of a connection of HTTP/2 (RFC 9113, 3.4)."""

_HOW_TO_JOIN = (
    ". It asks for its token: have the file ~/.ray/auth_token of its head here too, and set "
    "RAY_AUTH_MODE=token."
)


class RayCluster:
    """The cluster that a process has joined, or started on this machine.

    Args:
        needs: what each training needs, and where the cluster is.
    """

    def __init__(self, needs: Needs) -> None:
        self._needs = needs
        self._is_ours = False

    def join(self) -> None:
        """Join the cluster at the address, or start one; one that was joined before is used.

        Raises:
            EvoError: there is no cluster at the address, or none can start.
        """
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        import ray  # noqa: PLC0415 - the extra may be missing

        self._is_ours = not ray.is_initialized()
        if not self._is_ours:
            return
        address = self._needs.cluster.address
        try:
            _expect_cluster(address)  # Ray itself tries for minutes
            with _handlers_kept():
                ray.init(**self._arguments())
        except Exception as error:  # Ray raises anything, such as `Exception` after 30 s
            ray.shutdown()
            place = f"joined at {address!r}" if address else "started"
            hint = _HOW_TO_JOIN if _asks_for_token(error) else ""
            raise EvoError(f"A Ray cluster cannot be {place}: {error}{hint}") from error

    def leave(self) -> None:
        """Leave the cluster, and end it if it was started here."""
        import ray  # noqa: PLC0415

        if self._is_ours:
            with _handlers_kept():
                ray.shutdown()

    def room(self, needs: Needs) -> int:
        """Number of trainings that it has room for now."""
        import ray  # noqa: PLC0415

        return room_of(ray.nodes(), needs)

    def share_data(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """Load the data of each task once, into the object store, if there is room."""
        import ray  # noqa: PLC0415
        from ray.exceptions import ObjectStoreFullError, OutOfDiskError  # noqa: PLC0415

        packs: dict[str, list[Any]] = {}
        for name in names:
            task = tasks.get(name)
            if issubclass(task, LoopTask):
                continue
            # Without room the workers load the data themselves, as those of this machine do.
            with suppress(ObjectStoreFullError, OutOfDiskError):
                packs[name] = [ray.put(tuple(packed_data(task().load())))]
        return packs

    def _arguments(self) -> dict[str, Any]:
        """Arguments of `ray.init`."""
        cluster, needs = self._needs.cluster, self._needs
        quiet = {"log_to_driver": False, "configure_logging": False}
        if cluster.address:
            return {"address": cluster.address, **quiet, **cluster.options}
        ours: dict[str, Any] = {"include_dashboard": False}
        if needs.workers:
            ours["num_cpus"] = max(1, round(needs.workers * needs.cpus))
        # "local": never one that happens to run on this machine.
        return {"address": "local", **ours, **quiet, **cluster.options}


def room_of(nodes: Sequence[Mapping[str, Any]], needs: Needs) -> int:
    """Number of trainings that the machines of a cluster have room for.

    Args:
        nodes: as Ray describes them.
        needs: what each training reserves.

    >>> nodes = [{"Alive": True, "Resources": {"CPU": 8.0, "GPU": 1.0}}, {"Alive": False}]
    >>> room_of(nodes, Needs(cpus=2)), room_of(nodes, Needs(cpus=1, gpus=0.25))
    (4, 4)
    """
    room = 0
    for resources in (node["Resources"] for node in nodes if node["Alive"]):
        places = int(resources.get("CPU", 0) / needs.cpus + 1e-9)
        if needs.gpus:
            places = min(places, int(resources.get("GPU", 0) / needs.gpus + 1e-9))
        room += places
    return room


@contextmanager
def reaching() -> Generator[None]:
    """Say that a cluster is gone where that is what went wrong.

    Raises:
        EvoError: it cannot be reached any more.
    """
    from ray.exceptions import LocalRayletDiedError, RaySystemError  # noqa: PLC0415

    try:
        yield
    except (LocalRayletDiedError, RaySystemError, ConnectionError) as error:
        raise EvoError(
            f"The Ray cluster cannot be reached any more: {error_line(error)}. Everything is "
            "saved; evo resume goes on, on this cluster or another."
        ) from error


def _asks_for_token(error: BaseException | None) -> bool:
    """True if a cluster refused this process for want of its token."""
    from ray.exceptions import AuthenticationError  # noqa: PLC0415

    while error is not None:
        if isinstance(error, AuthenticationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _expect_cluster(address: str) -> None:
    """Expect that a gRPC server answers at an address of host and port; other addresses pass.

    Raises:
        OSError: none does.
    """
    host, _, port = address.rpartition(":")
    if not (host and port.isdigit() and "/" not in host):
        return
    place = (host.strip("[]"), int(port))
    with socket.create_connection(place, timeout=_CONNECT_S) as connection:
        if os.environ.get("RAY_USE_TLS", "0") in ("0", "false"):
            connection.sendall(_GREETING)
            answer = connection.recv(4, socket.MSG_WAITALL)
            if answer[3:] != _SETTINGS[3:4]:
                raise OSError("what listens there is no Ray cluster")


@contextmanager
def _handlers_kept() -> Generator[None]:
    """Keep this program's signal handlers, of which Ray replaces one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
