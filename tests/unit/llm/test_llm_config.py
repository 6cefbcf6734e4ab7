import pytest

from evo.campaign import create
from evo.campaign.config import load, parse
from evo.core.errors import UsageError

MODEL = 'llm.models=[{model="gpt", key_env="EVO_ABSENT_KEY", base_url="http://127.0.0.1:1/v1"}]'
SECRET = "sk-aBc123dEf456"


def test_with_a_model_asking_operators_are_in_and_weights_adapt() -> None:
    config = load("default", [MODEL])

    assert {"mutate-tree", "novel-llm", "generate-llm"} <= set(config.operators)
    assert config.portfolio.adaptive
    assert parse(config.model_dump(mode="json"), where="json") == config


def test_without_one_nothing_changes() -> None:
    config = load("default")

    assert set(config.operators) == {
        *(
            "mutate-tree",
            "crossover-tree",
            "blend-tree",
            "tune-tree",
            "affine-tree",
            "simplify-tree",
        )
    }
    assert not config.portfolio.adaptive


def test_one_weight_is_set_among_those_of_a_campaign_with_models() -> None:
    config = load("default", ["operators.novel-llm=9", MODEL])

    assert config.operators["novel-llm"] == 9
    assert "mutate-tree" in config.operators


def test_a_key_that_is_not_set_is_named_before_anything_is_spent() -> None:
    with pytest.raises(UsageError, match="EVO_ABSENT_KEY, which is not set"):
        create.check_config(load("default", [MODEL]))


@pytest.mark.parametrize(
    "setting",
    [
        f'llm.models=[{{model="gpt", key_env="{SECRET}"}}]',
        f'llm.models=[{{model="gpt", api_key="{SECRET}"}}]',
        f"llm.api_key={SECRET}",
        f'llm.models=[{{model="gpt", extra={{api_key="{SECRET}"}}}}]',
        f'llm.models=[{{model="gpt", base_url="https://me:{SECRET}@host/v1"}}]',
        f'llm.models=[{{model="gpt", base_url="https://host/v1?key={SECRET}"}}]',
    ],
)
def test_a_key_in_a_configuration_is_refused_and_not_repeated(setting: str) -> None:
    with pytest.raises(UsageError) as caught:
        load("default", [setting])

    assert SECRET not in str(caught.value)
    assert "environment variable" in str(caught.value) or "without user" in str(caught.value)
    assert "Value error" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["operators.novel-llm=1"], "novel-llm ask a language model, and llm.models names none"),
        ([MODEL, "operators={mutate-tree=1}"], "no operator asks one"),
        ([MODEL, "operators.repair-llm=1"], "cannot be drawn"),
        (['llm.models=[{model="x.gguf", provider="xllamacpp"}]'], "expected a GGUF file"),
        (['llm.models=[{model="x.json", provider="scripted"}]'], "JSON file of replies"),
        (['llm.models=[{model="x", provider="opnai"}]'], "Did you mean 'openai'"),
        (
            [MODEL, 'llm.when_dead="tree"', "operators={novel-llm=1}"],
            "needs a syntax-tree operator",
        ),
    ],
)
def test_what_does_not_fit_is_an_error_before_anything_is_spent(settings, message) -> None:
    with pytest.raises(UsageError, match=message):
        create.check_config(load("default", settings))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("llm.concurency=3", "did you mean 'concurrency'"),
        ('llm.models=[{model="a", pric_in=1}]', "did you mean 'price_in'"),
        ("llm.budget.dolars=3", "did you mean 'dollars'"),
        ('llm.models=[{model="a"}, {model="b/a"}]', "different names"),
        ("llm.attempts=0", "more than 0"),
    ],
)
def test_a_wrong_value_is_named(setting: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load("default", [setting])


def test_a_budget_in_dollars_is_refused_where_a_price_is_unknown(monkeypatch) -> None:
    monkeypatch.setenv("EVO_ABSENT_KEY", "k")
    budget = "llm.budget.dollars=5"

    with pytest.raises(UsageError, match="price of every model, and that of gpt is unknown"):
        create.check_config(load("default", [MODEL, budget]))
    create.check_config(load("default", [MODEL]))
    priced = MODEL.replace("{", "{price_in=0, price_out=2.5, ")
    create.check_config(load("default", [priced, budget]))


def test_a_campaign_keeps_the_prices_it_began_with(tmp_path) -> None:
    config = load("default", ['llm.models=[{model="gpt-5-mini"}, {model="unheard-of"}]'])

    with create.create(tmp_path / "run", config) as history:
        known, unknown = history.config["llm"]["models"]

    assert (known["price_in"], known["price_out"]) == (0.25, 2.0)
    assert unknown["price_in"] is None
