"""A campaign to damage."""

import shutil
from pathlib import Path

import pytest
from support import archive_samples as samples

from archive.history.history import History
from archive.store.merging import MergeLimits


@pytest.fixture(scope="session")
def whole_campaign(tmp_path_factory) -> Path:
    """Six generations of three records, the first four merged, and two outcomes of a seventh."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    limits = MergeLimits(fan=4)
    with History.create(
        folder, config={"seed": 1}, environment={"python": "3"}, merge_limits=limits
    ) as history:
        for generation in range(6):
            made = [samples.record(3 * generation + i, generation=generation) for i in range(3)]
            history.seal(generation, made, [made[0].id])
        history.acknowledge(samples.outcome(1))
        history.acknowledge(samples.outcome(2))
    return folder


@pytest.fixture
def damageable(whole_campaign, tmp_path) -> Path:
    return Path(shutil.copytree(whole_campaign, tmp_path / "run"))
