"""Campaigns to look at: a small one that trained nothing, and one full of attacks."""

import pytest
from large_campaign import write_small_campaign
from support.hostile_campaign import write_hostile_campaign


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    write_small_campaign(folder / "small")
    return folder


@pytest.fixture(scope="session")
def hostile(tmp_path_factory, runs):
    return write_hostile_campaign(tmp_path_factory.mktemp("hostile"), runs / "small")
