"""Import `jsonschema` without the grammar of web addresses that it builds, and that nothing here asks for."""

import sys
from contextlib import contextmanager

_GRAMMAR = "rfc3987_syntax"


@contextmanager
def withhold_grammar():
    """Let whatever is imported within do without the grammar: two thirds of the time that checking all tables took.

    `jsonschema` then leaves out the check that a text is an address in any script. No schema here, and none of
    Jupyter's or Frictionless', has it.
    """
    if _GRAMMAR in sys.modules:
        yield
        return
    sys.modules[_GRAMMAR] = None
    try:
        yield
    finally:
        del sys.modules[_GRAMMAR]
