"""A docstring begins with what a thing is or does, as a noun or a verb."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUESTION = re.compile(r"(What|Whether|How|Why|Where|When|Who|Which)\b")


def test_no_docstring_begins_with_a_question_word() -> None:
    documented = 0
    begun: list[str] = []
    for room in ("evo", "archive", "operators", "prompts"):
        for path in sorted((ROOT / room).rglob("*.py")):
            if "baselines" in path.parts or "data" in path.parts:
                continue  # written as candidates are, and examples
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                    continue
                text = ast.get_docstring(node) or ""
                documented += bool(text)
                if QUESTION.match(text):
                    begun.append(f"{path.relative_to(ROOT)}: {text.splitlines()[0]}")

    assert documented > 3000
    assert begun == []
