import tomllib

import pytest

from evo.campaign.config import load
from evo.campaign.config.reference import as_toml, sections

MODEL = 'llm.models=[{model="gpt", price_in=0.5, extra={reasoning_effort="low"}}]'


@pytest.mark.parametrize(
    "settings", [[], [MODEL, "llm.budget.dollars=2.5"], ["kind=loss", 'tasks=["wine","digits"]']]
)
def test_a_printed_configuration_reads_back_as_itself(settings) -> None:
    config = load("default", settings)

    assert load(tomllib.loads(as_toml(config))) == config


def test_every_key_is_printed_with_its_meaning_set_or_unset() -> None:
    text = as_toml(load("default"))
    flat = " ".join(text.replace("\n# ", " ").split())

    for section in sections():
        for setting in section.settings:
            if not setting.holds_tables:
                assert f"{setting.key} =" in text
                assert setting.description in flat
    assert "# [[llm.models]]" in text


def test_single_values_are_lists_of_one() -> None:
    config = load("default", ["tasks=wine", "protocol.learning_rates=0.1"])

    assert (config.tasks, config.protocol.learning_rates) == (("wine",), (0.1,))
    one = load({"llm": {"models": {"model": "gpt"}}})
    assert [model.label for model in one.llm.models] == ["gpt"]
