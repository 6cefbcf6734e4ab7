"""Statements of library code that run as something plainer, or not at all."""

import pytest
import torch
from support.components import as_function, traced_kind

from evo.components.kinds import kinds
from evo.validation.policy.beside import runnable
from evo.validation.policy.rules import check_source
from evo.validation.refusal import Refused

CONTRACT = kinds.get("activation").contract
WARNING = """import logging
import warnings
from warnings import warn
import torch.optim
import torch.nn.init, math
from torch.jit import script
from functools import lru_cache

log = logging.getLogger(__name__)

class Bent(torch.nn.Module):
    def __init__(self, bend=0.3):
        super().__init__()
        self.bend = bend
        log.info("bend is %s", bend)
        logging.debug(f"{bend}")
        if bend > 1:
            warnings.warn(
                "bend is {}, of {}".format(bend, type(bend)), FutureWarning, stacklevel=2
            )
        warn(f"{bend} of {self.bend}")  # says so each time

    def __repr__(self): return f"{self.__class__.__name__}(bend={self.bend})"

    def extra_repr(self):
        return "bend"

    def forward(self, x):
        return x + self.bend * math.pi * squared(x)

@script
def squared(x):
    return x * x * scale(3)

@lru_cache(maxsize=None)
def scale(n):
    return 1 / n

bent = Bent()

def activation(x):
    return bent(x)
"""


def test_warnings_texts_and_imports_for_others_are_no_part_of_what_runs() -> None:
    check_source(WARNING, CONTRACT)

    reduced = runnable(WARNING)
    graph = traced_kind("activation", reduced)

    assert reduced.count("\n") == WARNING.count("\n")
    assert not any(word in reduced for word in ("warn", "log", "repr", "script", "@", "optim"))
    x = torch.linspace(-2.0, 2.0, 12).reshape(3, 4)
    torch.testing.assert_close(graph(x), x + 0.3 * torch.pi * x * x / 3)
    torch.testing.assert_close(as_function("activation", reduced)(x), graph(x))


@pytest.mark.parametrize(
    "lines",
    [
        "import warnings\ndef activation(x):\n    warnings.warn(str(y := x))\n    return y",
        "import warnings\ndef activation(x):\n    warnings.warn(x.zero_())\n    return x",
        "import warnings\ndef activation(x):\n    return warnings.warn('') or x",
        "import warnings\ndef activation(x): warnings.warn(''); return x.sin()",
        "import logging as warn\ndef activation(x):\n    warn.info(x.warn(1))\n    return x",
        "import logging as warn\ndef activation(x):\n    warn.FileHandler('warn(')\n    return x",
        "import warnings\nwarnings = [1]\ndef activation(x):\n    warnings.warn('')\n    return x",
    ],
)
def test_what_does_more_than_warn_stays_to_be_refused(lines: str) -> None:
    assert "warn(" in runnable(lines)
    with pytest.raises(Refused, match=r"line \d: .*is not allowed"):
        check_source(lines, CONTRACT)


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ("import warnings\ndef activation(x):\n    warnings.warn(eval)\n    return x", "eval"),
        (
            "class A:\n    def __repr__(self):\n        return self.__class__.__base__\n"
            "    def __call__(self, x):\n        return x\nactivation = A()",
            "__base__",
        ),
        ("import torch.optim\ndef activation(x):\n    return torch.optim.SGD", "optim"),
        ("import torch.utils.data\nimport torch\ndef activation(x):\n    return x", "torch.utils"),
    ],
)
def test_what_is_left_out_is_still_read(lines: str, word: str) -> None:
    with pytest.raises(Refused, match=rf"line \d: .*{word}"):
        check_source(lines, CONTRACT)
