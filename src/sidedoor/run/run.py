"""Run an edition: strictly, atomically, and the same way each time.

A notebook runs in a temporary folder, is checked and cleaned there, and then takes its place by one rename.
The manifest comes last, and only if every notebook succeeded. Whatever stops a run, the result before it
still stands.
"""

import json
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from helpers import paths
from helpers.errors import RunError, SideDoorError
from helpers.files import hash_text, write_atomically
from sidedoor.publish.scan import check_publication
from sidedoor.run.editions import RECORDS, Edition, Run, build_defaults, select_runs
from sidedoor.run.keys import check_unchanged, compute_key, hash_house, list_private, show_parameters
from sidedoor.run.notebooks import PathEraser, check_executed, find_picture, format_notebook, scrub_notebook
from sidedoor.run.outcome import check_leaks, check_regular, collect_findings
from sidedoor.run.results import (
    FAILED,
    FINDINGS,
    KEPT_FACTS,
    MANIFEST,
    check_owner,
    find_last_edition,
    format_json,
    load_manifest,
    lock_edition,
    make_work_folder,
    read_result,
    remove_leftovers,
    remove_result,
    remove_unnamed,
    seal_result,
)

# Errors whose messages show no cell, or only its shape.
_OURS = ("DataError", "IngestError", "ParameterError", "RunError")
_MAKE_ROOM = "The results before are untouched; make room and run again."


def run_edition(
    edition: Edition,
    only: list[str] | None = None,
    *,
    force: bool = False,
    workers: int = 2,
    timeout: int = 120,
    report: Callable[..., None] | None = None,
) -> dict:
    """Run the notebooks of an edition whose inputs have changed, and publish all results together.

    Parameters
    ----------
    edition
        Checked by `load_edition`.
    only
        Numbers or names of notebooks; the others keep their results. All without it.
    force
        Run unchanged notebooks as well.
    workers
        How many notebooks run at a time.
    timeout
        Longest time of one cell [seconds].
    report
        Called with what happens: `("start", name)`, `("cell", name, number, cells)`,
        `("done", name, seconds)`, `("unchanged", name)` or `("failed", name)`. From several threads.

    Returns
    -------
    The manifest, see `results.load_manifest`.

    Raises
    ------
    RunError
        A notebook failed, two findings share an id, another run is under way, the disk is full. The results
        before are untouched.
    ParameterError
        The results under the edition's name are of another edition file.
    """
    chosen = select_runs(edition, only or [])
    if edition.raw_files and edition.records is None:
        found = "its records were not read"
        raise RunError(f"edition {edition.name}", found, "Read them with `intake.ingest_records` first.")
    report = report or (lambda *event: None)
    try:
        check_owner(edition.name, edition.origin)
        with lock_edition(edition.name) as folder:
            check_owner(edition.name, edition.origin)
            remove_leftovers(folder)
            previous = _load_previous(edition.name)
            house = hash_house()
            named = {entry["folder"] for entry in previous.values()}
            keys = {run.name: compute_key(run, edition.folder, house) for run in chosen}
            # What a run finished before it failed serves this run if nothing has changed since; else it goes.
            remove_unnamed(folder, named | {f"{name}.{key[:12]}" for name, key in keys.items()})
            entries, due = {}, []
            for run in chosen:
                key = keys[run.name]
                entry = None if force else _find_result(folder, run, key, previous)
                if entry:
                    entries[run.name] = entry
                    report("unchanged", run.name)
                else:
                    due.append((run, key))
            entries |= _run_due(edition, folder, due, house, named, workers, timeout, report)
            return _publish(edition, folder, previous | entries)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunError(f"runs/{edition.name}", reason, _MAKE_ROOM) from None


def refresh_notebooks(
    *, workers: int = 2, timeout: int = 120, report: Callable[..., None] | None = None
) -> list[Path]:
    """Run every notebook with its defaults and write the executed notebooks to where they are committed.

    Returns
    -------
    The notebooks, and the README's picture, whose bytes changed; none when it is done again.

    Raises
    ------
    RunError
        A notebook failed; then none is written.
    """
    edition = build_defaults()
    manifest = run_edition(edition, workers=workers, timeout=timeout, report=report)
    folder = paths.find_run_folder(edition.name)
    current = {run.name: run.notebook.path for run in edition.runs}
    changed = []
    remove_leftovers(paths.NOTEBOOKS)
    for entry in manifest["notebooks"]:
        executed = (folder / entry["folder"] / f"{entry['name']}.ipynb").read_text(encoding="utf-8")
        if write_atomically(current[entry["name"]], executed):
            changed.append(current[entry["name"]])
        picture = find_picture(json.loads(executed), paths.FRONT_FIGURE)
        if picture and write_atomically(paths.FRONT_PICTURE, picture):
            changed.append(paths.FRONT_PICTURE)
    return changed


