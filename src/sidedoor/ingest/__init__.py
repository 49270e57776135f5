"""Read the records that agencies release: any known export becomes canonical tables and a report.

`inspect_file` says what a file is and what is wrong with it; `ingest_file` writes its tables. Every byte of
a record is taken for hostile: see `sandbox`, `source`, `text`, `pdf` and `xlsx`.
"""


def __getattr__(name: str):
    # Nothing heavy is imported until it is used: the child processes of the sandbox import this package too.
    if name not in ("inspect_file", "ingest_file"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sidedoor.ingest import files

    return getattr(files, name)
