from io import StringIO
from typing import Any

from rich.console import Console

from evo.report.views.record import record_view


def test_a_long_line_of_source_is_not_broken() -> None:
    line = "    return " + " + ".join(["torch.tanh(x)"] * 20)
    source = f"import torch\n\n\ndef activation(x):\n{line}\n"
    facts: dict[str, Any] = {"model": "m", "source": source, "score": None}
    text = StringIO()

    Console(file=text, width=80).print(record_view(facts), crop=False)

    assert source in text.getvalue()
