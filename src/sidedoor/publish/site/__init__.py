"""Turn the notebooks of an edition into a site that reads and searches offline, and asks no host."""

import json
import logging
import re
import shutil
import tempfile
from contextlib import nullcontext
from html.parser import HTMLParser
from pathlib import Path

import nbformat

from helpers import paths
from helpers.errors import ParameterError, RunError
from sidedoor.publish.scan import check_publication
from sidedoor.publish.site._cells import (
    PlacedFigure,
    is_plain_graph,
    is_plain_svg,
    is_safe_link,
    measure_png,
    publish_notebook,
)
from sidedoor.publish.site._facts import (
    FactSet,
    find_facts,
    join_sources,
    list_names,
    place_tables,
    read_package,
)
from sidedoor.publish.site._pages import (
    PlacedNotebook,
    write_cite,
    write_data,
    write_findings,
    write_index,
    write_limits,
    write_sources,
)
from sidedoor.publish.site._records import show_limits, show_records
from sidedoor.run.parameters import offer_nearest
from sidedoor.run.results import format_json, load_manifest, lock_edition, read_result

_log = logging.getLogger(__name__)
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SAVED = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.(csv|graphml)")
_NOT_FOR_READERS = ("*.map", ".buildinfo*", "*.LICENSE.txt")


