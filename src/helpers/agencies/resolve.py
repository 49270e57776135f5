"""Resolve many names against a registry: exact first, then near ones within one state and role, else abstain."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
from rapidfuzz import fuzz, process

from helpers.agencies.compare import ALIKE_FROM, compare_names
from helpers.agencies.parse import AgencyName, parse_name
from helpers.agencies.plain import read_plain
from helpers.agencies.registry import Registry, pause_collector
from helpers.agencies.words import fold_scan

OUTCOMES = ("same", "different", "new", "unsure")
_NO_AGENCY = ("not_an_agency", "vendor_demo")
_WITHOUT_STATE = ("federal", "pool", "company")
_LOOK_AT = 5  # nearest places of a block that are compared by the rules
_ROWS = 512  # rows of a similarity matrix at a time: memory stays flat

Answer = tuple[str, str, str, float, str]  # outcome, agency_id, candidate_id, score, why


def resolve_names(
    names: Iterable[str], registry: Registry | pd.DataFrame, review: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Resolve names against a registry.

    Parameters
    ----------
    names
        Names as printed. Missing values and repeats are allowed.
    registry
        A table as `load_registry` returns it, or a `Registry` built from one (build it once for several lists).
    review
        Decisions of a person, as `read_review` returns them. They overrule every rule.

    Returns
    -------
    DataFrame, one row per name in the given order: name; outcome (`same`; `different`: alike, but another agency than
    the nearest in the registry; `new`: nothing alike; `unsure`: a person must say); agency_id, filled only for
    `same`; score, 0 to 100; why; candidate_id, the nearest agency where there is one.

    Raises
    ------
    DataError
        The registry has no agency_id, name or state, or the review names an agency that is not in it.
    """
    known = registry if isinstance(registry, Registry) else Registry(registry)
    given = ["" if name is None or name != name else str(name) for name in names]
    with pause_collector():
        answers = _answer_all(given, known, review)
    columns = list(zip(*(answers[name] for name in given), strict=True)) or [()] * 5
    return pd.DataFrame(
        {
            "name": _make_texts(given),
            "outcome": _make_texts(columns[0]),
            "agency_id": _make_texts(columns[1]),
            "score": np.array(columns[3], dtype="float64"),
            "why": _make_texts(columns[4]),
            "candidate_id": _make_texts(columns[2]),
        }
    )


def _make_texts(values):
    """Make a column of texts by way of Arrow, which looks at each but once."""
    return pd.array(pa.array(values, type=pa.large_string()), dtype="str")


def _answer_all(given: list[str], known: Registry, review: pd.DataFrame | None) -> dict[str, Answer]:
    """Answer every name once: a person's decision, else exactly, else by lookup, else by likeness."""
    decided = _read_decisions(review, known) if review is not None else {}
    answers: dict[str, Answer] = {}
    leftovers: list[tuple[str, AgencyName]] = []
    exact = known.exact
    for name in given:
        if name in answers:
            continue
        if decided and (decision := decided.get(" ".join(name.split()))):
            answers[name] = decision
            continue
        read = read_plain(name) or parse_name(name)
        place, role, state, kind, _, _, detail = read
        ids = exact.get((place.replace(" ", ""), role, state, detail))
        if ids and len(ids) == 1 and (place or role) and (state or kind in _WITHOUT_STATE):
            answers[name] = ("same", ids[0], ids[0], 100.0, "same place, role and state")
        else:
            answers[name] = ("new", "", "", 0.0, "nothing alike in the registry")
            leftovers.append((name, read))
    near: dict[tuple[str, str], list[tuple[str, AgencyName]]] = {}
    for name, read in leftovers:
        answer = _look_up(read, known)
        if answer is not None:
            answers[name] = answer
        else:
            near.setdefault((read.state, read.role), []).append((name, read))
    for block, members in near.items():
        _match_block(block, members, known, answers)
    return answers


