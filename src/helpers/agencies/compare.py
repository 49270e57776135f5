"""Compare two agency names: same, different or unsure, and why."""

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from helpers.agencies.parse import AgencyName, parse_name
from helpers.agencies.words import CAMEL, fold_scan, load_words, mend_word

# Roles that one agency may carry under two names. Same place and state, but not certain: for a person to see.
_NEAR_ROLES = (
    {"pd", "dps", "marshal"},
    {"da", "prosecutor", "states_attorney", "county_attorney"},
    {"state_police", "highway_patrol", "state_patrol", "dps"},
)
# Kinds that are told apart from real agencies before anything else is compared.
_APART = ("federal", "fusion_center", "vendor_demo", "pool", "company", "not_an_agency")
# Letters; in shorter names one letter makes another place (Wallis and Willis, Corona and Covina).
ONE_SLIP_FROM = 7
ALIKE_FROM = 84  # of 100, normalized Indel similarity; above it two places go to a person
Verdict = tuple[str, float, str]


def compare_names(a: str | AgencyName, b: str | AgencyName, registry=None) -> Verdict:
    """Return whether two names, as written or already read, are one agency's: (outcome, score, why).

    Parameters
    ----------
    registry
        `Registry` of agencies. Only it can settle a name without a state: it is the same as a name with one
        if the registry knows this place and role in that state alone.

    Returns
    -------
    outcome is `same`, `different` or `unsure`; score is 0 to 100, how alike the places are; why is in words.
    """
    first = a if isinstance(a, AgencyName) else parse_name(a)
    second = b if isinstance(b, AgencyName) else parse_name(b)
    verdict = _compare_apart(first, second) or _compare_agencies(first, second, registry)
    printed = isinstance(a, str) and isinstance(b, str) and first.kind != "not_an_agency"
    if verdict[0] == "unsure" and printed and _is_written_alike(a, b, first, second):
        return "same", 95.0, "the names differ only in spaces, marks or letters that a scan confuses"
    return verdict


def make_key(name: AgencyName) -> str:
    """Return the key under which spellings of one place meet: no spaces (La Verne, LaVerne)."""
    return name.place.replace(" ", "")


def _is_written_alike(a: str, b: str, first: AgencyName, second: AgencyName) -> bool:
    """Return whether two names without a state are one, but for spaces, marks and a scan's slips.

    The words of the role must be the same too: `Orange County Sheriff` and `Orange County Sheriffs
    Department` are two accounts in one report.
    """
    if first.state or second.state or first.role != second.role:
        return False
    same_role = _list_role_words(a) == _list_role_words(b)
    return same_role and fold_scan(make_key(first)) == fold_scan(make_key(second))


def _list_role_words(text: str) -> list[str]:
    words = ("".join(filter(str.isalnum, word.lower())) for word in CAMEL.sub(" ", text).split())
    return [word for word in map(mend_word, words) if word in load_words().role_words]


def _compare_apart(a: AgencyName, b: AgencyName) -> Verdict | None:
    """Compare where at least one name is no ordinary local agency."""
    if "not_an_agency" in (a.kind, b.kind):
        return "unsure", 0.0, "one of the names is no agency's name"
    if a.kind not in _APART and b.kind not in _APART:
        return None
    if a.kind != b.kind:
        if "other" not in (a.kind, b.kind):
            return "different", 0.0, f"kinds differ: {a.kind} and {b.kind}"
        return _judge(fuzz.ratio(a.place, b.place), f"{a.kind} and {b.kind}")
    return _compare_federal(a, b) if a.kind == "federal" else None


def _judge(score: float, why: str) -> Verdict:
    return ("unsure" if score >= ALIKE_FROM else "different"), score, why


def _compare_federal(a: AgencyName, b: AgencyName) -> Verdict:
    if a.role != b.role:
        return "different", 0.0, "two federal agencies"
    if make_key(a) == make_key(b):
        if a.state == b.state:
            return "same", 100.0, "one federal agency and office"
        if a.state and b.state:
            return "different", 50.0, "offices of one federal agency in two states"
        return "unsure", 80.0, "one federal agency; an office's state is missing on one side"
    if not a.place or not b.place:
        return "unsure", 60.0, "one federal agency; an office is named on one side only"
    if fold_scan(a.place) == fold_scan(b.place) and a.state == b.state:
        return "same", 97.0, "one federal agency and office, but for letters that a scan confuses"
    return _judge(fuzz.ratio(a.place, b.place), "offices of one federal agency")


