"""The engine that counts in a log: DuckDB on this machine, or any backend of Ibis by its address.

Questions are Ibis expressions, so that another engine changes none of them. They keep to what all engines
read alike: times in UTC without a zone, whole numbers where a threshold decides, and an order without ties.
"""

import atexit
import contextlib
import functools
import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pandas as pd

from helpers.canonical import COLUMNS
from helpers.errors import DataError, ParameterError

DUCKDB = "duckdb"
THREADS = 2
# with what Python and the data in transit take, counts of 30 million rows stay below 1 GiB
MEMORY = "768MB"
# Without these a row has no position; any other column may be absent and is then missing throughout.
_NEEDED = ("source_id", "row_no")
_KINDS = {"str": "string", "Int64": "int64", "datetime64[us]": "timestamp(6)"}
# What an address may say of Spark without being confirmed: anything else may load code or send rows
# elsewhere.
_LOCAL = re.compile(r"local(\[(\d+|\*)\])?")
_SPARK = re.compile(
    r"spark\.(ui\.showConsoleProgress|driver\.memory|sql\.(shuffle\.partitions|adaptive\.enabled|codegen\.\w+))"
)
# Spark would open a web page with every query, and ports on every network address. Only a confirmed address
# changes this.
_SPARK_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
_SECRET = re.compile(r"(?i)pass|pwd|token|secret|key|credential")
# Where the person at this machine confirms an address; and where the runner has DuckDB put what does not fit.
CONFIRMED, SPILL = "SIDEDOOR_ENGINE", "SIDEDOOR_SPILL"
_SPILLED = "sidedoor-duckdb-"
_WAY_OUT = "Write duckdb, or the address of a backend of Ibis such as pyspark:// (and install its package)."


def connect(engine: str = DUCKDB, *, threads: int = THREADS, memory: str = MEMORY):
    """Return a connection to an engine.

    Parameters
    ----------
    engine
        `duckdb`, in memory; or an address that `ibis.connect` knows. `pyspark://` takes the present Spark
        session or starts one, with settings after a question mark, as in `pyspark://?spark.master=local[2]`.
        Whatever is not DuckDB or Spark on this machine has to be confirmed: the environment variable
        `SIDEDOOR_ENGINE` holds the same address. An edition file from elsewhere could otherwise send every
        row to a server.
    threads, memory
        What DuckDB may use; what does not fit goes to disk for a while. Results do not depend on them.

    Raises
    ------
    ParameterError
        There is no such engine, its package is missing, it is not confirmed, or the address holds a password,
        which would be printed with the parameters of a notebook.
    """
    import ibis

    address = urlsplit(engine.replace("[", "%5B").replace("]", "%5D"))
    settings = dict(parse_qsl(address.query))
    place = f"engine `{address.scheme or engine}`"
    if address.password or any(_SECRET.search(name) for name in settings):
        way_out = "Put it where the engine's own driver looks for it."
        raise ParameterError(place, "its address holds a password", way_out, code="password")
    if address.scheme and not _is_here(address, settings) and os.environ.get(CONFIRMED) != engine:
        way_out = f"If you trust it with every row, set {CONFIRMED} to the same address and run again."
        raise ParameterError(place, "rows of the log could leave this machine", way_out, code="not-confirmed")
    try:
        if engine == DUCKDB:
            return ibis.duckdb.connect(
                threads=threads,
                memory_limit=memory,
                temp_directory=str(_make_spill() / "spilled"),
                preserve_insertion_order=False,
                autoinstall_known_extensions=False,
            )
        if address.scheme == "pyspark":
            return _connect_spark(settings)
        if address.scheme:
            return ibis.connect(engine)
    except Exception as error:  # each backend has errors of its own, and their texts may repeat the address
        found = f"it cannot be reached ({type(error).__name__})"
        raise ParameterError(place, found, _WAY_OUT, code="unreachable") from None
    raise ParameterError(place, "it is not known", _WAY_OUT, code="unknown")


def _is_here(address, settings: dict[str, str]) -> bool:
    """Say whether an address means Spark on this machine, with settings that do no more than size it."""
    if address.scheme != "pyspark" or address.netloc or address.path.strip("/"):
        return False
    rest = {name: value for name, value in settings.items() if name != "spark.master"}
    is_local = _LOCAL.fullmatch(settings.get("spark.master", "local"))
    return bool(is_local) and all(map(_SPARK.fullmatch, rest))


@functools.cache
def _make_spill() -> Path:
    """Return the folder of what does not fit in memory, one for each process: texts of reasons, private.

    The runner names its own folder and removes it however a kernel ends. Elsewhere, folders of processes that
    were killed are removed here.
    """
    place = Path(os.environ.get(SPILL) or tempfile.gettempdir())
    for left in place.glob(f"{_SPILLED}*"):
        with contextlib.suppress(OSError, AttributeError):  # no /proc or user ids here
            is_own = not left.is_symlink() and left.stat().st_uid == os.getuid()
            if is_own and not Path("/proc", left.name.split("-")[2]).exists() and Path("/proc/self").exists():
                shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{_SPILLED}{os.getpid()}-", dir=place))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _connect_spark(settings: dict[str, str]):
    """Take the Spark session of this process, or start one with the settings."""
    import ibis
    from pyspark.sql import SparkSession

    builder = SparkSession.builder
    for name, value in (_SPARK_LOCAL | settings).items():
        builder = builder.config(name, value)
    return ibis.pyspark.connect(builder.getOrCreate())


