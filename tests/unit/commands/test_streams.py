"""Output as shells leave it: closed, full, in other encodings, of odd widths."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from archive.folders import LONGEST_NAME, named_folder, run_folder
from evo.core.errors import UsageError


def shell(
    words: str, *, before: str = "", cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """What a shell makes of evo with some arguments and redirections."""
    command = f'{before}"{sys.executable}" -m evo {words}'
    inherited = {**os.environ, **environment}
    return subprocess.run(
        command,
        shell=True,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env=inherited,
        cwd=cwd,
        check=False,
        timeout=120,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_a_full_device_is_one_message_and_exit_code_1() -> None:
    done = shell("list >/dev/full")

    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_closed_streams_are_borne_and_an_export_there_is_wrong_use(tmp_path) -> None:
    closed = shell("list >&- 2>&-")
    export = shell("export nothing --format csv >&-")

    assert closed.returncode == 0
    assert export.returncode == 2
    assert "Standard output is closed: name a file with --output" in export.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_an_encoding_that_lacks_characters_is_borne(encoding: str, tmp_path) -> None:
    (tmp_path / "schön‐β.py").write_text("def activation(x): return x")
    files = f"'{tmp_path}/schön‐β.py' --kind nothing; "
    command = f"validate {files}"

    refused = shell(command, PYTHONIOENCODING=encoding)

    assert "Traceback" not in refused.stderr
    assert refused.returncode == 2


@pytest.mark.parametrize("columns", ["0", "1", "abc"])
def test_a_width_that_no_terminal_has_is_forgotten(columns: str) -> None:
    done = shell("list", COLUMNS=columns)

    widths = {len(line) for line in done.stdout.splitlines()}
    assert done.returncode == 0
    assert max(widths) == (20 if columns == "1" else 80)


@pytest.mark.parametrize("name", ["n" * 300, "ö" * 101, "", "  ", "a\0b", "a/" + "b" * 300])
def test_a_name_that_no_file_system_takes_is_wrong_use(name: str, tmp_path) -> None:
    with pytest.raises(UsageError, match=f"a name of 1 to {LONGEST_NAME} bytes"):
        named_folder(tmp_path, name)
    with pytest.raises(UsageError, match="Unknown campaign"):
        run_folder(name or "none")


def test_facts_stay_whole_in_an_encoding_that_lacks_characters(capsys, monkeypatch) -> None:
    from io import BytesIO, TextIOWrapper

    from evo.commands import console

    stream = TextIOWrapper(BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", stream)

    console.print_json({"name": "β → ∞"})
    stream.flush()

    assert json.loads(stream.buffer.getvalue().decode("latin-1")) == {"name": "β → ∞"}  # type: ignore[attr-defined]


def test_a_working_directory_that_was_deleted_is_named(tmp_path) -> None:
    (tmp_path / "gone").mkdir()

    done = shell("list", cwd=tmp_path / "gone", before=f"rmdir '{tmp_path}/gone'; ")

    assert (done.returncode, done.stderr) == (
        2,
        "evo: The working directory was deleted. Change to one that exists.\n",
    )
