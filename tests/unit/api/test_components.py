"""A campaign gives its components as code, in Python and on the command line."""

import ast
import pickle
from pathlib import Path

import pytest
import torch
from support.command import call_evo

import evo
from evo.core.errors import UsageError
from evo.core.records import Status

CAMPAIGN = Path(__file__).parents[2] / "golden" / "history"


def test_the_best_component_is_a_module_of_its_own(tmp_path: Path) -> None:
    campaign = evo.open(CAMPAIGN)
    (best,) = campaign.best()

    module = campaign.best().module(tmp_path / "best_component.py")

    activation = module.Activation()
    x = torch.linspace(-3, 3, 7)
    assert torch.equal(pickle.loads(pickle.dumps(activation))(x), activation(x))
    text = (tmp_path / "best_component.py").read_text()
    assert text == campaign.code(best.id)
    assert f"Component {best.id} of campaign history" in text
    assert f"B-WR {best.scored.b_wr.value:.3f} [" in text
    assert f"parents: {', '.join(best.candidate.parents)}" in text


def test_a_module_without_a_file_is_named_in_tracebacks() -> None:
    campaign = evo.open(CAMPAIGN)
    (best,) = campaign.best()
    module = campaign.module(best.id[:8])

    with pytest.raises(TypeError) as raised:
        module.activation()

    assert "activation" in str(raised.value)
    assert module.__name__ == f"evo_component_{best.id}"


def test_a_component_that_was_refused_has_no_code() -> None:
    campaign = evo.open(CAMPAIGN)
    refused = next(r for r in campaign.records if r.status is Status.INVALID and not r.graphs)

    with pytest.raises(UsageError, match="never traced"):
        campaign.code(refused.id)


def test_the_command_writes_a_file_or_standard_output(tmp_path: Path) -> None:
    (best,) = evo.open(CAMPAIGN).best()
    words = ["export", str(CAMPAIGN), "--component", best.id[:8]]

    printed = call_evo(*words, "--as", "module", cwd=tmp_path)
    call_evo(*words, "-o", "found.py", cwd=tmp_path)

    assert printed.out == (tmp_path / "found.py").read_text()
    ast.parse(printed.out)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--component", "abc", "--as", "onnx"], "Unknown form of a component 'onnx'"),
        (["--as", "module"], "--component ID"),
        (["--component", "no-such-id"], "no-such-id"),
    ],
)
def test_wrong_use_is_said(words: list[str], message: str, tmp_path: Path) -> None:
    failed = call_evo("export", str(CAMPAIGN), *words, cwd=tmp_path)

    assert failed.code == 2
    assert message in failed.err
    assert failed.out == ""
