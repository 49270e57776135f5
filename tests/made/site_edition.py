"""A small edition as a run leaves it on disk, made without a kernel: for the tests of the site."""

import base64
import io
import json
import shutil
from pathlib import Path

import nbformat
import pandas as pd
from nbformat import v4
from PIL import Image

from helpers import paths
from helpers.canonical import COLUMNS
from helpers.canonical import build_table as build_canonical
from sidedoor.run.results import format_json, seal_result

EDITION = "test-city"
# Two lists of one agency, and one more, so that the table of names is too long for a page.
LISTS = {"irvine-learn-2020-03-02", "irvine-learn-2025-03-11", "ocsd-learn-2022-11-18"}
LONG = ("agreements_287g", "metros", "search_counts")
# What threats.md T1 lists: each changes the title of the page if it runs, and asks for a picture from a host.
MARKUP = (
    "<img src=x onerror=\"document.title='OWNED'\"><script>document.title='OWNED'</script>"
    '<svg onload="document.title=\'OWNED\'"></svg><img src="http://127.0.0.1:{port}/empty/seen.png">'
    "<iframe srcdoc=\"<script>parent.document.title='OWNED'</script>\"></iframe>"
    "<a href=\"javascript:document.title='OWNED'\">press</a>"
    '<meta http-equiv="refresh" content="0;url=http://127.0.0.1:{port}/empty/moved">'
    '<link rel="stylesheet" href="http://127.0.0.1:{port}/empty/style.css">'
    '<style>@import "http://127.0.0.1:{port}/empty/x";</style>'
    '<form action="http://127.0.0.1:{port}/empty/form">'
    '<input name="q" autofocus onfocus="document.title=\'OWNED\'"></form>'
    "<details open ontoggle=\"document.title='OWNED'\">x</details>"
)


def draw_png(width: int = 840, height: int = 460) -> bytes:
    """Draw a gray picture with two bars, so that it is large enough to be scaled."""
    picture, out = Image.new("L", (width, height), 0xEE), io.BytesIO()
    for top in (100, 260):
        picture.paste(0x40, (0, top, width, top + 60))
    picture.save(out, "PNG")
    return out.getvalue()


