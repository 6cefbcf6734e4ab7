"""Losses of machines and workers, as a status tells them."""

import shutil
from pathlib import Path

from archive.history.lost_attempts import note_loss
from archive.history.reader import Reader
from evo.report.facts.status import status_facts

GOLDEN = Path(__file__).parents[2] / "golden" / "history"


def test_a_status_says_what_was_lost_and_nothing_where_nothing_was(tmp_path) -> None:
    shutil.copytree(GOLDEN, tmp_path / "run")
    reader = Reader.read(tmp_path / "run")
    assert "lost" not in status_facts(reader)

    note_loss(tmp_path / "run", "node", where="b", jobs=2, detail="b left the cluster")
    note_loss(tmp_path / "run", "memory", where="a", jobs=1, detail="memory ran out on a")

    assert status_facts(reader)["lost"] == {
        **{"node": 1, "memory": 1},
        **{"trained_again": 3, "last": "memory ran out on a"},
    }
