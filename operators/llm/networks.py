"""Margins by network in short, as lists of prompts show them."""

from collections.abc import Sequence

from operators.briefing import NetworkResult


def margins_by_network(results: Sequence[NetworkResult]) -> list[tuple[str, float]]:
    """Each network's name, after its task's where there are several, and the margin there."""
    tasks = {result.task for result in results}
    return [
        (f"{r.task}/{r.network}" if len(tasks) > 1 else r.network, r.margin.value) for r in results
    ]
