"""Read the records that agencies release: any known export becomes canonical tables and a report.

`inspect_file` says what a file is and what is wrong with it; `ingest_file` writes its tables. Every byte of
a record is taken for hostile: see `sandbox`, `source`, `text`, `pdf` and `xlsx`. Nothing heavy is imported
until it is used, as the child processes of the sandbox import this package too.
"""


def inspect_file(path, options=None, limits=None, follow=None):
    """Read a file and report on it; see `sidedoor.ingest.files.inspect_file`."""
    from sidedoor.ingest.files import inspect_file

    return inspect_file(path, options, limits, follow)


def ingest_file(path, out, options=None, limits=None, follow=None):
    """Read a file and write its tables and its report; see `sidedoor.ingest.files.ingest_file`."""
    from sidedoor.ingest.files import ingest_file

    return ingest_file(path, out, options, limits, follow)
