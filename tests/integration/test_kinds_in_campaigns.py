"""A campaign of each kind runs to its end; it trains in this process, which spares its start."""

from pathlib import Path

import pytest
from support import engine_campaign
from support.profiles import mostly_heavy

from archive.history.reader import Reader
from evo.components.kinds import kinds
from evo.core.records import Status

SHORT = (
    *("compute=test-here", "generations=1", "trainings=2"),
    "protocol.rungs=[{epochs = 1, seeds = 2, networks = 1}]",
)
TASKS = {"attention": ('tasks=["digits-transformer"]',)}
"""Tasks of kinds that need a network of their own."""
FURTHER = {"initializer": ('baselines=["lsuv"]',)}
"""Further baselines: one that sees what layers receive."""
FEW = ("initializer", "loss", "matrix-optimizer", "preprocessor", "regularizer", "schedule")
"""Kinds that stand in different places of a training."""


@pytest.mark.parametrize("kind", mostly_heavy(FEW, kinds.names()))
def test_what_is_valid_of_a_kind_trains_and_so_do_all_its_baselines(
    kind: str, tmp_path: Path
) -> None:
    settings = (f"kind={kind}", *SHORT, *TASKS.get(kind, ()), *FURTHER.get(kind, ()))
    engine_campaign.begin(tmp_path / "run", settings)
    engine_campaign.go_on(tmp_path / "run")

    records = Reader.read(tmp_path / "run").records
    proposals = [record for record in records if not record.is_baseline]
    valid = [record for record in proposals if record.status is not Status.INVALID]
    assert len(valid) >= len(proposals) / 2
    assert any(record.status is Status.EVALUATED for record in proposals)
    assert all(record.status is Status.EVALUATED for record in records if record.is_baseline)
