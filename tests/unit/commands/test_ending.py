import subprocess
import sys

import pytest

PROGRAM = """
import sys
import torch
import triton
sys.argv = ["evo", "--version"]
from evo.__main__ import main
main()
"""


def test_nothing_is_said_after_the_end_where_libraries_of_torch_are_loaded() -> None:
    pytest.importorskip("triton", reason="torch for this machine comes without triton")
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=False)

    assert (done.returncode, done.stdout[:4], done.stderr) == (0, b"evo ", b"")