def _run_due(edition, folder, due, house, named, workers, timeout, report) -> dict[str, dict]:
    """Run what is due, two at a time; raise when all have ended, the first failure in the edition's order."""
    if not due:
        return {}
    from helpers.facts.schema import vouch_for
    from sidedoor.run.execute import Leashes, open_forks

    leashes, done, failed = Leashes(), {}, {}
    books = [run.notebook.path for run, _ in due]
    with open_forks(books, folder, leashes) as forks, ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        # while the process that forks kernels imports what they need
        checked = vouch_for(_list_facts(due))
        rest = (house, named, leashes, forks, checked, timeout, report)
        jobs = {pool.submit(_run_one, edition, folder, run, key, *rest): run for run, key in due}
        try:
            for job in as_completed(jobs):
                run = jobs[job]
                try:
                    done[run.name] = job.result()
                except Exception as error:
                    failed[run.name] = _name_error(error, run)
                    if isinstance(error, OSError):
                        # a full disk is full for the others as well: they end now, not when their time is out
                        raise failed[run.name] from None
                    report("failed", run.name)
        except BaseException:
            # interrupted: no kernel may outlive this, and no further one may start
            leashes.cut()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if failed:
        first, *others = [failed[run.name] for run, _ in due if run.name in failed]
        also = "".join(f"; also {other.place}: {other.found}" for other in others)
        raise RunError(first.place, first.found + also, first.way_out)
    return done


def _name_error(error: Exception, run: Run) -> RunError:
    """Turn what a worker raised into an error that names the notebook."""
    if isinstance(error, SideDoorError):
        place = error.place if error.place.startswith(run.name) else f"{run.name}, {error.place}"
        return RunError(place, error.found, error.way_out)
    if isinstance(error, OSError):
        return RunError(run.name, error.strerror or str(error), _MAKE_ROOM)
    found = f"the runner itself failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return RunError(run.name, found, "The results before are untouched. Please report this.")


def _list_facts(due: list[tuple[Run, str]]) -> list[Path]:
    """List the folders of fact tables that notebooks are pointed at."""
    named = {run.parameters[KEPT_FACTS] for run, _ in due if KEPT_FACTS in run.parameters}
    return sorted({paths.find_facts(folder) for folder in named if isinstance(folder, str)})


def _run_one(
    edition, folder, run: Run, key: str, house, named, leashes, forks, checked, timeout, report
) -> dict:
    from sidedoor.run.execute import CellError, run_cells

    started = time.monotonic()
    report("start", run.name)
    work = make_work_folder(folder, run.name)
    result = work / "result"
    private = list_private(run, edition.folder) | {str(work): "<run>"}
    try:
        (result / "figures").mkdir(parents=True)
        try:
            executed = run_cells(
                json.loads(run.notebook.path.read_text(encoding="utf-8")),
                run.changed,
                work,
                result / "figures",
                leashes,
                timeout,
                lambda number, cells: report("cell", run.name, number, cells),
                forks,
                checked,
            )
        except CellError as error:
            kept = _keep_failed(folder, run, error.notebook, private)
            place = f"{run.name}, cell {error.cell}" if error.cell else run.name
            found = PathEraser(private)(_hide_message(error, run))
            raise RunError(place, found, f"Mend it and run again. {kept}".strip()) from None
        check_regular(result, run)
        clean = scrub_notebook(executed, private, run.name)
        check_executed(clean, run.name)
        findings = collect_findings(clean, run)
        (result / f"{run.name}.ipynb").write_text(format_notebook(clean), encoding="utf-8", newline="\n")
        (result / FINDINGS).write_text(format_json(findings), encoding="utf-8", newline="\n")
        if not any((result / "figures").iterdir()):
            (result / "figures").rmdir()
        _keep_facts(result, run)
        check_leaks(result, run, PathEraser(private))
        check_publication(result)
        book = run.notebook
        described = {"name": run.name, "notebook": book.name, "title": book.title, "question": book.question}
        described |= {"key": key, "parameters": show_parameters(run, edition.folder)}
        content = seal_result(result, described)
        check_unchanged(run, edition.folder, key, house)
        final = _choose_folder(folder, run, key, named)
        os.replace(result, final)
        report("done", run.name, time.monotonic() - started)
        return content | {"folder": final.name}
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _hide_message(error, run: Run) -> str:
    """Give what a notebook stopped at; of a library's error only the class if it may repeat a cell of private records."""
    if not error.kind or error.kind in _OURS or not run.parameters.get(RECORDS):
        return error.found
    return f"{error.kind} (its message may repeat what stands in a record)"