def draw_svg(inside: str = "") -> str:
    """Draw the same picture as SVG, with something hidden in it if asked for."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="840" height="460" viewBox="0 0 840 460">'
        '<rect width="840" height="460" fill="#eee"/><rect y="100" width="840" height="60" fill="#444"/>'
        f"{inside}</svg>"
    )


def build_table(columns: int = 14) -> str:
    """Build what pandas shows for a wide table."""
    names = [f"column_{number}_with_a_long_name" for number in range(columns)]
    cells = [[f"{1000 * row + number:,}" for number in range(columns)] for row in range(4)]
    style = "<style scoped>.dataframe tbody tr th { vertical-align: top; }</style>"
    return f"<div>{style}{pd.DataFrame(cells, columns=names).to_html()}</div>"


def show(data: dict, metadata: dict | None = None):
    """Build an output that a cell displayed."""
    return v4.new_output("display_data", data, metadata=metadata or {})


def state(name: str, sentence: str, sources: list[str], simulated: bool = False) -> tuple[dict, object]:
    """Build a finding, as data and as the output of a cell."""
    finding = {
        "id": name, "sentence": sentence, "value": 5000000000, "low": 4900000000, "high": None,
        "unit": "scans", "sources": sources, "simulated": simulated,
    }  # fmt: skip
    return finding, show({"text/markdown": f"**Finding.** {sentence}"}, {"sidedoor_finding": finding})


def build_notebook(title: str, question: str, cells: list) -> object:
    """Build an executed notebook: opening, parameters, and the cells given."""
    opening = f"# {title}\n\n**Question.** {question}\n\nA row is one cited figure."
    source = 'facts: str = "data/facts"  # folder with the fact tables [folder]'
    parameters = v4.new_code_cell(source, id="parameters", metadata={"tags": ["parameters"]})
    return v4.new_notebook(cells=[v4.new_markdown_cell(opening, id="opening"), parameters, *cells])


def run_cell(source: str, *outputs) -> object:
    """Build a code cell that ran."""
    return v4.new_code_cell(source, outputs=list(outputs), execution_count=1)


def build_key(name: str) -> str:
    """Build the key of a result from its name."""
    return (name.encode().hex() * 8)[:64]


def place_result(
    folder: Path, name: str, title: str, question: str, cells: list, findings=(), figures=None, notebook=None,
    parameters=None, facts=None, beside=None, metadata=None,
):  # fmt: skip
    """Place a complete result, as the runner does, and return its entry in the manifest."""
    key = build_key(name)
    result = folder / f"{name}.{key[:12]}"
    result.mkdir(parents=True)
    book = build_notebook(f"{name[:2]} · {title}", question, cells)
    book["metadata"] |= metadata or {}
    nbformat.write(book, result / f"{name}.ipynb")
    placed = [{**finding, "notebook": name} for finding in findings]
    (result / "findings.json").write_text(format_json(placed), encoding="utf-8")
    for figure_id, (about, svg) in (figures or {}).items():
        (result / "figures").mkdir(exist_ok=True)
        stem = result / "figures" / figure_id
        stem.with_suffix(".png").write_bytes(draw_png())
        stem.with_suffix(".svg").write_text(svg, encoding="utf-8")
        stem.with_name(f"{figure_id}-narrow.svg").write_text(svg, encoding="utf-8")
        stem.with_suffix(".csv").write_text("year,scans\n2017,1\n", encoding="utf-8")
        stem.with_suffix(".json").write_text(json.dumps({"figure_id": figure_id, **about}), encoding="utf-8")
    for file, text in (beside or {}).items():
        (result / "figures" / file).write_text(text, encoding="utf-8")
    if facts:
        shutil.copytree(facts, result / "facts")
    described = {"name": name, "notebook": notebook or name, "title": title, "question": question}
    described |= {"key": key, "parameters": parameters or {}}
    return seal_result(result, described) | {"folder": result.name}


def show_figure(figure_id: str, alt: str) -> object:
    """Build the output of a cell that drew a saved figure."""
    about = {"image/png": {"alt": alt, "sidedoor": figure_id}}
    return show({"image/png": base64.b64encode(draw_png()).decode(), "text/plain": "<Figure>"}, about)


def write_manifest(folder: Path, entries: list[dict], title="Plate readers in Test City", **about) -> None:
    """Write the manifest of an edition."""
    manifest = {"edition": folder.name, "title": title, "subtitle": "", "authors": [], "findings": ""}
    content = format_json(manifest | {"notebooks": entries} | about)
    (folder / "manifest.json").write_text(content, encoding="utf-8")


def copy_facts(folder: Path, **changed) -> Path:
    """Copy the fact tables, with cells of the first source changed.

    Of the longest tables only the first rows are copied, and of the sharing lists three: the rest makes a site
    slow to build and to look at, and has the same form.
    """
    shutil.copytree(paths.FACTS, folder)
    names = ("sources", "lists", "sharing_lists", *LONG)
    tables = {name: read_table(folder / f"{name}.csv") for name in names}
    tables["sources"].loc[0, list(changed)] = list(changed.values())
    for name in ("lists", "sharing_lists"):
        tables[name] = tables[name][tables[name]["list_id"].isin(LISTS)]
    for name, table in tables.items():
        (table.head(50) if name in LONG else table).to_csv(folder / f"{name}.csv", index=False)
    return folder


def read_table(path: Path) -> pd.DataFrame:
    """Read a table as it is written: every cell is text."""
    return pd.read_csv(path, dtype="str", keep_default_na=False)


def read_rows(path: Path) -> list[dict]:
    """Read the rows of a table."""
    return read_table(path).to_dict("records")


def name_source() -> str:
    """Name the first source of the fact tables."""
    return read_rows(paths.FACTS / "sources.csv")[0]["source_id"]


def build_record(**changes) -> dict:
    """Build the description of a record, as `intake` writes it."""
    record = {
        "name": "list", "file": "list.csv", "sha256": "ab" * 32, "bytes_n": 1000, "family": "edges",
        "form": "3 columns", "why": "its header", "rows_in": 1061, "rows_out": 1060, "columns_dropped": ["Name"],
        "notes": [], "span": {"sharing": ["2025-03-01", "2025-03-31"]}, "time_zone": "", "tables": {"sharing": 2},
        "warnings": ["1,000 rows is a round number."], "source_ids": ["file-0a1b"], "set_aside": {"a header": 1},
    }  # fmt: skip
    return record | changes


GRAPH = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph>{}</graph></graphml>'
LINK = '<node xmlns:x="http://www.w3.org/1999/xlink" x:type="simple" x:href="javascript:a()"/>'
# What a notebook may save beside its figures: two harmless files, and what a browser could obey.
BESIDE = {
    "net.graphml": GRAPH.format(""),
    "net.csv": "from_id,to_id\na,b\n",
    "net.html": "<p>a</p>",
    "bad.graphml": GRAPH.format('<script xmlns="http://www.w3.org/1999/xhtml">x</script>'),
    "bad-link.graphml": GRAPH.format(LINK),
    "bad-style.graphml": '<?xml-stylesheet href="a.xsl"?>' + GRAPH.format(""),
    "bad-entity.graphml": '<!DOCTYPE graphml [<!ENTITY a "b">]>' + GRAPH.format("&a;"),
    "bad-signs.graphml": "\ufffe\0",
}


def place_edition(runs: Path) -> Path:
    """Place an ordinary edition: four notebooks, two of them one, findings, a figure, files beside it."""
    folder, source = runs / EDITION, name_source()
    first, shown_first = state("scans-pooled", "At least 5,000,000,000 scans were pooled.", [source])
    about = {"alt": "Two dark bars on gray.", "caption": "Scans by year."}
    about["source_line"] = "Source: a test · n = 2 · 2017"
    links = "See [the second](02-map-the-access.ipynb), [data](../data/README.md)."
    cells = [
        v4.new_markdown_cell(f"## How many scans?\n\n{links}\n\nA hot list, and another hot list."),
        run_cell("print('quokka')", v4.new_output("stream", name="stdout", text="rows: 2\n")),
        run_cell("table", show({"text/html": build_table(), "text/plain": "a table"})),
        run_cell("plt.show()", show_figure("scans", about["alt"])),
        run_cell("state_finding()", shown_first),
    ]
    what = ("01-read-the-release", "Read the release", "What do the records say?", cells)
    figures, facts = {"scans": (about, draw_svg())}, copy_facts(runs / "facts")
    entries = [place_result(folder, *what, [first], figures, facts=facts, beside=BESIDE)]
    stale = "In simulated data, 7 of 9 scans were stale."
    second, shown_second = state("scans-invented", stale, [source], True)
    prose = (
        "| Table | One row is | Read as | Named |\n| - | - | - | - |\n"
        "| `sharing_claims` | a statement in a source, at a date | `publisher_page` | `press_excerpt` |"
    )
    names = "<table><tr><td>stanislaus-county-so-ca</td>" + "<td>a word</td>" * 6
    more = [
        v4.new_markdown_cell("## By which doors?\n\nQuokka words to search for."),
        v4.new_markdown_cell(prose),
        run_cell("names", show({"text/html": names})),
        run_cell("Markdown(x)", show({"text/markdown": "**bold** [ok](https://example.org)"})),
        run_cell("plt.show()", show({"image/png": base64.b64encode(draw_png(300, 200)).decode()})),
        run_cell("state_finding()", shown_second),
    ]
    entries.append(
        place_result(folder, "02-map-the-access", "Map the access", "By which doors?", more, [second])
    )
    for slug in ("oakland", "irvine"):
        finding, shown = state("scans", "Scans.", [source])
        named = [{**finding, "id": f"{slug}-scans"}]
        cells = [run_cell("wombat = 1", shown)]
        entries.append(
            place_result(folder, f"05-{slug}", "Read a log", "What?", cells, named, notebook="05-read")
        )
    authors, subtitle = ["A. Reporter", "B. Editor"], "What the records show"
    write_manifest(folder, entries, subtitle=subtitle, authors=authors)
    return folder


def place_own_edition(runs: Path) -> Path:
    """Place an edition of own records with a canary in every text column of its sharing list.

    It shows no table of the collection, so that its site is built in a moment.
    """
    folder, police = runs / EDITION, "Quokka Police Department"
    sources = ["file-0a1b", "no-such-source"]
    own, shown = state("city", "Quokka police let 2 agencies search.", sources)
    national, other = state("nation", "A national finding.", [name_source()])
    cells = [run_cell("f()", shown), run_cell("f()", other)]
    entry = place_result(folder, "03-measure", "Measure", "Who?", cells, [own, national])
    evil = "<img src=x onerror=alert(1)>"
    texts = {"file": evil, "warnings": [evil], "set_aside": {evil: 1}, "source_ids": [evil], "family": evil}
    records = [build_record(reported_by=police), build_record(**texts)]
    write_manifest(folder, [entry], records=records)
    row = {name: f"canary {name}" for name, kind in COLUMNS["sharing"].items() if kind == "str"}
    row |= {"section": "detections_shared", "as_of": "2025-03-31", "reported_by": police}
    rows = [row | {"to_agency_as_printed": name} for name in ("Wombat County Sheriff", "Jane Roe, victim")]
    (folder / "records" / "list").mkdir(parents=True)
    build_canonical("sharing", rows).to_parquet(folder / "records" / "list" / "sharing.parquet")
    return folder


def place_poisoned_edition(runs: Path, port: int) -> Path:
    """Place an edition with hostile text wherever text can stand, in the fact tables too."""
    folder = runs / EDITION
    bad = MARKUP.replace("{port}", str(port))
    finding, shown = state("poisoned", f"Finding {bad}", [name_source(), bad])
    about = {"alt": f'"><script>document.title="OWNED"</script>{bad}', "caption": bad, "source_line": bad}
    mermaid, press = f'graph TD; A["{bad}"]', "[press](javascript:document.title='OWNED')"
    links = '<a href="http://x/" onmouseover="document.title=1">a</a><a href="data:text/html,x">b</a>'
    prose = [
        f"## Section {bad}\n\nProse {bad} and {press}.",
        f"{bad}\n\n![picture](http://127.0.0.1:{port}/empty/markdown.png)\n\n| a |\n| - |\n| {bad} |",
        "```{raw} html\n<script>document.title='OWNED'</script>\n```\n\n```{include} /etc/hostname\n```",
        "{download}`/etc/hostname` [file](../../../../../etc/hostname) [file](file:///etc/hostname)",
    ]
    cells = [
        *map(v4.new_markdown_cell, prose),
        v4.new_raw_cell(bad, metadata={"format": "text/html"}),
        run_cell("frame.style", show({"text/html": bad + build_table(3).replace("column_0", bad)})),
        run_cell("links", show({"text/html": links})),
        run_cell("Markdown(x)", show({"text/markdown": f"Agency: {bad} {press} ![p](http://127.0.0.1:{port}/p)"})),
        run_cell("mermaid", show({"text/vnd.mermaid": mermaid})),
        run_cell("script", show({"application/javascript": "document.title='OWNED'"})),
        run_cell("svg", show({"image/svg+xml": draw_svg("<script>document.title='OWNED'</script>")})),
        run_cell("latex", show({"text/latex": f"${bad}$"})),
        run_cell("widget", show({"application/vnd.jupyter.widget-view+json": {"model_id": "x"}})),
        run_cell(f"print({bad!r})", v4.new_output("stream", name="stdout", text=bad)),
        run_cell("plain", v4.new_output("execute_result", {"text/plain": bad}, execution_count=1)),
        run_cell("plt.show()", show_figure("scans", about["alt"])),
        run_cell("state_finding()", shown),
    ]  # fmt: skip
    svg = draw_svg("<script>document.title='OWNED'</script>")
    name, figures = "01-read-the-release", {"scans": (about, svg)}
    facts = copy_facts(runs / "facts", title=bad, publisher=bad, note="=1+1" + bad)
    # Were they kept, these would make the builder run the notebook, or read it with other rules.
    metadata = {"mystnb": {"execution_mode": "force"}, "myst": {"gfm_only": False}}
    about = {"facts": facts, "metadata": metadata | {"html_meta": {"refresh": bad}}}
    entry = place_result(folder, name, f"Read {bad}", f"What? {bad}", cells, [finding], figures, **about)
    write_manifest(folder, [entry], title=f"City {bad}", subtitle=bad, authors=[bad])
    return folder
