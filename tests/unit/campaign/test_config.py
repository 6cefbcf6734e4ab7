from pathlib import Path

import pytest
from pydantic import ValidationError

from evo.campaign.config import Config, load, parse, presets, search_strategies
from evo.core.errors import UsageError
from evo.selection.islands import Islands


def test_every_preset_is_a_valid_configuration() -> None:
    assert {"default", "demo", "smoke"} <= set(presets())
    for name, description in presets().items():
        assert isinstance(load(name), Config)
        assert description.endswith((".", "it."))


def test_a_file_is_read_and_settings_win_over_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("generations = 3\nseed = 5\n[protocol]\nkeep = 0.5\n")

    config = load(str(path), ["generations=7", "protocol.batch_size=16"], seed=9)

    assert (config.generations, config.seed) == (7, 9)
    assert (config.protocol.keep, config.protocol.batch_size) == (0.5, 16)


def test_one_operator_weight_is_set_among_the_others() -> None:
    changed = load("default", ["operators.mutate-tree=7"]).operators

    assert changed == {**load("default").operators, "mutate-tree": 7.0}
    assert len(changed) > 1


def test_a_bare_word_is_a_string() -> None:
    assert load("default", ["device=cpu"]).device == "cpu"


def test_the_resolved_configuration_survives_the_way_through_json() -> None:
    config = load("demo", ["protocol.learning_rates=[0.01, 0.1]"])

    assert parse(config.model_dump(mode="json"), where="json") == config


def test_a_configuration_is_frozen() -> None:
    with pytest.raises(ValidationError):
        load("default").seed = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["generatoins=3"], "unknown key generatoins, did you mean 'generations'"),
        (["protocol.batchsize=3"], "unknown key protocol.batchsize, did you mean 'batch_size'"),
        (["generations=0"], "generations: expected more than 0 .*got 0"),
        (["generations=many"], "generations: expected a whole number .*got 'many'"),
        (["population=2"], "population"),
        (["protocol.keep=1.5"], "protocol.keep: expected 1 or less .got 1.5"),
        (["protocol.learning_rates=[0.1, 0.01]"], "ascending"),
        (["protocol.rungs=[]"], "protocol.rungs"),
        (["timeout_s=inf"], "timeout_s"),
        (["seed=-1"], "seed: expected 0 or more .got -1"),
        (["operators.mutate-tree=inf"], "operators"),
        (["operators.mutate-tree=-1"], "operators"),
        (["tasks=['digits', 'digits']"], "each task once"),
        (["device=tpu"], "device"),
        (["selection.island=2"], "unknown key selection.island, did you mean 'islands'"),
        (["selection.migrate_every=0"], "selection.migrate_every: expected more than 0 .*got 0"),
        (["population=11", "selection.islands=3"], "4 or more on each island, got 3"),
        (["population=8", "selection.islands=2", "selection.migrants=4"], "fewer selection.mig"),
        (["generations"], "--set expects key=value"),
        (["seed.deep=1", "seed.deep.er=2"], "is a value, not a table"),
    ],
)
def test_a_wrong_value_is_one_clear_message(settings: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load("default", settings)


def test_an_unknown_preset_offers_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="Did you mean 'demo'"):
        load("dmeo")


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("generations = = 3")

    with pytest.raises(UsageError, match=r"absent\.toml: cannot be read"):
        load(str(tmp_path / "absent.toml"))
    with pytest.raises(UsageError, match=r"broken\.toml: not valid TOML"):
        load(str(broken))


@pytest.mark.parametrize(("generations", "first"), [(20, 16), (9, 8), (8, 7), (4, 4), (2, 3)])
def test_the_last_quarter_of_a_campaign_is_screened(generations: int, first: int) -> None:
    config = load({"generations": generations, "offspring": 10})

    assert config.is_screened
    assert config.reward.first_generation == first
    assert [config.offspring_in(g) for g in (first - 1, first)] == [10, 40]
    assert load(config, overrides={"generations": 40}).reward.first_generation == 31


def test_replies_of_language_models_are_screened_only_if_told() -> None:
    asks = {"llm": {"models": [{"model": "m"}]}}

    assert not parse(asks, where="t").is_screened
    assert parse({**asks, "reward": {"screening": True}}, where="t").is_screened
    assert not parse({"reward": {"screening": False}}, where="t").is_screened


def test_lessons_bring_the_first_screened_generation_forward_unless_it_is_named() -> None:
    def first(**reward: object) -> int:
        return parse({"reward": {"screening": True, **reward}}, where="t").reward.first_generation

    assert first(lessons="lessons.parquet") == 2
    assert first(lessons="lessons.parquet", first_generation=5) == 5


def test_lessons_that_nothing_reads_are_refused() -> None:
    with pytest.raises(UsageError, match="screening = true together with lessons"):
        parse({"reward": {"lessons": "l.parquet", "screening": False}}, where="t")


def test_a_mapping_or_a_configuration_is_loaded_as_a_file_is() -> None:
    given = {"generations": 3, "protocol": {"keep": 0.5}}

    config = load(given, ["generations=5"], overrides={"protocol.batch_size": 16}, seed=9)

    assert (config.generations, config.seed) == (5, 9)
    assert (config.protocol.keep, config.protocol.batch_size) == (0.5, 16)
    assert given == {"generations": 3, "protocol": {"keep": 0.5}}
    assert load(config) == config
    assert load(config, overrides={"generations": 8}).generations == 8


def test_every_strategy_makes_a_configuration_on_top_of_a_preset() -> None:
    for name in search_strategies():
        config = load("default", strategy=name)
        Islands.of(config.selection, config.population, config.generations)

    assert load("smoke", strategy="hill").operators == {"mutate-tree": 1.0}
    assert load("smoke", ["selection.parents=rank"], strategy="hill").selection.parents == "rank"
    assert load("smoke", strategy="hill").generations == load("smoke").generations


def test_an_unknown_strategy_is_named_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match=r"search strategy.*hil.*hill"):
        load("smoke", strategy="hil")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("tasks=3", r"tasks\.0: expected a text in quotes \(got 3\)\.$"),
        ("tasks=[]", r"tasks: expected a list of 1 or more \(got \[\]\)\.$"),
        ("protocol.rungs=3", r"rungs\.0: expected a table, such as \{ key = value \} \(got 3\)\.$"),
        ("operators=3", r"operators: expected a table"),
    ],
)
def test_a_wrong_type_is_named_as_toml_names_it(setting: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load("default", [setting])
