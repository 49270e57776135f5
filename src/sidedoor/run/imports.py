"""Which modules of this package a piece of code rests on, read from its import statements without running it."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from helpers import paths

# By these, code imports what its text does not name.
_HIDDEN_IMPORTS = frozenset({"importlib", "runpy", "__import__", "exec", "eval"})
_MAGIC = re.compile(r"^[ \t]*[%!].*$", flags=re.M)
_OTHER_CODE = re.compile(r"^[ \t]*(%%|%run\b|[%!].*\b(helpers|sidedoor)\b)", flags=re.M)


def list_modules() -> dict[str, Path]:
    """List the modules of the package: dotted name (`helpers.figures.claims`) and file."""
    return {
        _name_module(path): path
        for name in paths.PACKAGES
        for path in sorted((paths.SOURCE / name).rglob("*.py"))
    }


def _name_module(path: Path) -> str:
    parts = path.relative_to(paths.SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def find_imports(source: str, inside: str = "") -> set[str]:
    """Find the modules of this package that a source text imports, also within functions.

    Parameters
    ----------
    source
        Python source. In a notebook's cell, lines of IPython (`%matplotlib inline`, `!ls`) are passed over.
    inside
        The package that relative imports start from; empty for a notebook.

    Returns
    -------
    Dotted names with the packages that hold them, and names of functions as well: only the files tell them apart.
    For a notebook's cell that cannot be read, or that may import by other means, all modules: better to run a
    notebook once too often than to keep a result of other code.
    """
    tree = _parse(source)
    if tree is None and not inside and not _OTHER_CODE.search(source):
        tree = _parse(_MAGIC.sub("", source))
    if tree is None:
        return set() if inside else set(list_modules())
    found = set()
    # Statements import, expressions do not; in a notebook's cell names in expressions count as well.
    for node in _walk_statements(tree) if inside else ast.walk(tree):
        if not inside and isinstance(node, ast.Name) and node.id in _HIDDEN_IMPORTS:
            return set(list_modules())
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(inside.split(".")[: 1 - node.level or None]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    if not inside and found & _HIDDEN_IMPORTS:
        return set(list_modules())
    holders = {".".join(name.split(".")[:n]) for name in found for n in range(1, name.count(".") + 2)}
    return {name for name in holders if name.split(".")[0] in paths.PACKAGES}


def _walk_statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk through the statements of a tree, those within others included, and pass their expressions over."""
    due = [tree]
    while due:
        node = due.pop()
        yield node
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, part, None)
            if isinstance(inner, list):
                due += inner


def _parse(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None


def read_import_graph() -> dict[str, frozenset[str]]:
    """Read, for every module of the package, which of its modules it imports itself."""
    graph, modules = {}, list_modules()
    for name, path in modules.items():
        inside = name if path.name == "__init__.py" else name.rpartition(".")[0]
        found = find_imports(path.read_text(encoding="utf-8"), inside)
        graph[name] = frozenset(found & set(modules)) - {name}
    return graph


def trace_imports(names: Iterable[str], graph: dict[str, frozenset[str]]) -> set[str]:
    """Trace everything that modules rest on: themselves, what they import, what that imports, and so on.

    Parameters
    ----------
    names
        Dotted names; those of no module are passed over.
    graph
        What `read_import_graph` returns.
    """
    reached, due = set(), [name for name in names if name in graph]
    while due:
        name = due.pop()
        if name not in reached:
            reached.add(name)
            due += graph[name]
    return reached
