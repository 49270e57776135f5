"""The fact tables of a site: those that its results were made from, taken from the results themselves."""

import csv
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
from helpers.files import hash_files
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
    """Find the fact tables that an edition's results were made from, equal ones once.

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
        A result was made from tables that it did not keep, or that break the schema as it stands now.
    """
    found: dict[str, FactSet] = {}
    for entry, result in results:
        folder = result / KEPT_FACTS
        if not folder.is_dir():
            if entry.get("parameters", {}).get(KEPT_FACTS):
                raise _ask_to_run(edition, result, "the fact tables that it was made from are not in it")
            continue
        content = json.dumps(hash_files(folder))
        known = found.get(content, FactSet(folder))
        found[content] = FactSet(known.folder, (*known.results, entry["name"]))
    for facts in found.values():
        try:
            check_tables(facts.folder)
        except DataError as error:
            raise _ask_to_run(edition, facts.folder.parent, f"{error.place}: {error.found}") from None
    return list(found.values()) or [FactSet(fallback)]


def join_sources(sets: list[FactSet]) -> list[dict]:
    """Join the tables `sources` of all sets, one row per source: the first set's rows, then what others add.

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
        versions: dict[bytes, FactSet] = {}
        for facts in sets:
            content = (facts.folder / file).read_bytes()
            known = versions.get(content, FactSet(facts.folder))
            versions[content] = FactSet(known.folder, known.results + facts.results)
        placed[resource["name"]] = []
        for number, facts in enumerate(versions.values()):
            link = f"data/{facts.results[0]}/{file}" if number else f"data/{file}"
            (extra / link).parent.mkdir(parents=True, exist_ok=True)
            _copy_table(facts.folder / file, extra / link)
            results = facts.results if len(versions) > 1 else ()
            placed[resource["name"]].append(PlacedTable(link, _count_rows(facts.folder / file), results))
    return placed


def read_package() -> dict:
    """Read the description of the fact tables."""
    return json.loads(paths.SCHEMA.read_text(encoding="utf-8"))


def _copy_table(file: Path, place: Path) -> None:
    """Copy a table; cells of own facts that a spreadsheet could run as a formula begin with an apostrophe."""
    table = pd.read_csv(file, dtype="str", keep_default_na=False)
    if neutralize_formulas(table).equals(table):
        shutil.copyfile(file, place)
    else:
        write_csv(table, place)


def _count_rows(file: Path) -> int:
    with file.open(encoding="utf-8", newline="") as rows:
        return sum(1 for _ in csv.reader(rows)) - 1


def _ask_to_run(edition: str, result: Path, found: str) -> RunError:
    return RunError(f"runs/{edition}/{result.name}", found, f"Run `sidedoor run --edition {edition}` again.")
