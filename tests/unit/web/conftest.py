"""Campaigns to look at: a small one that trained nothing, and one full of attacks."""

import shutil

import pytest
from support.hostile_campaign import write_hostile_campaign


@pytest.fixture(scope="session")
def runs(small_campaign, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    shutil.copytree(small_campaign, folder / "small")
    return folder


@pytest.fixture(scope="session")
def hostile(tmp_path_factory, runs):
    return write_hostile_campaign(tmp_path_factory.mktemp("hostile"), runs / "small")