def read_log(connection, files: Iterable[Path | str] | Path | str | pd.DataFrame):
    """Return Parquet files of the canonical table `searches` as one Ibis table.

    Parameters
    ----------
    connection
        From `connect`.
    files
        Paths, as `records.list_files` gives them; or the table itself, for small logs.

    Returns
    -------
    Ibis table with the columns of `canonical.COLUMNS["searches"]`. A column that no file holds, such as
    `reason_text` in a copy for publication, is missing throughout.

    Raises
    ------
    DataError
        There is no file, one is not there, or they hold no searches.
    """
    import ibis

    if isinstance(files, pd.DataFrame):
        table, place = ibis.memtable(files), "log in memory"
    else:
        paths = [Path(file) for file in ([files] if isinstance(files, (str, Path)) else files)]
        absent = [path.name for path in paths if not path.is_file()]
        if absent or not paths:
            place, way_out = f"log {(absent or ['(none)'])[0]}", "Ingest the record again."
            raise DataError(place, "the file is not there", way_out, code="absent")
        place = f"log {paths[0].name}"
        table = _read_files(connection, [str(path.resolve()) for path in paths], place)
    if missing := [name for name in _NEEDED if name not in table.columns]:
        way_out = "Give files of the canonical table `searches`."
        raise DataError(place, f"no column {', '.join(missing)}", way_out, code="no-log")
    columns = {}
    for name, kind in COLUMNS["searches"].items():
        value = table[name] if name in table.columns else ibis.null()
        columns[name] = value.cast(_KINDS.get(kind, kind))
    return table.select(**columns)


def _read_files(connection, paths: list[str], place: str):
    if odd := [path for path in paths if any(character in path for character in "*?[{")]:
        found = f"the path of {Path(odd[0]).name} holds one of * ? [ {{, which engines read as a pattern"
        raise DataError(place, found, "Move it to a folder with a plain name.", code="pattern")
    try:
        # a folder named `column=value` is no column, in any engine
        if connection.name == "pyspark":
            import ibis

            name = ibis.util.gen_name("log")
            reader = connection._session.read.options(mergeSchema="true", recursiveFileLookup="true")
            reader.parquet(*paths).createOrReplaceTempView(name)
            return connection.table(name)
        if connection.name == DUCKDB:
            return connection.read_parquet(paths, union_by_name=True, hive_partitioning=False)
        if any("=" in path for path in paths):
            found = "a folder on its path is named like `column=value`, which engines may read as a column"
            raise DataError(place, found, "Move it to a folder with a plain name.", code="pattern")
        table, *more = [connection.read_parquet(path) for path in paths]
        return table.union(*more) if more else table
    except DataError:
        raise
    except Exception as error:  # each backend has errors of its own; none may repeat a path or a cell
        found = f"it is no Parquet ({type(error).__name__})"
        raise DataError(place, found, "Ingest the record again.", code="no-parquet") from None


def fetch(expression, order: Iterable[str] = ()) -> pd.DataFrame:
    """Return the rows of an Ibis table, in the same order and types from every engine.

    Parameters
    ----------
    order
        Columns to sort by, each from the lowest, or from the highest if it is written `-name`; missing
        values come last. The other columns decide ties, from left to right.

    Returns
    -------
    DataFrame: text as `str`, whole numbers as `int64` (`Int64` where some are missing), truth as `bool`
    (`boolean`), times and dates as `datetime64[us]`, other numbers as `float64`.
    """
    schema, table = expression.schema(), expression.to_pyarrow()
    frame = pd.DataFrame({name: _type_column(table.column(name), kind) for name, kind in schema.items()})
    if frame.empty:
        return frame
    ascending = {name.removeprefix("-"): not name.startswith("-") for name in order}
    ascending |= {name: True for name in schema if name not in ascending}
    names, ways = list(ascending), list(ascending.values())
    return frame.sort_values(names, ascending=ways, na_position="last", kind="stable", ignore_index=True)


def _type_column(values, kind) -> pd.Series:
    """Type a column by what the expression says it is, not by how an engine stores it."""
    import pyarrow as pa

    if kind.is_string() or kind.is_null():
        text = pd.StringDtype(na_value=float("nan"))
        return values.cast(pa.large_string()).to_pandas(types_mapper={pa.large_string(): text}.get)
    if kind.is_date() or kind.is_timestamp():
        return values.cast(pa.timestamp("us")).to_pandas().astype("datetime64[us]")
    if not (kind.is_integer() or kind.is_boolean()):
        return values.cast(pa.float64()).to_pandas().astype("float64")
    whole, mapped, plain = pa.int64(), pd.Int64Dtype(), "int64"
    if kind.is_boolean():
        whole, mapped, plain = pa.bool_(), pd.BooleanDtype(), "bool"
    found = values.cast(whole).to_pandas(types_mapper={whole: mapped}.get)
    return found if values.null_count else found.astype(plain)
