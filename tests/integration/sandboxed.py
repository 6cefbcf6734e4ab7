"""Sources for tests of the sandbox, and their traces."""

import pytest

from evo.components.activation import Activation
from evo.validation.sandbox import walls
from evo.validation.sandbox.sandbox import Sandbox, Traced, TraceRequest
from evo.validation.sandbox.walls import Wall

needs_all_walls = pytest.mark.skipif(
    walls.standing() != set(Wall), reason="this machine lacks a wall of the sandbox"
)
SHAPES = Activation.trace_shapes
HONEST = "import torch\ndef activation(x):\n    return torch.sin(x) * x.abs()"


def trace(sandbox: Sandbox, *sources: str) -> list[Traced]:
    return sandbox.trace([TraceRequest(source, "activation", SHAPES) for source in sources])


def attack(*lines: str) -> str:
    head = ["import ctypes, json, mmap, os, resource, signal, socket, sys, threading, time"]
    return "\n".join([*head, "import torch", "def activation(x):", *(f"    {x}" for x in lines)])


LOOP = attack("while True: pass")
