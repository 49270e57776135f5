"""Which reader takes a file: decided by its content, never by its name."""

import importlib
from types import ModuleType

from helpers.errors import IngestError
from helpers.wording import say_number
from sidedoor.ingest.source import WEB_PAGE, Match, ReadOptions, Source

# The surest claim wins, and two that are equally sure are refused: the order only saves work, see `sniff`.
READERS = (
    "learn_sharing",
    "learn_dashboard",
    "flock_audit",
    "flock_pdf",
    "flock_sharing",
    "flock_portal",
    "portal",
    "mapping",
    "clerk",
)
SURE = 0.5


def list_readers() -> list[ModuleType]:
    """Import the reader modules."""
    return [importlib.import_module(f"{__package__}.{name}") for name in READERS]


def sniff(source: Source, options: ReadOptions | None = None) -> tuple[ModuleType, Match]:
    """Find the reader for a file.

    Every reader module offers ``recognize(source) -> Match | None`` and ``read(source, options) -> Reading``;
    with ``KINDS = ("text",)`` it says of which kinds its files are (`text`, `pdf`, `xlsx`, `html`), with
    ``SUREST`` how sure it can be: it is not asked once another one is surer. A recognizer that raises
    `IngestError` has no claim, but its hint is shown if no other reader has one. A mapping in the options
    leaves no choice.

    Returns
    -------
    The module and its match; a layout that no reader knows, or two claim alike, is refused.
    """
    if options and options.mapping:
        module = importlib.import_module(f"{__package__}.mapping")
        return module, Match("mapping", "as mapped", "a mapping was given")
    claims, hints = [], []
    for module in list_readers():
        is_beaten = any(match.certainty > getattr(module, "SUREST", 1.0) for _, match in claims)
        if source.kind in getattr(module, "KINDS", ("text", "pdf", "xlsx")) and not is_beaten:
            try:
                match = module.recognize(source)
            except IngestError as hint:
                hints.append(hint)
            else:
                claims += [(module, match)] if match and match.certainty >= SURE else []
    if not claims:
        raise hints[0] if hints else _refuse_unknown(source)
    claims.sort(key=lambda claim: -claim[1].certainty)
    if len(claims) > 1 and claims[0][1].certainty == claims[1][1].certainty:
        both = " or ".join(f"{match.family} ({match.form})" for _, match in claims[:2])
        way_out = "Say which columns mean what in a mapping: --mapping FILE.toml."
        raise IngestError(source.name, f"it could be {both}", way_out, code="two-layouts")
    return claims[0]


def _refuse_unknown(source: Source) -> IngestError:
    if source.kind == "html":
        code, found, way_out = WEB_PAGE
    elif source.kind == "pdf":
        from sidedoor.ingest.pdf import read_pages

        found = f"a PDF of {say_number(len(read_pages(source)), 'page')} in a layout that no reader knows"
        code, way_out = "unknown-layout", "Ask the agency for the same records as CSV or XLSX, as exported."
    else:
        from sidedoor.ingest.mapping_draft import draft_mapping

        # raises what is wrong with the file itself, which helps more than that its layout is unknown
        code, (found, way_out, source.cache["mapping draft"]) = "unknown-layout", draft_mapping(source)
    return IngestError(source.name, found, way_out, code=code)
