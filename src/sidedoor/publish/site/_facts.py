"""The fact tables of a site: those that its results were made from, taken from the results themselves."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.errors import DataError, RunError
from helpers.export import neutralize_formulas, write_csv
from helpers.facts.tables import check_tables, load_table
from helpers.files import hash_file, hash_files
from sidedoor.run.results import KEPT_FACTS


@dataclass(frozen=True)
class FactSet:
    """A folder of fact tables, and the names of the results made from it; none where no result kept any."""

    folder: Path
    results: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlacedTable:
    """One version of a fact table: its address in the site, its number of rows, the results it belongs to."""

    link: str
    rows: int
    results: tuple[str, ...] = ()


def find_facts(edition: str, results: Iterable[tuple[dict, Path]], fallback: Path) -> list[FactSet]:
    """Return the fact tables that an edition's results were made from, equal ones once.

    Parameters
    ----------
    edition
        Name of the edition.
    results
        Entry in the manifest and folder of each result, sealed: nobody changed the tables in it.
    fallback
        Folder of tables for an edition none of whose notebooks takes any.

    Raises
    ------
    RunError
        A result was made from tables that it did not keep, or that break the schema as it is now.
    """
    way_out = f"Run `sidedoor run --edition {edition}` again."
    sets = []
    for entry, result in results:
        if (result / KEPT_FACTS).is_dir():
            sets.append(FactSet(result / KEPT_FACTS, (entry["name"],)))
        elif entry.get("parameters", {}).get(KEPT_FACTS):
            found = "the fact tables that it was made from are not in it"
            raise RunError(f"runs/{edition}/{result.name}", found, way_out)
    sets = _join_equal(sets, lambda facts: json.dumps(hash_files(facts.folder)))
    for facts in sets:
        try:
            check_tables(facts.folder)
        except DataError as error:
            place = f"runs/{edition}/{facts.folder.parent.name}"
            raise RunError(place, f"{error.place}: {error.found}", way_out) from None
    return sets or [FactSet(fallback)]


def _join_equal(sets: list[FactSet], find_content) -> list[FactSet]:
    """Return each content once, with the names of all results that have it."""
    joined: dict[str, FactSet] = {}
    for facts in sets:
        first = joined.setdefault(key := find_content(facts), FactSet(facts.folder))
        joined[key] = FactSet(first.folder, first.results + facts.results)
    return list(joined.values())


def join_sources(sets: list[FactSet]) -> list[dict]:
    """Return the tables `sources` of all sets, one row per source: those of the first set, then others.

    Raises
    ------
    DataError
        Two sets hold different rows of one name.
    """
    joined: dict[str, tuple[dict, FactSet]] = {}
    for facts in sets:
        table = load_table("sources", facts.folder)
        for row in table.astype(object).where(table.notna(), None).to_dict("records"):
            name = row["source_id"]
            before, other = joined.setdefault(name, (row, facts))
            if before != row:
                columns = ", ".join(column for column in row if row[column] != before[column])
                books = f"{other.results[0]} and {facts.results[0]}"
                found = f"{books} were made from different rows of it ({columns})"
                way_out = "Give one of them another source_id, or point all notebooks to one folder of facts."
                raise DataError(f"source `{name}`", found, way_out)
    return [row for row, _ in joined.values()]


def place_tables(sets: list[FactSet], package: dict, extra: Path) -> dict[str, list[PlacedTable]]:
    """Copy the tables into the site, each version once: `data/<table>.csv`, then `data/<result>/<table>.csv`.

    Parameters
    ----------
    sets
        As `find_facts` finds them.
    package
        Content of `data/datapackage.json`.
    extra
        Folder whose content is copied into the site.

    Returns
    -------
    The versions by name of the table; results are named only where there is more than one.
    """
    placed = {}
    for resource in package["resources"]:
        file = Path(resource["path"]).name
        versions = _join_equal(sets, lambda facts, file=file: hash_file(facts.folder / file))
        placed[resource["name"]] = tables = []
        for number, facts in enumerate(versions):
            link = f"data/{facts.results[0]}/{file}" if number else f"data/{file}"
            (extra / link).parent.mkdir(parents=True, exist_ok=True)
            rows = _copy_table(facts.folder / file, extra / link)
            tables.append(PlacedTable(link, rows, facts.results if len(versions) > 1 else ()))
    return placed


def read_package() -> dict:
    """Return the description of the fact tables."""
    return json.loads(paths.SCHEMA.read_text(encoding="utf-8"))


def _copy_table(file: Path, place: Path) -> int:
    """Copy a table, without formulas that a spreadsheet could run, and return its number of rows."""
    table = pd.read_csv(file, dtype="str", keep_default_na=False)
    if neutralize_formulas(table).equals(table):
        shutil.copyfile(file, place)
    else:
        write_csv(table, place)
    return len(table)
