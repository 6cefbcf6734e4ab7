"""Record the tensor operators that a function calls, before torch decomposes them.

Recording uses torch's pre-dispatch key: there `layer_norm` is still one operator, and `.detach()`
still affects the gradient. `make_fx` records there too, but builds a module with code, metadata and
fake tensors per trace; this records the same operators and arguments (a test compares the two) in a
seventh of the time or less, and imports no compiler. Runs in the sandbox's child.
"""

# torch has no public interface to the pre-dispatch key.
# pyright: reportPrivateUsage=false

import operator
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode

from evo.validation.graph.calls import Calls, Node, nodes_in
from evo.validation.graph.decisions import Decisions
from evo.validation.graph.pre_dispatch import (
    Recorder,
    dispatched_to,
    expect_default_modes,
    shorten,
)
from evo.validation.graph.recording import Recording, TraceError
from evo.validation.graph.tracked import Sizes, note_parts
from evo.validation.graph.traits import INSTEAD, traits_of

MAX_CALLS = 2000
"""Limit of operator calls per function; a graph holds a quarter of it."""
_CALLS_PER_SIGN = 20


def record(
    function: Callable[..., object],
    inputs: Sequence[torch.Tensor],
    progress: Callable[[], None],
    *,
    notes: "Notes | None" = None,
    kept: Sequence[int] | None = None,
    decisions: Decisions | None = None,
) -> Recording:
    """Run a function on inputs and record the operators that it calls, and its output.

    Args:
        function: the component.
        inputs: its arguments.
        progress: called every few operators.
        notes: what to note beside the calls.
        kept: indices of the inputs that must not be written into; None for all.
        decisions: which way to go where Python asks whether a tensor is true; notes them.

    Raises:
        TraceError: the function does something that a graph cannot express, or calls more than
            `MAX_CALLS` operators.
    """
    notes = notes or Notes()
    decisions = decisions or Decisions()
    recorder = _Recorder(inputs, progress, notes.line, decisions)
    recorder.keep(range(len(inputs)) if kept is None else kept)
    sizes = Sizes(recorder.name_of, recorder.depends, from_back=notes.from_back)
    recorder.sizes = sizes
    # What a function leaves of the mode of gradients ends with it.
    with torch.enable_grad(), dispatched_to(recorder), torch._C._EnablePythonDispatcher():
        notes.use(sizes)
        try:
            output = function(*inputs)
        finally:
            notes.use(None)
    if recorder.failure is not None:
        raise recorder.failure  # though the function caught it
    return recorder.recording(output)._replace(
        ledger=sizes.ledger,
        has_lists=recorder.has_lists,
        choices=sizes.choices,
        conditions=[node for node, _ in decisions.taken],
    )


def _nothing(_: Sizes | None) -> None:
    pass


class Notes(NamedTuple):
    """Details of a recording that only some need.

    Attributes:
        use: told where to note formulas of sizes, None at the end; see `tracked.tracking`.
        from_back: count dimensions from the last one in such formulas.
        line: the line of the source that runs now, noted for every call.
    """

    use: Callable[[Sizes | None], None] = _nothing
    from_back: bool = False
    line: Callable[[], int] | None = None


class _Value(NamedTuple):
    """A tensor seen so far; held weakly, and checked, since an id is reused after its end."""

    tensor: weakref.ref[torch.Tensor]
    node: Node
    depends: bool
    """True if it depends on an input."""


