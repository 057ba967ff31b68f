"""Properties and context managers as plain functions, which mutmut changes; it leaves others.

    @property                            def _plain_length(self) -> int:
    def length(self) -> int:      →          return self.stop - self.start
        return self.stop - self.start    length = property(lambda self: self._plain_length())

The lambda looks the function up when it is called: mutmut moves functions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

LEFT_ALONE = frozenset({"property", "contextmanager", "cache"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


def undecorated(source: str) -> str:
    """Return a module whose functions, of one decorator that mutmut minds, have none."""
    lines = source.split("\n")
    found = sorted(_decorated(ast.parse(source)), key=lambda each: -each[0].lineno)
    for function, decorator, owner in found:  # from the last on: the lines above stay
        name, plain = function.name, f"_plain_{function.name}"
        indent = " " * function.col_offset
        lines.insert(
            function.end_lineno or function.lineno,
            f"{indent}{name} = {decorator}(lambda {owner}*a, **k: {_call(owner, plain)}(*a, **k))",
        )
        line = function.lineno - 1
        lines[line] = lines[line].replace(f"def {name}(", f"def {plain}(", 1)
        del lines[function.decorator_list[0].lineno - 1]
    return "\n".join(lines)


def _decorated(tree: ast.AST, owner: str = "") -> Iterator[tuple[Function, str, str]]:
    """Yield each function, its decorator, and what the lambda takes before the rest."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _decorated(node, owner="self, ")
        elif isinstance(node, Function):
            match node.decorator_list:
                case [ast.Name(id=decorator)] if decorator in LEFT_ALONE:
                    yield node, decorator, owner


def _call(owner: str, plain: str) -> str:
    return f"self.{plain}" if owner else plain
