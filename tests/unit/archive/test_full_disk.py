"""An export onto a full disk is one message, and leaves nothing behind."""

import pytest
from support import archive_samples as samples

from archive.history import single_file
from archive.history.history import History
from evo.core.errors import HistoryError


@pytest.mark.parametrize("room", [1, 3000, 20_000])
def test_a_single_file_that_finds_no_room_is_an_error_and_no_crash(
    tmp_path, full_disk, room: int
) -> None:
    target = tmp_path / "out" / "all.h5"
    target.parent.mkdir()
    with History.create(tmp_path / "run", config={"seed": 1}, environment={}) as history:
        record = samples.record(0, generation=0)
        history.seal(0, [record], [record.id])

        full_disk(room)
        with pytest.raises(HistoryError, match=r"Cannot write .*all\.h5"):
            single_file.write_single_file(history, target)
        full_disk(0)

        assert list(target.parent.iterdir()) == []
        assert single_file.write_single_file(history, target) == 1
