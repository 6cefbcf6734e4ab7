from io import StringIO

from rich.console import Console
from support.records import written

from evo.core.records import Record, Status
from evo.report.facts.authorship import authorship_facts
from evo.report.views.authorship import authorship_table


def screened(operator: str, model: str, cost_usd: float) -> Record:
    source = f"{operator} {cost_usd}"
    return written(source, Status.SCREENED_OUT, operator=operator, model=model, cost_usd=cost_usd)


def test_no_name_of_an_operator_and_no_figure_is_cut_on_80_columns() -> None:
    records = [screened("incremental-llm", "SmolLM2-135M-Instruct.Q4_1.gguf", 1.5)] * 1234
    text = StringIO()

    Console(file=text, width=80).print(authorship_table(authorship_facts(records)))

    shown = text.getvalue()
    assert "…" not in shown
    assert "incremental-llm" in shown
    assert shown.count("1234") == 2 * 3
    assert "$1,851.00" in shown


def test_what_a_model_cost_is_told_of_it_and_of_its_operators() -> None:
    facts = authorship_facts(
        [
            screened("novel-llm", "m", 0.5),
            screened("novel-llm", "m", 0.25),
            screened("tree", "", 0.0),
        ]
    )

    assert facts["models"]["m"]["cost_usd"] == facts["operators"]["novel-llm"]["cost_usd"] == 0.75
    assert facts["operators"]["tree"]["cost_usd"] == 0.0
