"""Reads a Parquet file inside the sandbox: distinct texts go to the parent, which looks through them."""

from collections.abc import Iterator

from helpers.leaks import find_label

_ROWS = 65_536


def read_parquet(path: str) -> Iterator[list]:
    """Yield `[kind, place, content]`: texts, values of columns named like a leak, columns not looked into."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        yield ["text", "names of columns", "\n".join(schema.names)]
        about = [value for key, value in (schema.metadata or {}).items() if key != b"ARROW:schema"]
        yield ["text", "metadata", "\n".join(value.decode("utf-8", "replace") for value in about)]
        row = 0
        for batch in file.iter_batches(batch_size=_ROWS):
            for field, column in zip(schema, batch.columns, strict=True):
                place = f"column {field.name}, rows {row + 1} to {row + len(batch)}"
                if pa.types.is_dictionary(field.type):
                    column = column.dictionary_decode()
                if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
                    yield ["unread", f"column {field.name}", "values that are no text or number"]
                    continue
                label = find_label(field.name)
                is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
                if is_text or label:
                    values = [str(value) for value in pc.unique(column).to_pylist() if value is not None]
                    if is_text:
                        yield ["text", place, "\n".join(values)]
                    if label:
                        yield [label, place, values]
            row += len(batch)
