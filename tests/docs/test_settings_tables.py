"""The settings page is generated: every key has its values, its default and a description."""

import sys
from pathlib import Path

import pytest
from markdown_blocks import ROOT

from evo.campaign.config import Config

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "hooks"))

from settings_tables import markdown, sections

SETTINGS = [(section.table, setting) for section in sections() for setting in section.settings]


@pytest.mark.parametrize("table, setting", SETTINGS, ids=lambda part: getattr(part, "key", part))
def test_a_setting_says_what_it_does(table: str, setting) -> None:
    assert setting.description.endswith(".")
    assert setting.values


def test_every_key_of_the_configuration_has_a_row() -> None:
    keys = {f"{table}.{setting.key}".lstrip(".") for table, setting in SETTINGS}
    flat = {
        f"{part}.{key}"
        for part in ("protocol", "novelty", "selection", "portfolio", "reward", "llm")
        for key in type(getattr(Config(), part)).model_fields
        if key not in ("budget", "wordings")  # tables of their own
    }
    plain = {"kind", "tasks", "seed", "generations", "population", "offspring", "trainings"}

    assert flat | plain <= keys
    assert {
        "llm.budget.hours",
        "llm.wordings.compete",
        "llm.models.key_env",
        "protocol.rungs.epochs",
    } <= keys


def test_a_default_is_shown_as_toml_has_it() -> None:
    rows = markdown()

    assert "| `racing` | boolean | `true` |" in rows
    assert "| `learning_rates` | list of numbers > 0 | `[0.001, 0.003, 0.01, 0.03]` |" in rows
    assert '| `when_dead` | `"stop"`, `"tree"` | `"stop"` |' in rows


def test_pages_have_the_marks_that_the_build_fills_in() -> None:
    sys.path.insert(0, str(ROOT / "docs" / "hooks"))
    from reference_pages import on_page_markdown

    settings = on_page_markdown((ROOT / "docs/reference/settings.md").read_text())
    commands = on_page_markdown((ROOT / "docs/reference/commands.md").read_text())

    assert "## `[protocol]`" in settings
    assert "## `evo run`" in commands
    assert "--seed" in commands


def test_the_first_page_has_the_introduction_of_the_readme_with_links_that_hold() -> None:
    sys.path.insert(0, str(ROOT / "docs" / "hooks"))
    from reference_pages import on_page_markdown

    page = on_page_markdown((ROOT / "docs/index.md").read_text())

    assert "An evolutionary search engine for machine-learning components." in page
    assert "make demo`" in page and "## Two commands" not in page
    assert "](demo.png)" in page and "](docs/" not in page
