"""jsonschema is imported without its grammar, and whoever wants that afterwards gets it."""

import subprocess
import sys

from helpers import paths


def run_python(*lines):
    """Run lines in a process of its own; what it printed."""
    head = f"import sys; sys.path.insert(0, {str(paths.SOURCE)!r}); from helpers.facts.grammar import withhold_grammar"
    return subprocess.run(
        [sys.executable, "-c", "\n".join([head, *lines])], check=True, capture_output=True, text=True
    ).stdout


def test_jsonschema_does_not_build_the_grammar():
    """Neither the grammar nor the library that builds it is loaded, by nested calls neither; both can be later."""
    said = run_python(
        "with withhold_grammar():",
        "    with withhold_grammar(): pass",
        "    import jsonschema",
        "print('rfc3987_syntax' in sys.modules, 'lark' in sys.modules)",
        "import rfc3987_syntax",
        "print('lark' in sys.modules)",
    )
    assert said.split() == ["False", "False", "True"]


def test_a_grammar_that_is_there_stays_and_an_error_leaves_nothing():
    """What another has imported is not taken away, and a failed import hides nothing from the next."""
    said = run_python(
        "try:",
        "    with withhold_grammar(): raise KeyError",
        "except KeyError: print('rfc3987_syntax' in sys.modules)",
        "import rfc3987_syntax",
        "with withhold_grammar(): print(sys.modules['rfc3987_syntax'] is rfc3987_syntax)",
        "print(sys.modules['rfc3987_syntax'] is rfc3987_syntax)",
    )
    assert said.split() == ["False", "True", "True"]
