from pathlib import Path

import pytest
from support.records import evaluated

from evo.core.records import BASELINE_OPERATOR, Record
from evo.report.facts.front import pareto_front
from evo.report.facts.status import status_facts

CONFIG = {
    "kind": "activation",
    "seed": 0,
    "generations": 3,
    "protocol": {"first_seed": 0, "rungs": [{"seeds": 2}]},
}
RECORDS = [
    evaluated("relu", 0.5, 0.1, operator=BASELINE_OPERATOR),
    evaluated("strong", 0.9, 0.1),
    evaluated("novel", 0.2, 0.8),
    evaluated("dominated", 0.1, 0.1),
    evaluated("short", 1.0, 1.0, rung=0),
]


def test_the_front_holds_the_non_dominated_of_the_highest_rung() -> None:
    found = pareto_front(RECORDS)

    assert [r.id for r in found.members] == ["strong", "novel"]
    assert [r.id for r in found.others] == ["dominated"]
    assert [r.id for r in found.baselines] == ["relu"]
    assert found.hypervolume == pytest.approx(0.9 * 0.1 + 0.2 * 0.7)


def test_facts_of_a_campaign_without_a_generation_have_no_best() -> None:
    class Empty:
        folder, id = Path("runs/empty"), "c"
        config = CONFIG
        generation = -1
        records: list[Record] = []  # noqa: RUF012
        is_running = False
        changes = ()

    facts = status_facts(Empty())  # type: ignore[arg-type]

    assert facts["best"] is None
    assert facts["state"] == "stopped"
    assert facts["proposed"] == facts["archive_size"] == 0
