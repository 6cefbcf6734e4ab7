"""A campaign is the same, record for record, whichever engine trains and with how many workers."""

from pathlib import Path

import pytest
from support import engine_campaign
from support.profiles import only_long


@pytest.mark.enable_socket
@pytest.mark.parametrize("overlap", ["overlap=1", *only_long(("overlap=0",))])
def test_one_worker_and_an_engine_of_another_order_give_the_same_history(
    tmp_path: Path, overlap: str
) -> None:
    engine_campaign.begin(tmp_path / "one", ["workers=1", overlap])
    engine_campaign.go_on(tmp_path / "one")
    engine_campaign.begin(tmp_path / "other", ["compute=test-here", overlap])
    engine_campaign.go_on(tmp_path / "other")

    expected = engine_campaign.facts(tmp_path / "one")
    assert engine_campaign.facts(tmp_path / "other") == expected
    assert sum(one[5] is not None for one in expected) > 15
