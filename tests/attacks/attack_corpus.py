"""The attacks as data (`corpus/*.toml`), and what must be as before after each of them."""

import os
import re
import resource
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from support.processes import children

from evo.components.kinds import kinds
from evo.core.records import Candidate
from evo.validation.graph.graph import Graph
from evo.validation.refusal import Refused
from evo.validation.sandbox.sandbox import Sandbox, Traced, TraceRequest
from evo.validation.validator import Validator

CORPUS = Path(__file__).parent / "corpus"
HONEST = """
import torch
import torch.nn.functional as F

def activation(x):
    return F.silu(x) * torch.where(x > 0, x, 0.1 * x)
"""
KIND = kinds.get("activation")()
SECRET_NAME, SECRET_VALUE = "evo-secret-key", "evo-secret-value"
MARK, KEPT = f"evo-attack-{os.getpid()}", f"evo-kept-{os.getpid()}"
"""Attacks write files of the first name, and delete or load the one of the second."""
_WATCHED = (Path("/"), Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"))
_ENGINE_GROWS_MB = 96
_ZYGOTE_GROWS_MB = 8


class Attack(NamedTuple):
    """One hostile candidate.

    Attributes:
        wall: what stops it on the whole way; "none" where it is a component like any other.
        reason: regular expression for what its author is told.
        straight: the same for the sandbox without the policy; "harmless" where a graph may come.
    """

    name: str
    kind: str
    source: str
    wall: str
    reason: str
    straight: str


def attacks() -> list[Attack]:
    """All candidates of the corpus."""
    return [_attack(name, entry) for name, entry in _entries("source", "generated")]


def graph_attacks() -> dict[str, Mapping[str, str]]:
    """Texts in place of graphs by name."""
    return dict(_entries("text", "python"))


def system_calls() -> dict[str, int]:
    """Numbers of system calls by name."""
    return tomllib.loads((CORPUS / "system_calls.toml").read_text())


def candidate(source: str, kind: str = "activation") -> Candidate:
    return Candidate.of(kind, source, operator="test")


def request(source: str, kind: str = "activation") -> TraceRequest:
    found = kinds.get(kind)
    return TraceRequest(source, found.contract.function, found.trace_shapes)


def says(refused: Refused, pattern: str) -> bool:
    """True if a refusal is short, fit to print, and tells what the pattern asks for."""
    reason = refused.reason
    return (
        0 < len(reason) <= 500 and reason.isprintable() and re.search(pattern, reason) is not None
    )


class Untouched:
    """State that an attack must leave as it was; taken when nothing has been attacked yet."""

    def __init__(self, sandbox: Sandbox, here: Path) -> None:
        self._sandbox = sandbox
        self._watched = (*_WATCHED, here)
        self._kept = here / KEPT
        self._kept.write_text("kept")
        # Everything is imported and warm before the first measurement.
        for name in kinds.names():
            kind = kinds.get(name)()
            Validator(kind, sandbox).validate(list(kind.baselines().values()))
        (graph,) = sandbox.trace([request(HONEST)])
        assert isinstance(graph, str)
        self.honest = graph
        self._bits = KIND.behaviour(Graph.parse(graph)).tobytes()
        self._zygote = sandbox.process_id
        self._zygote_mb = resident_mb(self._zygote)
        self._engine_mb = largest_mb()
        self._children = children(os.getpid())

    def check(self, next_graph: Traced) -> None:
        """Compares, given the trace of an honest candidate that came next in the same call."""
        assert self._sandbox.process_id == self._zygote
        assert next_graph == self.honest
        assert KIND.behaviour(Graph.parse(self.honest)).tobytes() == self._bits
        assert children(self._zygote) == []
        assert children(os.getpid()) == self._children
        assert not [path for folder in self._watched for path in folder.glob(f"{MARK}*")]
        assert self._kept.read_text() == "kept"
        assert resident_mb(self._zygote) - self._zygote_mb < _ZYGOTE_GROWS_MB
        grown_mb = largest_mb() - self._engine_mb
        self._engine_mb += grown_mb
        assert grown_mb < _ENGINE_GROWS_MB


def resident_mb(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def largest_mb() -> float:
    """The most memory that this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _entries(*keys: str) -> Iterator[tuple[str, dict[str, str]]]:
    for path in sorted(CORPUS.glob("*.toml")):
        document: dict[str, Any] = tomllib.loads(path.read_text())
        for name, entry in document.items():
            if isinstance(entry, dict) and any(key in entry for key in keys):
                yield f"{path.stem}: {name}", entry


def _attack(name: str, entry: Mapping[str, str]) -> Attack:
    # Sources too long to be read are written as a Python expression.
    source = entry["source"] if "source" in entry else eval(entry["generated"])
    source = source.replace("evo-attack", MARK).replace("evo-kept", KEPT)
    wall, reason = entry["wall"], entry.get("reason", "")
    return Attack(
        name, entry.get("kind", "activation"), source, wall, reason, entry.get("straight", "")
    )
