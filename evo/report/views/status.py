"""The view of `evo status`."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType

from evo.report.views.authorship import authorship_table
from evo.report.views.tables import facts_table


def status_view(facts: Mapping[str, Any], authorship: Mapping[str, Any]) -> RenderableType:
    """Names and values, and the table of operators and models once something was proposed.

    Args:
        facts: see `status_facts`.
        authorship: see `authorship_facts`.
    """
    shown = dict(facts)
    if facts["generation"] < 0:
        shown["generation"] = "none yet; the baselines train first"
    if not any(facts["llm"].values()):
        del shown["llm"]
    tables = [authorship_table(authorship)] if authorship["operators"] else []
    return Group(facts_table(shown), *tables)