class _Recorder(Recorder):
    def __init__(
        self,
        inputs: Sequence[torch.Tensor],
        progress: Callable[[], None],
        line: Callable[[], int] | None,
        decisions: Decisions,
    ) -> None:
        # Not that of the parent: it sets up symbolic shapes and a compiler.
        TorchDispatchMode.__init__(self, torch._C.DispatchKey.PreDispatch)
        self._mode_key = torch._C._TorchDispatchModeKey.PROXY
        self._graph = Calls()
        self._progress = progress
        self._line = line
        self._decisions = decisions
        self.has_lists = False
        """True once an operator gave a list, whose length may follow a size."""
        self.sizes: Sizes | None = None
        """Ledger of sizes."""
        self.failure: Exception | None = None
        """The first use of a tensor that no graph can have, which a component may have caught."""
        self._written: list[Node] = []
        self._calls = 0
        self._has_gradients = True
        self._constants: dict[str, torch.Tensor] = {}
        self._constant_nodes: dict[int, Node] = {}
        # Weak references: a factory copies its result if something else holds it.
        self._values: dict[int, _Value] = {}
        self._inputs: dict[Node, int] = {}
        for number, tensor in enumerate(inputs):
            self._add(tensor, self._graph.add("placeholder", f"input_{number}"), depends=True)
            self._inputs[self._values[id(tensor)].node] = number

    def keep(self, inputs: Sequence[int]) -> None:
        """Mark inputs that must not be written into, by their indices."""
        for node, number in self._inputs.items():
            node.meta["is_kept"] = number in inputs

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Otherwise the first operator imports the compiler for nothing.
        return False

    def recording(self, output: object) -> Recording:
        """The recording so far, with the function's output."""
        self._graph.add("output", "output", (self._argument(output),))
        return Recording(self._graph, self._constants)

    def name_of(self, tensor: torch.Tensor) -> int | str | None:
        """Index of an input, name of another value, None for a tensor that is neither."""
        value = self._value(tensor)
        return None if value is None else self._inputs.get(value.node, value.node.name)

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        shorten(func)
        keywords = dict(kwargs or {})
        with torch._C._DisablePythonDispatcher():
            if func is torch.ops.prim.device.default:
                return func(*args, **keywords)
            traits = traits_of(func)
            depends = not traits.is_value_free and any(
                map(self._depends, _tensors((args, keywords)))
            )
            if traits.asks_values:
                return self._outcome(func, args, keywords) if depends else func(*args, **keywords)
            expect_default_modes()
            self._note_gradients()
            self._count()
            func = INSTEAD.get(func, func)
            node = self._graph.call(func, self._argument(args), self._argument(keywords))
            if traits.writes:
                self._written += nodes_in((node.args[:1], node.kwargs))
            if self._line is not None:
                node.meta["line"] = self._line()
            result = func(*args, **keywords)
            is_given = isinstance(result, torch.Tensor) and (
                self._value(result) is not None or (bool(args) and result is args[0])
            )
            # Whether memory is contiguous already follows the sizes, which no step may depend on.
            is_step = traits.writes or func is torch.ops.aten.contiguous.default
            if is_given and not is_step:
                self._graph.take_back(node)  # `x.float()` of a float32 tensor is x itself
                return result
            if isinstance(result, list) and self.sizes is not None:
                note_parts(func, args, len(result), self.sizes)
            if traits.may_alias:
                node.meta["is_view"] = _is_view(args[0], result)
            self._add(result, node, depends=depends)
            return result

    def _outcome(self, func: OpOverload, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Answer to Python asking for the value of a tensor that depends on an input."""
        if func is torch.ops.aten.is_nonzero.default and args[0].numel() == 1:
            condition = self._argument(args[0])
            if args[0].dim():  # one truth for all elements, of whatever shape they are
                condition = self._graph.call(torch.ops.aten.reshape.default, (condition, []))
                condition.meta |= {"rank": 0, "shape": (), "dtype": args[0].dtype}
            return self._decisions.take(condition, self._written)
        if func is torch.ops.aten.is_nonzero.default:
            return func(*args, **keywords)  # torch's own error
        failure = RuntimeError("it takes the value out of a tracing tensor")
        self.failure = self.failure or failure
        raise failure

    def _note_gradients(self) -> None:
        """Add a node where `torch.no_grad` begins or ends."""
        if torch.is_grad_enabled() != self._has_gradients:
            self._has_gradients = not self._has_gradients
            self._graph.call(torch._C._set_grad_enabled, (self._has_gradients,))

    def _count(self) -> None:
        self._calls += 1
        if self._calls > MAX_CALLS:
            raise TraceError(f"it calls more than {MAX_CALLS:,} operators; make its loops shorter")
        if self._calls % _CALLS_PER_SIGN == 0:
            self._progress()

    def _add(self, result: Any, node: Node, *, depends: bool) -> None:
        if isinstance(result, torch.Tensor):
            node.meta["rank"] = result.dim()
            node.meta["shape"], node.meta["dtype"] = tuple(result.shape), result.dtype
            self._values[id(result)] = _Value(weakref.ref(result), node, depends)
        elif isinstance(result, list | tuple):
            self.has_lists = self.has_lists or isinstance(result, list)
            for number, part in enumerate(result):
                item = self._graph.call(operator.getitem, (node, number))
                item.meta["line"] = node.meta.get("line", 0)
                self._add(part, item, depends=depends)

    def _value(self, tensor: torch.Tensor) -> _Value | None:
        value = self._values.get(id(tensor))
        return value if value is not None and value.tensor() is tensor else None

    def depends(self, tensor: torch.Tensor) -> bool:
        """True if a tensor depends on an input."""
        return self._depends(tensor)

    def _depends(self, tensor: torch.Tensor) -> bool:
        value = self._value(tensor)
        return value is not None and value.depends

    def _argument(self, value: Any) -> Any:
        """An argument for a node, with nodes in place of tensors."""
        match value:
            case torch.Tensor():
                recorded = self._value(value)
                return self._constant(value) if recorded is None else recorded.node
            case dict():
                return {key: self._argument(part) for key, part in value.items()}
            case list():
                return [self._argument(part) for part in value]
            case tuple():
                return tuple(self._argument(part) for part in value)
            case _:
                return value

    def _constant(self, tensor: torch.Tensor) -> Node:
        """A node for a tensor that is neither input nor recorded, such as a module's global."""
        if id(tensor) not in self._constant_nodes:
            name = f"constant_{len(self._constants)}"
            self._constants[name] = tensor  # held, so that its id stays its own
            self._constant_nodes[id(tensor)] = self._graph.add("get_attr", name)
        return self._constant_nodes[id(tensor)]


def _is_view(source: Any, result: Any) -> bool:
    """True if a result shares the memory of a tensor."""
    if not isinstance(source, torch.Tensor) or not isinstance(result, torch.Tensor):
        return False
    return source.untyped_storage().data_ptr() == result.untyped_storage().data_ptr() != 0


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """The tensors among arguments."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _tensors(part)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