def _look_up(read: AgencyName, known: Registry) -> Answer | None:
    """Answer by lookup alone: no agency, twins in the registry, a state or a role missing, a scan's slips."""
    if read.kind in _NO_AGENCY or not (read.place or read.role):
        return "new", "", "", 0.0, f"kind: {read.kind}"
    key = read.place.replace(" ", "")
    ids = known.exact.get((key, read.role, read.state, read.detail), ())
    if len(ids) > 1:
        return "unsure", "", ids[0], 100.0, f"the registry has this name {len(ids)} times: {', '.join(ids)}"
    by_state = known.twins.get((key, read.role, read.detail), {})
    if not read.state and by_state:
        states = known.find_states(read)
        found = min(by_state.items())
        if len(states) == 1 and (len(by_state) == 1 or read.kind != "federal"):
            state = next(iter(states))
            found_id = by_state.get(state, found[1])
            return (
                "same",
                found_id,
                found_id,
                95.0,
                f"state missing, the registry knows this agency in {state} only",
            )
        return (
            "unsure",
            "",
            found[1],
            90.0,
            f"state missing, known in {', '.join(sorted(states)) or 'no state'}",
        )
    if read.state and "" in by_state:
        return "unsure", "", by_state[""], 90.0, "the registry's agency has no state"
    folded = known.folded.get((fold_scan(key), read.role, read.state, read.detail), ())
    if len(folded) == 1 and len(key) > 3 and read.state:
        return "same", folded[0], folded[0], 97.0, "same but for letters that a scan confuses"
    if folded:
        return "unsure", "", folded[0], 90.0, "same but for letters that a scan confuses"
    return None


def _match_block(block: tuple[str, str], members: list, known: Registry, answers: dict[str, Answer]) -> None:
    """Compare names with the registry's agencies of one state and role."""
    state, role = block
    if state:
        targets = known.blocks.get(block, [])
    else:  # a name without a state is held against every state; the best it can get is `unsure`
        targets = [
            entry for (_, other), entries in known.blocks.items() if other == role for entry in entries
        ]
    if targets:
        places = [key for key, _, _ in targets]
        for start in range(0, len(members), _ROWS):
            part = members[start : start + _ROWS]
            scores = process.cdist(
                [read.place.replace(" ", "") for _, read in part],
                places,
                scorer=fuzz.ratio,
                score_cutoff=ALIKE_FROM,
                dtype=np.uint8,
            )
            for (name, read), row in zip(part, scores, strict=True):
                alike = np.flatnonzero(row)
                if len(alike):
                    top = alike[np.argsort(-row[alike].astype(int), kind="stable")][:_LOOK_AT]
                    answers[name] = _choose(read, [targets[at] for at in top], known)
    for name, read in members:
        if answers[name][0] == "new" and state:
            answer = _look_across_roles(read, known)
            if answer:
                answers[name] = answer


def _choose(read: AgencyName, targets: list, known: Registry) -> Answer:
    """Choose among near agencies: one that is the same, else one that may be, else the nearest that is not."""
    best: Answer | None = None
    for _, other, agency_id in targets:
        outcome, score, why = compare_names(read, other, known)
        same_id = agency_id if outcome == "same" else ""
        answer = (outcome, same_id, agency_id, float(score), f"{why}: {known.names[agency_id]}")
        if best is None or OUTCOMES.index(outcome) in (0, 3) and best[0] == "different":
            best = answer
        if outcome == "same":
            if best[0] == "same" and best[1] != agency_id:
                return "unsure", "", agency_id, float(score), "two agencies of the registry are equally near"
            best = answer
    return best


def _look_across_roles(read: AgencyName, known: Registry) -> Answer | None:
    """Look for the same place and state under another role, or under none."""
    key = read.place.replace(" ", "")
    for role in known.roles:
        if role != read.role and (ids := known.exact.get((key, role, read.state, read.detail))):
            outcome, score, why = compare_names(read, read._replace(role=role), known)
            if outcome != "same":
                return outcome, "", ids[0], float(score), f"{why}: {known.names[ids[0]]}"
    return None


def _read_decisions(review: pd.DataFrame, known: Registry) -> dict[str, Answer]:
    """Turn a person's decisions into answers."""
    from helpers.agencies.review import check_review

    check_review(review, set(known.names))
    decided = {}
    for row in review.itertuples(index=False):
        same_id = row.agency_id if row.decision == "same" else ""
        answer = (row.decision, same_id, row.agency_id, 100.0, "decided by a person")
        decided[" ".join(str(row.name).split())] = answer
    return decided