def _compare_agencies(a: AgencyName, b: AgencyName, registry) -> Verdict:
    if a.state and b.state and a.state != b.state:
        return "different", fuzz.ratio(a.place, b.place), f"states differ: {a.state} and {b.state}"
    likeness, score, why = compare_places(a, b)
    if likeness == "different":
        return "different", score, why
    if not a.place or not b.place:
        return "unsure", score, "a name without a place"
    roles = _compare_roles(a, b)
    if roles and roles[0] == "different":
        return "different", score, roles[1]
    if likeness == "unsure":
        return "unsure", score, why
    if roles:
        return "unsure", score, roles[1]
    if a.detail != b.detail:
        if a.detail and b.detail:
            return "different", score, f"units differ: {a.detail} and {b.detail}"
        return "unsure", score, f"a unit is named on one side only: {a.detail or b.detail}"
    if a.state and b.state:
        return "same", score, why
    # a state is missing: only a registry that knows one such agency can settle it
    states = registry.find_states(a if a.state else b) if registry is not None else set()
    is_only = len(states) == 1 and (a.state or b.state or min(states)) in states
    if is_only and likeness != "slip":
        why = f"{why}; state missing, the registry knows this agency in {min(states)} only"
        return "same", score - 5, why
    return "unsure", score, f"{why}; state missing, known in {', '.join(sorted(states)) or 'no state'}"


def _compare_roles(a: AgencyName, b: AgencyName) -> tuple[str, str] | None:
    """Return how two roles differ, or None."""
    if a.role == b.role:
        return ("unsure", f"kinds differ: {a.kind} and {b.kind}") if not a.role and a.kind != b.kind else None
    if not a.role or not b.role:
        return "unsure", "a role is missing"
    if any({a.role, b.role} <= near for near in _NEAR_ROLES):
        return "unsure", f"roles {a.role} and {b.role} may be one agency"
    return "different", f"roles differ: {a.role} and {b.role}"


def compare_places(a: AgencyName, b: AgencyName) -> Verdict:
    """Return how alike two places are: (likeness, score, why).

    likeness is `equal`, `scan` (letters that a scan confuses), `slip` (one letter left out, doubled or
    swapped inside a long name), `unsure` or `different`.
    """
    left, right = make_key(a), make_key(b)
    if left == right:
        return "equal", 100.0, "same place, role and state" if a.state and b.state else "same place and role"
    score = fuzz.ratio(left, right)
    words_a, words_b = a.place.split(), b.place.split()
    if form := _compare_forms(words_a, words_b):
        return form[0], score, form[1]
    if sorted(words_a) == sorted(words_b) and len(words_a) > 2:
        return "unsure", score, "same words in another order"
    if fold_scan(left) == fold_scan(right):
        return "scan", 97.0, "same but for letters that a scan confuses"
    if _is_one_slip(left, right):
        return "slip", 96.0, "same but for one letter left out, doubled or swapped"
    if [c for c in left if c.isdigit()] != [c for c in right if c.isdigit()]:
        return "different", score, "numbers differ"
    if len(words_a) == len(words_b) > 1:
        pairs = [(x, y) for x, y in zip(words_a, words_b, strict=True) if x != y]
        if all(fuzz.ratio(x, y) < 75 for x, y in pairs):
            return "different", score, "a word of the place differs"
    short, long = sorted((left, right), key=len)
    if long.startswith(short) and long != f"{short}s":
        return "different", score, "places differ"  # Henderson, Hendersonville
    return _judge(score, "places alike, but not the same" if score >= ALIKE_FROM else "places differ")


def _compare_forms(a: list[str], b: list[str]) -> tuple[str, str] | None:
    """Judge a place that has all words of the other and more, and a township beside a village of one name."""
    forms = load_words().kinds["forms"]
    short, long = sorted((a, b), key=len)
    more = list(long)
    for word in short:
        if word not in more:
            if a[:-1] == b[:-1] and a[-1] in forms and b[-1] in forms:
                return "different", f"a {a[-1]} and a {b[-1]} of one name"
            return None
        more.remove(word)
    if len(more) == 1 and more[0] in forms - {"township", "parish", "charter"}:
        return "unsure", f"{more[0].title()} on one side only"
    return ("different", f"a word on one side only: {' '.join(more)}") if more else None


def _is_one_slip(a: str, b: str) -> bool:
    """Return whether one letter was left out, doubled or swapped with its neighbor, in a long enough name.

    Another letter in a letter's place is no slip but often another town (Pikeville, Pineville); nor is a
    letter more at an end (Alton, Altona; Denton, Edenton).
    """
    if min(len(a), len(b)) < ONE_SLIP_FROM or OSA.distance(a, b, score_cutoff=1) != 1:
        return False
    if len(a) == len(b):
        return sorted(a) == sorted(b)
    short, long = sorted((a, b), key=len)
    return short != long[1:] and short != long[:-1] or long[0] == long[1] or long[-1] == long[-2]
