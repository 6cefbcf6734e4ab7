from pathlib import Path

import pytest

from evo.api.sources import read_sources, sources_of
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


SOURCE = "# schön\ndef activation(x):\n    return x\n"


@pytest.mark.parametrize(
    "content",
    [
        SOURCE.encode(),
        SOURCE.encode("utf-8-sig"),
        ("# coding: latin-1\n" + SOURCE).encode("latin-1"),
    ],
)
def test_a_file_is_read_as_python_reads_it(tmp_path, content: bytes) -> None:
    (tmp_path / "a.py").write_bytes(content)

    ((_, text),) = read_sources([tmp_path / "a.py"])

    assert text.endswith(SOURCE)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_the_file_of_several_that_cannot_be_read_is_named(tmp_path, encoding: str) -> None:
    for name in "abc":
        (tmp_path / f"{name}.py").write_text(SOURCE)
    (tmp_path / "b.py").write_bytes(SOURCE.encode(encoding))

    with pytest.raises(UsageError, match=r"b\.py is neither UTF-8"):
        read_sources([tmp_path / f"{name}.py" for name in "abc"])
