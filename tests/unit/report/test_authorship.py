from dataclasses import replace
from io import StringIO

from rich.console import Console

from evo.core.records import Candidate, Record, Status
from evo.report.facts.authorship import authorship_facts
from evo.report.views.authorship import authorship_table


def record(operator: str, model: str, cost_usd: float) -> Record:
    candidate = Candidate.of("activation", f"{operator} {cost_usd}", operator=operator, parents=[])
    return Record(replace(candidate, model=model), 1, status=Status.SCREENED_OUT, cost_usd=cost_usd)


def test_no_name_of_an_operator_and_no_figure_is_cut_on_80_columns() -> None:
    records = [record("incremental-llm", "SmolLM2-135M-Instruct.Q4_1.gguf", 1.5)] * 1234
    text = StringIO()

    Console(file=text, width=80).print(authorship_table(authorship_facts(records)))

    shown = text.getvalue()
    assert "…" not in shown
    assert "incremental-llm" in shown
    assert shown.count("1234") == 2 * 3
    assert "$1,851.00" in shown


def test_what_a_model_cost_is_told_of_it_and_of_its_operators() -> None:
    facts = authorship_facts(
        [record("novel-llm", "m", 0.5), record("novel-llm", "m", 0.25), record("tree", "", 0.0)]
    )

    assert facts["models"]["m"]["cost_usd"] == facts["operators"]["novel-llm"]["cost_usd"] == 0.75
    assert facts["operators"]["tree"]["cost_usd"] == 0.0
