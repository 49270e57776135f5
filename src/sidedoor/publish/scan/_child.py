"""Looks through a PDF or a Parquet file inside the sandbox; only masked leaks go back to the parent."""

import logging
from collections.abc import Iterator
from pathlib import Path

from helpers.errors import IngestError
from helpers.leaks import find_label
from sidedoor.publish.scan.texts import Column, Inner, Piece, join_texts, read_json, read_plain

PAGES_CAP, CHARS_CAP = 5_000, 100_000_000


def find_leaks(path: str, kind: str, canaries: list[str]) -> Iterator[list[str]]:
    """Give each leak as [place, kind, masked, mark]; see `sidedoor.publish.scan.collect_leaks`."""
    logging.disable(logging.CRITICAL)
    from helpers.leaks import Finder
    from sidedoor.publish.scan import collect_leaks

    read = {"pdf": read_pdf, "parquet": read_parquet}[kind]
    for leak in collect_leaks(read(path), Finder(tuple(canaries)), in_child=True):
        yield list(leak)


def read_pdf(path: str) -> Iterator[Piece | Column | Inner]:
    """Read the text of every page, annotations, form fields, bookmarks, metadata and attached files."""
    import pypdf

    document = pypdf.PdfReader(path, strict=False)
    if document.is_encrypted and not document.decrypt(""):
        raise IngestError(Path(path).name, "a PDF locked with a password", "Print it to a new PDF.")
    about = [str(value) for value in (document.metadata or {}).values()]
    yield join_texts(about, ["metadata"] * len(about))
    packet = document.root_object.get("/Metadata")
    if packet is not None:
        yield from read_plain(packet.get_object().get_data().decode("utf-8", "replace"), "metadata (XMP)")
    chars_n = 0
    for number, page in enumerate(document.pages, 1):
        text = page.extract_text() or ""
        chars_n += len(text)
        if number > PAGES_CAP or chars_n > CHARS_CAP:
            raise IngestError(Path(path).name, "more pages or text than is looked into", "Split it.")
        yield Piece(text, lambda _, number=number: f"page {number}")
        for note in page.get("/Annots") or ():
            yield from _read_note(note.get_object(), number)
    fields = [str(value.get("/V", "")) for value in (document.get_fields() or {}).values()]
    yield join_texts(fields, ["a form field"] * len(fields))
    titles = list(_list_titles(document.outline))
    yield join_texts(titles, ["a bookmark"] * len(titles))
    for name, versions in document.attachments.items():
        yield from read_plain(name, "name of an attached file")
        yield from (Inner(data, name, "attached file") for data in versions)


def _read_note(note, number: int) -> Iterator[Piece]:
    texts = [str(note[key]) for key in ("/Contents", "/T", "/Subj", "/V", "/TU") if key in note]
    yield join_texts(texts, [f"page {number}, a note"] * len(texts))
    action = note.get("/A")
    if action is not None and "/URI" in action.get_object():
        yield Piece(str(action.get_object()["/URI"]), lambda _: f"page {number}, a link", "url")


def _list_titles(outline: list) -> Iterator[str]:
    for item in outline:
        if isinstance(item, list):
            yield from _list_titles(item)
        else:
            yield str(item.title)


def read_parquet(path: str) -> Iterator[Piece | Column]:
    """Read every column that holds text, the names of columns, and the metadata."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        yield join_texts(schema.names, ["name of a column"] * len(schema.names))
        about = [
            value.decode("utf-8", "replace")
            for key, value in (schema.metadata or {}).items()
            if key != b"ARROW:schema"
        ]
        yield join_texts(about, ["metadata"] * len(about))
        row = 0
        for batch in file.iter_batches(batch_size=65_536):
            for field, column in zip(schema, batch.columns):
                if pa.types.is_dictionary(field.type):
                    column = column.dictionary_decode()
                kind = column.type
                label = find_label(field.name)
                is_text = (
                    pa.types.is_string(kind)
                    or pa.types.is_large_string(kind)
                    or pa.types.is_string_view(kind)
                )
                if is_text or label and pa.types.is_integer(kind):
                    values = [str(value) for value in pc.unique(column).to_pylist() if value is not None]
                    places = {value: _Row(column, value, field.name, row) for value in values}
                    if is_text:
                        yield join_texts(values, list(places.values()))
                    if label:
                        yield Column(label, places)
                elif pa.types.is_nested(kind):
                    yield from read_json(column.to_pylist(), f"column {field.name}")
                elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
                    found = [value.decode("utf-8", "replace") for value in column.to_pylist() if value]
                    yield join_texts(found, [f"column {field.name}"] * len(found))
            row += len(batch)


class _Row:
    """The place of a value in a column, found only if it is asked for."""

    def __init__(self, column, value: str, name: str, first: int):
        self._of = column, value, name, first

    def __str__(self) -> str:
        column, value, name, first = self._of
        at = next((number for number, one in enumerate(column.to_pylist()) if str(one) == value), 0)
        return f"column {name}, row {first + at + 1}"
