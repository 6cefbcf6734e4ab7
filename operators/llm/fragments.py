"""Complete a piece of a function, such as the line that a model changed, to the whole function."""

import ast
import builtins
from collections.abc import Sequence

from evo.core.contract import Contract
from evo.core.syntax.names import bound, import_targets, loaded
from evo.core.syntax.trees import is_import, returning
from operators.llm.dependencies import suppliable_imports
from operators.llm.modules import Module


def completed_fragment(
    module: Module, contract: Contract, parents: Sequence[str]
) -> list[ast.stmt]:
    """The statements of a module with a whole function in place of the piece of one.

    A piece that needs variables of the one component shown takes the place of that one's last
    statement. Empty where the module holds no such piece.

    Args:
        module: of a block without a function.
        contract: of the function that is wanted.
        parents: sources as the prompt showed them.
    """
    imports = [part for part in module.body if is_import(part)]
    piece: list[ast.stmt] = [part for part in module.body if not is_import(part)]
    match piece:
        case [*_, ast.Return(value=ast.expr())]:
            pass
        case [ast.Expr(value=value)] if not isinstance(value, ast.Constant | ast.Name):
            piece = [ast.Return(value)]
        case _:
            return []
    known = {
        *contract.parameters,
        *import_targets([*imports, *suppliable_imports(contract)]),
        *dir(builtins),
    }
    missing = loaded(piece) - known - {name for part in piece for name in bound(part)}
    if missing:
        return _within_parent(imports, piece, missing, contract, parents)
    if not loaded(piece).intersection(contract.arguments):
        return []
    function = returning(contract.function, contract.parameters, ast.Constant(0))
    function.body = piece
    return [*imports, function]


def _within_parent(
    imports: Sequence[ast.stmt],
    piece: Sequence[ast.stmt],
    missing: set[str],
    contract: Contract,
    parents: Sequence[str],
) -> list[ast.stmt]:
    if len(parents) != 1:
        return []
    tree = ast.parse(parents[0])
    for part in tree.body:
        if isinstance(part, ast.FunctionDef) and part.name == contract.function:
            if not isinstance(part.body[-1], ast.Return):
                return []
            part.body[-1:] = piece
            everywhere = {name for statement in tree.body for name in bound(statement)}
            return [*imports, *tree.body] if missing <= everywhere else []
    return []
