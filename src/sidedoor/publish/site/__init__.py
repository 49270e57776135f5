"""Turn the notebooks of an edition into a site that reads and searches offline, and asks no host."""

import json
import logging
import re
import shutil
import tempfile
from contextlib import nullcontext
from pathlib import Path

import nbformat

from helpers import paths
from helpers.errors import RunError
from helpers.facts.sources import cite_sources
from helpers.facts.tables import load_table
from helpers.files import hash_files
from sidedoor.publish.scan import check_publication
from sidedoor.publish.site._figures import place_figures
from sidedoor.publish.site._html import offer, read_page
from sidedoor.publish.site._notebooks import OutputFilter
from sidedoor.publish.site._pages import PART_2, PlacedNotebook, Site, name_record, write_pages
from sidedoor.publish.site._review import review_pages
from sidedoor.run.results import KEPT_FACTS, load_manifest, lock_edition, read_result

_log = logging.getLogger(__name__)
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SEARCH = """<form method="get"><label for="search-field">Search this site</label> \
<input type="search" id="search-field" name="q"></form>\
<div id="search-results" role="status">The search needs JavaScript.</div>"""
# What its owner may have put into the folder of a site, to publish it from there.
_KEPT = (".git", "CNAME", ".nojekyll")


def build_site(edition_name: str, runs: Path | None = None, reference: str = "") -> Path:
    """Build the site of an edition from its complete results.

    Parameters
    ----------
    edition_name
        Name of the edition: its results are in `runs/<edition_name>/`.
    runs
        Folder of all results; by default `paths.RUNS`.
    reference
        The edition as a person named it (its file or name), for the message that it was not run yet.

    Returns
    -------
    Path of `runs/<edition_name>/site/index.html`. The same results give the same bytes. The site that
    was there before stays until the new one is complete.

    Raises
    ------
    RunError
        There is no complete run, a file of it is not what was sealed, its notebooks were made from different
        fact tables, or something came out that must not be published.
    ParameterError
        The edition opens with a finding or a figure that no notebook of it has.
    """
    folder = Path(runs or paths.RUNS) / edition_name
    _read_manifest(folder, edition_name, reference)
    # No run or other build may change the results meanwhile; results elsewhere are the caller's own.
    try:
        with nullcontext() if runs else lock_edition(edition_name):
            manifest = _read_manifest(folder, edition_name, reference)
            for left_over in folder.glob(".site-*"):
                shutil.rmtree(left_over, ignore_errors=True)
            work = Path(tempfile.mkdtemp(prefix=".site-", dir=folder))
            try:
                _render(folder, manifest, work)
                _swap(work / "html", folder / "site", work / "before")
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        found = f"the site cannot be written ({error.strerror or error})"
        way_out = "Make room or correct the permissions. The site that was there before is unchanged."
        raise RunError(f"runs/{edition_name}/site", found, way_out, code="disk") from None
    return folder / "site" / "index.html"


def _read_manifest(folder: Path, edition_name: str, reference: str) -> dict:
    """Return the manifest, which has what a site needs."""
    manifest = load_manifest(edition_name, folder.parent) if _NAME.fullmatch(edition_name) else None
    if not manifest or not manifest["notebooks"]:
        way_out = f"Run `sidedoor run --edition {reference or edition_name}` first."
        found = "there is no complete run of this edition"
        raise RunError(f"runs/{edition_name}/manifest.json", found, way_out)
    return manifest


def _render(folder: Path, manifest: dict, work: Path) -> None:
    """Write sources, render them, and check what came out."""
    source, extra, out = work / "source", work / "extra", work / "html"
    source.mkdir()
    (extra / "data").mkdir(parents=True)
    results = [(entry, _find_result(folder, entry)) for entry in manifest["notebooks"]]
    records = manifest.get("records") or []
    facts = _find_facts(folder.name, results)
    rows = _load_sources(facts)
    if records:  # an edition of own records shows of the collection's tables only the sources that it cites
        named = {name for _, result in results for one in _read_findings(result) for name in one["sources"]}
        rows = [row for row in rows if row["source_id"] in named]
    cited = {name: name_record(record) for record in records for name in record["source_ids"]}
    cited |= {row["source_id"]: row["cite_as"] for row in rows}
    books = [_place_notebook(entry, result, cited, source, extra) for entry, result in results]
    site = Site(manifest, books, rows, cited, facts, folder, extra)
    pages = write_pages(site) | {"search": ":orphan:\n\n" + read_page("search", search=_SEARCH)}
    for name, text in pages.items():
        (source / f"{name}.rst").write_text(text, encoding="utf-8")
    # Sphinx is slow to import: only those who build a site wait for it.
    from sidedoor.publish.site import _sphinx

    for warning in _sphinx.render_site(source, out, extra, manifest["title"]):
        _log.warning("site: %s", warning.replace(str(work), ""))
    shutil.rmtree(out / "_sources", ignore_errors=True)
    review_pages(out)
    check_publication(out)


