"""Write a sharing graph for other programs: GraphML, GEXF, CSV. The same graph gives the same bytes."""

import re
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pandas as pd

from helpers import paths
from helpers.errors import DataError
from helpers.export import write_csv
from helpers.network.graph import SharingGraph

# What XML 1.0 cannot hold, not even as a reference.
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPACES = {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_TYPES = {"bool": "boolean", "int64": "long", "float64": "double"}


def export_graph(graph: SharingGraph, path: str | Path, nodes: pd.DataFrame | None = None) -> list[Path]:
    """Write the graph to a file whose suffix says how: `.graphml`, `.gexf` or `.csv`.

    Parameters
    ----------
    graph
        From `build_graph`.
    path
        The file. As CSV it holds the edges, and the nodes stand beside it in `NAME-nodes.csv`.
    nodes
        More about the nodes, by a column agency_id; a node without a row has no such attributes.

    Returns
    -------
    The files written.

    Raises
    ------
    DataError
        Another suffix, or `nodes` names an agency twice.

    Notes
    -----
    Names keep every sign that the format can hold. What XML cannot (control characters) is written out, such as
    `\\x07`; nodes are told apart by numbers, so that no two fall together. In CSV, what a spreadsheet would take for a
    formula begins with an apostrophe.
    """
    path = Path(path)
    table = _describe_nodes(graph, nodes)
    if path.suffix == ".csv":
        beside = path.with_name(f"{path.stem}-nodes.csv")
        write_csv(graph.list_edges(), path)
        write_csv(table, beside)
        return [path, beside]
    writers = {".graphml": _write_graphml, ".gexf": _write_gexf}
    if path.suffix not in writers:
        raise DataError(
            path.name, f"`{path.suffix}` is no form of a graph", f"Choose .csv, {', '.join(writers)}."
        )
    path.write_bytes("\n".join([*writers[path.suffix](graph, table), ""]).encode("utf-8"))
    return [path]


def save_graph(graph: SharingGraph, name: str, nodes: pd.DataFrame | None = None) -> list[str]:
    """Save the graph as GraphML and CSV beside the figures of the present run, where they pass the same last gate.

    Parameters
    ----------
    graph, nodes
        As for `export_graph`.
    name
        Stem of the files.

    Returns
    -------
    Names of the files written.
    """
    folder = paths.find_figure_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return [
        path.name
        for form in ("graphml", "csv")
        for path in export_graph(graph, folder / f"{name}.{form}", nodes)
    ]


def _describe_nodes(graph: SharingGraph, nodes: pd.DataFrame | None) -> pd.DataFrame:
    table = pd.DataFrame(
        {"agency_id": graph.names, "is_reporter": graph.is_reporter, "is_pool": graph.is_pool}
    ).astype({"agency_id": "str"})
    if nodes is None:
        return table
    if nodes["agency_id"].duplicated().any():
        raise DataError("nodes", "an agency stands there twice", "Keep one row for each agency.")
    more = [column for column in nodes.columns if column not in ("is_reporter", "is_pool")]
    return table.merge(nodes[more], on="agency_id", how="left", validate="1:1")


def _write_graphml(graph: SharingGraph, table: pd.DataFrame):
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    for at, (column, kind) in enumerate(_list_types(table)):
        shown = "name" if column == "agency_id" else column
        yield f'<key id="d{at}" for="node" attr.name={_quote(shown)} attr.type="{kind}"/>'
    yield '<graph id="sharing" edgedefault="directed">'
    for number, row in enumerate(table.itertuples(index=False)):
        data = "".join(
            f'<data key="d{at}">{_show(value)}</data>' for at, value in enumerate(row) if not pd.isna(value)
        )
        yield f'<node id="n{number}">{data}</node>'
    for number, (owner, reader) in enumerate(_list_pairs(graph)):
        yield f'<edge id="e{number}" source="n{owner}" target="n{reader}"/>'
    yield "</graph>"
    yield "</graphml>"


def _write_gexf(graph: SharingGraph, table: pd.DataFrame):
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<gexf xmlns="http://gexf.net/1.3" version="1.3">'
    yield '<graph defaultedgetype="directed" mode="static">'
    yield '<attributes class="node">'
    for at, (column, kind) in list(enumerate(_list_types(table)))[1:]:
        yield f'<attribute id="{at}" title={_quote(column)} type="{kind}"/>'
    yield "</attributes>"
    yield "<nodes>"
    for number, row in enumerate(table.itertuples(index=False)):
        values = "".join(
            f'<attvalue for="{at}" value="{_show(value)}"/>'
            for at, value in enumerate(row)
            if at and not pd.isna(value)
        )
        yield f'<node id="n{number}" label="{_show(row[0])}"><attvalues>{values}</attvalues></node>'
    yield "</nodes>"
    yield "<edges>"
    for number, (owner, reader) in enumerate(_list_pairs(graph)):
        yield f'<edge id="e{number}" source="n{owner}" target="n{reader}"/>'
    yield "</edges>"
    yield "</graph>"
    yield "</gexf>"


def _list_types(table: pd.DataFrame) -> list[tuple[str, str]]:
    """List columns and their types; a number with gaps counts as one with decimals."""
    return [
        (column, _TYPES.get(str(kind).lower().replace("boolean", "bool"), "string"))
        for column, kind in table.dtypes.items()
    ]


def _list_pairs(graph: SharingGraph):
    indptr, indices = graph.out_lists
    for owner in range(graph.nodes_n):
        for reader in indices[indptr[owner] : indptr[owner + 1]].tolist():
            yield owner, reader


def _show(value) -> str:
    """Show a value as text of an XML file, within a double-quoted attribute or without."""
    if isinstance(value, str):
        fit = _UNFIT.sub(lambda sign: sign[0].encode("unicode_escape").decode("ascii"), value)
        return escape(fit, {'"': "&quot;", **_SPACES})
    return str(value).lower()


def _quote(text: str) -> str:
    return quoteattr(_UNFIT.sub("?", text), _SPACES)
