"""Activations, traced in this process and as plain functions."""

import torch

from evo.components.activation import Activation
from evo.validation.graph import tracer
from evo.validation.graph.graph import Graph

SHAPES = Activation.trace_shapes


def traced(source: str) -> Graph:
    return Graph.parse(tracer.trace(source, "activation", SHAPES, progress=lambda: None))


def eager(source: str):
    namespace: dict = {}
    exec(source, namespace)
    return namespace["activation"]


def points() -> torch.Tensor:
    return torch.linspace(-5.0, 5.0, 48).reshape(4, 12)


def body(*lines: str) -> str:
    return "\n".join(
        ["import torch", "import torch.nn.functional as F", "def activation(x):"]
        + [f"    {line}" for line in lines]
    )