def _find_facts(edition: str, results: list[tuple[dict, Path]]) -> Path:
    """Return the fact tables that the results of an edition were made from; ours if none kept any."""
    kept: dict[str, tuple[str, Path]] = {}
    for entry, result in results:
        if (result / KEPT_FACTS).is_dir():
            content = json.dumps(hash_files(result / KEPT_FACTS))
            kept.setdefault(content, (entry["name"], result))
        elif entry.get("parameters", {}).get(KEPT_FACTS):
            found = "the fact tables that it was made from are not in it"
            way_out = f"Run `sidedoor run --edition {edition}` again."
            raise RunError(f"runs/{edition}/{result.name}", found, way_out, code="facts-missing")
    if len(kept) > 1:
        names = " and ".join(name for name, _ in kept.values())
        found = f"{names} were made from different fact tables"
        way_out = "Name one folder of facts for all notebooks of the edition, and run it again."
        raise RunError(f"runs/{edition}", found, way_out, code="facts-differ")
    return next((result / KEPT_FACTS for _, result in kept.values()), paths.FACTS)


def _load_sources(facts: Path) -> list[dict]:
    """Return the rows of the table of sources, each with how it is cited; None for an empty cell."""
    table = load_table("sources", facts)
    table = table.assign(cite_as=cite_sources(table["source_id"], facts)["cite_as"])
    return table.astype(object).where(table.notna(), None).to_dict("records")


def _find_result(folder: Path, entry: dict) -> Path:
    """Find the folder of a result, and see that it is as it was sealed."""
    result = folder / entry["folder"]
    if not (_NAME.fullmatch(entry["name"]) and result.parent == folder and read_result(result)):
        found = "the result is missing, incomplete or changed since it was computed"
        way_out = f"Run `sidedoor run --edition {folder.name}` again."
        raise RunError(f"runs/{folder.name}/{entry['folder']}", found, way_out)
    return result


def _read_findings(result: Path) -> list[dict]:
    return json.loads((result / "findings.json").read_text(encoding="utf-8"))


def _place_notebook(entry: dict, result: Path, cited: dict, source: Path, extra: Path) -> PlacedNotebook:
    """Put one result into the site: its notebook made safe, its figures, the notebook to download."""
    name = entry["name"]
    figures, more = place_figures(result, name, extra)
    (extra / "notebooks").mkdir(exist_ok=True)
    shutil.copyfile(result / f"{name}.ipynb", extra / "notebooks" / f"{name}.ipynb")
    # An edition may run a notebook more than once, each time under a name of its own.
    slug = "" if entry.get("notebook", name) == name else name[3:]
    title = entry["title"] + (f" ({slug.replace('-', ' ')})" if slug else "")
    tables = f" Tables and networks: {', '.join(more)}" if more else ""
    foot = f"Download this page as a notebook: {offer(f'notebooks/{name}.ipynb')}.{tables}"
    outputs = OutputFilter({figure.figure_id: figure for figure in figures}, cited, extra, name, slug)
    notebook = nbformat.read(result / f"{name}.ipynb", as_version=4)
    notebook = outputs.publish(notebook, f'<p class="page-files">{foot}</p>', is_open=name[:2] in PART_2)
    nbformat.write(notebook, source / f"{name}.ipynb")
    about = (name, title, entry.get("question", ""), entry.get("key", ""))
    return PlacedNotebook(*about, _read_findings(result), figures, outputs.figure_of)


def _swap(new: Path, place: Path, aside: Path) -> None:
    """Put a complete folder in the place of another; if that fails, the other one is there again."""
    if not place.exists():
        new.rename(place)
        return
    for kept in (place / name for name in _KEPT):
        if kept.is_dir() and not kept.is_symlink():
            shutil.copytree(kept, new / kept.name, symlinks=True)
        elif kept.is_file():
            shutil.copy2(kept, new / kept.name)
    place.rename(aside)
    try:
        new.rename(place)
    except OSError:
        aside.rename(place)
        raise
