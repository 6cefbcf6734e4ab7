"""A campaign is the same, record for record, whichever engine trains and with how many workers."""

from pathlib import Path

import pytest
from support import engine_campaign


@pytest.mark.enable_socket
def test_one_worker_and_an_engine_of_another_order_give_the_same_history(tmp_path: Path) -> None:
    engine_campaign.begin(tmp_path / "one", ["workers=1"])
    engine_campaign.go_on(tmp_path / "one")
    engine_campaign.begin(tmp_path / "other", ["compute=test-here"])
    engine_campaign.go_on(tmp_path / "other")

    expected = engine_campaign.facts(tmp_path / "one")
    assert engine_campaign.facts(tmp_path / "other") == expected
    assert sum(one[5] is not None for one in expected) > 15
