"""Promises of `import evo`: every public name is there, and costs nothing until it is used."""

import subprocess
import sys

import pytest

import evo


@pytest.mark.parametrize("name", evo.__all__)
def test_every_public_name_is_there_and_documented(name):
    assert getattr(evo, name) is not None
    assert name in dir(evo)


def test_a_wrong_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'evo' has no attribute 'runn'"):
        evo.runn  # noqa: B018


def test_the_version_is_that_of_the_package():
    assert evo.__version__.count(".") == 2


def test_importing_evo_imports_what_keeps_namesakes_apart_and_no_more_of_it():
    code = "import sys, evo; print([m for m in sys.modules if m.startswith('evo.')])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "['evo.core', 'evo.core.namesakes']"