def _keep_facts(result: Path, run: Run) -> None:
    """Keep the fact tables that the notebook was pointed at: a site shows those, and no others.

    They may lie outside of the repository, where nobody finds them again, since no path of this machine is kept.
    """
    parameter, folder = run.notebook.parameters.get(KEPT_FACTS), run.parameters.get(KEPT_FACTS)
    if parameter is None or not parameter.is_path or not folder:
        return
    for resource in json.loads(paths.SCHEMA.read_text(encoding="utf-8")).get("resources", []):
        table = paths.ROOT / folder / Path(resource["path"]).name
        if table.is_file():
            (result / KEPT_FACTS).mkdir(exist_ok=True)
            shutil.copyfile(table, result / KEPT_FACTS / table.name)


def _publish(edition: Edition, folder: Path, entries: dict[str, dict]) -> dict:
    """Write findings and manifest, last.json, then remove what is no longer named."""
    wanted = list(entries) if edition.name == paths.BY_HAND else [run.name for run in edition.runs]
    notebooks = [entries[name] for name in wanted if name in entries]
    findings, seen = [], {}
    for entry in notebooks:
        for finding in json.loads((folder / entry["folder"] / FINDINGS).read_text(encoding="utf-8")):
            if finding["id"] in seen:
                found = f"its finding {finding['id']!r} is also one of {seen[finding['id']]}"
                raise RunError(entry["name"], found, "Give each finding of an edition an id of its own.")
            seen[finding["id"]] = entry["name"]
            findings.append(finding)
    shown = format_json(findings)
    manifest = {
        "edition": edition.name,
        "origin": edition.origin,
        "title": edition.title,
        "subtitle": edition.subtitle,
        "authors": list(edition.authors),
        "lead": list(edition.lead),
        "picture": edition.picture,
        "records": list(edition.records or ()),
        "findings": hash_text(shown),
        "notebooks": notebooks,
    }
    write_atomically(folder / FINDINGS, shown)
    write_atomically(folder / MANIFEST, format_json(manifest))
    if edition.name not in (paths.BY_HAND, paths.DEFAULTS) and find_last_edition() != edition.name:
        write_atomically(paths.RUNS / "last.json", format_json({"edition": edition.name}))
    remove_unnamed(folder, {entry["folder"] for entry in notebooks})
    for entry in notebooks if not (folder / FAILED).is_symlink() else ():
        (folder / FAILED / f"{entry['name']}.ipynb").unlink(missing_ok=True)
    return manifest


def _load_previous(edition: str) -> dict[str, dict]:
    """Load the manifest before, by name of the result; one that is damaged or gone is as if never run."""
    try:
        manifest = load_manifest(edition) or {"notebooks": []}
        folder = paths.find_run_folder(edition)
        whole = [entry for entry in manifest["notebooks"] if read_result(folder / entry["folder"])]
        return {entry["name"]: entry for entry in whole}
    except (RunError, KeyError, TypeError):
        return {}


def _find_result(folder: Path, run: Run, key: str, previous: dict[str, dict]) -> dict | None:
    """Find a complete result of that key: the manifest's, or what a run finished before it failed."""
    entry = previous.get(run.name)
    if entry and entry["key"] == key:
        return entry
    content = read_result(folder / f"{run.name}.{key[:12]}")
    if content and content.get("key") == key:
        return content | {"folder": f"{run.name}.{key[:12]}"}
    return None


def _choose_folder(folder: Path, run: Run, key: str, named: set[str]) -> Path:
    """Choose the name of a new result: never that of a folder which the manifest still names."""
    for name in (f"{run.name}.{key[:12]}", f"{run.name}.{key[:12]}-again"):
        if name not in named and remove_result(folder / name):
            return folder / name
    found = f"{name} in the folder of results holds files that the command did not write"
    raise RunError(run.name, found, "Move them elsewhere and run again.")


def _keep_failed(folder: Path, run: Run, notebook: dict | None, private: dict[str, str]) -> str:
    """Keep a notebook that stopped, for reading; where that is not possible the error alone must do."""
    if not notebook or (folder / FAILED).is_symlink():
        return ""
    try:
        # its outputs and messages passed no gate
        (folder / FAILED).mkdir(mode=0o700, exist_ok=True)
        os.chmod(folder / FAILED, 0o700)
        text = format_notebook(scrub_notebook(notebook, private, run.name))
        write_atomically(folder / FAILED / f"{run.name}.ipynb", text)
    except (OSError, RunError):
        return ""
    return f"How far it came is in {PathEraser()(str(folder))}/{FAILED}/{run.name}.ipynb."
