from pathlib import Path

import pytest

from evo.api.sources import sources_of
from evo.core.errors import UsageError

SOURCE = "def activation(x):\n    return x  # see notes.py"


def test_text_is_a_source_and_a_name_that_ends_in_py_is_a_file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("code")

    assert sources_of(SOURCE) == [("", SOURCE)]
    assert sources_of(path) == sources_of(str(path)) == [(str(path), "code")]
    assert sources_of([SOURCE, path]) == [("", SOURCE), (str(path), "code")]


def test_a_file_that_is_not_there_is_wrong_use(tmp_path):
    with pytest.raises(UsageError, match="Expected readable Python files"):
        sources_of(Path(tmp_path / "none.py"))
