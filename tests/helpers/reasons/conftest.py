"""Small logs with given reasons."""

import pandas as pd
import pytest

from helpers.canonical import build_table


@pytest.fixture(scope="session")
def make_log():
    """Make a canonical log from reasons; a state in place of a text is written `<masked>`."""

    def make(reasons, **columns):
        states = [
            text[1:-1] if isinstance(text, str) and text.startswith("<") else "value" for text in reasons
        ]
        rows = {
            "source_id": "simulated-test",
            "row_no": range(1, len(reasons) + 1),
            "reason_text": [
                text if state == "value" else None for text, state in zip(reasons, states, strict=True)
            ],
            "reason_text_cell": ["empty" if state == "case_number" else state for state in states],
            "reason_origin": [
                {"value": "reason", "case_number": "case_number"}.get(state) for state in states
            ],
        }
        return build_table("searches", pd.DataFrame(rows | columns))

    return make