def build_site(edition_name: str, runs: Path | None = None, facts: Path | None = None) -> Path:
    """Build the site of an edition from the results that stand.

    Parameters
    ----------
    edition_name
        Name of the edition: its results lie in `runs/<edition_name>/`.
    runs
        Folder of all results; by default `paths.RUNS`.
    facts
        Folder of the fact tables for an edition none of whose results keeps any; by default `data/facts`. All
        other sites show the tables that their results were made from.

    Returns
    -------
    Path of `runs/<edition_name>/site/index.html`. The same results give the same bytes. A site that stood
    there before stands until the new one is complete.

    Raises
    ------
    RunError
        There is no complete run, a file of it is not what was sealed, or something came out that must not be
        published.
    ParameterError
        The edition opens with a finding or a figure that no notebook of it has.
    DataError
        The fact tables break their schema, or notebooks were made from different rows of one source.
    """
    folder = Path(runs or paths.RUNS) / edition_name
    facts = Path(facts or paths.FACTS)
    _read_manifest(folder, edition_name)
    # No run or other build may change the results meanwhile; results elsewhere are the caller's own.
    with nullcontext() if runs else lock_edition(edition_name):
        manifest = _read_manifest(folder, edition_name)
        for left_over in folder.glob(".site-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=".site-", dir=folder))
        try:
            _render(folder, manifest, facts, work)
            _swap(work / "html", folder / "site", work / "before")
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return folder / "site" / "index.html"


def check_site(folder: Path) -> None:
    """Check, page by page, that a site holds no code but its own and loads nothing from elsewhere.

    Parameters
    ----------
    folder
        Folder with the HTML pages.

    Raises
    ------
    RunError
        Names the page and what is in it.
    """
    for page in sorted(folder.rglob("*.html")):
        gate = _Gate()
        gate.feed(page.read_text(encoding="utf-8"))
        if gate.found:
            raise RunError(
                f"site, {page.relative_to(folder)}",
                f"it holds {gate.found[0]}",
                "Remove it from the notebook or table that it comes from, and run again.",
            )


class _Gate(HTMLParser):
    """Collects what no page may hold. The last gate: cells, tables and prose were cleaned before."""

    def __init__(self):
        super().__init__()
        self.found: list[str] = []
        self._in_script = self._has_policy = False

    def handle_starttag(self, tag, attributes):
        values = {name: value or "" for name, value in attributes}
        if tag in ("iframe", "object", "embed", "base", "frame", "applet", "style"):
            self.found.append(f"<{tag}>")
        if tag == "meta" and values.get("http-equiv", "").lower() not in ("", "content-security-policy"):
            self.found.append("a meta instruction")
        self._in_script = tag == "script"
        for name, value in values.items():
            if name.startswith("on") or name == "style" or name == "srcdoc":
                self.found.append(f"the attribute {name}")
            elif name in (
                "src",
                "srcset",
                "poster",
                "data",
                "action",
                "formaction",
                "background",
                "ping",
                "xlink:href",
            ):
                if re.match(r"\s*([a-z][\w+.-]*:|//)", value, re.I):
                    self.found.append(f"{tag} {name}={value[:80]!r}")
            elif (
                name == "href"
                and tag in ("link", "use", "image")
                and re.match(r"\s*([a-z][\w+.-]*:|//)", value, re.I)
            ):
                self.found.append(f"{tag} href={value[:80]!r}")
            elif name == "href" and tag == "a" and ":" in value.split("#")[0] and not is_safe_link(value):
                self.found.append(f"a link to {value[:80]!r}")

    def handle_endtag(self, tag):
        self._in_script = False

    def handle_data(self, data):
        if self._in_script and data.strip():
            self.found.append("a script written into the page")


def _read_manifest(folder: Path, edition_name: str) -> dict:
    """Read the manifest and see that it has what a site needs."""
    place, way_out = (
        f"runs/{edition_name}/manifest.json",
        f"Run `sidedoor run --edition {edition_name}` first.",
    )
    if not _NAME.fullmatch(edition_name):
        raise RunError(place, "there is no complete run of this edition", way_out)
    manifest = load_manifest(edition_name, folder.parent)
    if not manifest or not manifest["notebooks"]:
        raise RunError(place, "there is no complete run of this edition", way_out)
    return manifest


def _render(folder: Path, manifest: dict, facts: Path, work: Path) -> None:
    """Write sources, render them, and take out what no reader needs."""
    source, extra, out = work / "source", work / "extra", work / "html"
    source.mkdir()
    (extra / "data").mkdir(parents=True)
    results = [(entry, _find_result(folder, entry)) for entry in manifest["notebooks"]]
    sets = find_facts(folder.name, results, facts)
    rows = join_sources(sets)
    records = manifest.get("records", [])
    names = {row["source_id"] for row in rows} | {name for record in records for name in record["source_ids"]}
    notebooks = [_place_notebook(entry, result, names, source, extra) for entry, result in results]
    _check_opening(folder.name, manifest, notebooks)
    _write_pages(manifest, notebooks, rows, names, source, extra, sets)
    # Sphinx is slow to import: only those who build a site wait for it.
    from sidedoor.publish.site._sphinx import render_site

    for warning in render_site(source, out, extra, manifest["title"]):
        _log.warning("site: %s", warning.replace(str(work), ""))
    for pattern in _NOT_FOR_READERS:
        for path in list(out.rglob(pattern)):
            path.unlink()
    shutil.rmtree(out / "_sources", ignore_errors=True)
    check_site(out)
    check_publication(out)


def _find_result(folder: Path, entry: dict) -> Path:
    """Find the folder of a result, and see that it is as it was sealed."""
    result = folder / entry["folder"]
    whole = _NAME.fullmatch(entry["name"]) and result.parent == folder and read_result(result)
    if not whole:
        found = "the result is missing, incomplete or changed since it was computed"
        raise RunError(
            f"runs/{folder.name}/{entry['folder']}",
            found,
            f"Run `sidedoor run --edition {folder.name}` again.",
        )
    return result


def _check_opening(edition: str, manifest: dict, notebooks: list[PlacedNotebook]) -> None:
    """See that the findings and the figure which the edition opens with are there."""
    findings = [finding["id"] for book in notebooks for finding in book.findings]
    figures = [figure.figure_id for book in notebooks for figure in book.figures if figure.links]
    picture = [manifest["picture"]] if manifest.get("picture") else []
    for key, named, known in (("lead", manifest.get("lead", []), findings), ("picture", picture, figures)):
        for one in named:
            if one not in known:
                found = f"no {'finding' if key == 'lead' else 'figure'} of its notebooks is called `{one}`"
                raise ParameterError(f"edition {edition}, {key}", found, offer_nearest(one, known))


def _place_notebook(
    entry: dict, result: Path, sources: set[str], source: Path, extra: Path
) -> PlacedNotebook:
    """Put one result into the site: its notebook made safe, its figures, the notebook to download."""
    name = entry["name"]
    figures = [_place_figure(path, name, extra) for path in sorted((result / "figures").glob("*.json"))]
    findings = json.loads((result / "findings.json").read_text(encoding="utf-8"))
    for finding in findings:
        # what is simulated here has no source outside, and its name says so
        named = [
            str(one)
            for one in finding["sources"]
            if not (finding["simulated"] and str(one).startswith("simulated-"))
        ]
        if unknown := [one for one in named if one not in sources]:
            _log.warning("site: %s, finding %s: no source %s", name, finding["id"], ", ".join(unknown))
    notebook = nbformat.read(result / f"{name}.ipynb", as_version=4)
    (extra / "notebooks").mkdir(exist_ok=True)
    shutil.copyfile(result / f"{name}.ipynb", extra / "notebooks" / f"{name}.ipynb")
    # An edition may run a notebook more than once, each time under a name of its own.
    slug = "" if entry.get("notebook", name) == name else name[3:]
    title = entry["title"] + (f" ({slug.replace('-', ' ')})" if slug else "")
    file = f'<a href="notebooks/{name}.ipynb" download>{name}.ipynb</a>'
    more = _place_files(result, {figure.figure_id for figure in figures}, name, extra)
    told = f" Files beside its figures: {', '.join(more)}" if more else ""
    safe, order = publish_notebook(
        notebook,
        {figure.figure_id: figure for figure in figures},
        sources,
        slug=slug,
        foot=f'<p class="page-files">Download this page as a notebook: {file}{told}</p>',
        spare=extra / "figures" / name,
        spare_link=f"figures/{name}",
    )
    nbformat.write(safe, source / f"{name}.ipynb")
    figures.sort(
        key=lambda figure: order.index(figure.figure_id) if figure.figure_id in order else len(order)
    )
    return PlacedNotebook(name, title, entry.get("question", ""), entry.get("key", ""), findings, figures)


def _place_figure(about: Path, name: str, extra: Path) -> PlacedFigure:
    """Copy a figure's files into the site."""
    described = json.loads(about.read_text(encoding="utf-8"))
    folder = extra / "figures" / name
    folder.mkdir(parents=True, exist_ok=True)
    links, size = {}, (0, 0)
    for kind in ("png", "svg", "csv"):
        file = about.with_suffix(f".{kind}")
        # A drawing that could run code when it is opened by itself is left out; its PNG is there.
        if file.is_file() and (kind != "svg" or is_plain_svg(file.read_text(encoding="utf-8"))):
            shutil.copyfile(file, folder / file.name)
            links[kind] = f"figures/{name}/{file.name}"
    if "png" in links:
        size = measure_png(about.with_suffix(".png").read_bytes())
    texts = [str(described.get(key, "")) for key in ("alt", "caption", "source_line")]
    return PlacedFigure(about.stem, *texts, links, *size)


def _place_files(result: Path, figures: set[str], name: str, extra: Path) -> list[str]:
    """Copy the tables and graphs that a notebook saved beside its figures into the site, and link them."""
    links = []
    for path in sorted((result / "figures").glob("*")):
        if path.stem in figures or not path.is_file() or not _SAVED.fullmatch(path.name):
            continue
        if path.suffix == ".csv" or is_plain_graph(path.read_text(encoding="utf-8", errors="replace")):
            (extra / "figures" / name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, extra / "figures" / name / path.name)
            links.append(f'<a href="figures/{name}/{path.name}" download>{path.name}</a>')
    return links


def _write_pages(
    manifest: dict,
    notebooks: list,
    sources: list[dict],
    names: set[str],
    source: Path,
    extra: Path,
    sets: list[FactSet],
) -> None:
    """Write the site's own pages and the files that they offer."""
    import yaml

    package = read_package()
    placed = place_tables(sets, package, extra)
    shutil.copyfile(paths.SCHEMA, extra / "data" / "datapackage.json")
    findings = [finding for book in notebooks for finding in book.findings]
    (extra / "data" / "findings.json").write_text(format_json(findings), encoding="utf-8")
    citation = paths.ROOT / "CITATION.cff"
    cited = yaml.safe_load(citation.read_text(encoding="utf-8")) if citation.is_file() else {}
    readme, records = paths.ROOT / "README.md", manifest.get("records", [])
    pages = {
        "findings": write_findings(notebooks, names),
        "sources": write_sources(sources, show_records(records)),
        "data": write_data(package, placed, {"agencies": list_names(sets, "agencies")}),
        "limits": write_limits(
            readme.read_text(encoding="utf-8") if readme.is_file() else "", show_limits(records)
        ),
        "cite": write_cite(cited, manifest, notebooks),
    }
    pages = {name: text for name, text in pages.items() if text}
    pages["index"] = write_index(manifest, notebooks, list(pages))
    for name, text in pages.items():
        (source / f"{name}.rst").write_text(text, encoding="utf-8")


def _swap(new: Path, place: Path, aside: Path) -> None:
    """Put a complete folder in the place of another; if that fails, the other one stands again."""
    before = place.exists()
    if before:
        place.rename(aside)
    try:
        new.rename(place)
    except OSError:
        if before:
            aside.rename(place)
        raise
