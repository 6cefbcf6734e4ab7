import builtins
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evo.components.activation import Activation
from evo.validation.policy.beside import runnable
from evo.validation.policy.rules import MAX_SOURCE_BYTES, check_source
from evo.validation.refusal import Refused

CONTRACT = Activation.contract
HONEST: dict[str, str] = tomllib.loads((Path(__file__).parent / "components.toml").read_text()) | {
    name: candidate.source for name, candidate in Activation().baselines().items()
}


def refusal(source: str) -> Refused:
    with pytest.raises(Refused) as caught:
        check_source(source, CONTRACT)
    return caught.value


BESIDE = {
    "main block": "if __name__ == '__main__':\n    print(activation(torch.randn(3)))",
    "class": "class Act(torch.nn.Module):\n    def forward(self, x):\n        return activation(x)",
    "class with parameters": (
        "class Act(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a = torch.nn.Parameter(torch.ones(1))"
    ),
}
HOSTILE_BESIDE = {
    "main block that runs a program": "if __name__ == '__main__':\n    import os",
    "main block that executes": "if __name__ == '__main__':\n    exec('1')",
    "main block that loads": "if __name__ == '__main__':\n    torch.load('f')",
    "class body that opens": "class A:\n    f = open('/etc/passwd')",
    "class that is a door": "class A:\n    f = ().__class__.__subclasses__()",
    "class with a hook": "class A:\n    def __del__(self):\n        pass",
    "class that is used and opens": "class A:\n    f = open('/etc/passwd')\nB = A",
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_never_runs_may_stand_beside_the_function_and_is_taken_out(name):
    source = f"import torch\n\ndef activation(x):\n    return x * 2\n\n{BESIDE[name]}\n"

    check_source(source, CONTRACT)

    reduced = runnable(source)
    assert reduced.rstrip() == "import torch\n\ndef activation(x):\n    return x * 2"
    assert reduced.count("\n") == source.count("\n")


@pytest.mark.parametrize("name", HOSTILE_BESIDE)
def test_what_stands_beside_the_function_is_read_all_the_same(name):
    source = f"import torch\n\ndef activation(x):\n    return x * 2\n\n{HOSTILE_BESIDE[name]}\n"

    assert re.match(r"line [6-9]: ", refusal(source).reason)


@pytest.mark.parametrize(
    "head",
    [
        "with torch.no_grad():",
        "with torch.enable_grad():",
        "with torch.autocast('cpu', enabled=False):",
        "with torch.amp.autocast(device_type='cpu', enabled=False):",
    ],
)
def test_a_harmless_context_passes(head):
    check_source(f"import torch\ndef activation(x):\n    {head}\n        return x * 2", CONTRACT)


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_component_passes(name):
    check_source(HONEST[name], CONTRACT)


IN_THE_BODY = {
    "exec": ("exec('x = 1')", "exec"),
    "eval": ("x = eval('x')", "eval"),
    "compile": ("compile('1', 'f', 'eval')", "compile"),
    "open": ("open('/etc/passwd')", "open"),
    "print": ("y = print(x)", "print"),
    "input": ("input()", "input"),
    "getattr": ("getattr(torch, 'load')('f')", "getattr"),
    "setattr": ("setattr(torch, 'sin', None)", "setattr"),
    "globals": ("globals()['torch']", "globals"),
    "dunder import": ("__import__('os').system('id')", "__import__"),
    "dunder builtins": ("__builtins__", "__builtins__"),
    "class walk": ("x = ().__class__.__bases__", "__class__"),
    "private attribute": ("x._base", "_base"),
    "type": ("type(x)", "type"),
    "breakpoint": ("breakpoint()", "breakpoint"),
    "shadowed builtin": ("eval = 3", "eval"),
    "torch.load": ("torch.load('f')", "load"),
    "torch.save": ("torch.save(x, 'f')", "save"),
    "torch.ops": ("torch.ops.aten.sin(x)", "ops"),
    "torch.jit": ("torch.jit.load('f')", "jit"),
    "torch.hub": ("torch.hub.load('a/b', 'c')", "hub"),
    "torch.utils": ("torch.utils.cpp_extension", "utils"),
    "torch.cuda": ("x.cuda()", "device"),
    "torch.multiprocessing": ("torch.multiprocessing.spawn(activation)", "multiprocessing"),
    "torch.classes": ("torch.classes.load_library('x.so')", "classes"),
    "torch.compile": ("torch.compile(activation)", "compile"),
    "torch.os": ("torch.os.system('id')", "os"),
    "functional's torch": ("F.torch.os", "torch"),
    "random": ("x + torch.randn_like(x)", "deterministic"),
    "dropout": ("F.dropout(x)", "deterministic"),
    "storage": ("x.storage()", "storage"),
    "data_ptr": ("x.data_ptr()", "data_ptr"),
    "numpy": ("x.numpy()", "stay with tensors"),
    "tolist": ("x.tolist()", "tensor itself"),
    "data that is set": ("for x.data in (x,): pass", "cannot be assigned"),
    "register_hook": ("x.register_hook(print)", "register_hook"),
    "apply": ("x.apply_(abs)", "apply_"),
    "format": ("'{0.shape}'.format(x)", "format"),
    "private name in an f-string": ("f'{x._base}'", "_base"),
    "format in an f-string": ("f'{x:{x.data_ptr()}}'", "data_ptr"),
    "set": ("y = {1, 2}", "a set"),
    "set comprehension": ("y = {k for k in (1, 2)}", "a set"),
    "set builtin": ("y = set((1, 2))", "set"),
    "patched operator": ("torch.sin = torch.cos", "cannot be assigned"),
    "patched by a loop": ("for torch.sin in (1, 2): pass", "cannot be assigned"),
    "deleted operator": ("del torch.sin", "del"),
    "raise of a builtin that ends": ("raise SystemExit", "SystemExit"),
    "module that learns": ("torch.nn.PReLU()(x)", "prelu"),
    "while": ("while True: pass", "range"),
    "while by a tensor": ("while x.sum() > 0: x = x - 1", "range"),
    "attribute by a text that is no constant": ("hasattr(x, str(x))", "hasattr"),
    "attribute of Python": ("hasattr(x, '__class__')", "hasattr"),
    "private arithmetic of another": ("x._Reduction.get_enum('none')", "_Reduction"),
    "private part of torch": ("torch._C._nn.cross_entropy_loss", "_C"),
    "annotation that calls": ("def f(y: torch.load('f')): return y", "load"),
    "annotation by a module": ("def f(y: torch.hub.Load): return y", "hub"),
    "with": ("with torch.inference_mode(): pass", "torch.no_grad()"),
    "autocast": ("with torch.autocast('cpu'): pass", "enabled=False"),
    "with a name": ("with torch.no_grad() as y: pass", "torch.no_grad()"),
    "with two": ("with torch.no_grad(), x: pass", "torch.no_grad()"),
    "in a try": ("try: x.storage()\n    except Exception: pass", "storage"),
    "class in a function": ("class A: pass", "top level"),
    "yield": ("yield x", "yield"),
    "global": ("global y", "argument"),
    "match": ("match x:\n        case _: pass", "torch.where"),
    "import os": ("import os", "os"),
    "import from numpy": ("from numpy import load", "load"),
    "import of a part of numpy": ("import numpy.ctypeslib", "numpy.ctypeslib"),
    "numpy's files": ("import numpy as np; np.fromfile('/etc/passwd')", "fromfile"),
    "numpy's inside": ("import numpy as np; np.core", "core"),
    "import of a submodule": ("import torch.utils.data", "torch.utils"),
    "import from": ("from os import system", "os"),
    "import star": ("from torch import *", "*"),
    "import of a function": ("from torch import load", "load"),
    "relative import": ("from . import secrets", "."),
    "import as a builtin": ("import torch as eval", "eval"),
    "import as dunder": ("import math as __name__", "__name__"),
    "bytes": ("b'abc'", "real numbers"),
    "complex": ("x * 1j", "real numbers"),
}


@pytest.mark.parametrize("name", IN_THE_BODY)
def test_a_construct_that_no_component_needs_is_refused_with_line_and_name(name):
    line, word = IN_THE_BODY[name]
    head = "import torch\nimport torch.nn.functional as F"
    source = f"{head}\ndef activation(x):\n    {line}\n    return x"

    found = refusal(source)

    assert found.stage == "policy"
    assert found.reason.startswith("line 4: ")
    assert word in found.reason


def test_the_entry_function_may_be_a_lambda_with_its_name():
    check_source("import torch\nactivation = lambda x, k=2.0: torch.tanh(k * x)", CONTRACT)


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("", "expected one `def activation(x)`"),
        ("def relu(x):\n    return x", "expected one `def activation(x)`"),
        ("import torch\nactivation = torch.tanh", "expected one `def activation(x)`"),
        ("activation = lambda x, k: x", "a default"),
        ("def activation(x):\n    return x\n" * 2, "found 2"),
        ("def activation(x, alpha):\n    return x", "a default"),
        ("def activation(x, *, k):\n    return x", "a default"),
        ("def activation(alpha=0.1, x=None):\n    return x", "def activation(x)"),
        ("def activation(z):\n    return z", "def activation(x)"),
        ("def activation(*x):\n    return x", "def activation(x)"),
        ("async def activation(x):\n    return x", "async"),
        ("import torch\n@torch.tanh\ndef activation(x):\n    return x", "decorator"),
        ("def f():\n    def activation(x):\n        return x", "top level"),
        ("def activation(x)\n    return x", "line 1"),
        ("def activation(x):\n    return x\0", "U+0000"),
        ("def activation(x):\n    return '\ud800'", "surrogates"),
        ("def activation(x):\n    return x  # \u202e", "line 2: invisible character U+202E"),
        ("def activation(x):\n    # \x1b[2J\n    return x", "U+001B"),
        ("def activation(x):\n    return x + y\u200b", "U+200B"),
        ("# " + "x" * MAX_SOURCE_BYTES, "bytes"),
        ("def activation(x):\n    return " + "x+" * 2500 + "x", "levels"),
        ("def activation(x):\n    return " + "(" * 5000 + "x" + ")" * 5000, "Python"),
        ("def activation(x):\n    return " + "-" * 7000 + "x", ""),
        ("def activation(x):\n    return " + "x[" * 150 + "0" + "]" * 150, "levels"),
        ("T = [" + "0," * 6000 + "]\ndef activation(x):\n    return x", "nodes"),
        ("def activation(x):\n    return x + " + "9" * 5000, ""),
    ],
)
def test_a_source_without_the_right_form_is_refused(source, word):
    assert word in refusal(source).reason


def test_a_warning_of_the_parser_is_not_printed(recwarn):
    check_source('def activation(x):\n    "\\d"\n    return x', CONTRACT)

    assert not recwarn.list


def test_a_name_near_an_allowed_one_is_offered():
    found = refusal("import torch\ndef activation(x):\n    return torch.sigmid(x)")

    assert "did you mean `sigmoid`" in found.reason


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_any_text_passes_or_is_refused_but_never_crashes(text):
    for source in (text, f"def activation(x):\n    return {text}"):
        try:
            check_source(source, CONTRACT)
        except Refused as refused:
            assert refused.reason


def test_names_that_a_shell_puts_among_the_builtins_are_a_components_own(monkeypatch) -> None:
    monkeypatch.setattr(builtins, "_", "the last result of a shell", raising=False)

    check_source("def activation(x):\n    _, y = x, x * 2\n    return y", CONTRACT)
