"""`helpers` never imports `sidedoor`, and no module reaches itself through what it imports."""

import ast
import functools

from helpers import paths


@functools.cache
def read_imports():
    """Read, for every module of both packages, the dotted names that it imports, at the top or within a
    function.
    """
    found = {}
    for path in sorted(paths.SOURCE.rglob("*.py")):
        parts = path.relative_to(paths.SOURCE).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        inside = name if is_package else name.rpartition(".")[0]
        names = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                base = ".".join(inside.split(".")[: 1 - node.level or None]) if node.level else ""
                module = ".".join(part for part in (base, node.module) if part)
                names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
        found[name] = names
    return found


def test_helpers_never_import_sidedoor():
    """A student reads `helpers` and meets no sockets, no subprocesses and no hostile bytes."""
    tops = {
        name: {other.split(".")[0] for other in others}
        for name, others in read_imports().items()
        if name.split(".")[0] == "helpers"
    }

    assert tops and not [name for name, others in tops.items() if "sidedoor" in others]


def test_there_are_no_import_cycles():
    """No module reaches itself through what it imports; a package and its own modules count as one."""
    imports = read_imports()
    graph = {
        name: {other for other in others & imports.keys() if not name.startswith(f"{other}.")} - {name}
        for name, others in imports.items()
    }
    for name in graph:
        seen, due = set(), list(graph[name])
        while due:
            other = due.pop()
            if other not in seen:
                seen.add(other)
                due += graph[other]

        assert name not in seen
