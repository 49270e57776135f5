"""Run an edition: strictly, atomically, and the same way each time.

A notebook runs in a temporary folder, is checked and cleaned there, and then takes its place by one rename.
The manifest comes last, and only if every notebook succeeded. Whatever stops a run, the result before it
stays.
"""

import json
import math
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from helpers import paths
from helpers.errors import RunError, SideDoorError
from helpers.files import find_irregular, format_json, hash_text, write_atomically
from helpers.findings import KEY
from helpers.toml import check_content
from sidedoor.publish.scan import check_publication
from sidedoor.run.editions import RECORDS, Edition, Run, build_defaults, select_runs
from sidedoor.run.keys import check_unchanged, compute_key, hash_inputs, list_private, show_parameters
from sidedoor.run.notebooks import PathEraser, check_executed, find_picture, format_notebook, scrub_notebook
from sidedoor.run.results import (
    DEFAULT_LIMITS,
    FAILED,
    FINDINGS,
    KEPT_FACTS,
    MANIFEST,
    KernelLimits,
    explain_disk,
    find_last_edition,
    load_manifest,
    lock_edition,
    make_work_folder,
    read_result,
    refuse_foreign,
    remove_leftovers,
    remove_result,
    remove_unnamed,
    seal_result,
)

# What a manifest repeats of an edition.
_SHOWN = ("origin", "title", "subtitle", "authors", "lead", "picture")
# Errors of these classes show no cell, or only its shape.
_OURS = ("DataError", "IngestError", "ParameterError", "RunError")
_TEXT = {".ipynb", ".json", ".csv", ".svg", ".txt", ".html", ".md", ".graphml", ".gexf"}


@dataclass
class _Job:
    """What all notebooks of one run share."""

    edition: Edition
    folder: Path
    inputs: dict[str, str]
    keys: dict[str, str]
    limits: KernelLimits
    report: Callable[..., None]
    lifeline: object = None
    checked: str = ""  # fact tables that no kernel needs to check, see `facts.tables.vouch_for`


def run_edition(
    edition: Edition,
    only: list[str] | None = None,
    *,
    workers: int = 2,
    limits: KernelLimits = DEFAULT_LIMITS,
    report: Callable[..., None] | None = None,
) -> dict:
    """Run the notebooks of an edition whose inputs have changed, publish all results, return the manifest.

    Parameters
    ----------
    only
        Numbers or names of notebooks; the others keep their results. All without it.
    workers
        How many notebooks run at a time.
    report
        Called from several threads with what happens: `("start", name)`, `("cell", name, number, cells)`,
        `("done", name, seconds)`, `("unchanged", name)` or `("failed", name)`.

    Raises
    ------
    RunError
        A notebook failed, two findings share an id, another run has not ended, the disk is full. The results
        before are unchanged.
    ParameterError
        The results under the edition's name are of another edition file.
    """
    chosen = select_runs(edition, only or [])
    if edition.raw_files and edition.records is None:
        way_out = "Read them with `intake.ingest_records` first."
        raise RunError(f"edition {edition.name}", "its records were not read", way_out)
    report = report or (lambda *event: None)
    try:
        with lock_edition(edition.name, edition.origin) as folder:
            remove_leftovers(folder)
            entries, inputs = _load_entries(folder), hash_inputs()
            keys = {run.name: compute_key(run, edition.folder, inputs) for run in chosen}
            # What a run finished before it failed serves this run if nothing has changed since; else it goes.
            named = {f"{name}.{key[:12]}" for name, key in keys.items()}
            remove_unnamed(folder, named | {entry["folder"] for entry in entries.values()})
            due = []
            for run in chosen:
                if found := _find_result(folder, run, keys[run.name], entries):
                    entries[run.name] = found
                    report("unchanged", run.name)
                else:
                    due.append(run)
            job = _Job(edition, folder, inputs, keys, limits, report)
            return _publish(edition, folder, entries | _run_due(job, due, workers))
    except OSError as error:
        raise explain_disk(error, f"runs/{edition.name}") from None


def refresh_notebooks(
    *, limits: KernelLimits = DEFAULT_LIMITS, report: Callable[..., None] | None = None
) -> list[Path]:
    """Run every notebook with its defaults and write the executed notebooks to where they are committed.

    Returns the notebooks, and the README's picture, whose bytes changed. RunError if a notebook failed; then
    none is written.
    """
    edition = build_defaults()
    manifest = run_edition(edition, limits=limits, report=report)
    remove_leftovers(paths.NOTEBOOKS)
    contents: dict[Path, str | bytes] = {}
    for run, entry in zip(edition.runs, manifest["notebooks"]):
        result = paths.find_run_folder(edition.name) / entry["folder"] / f"{run.name}.ipynb"
        contents[run.notebook.path] = executed = result.read_text(encoding="utf-8")
        if picture := find_picture(json.loads(executed), paths.FRONT_FIGURE):
            contents[paths.FRONT_PICTURE] = picture
    return [path for path, content in contents.items() if write_atomically(path, content)]


def _load_entries(folder: Path) -> dict[str, dict]:
    """Return the complete results of the last manifest by name; if it is damaged or missing, none."""
    try:
        manifest = load_manifest(folder.name) or {"notebooks": []}
    except RunError:
        return {}
    return {entry["name"]: entry for entry in manifest["notebooks"] if read_result(folder / entry["folder"])}


def _find_result(folder: Path, run: Run, key: str, entries: dict[str, dict]) -> dict | None:
    """Return a complete result of that key: the manifest's, or what a run finished before it failed."""
    entry = entries.get(run.name)
    if entry and entry["key"] == key:
        return entry
    content = read_result(folder / f"{run.name}.{key[:12]}")
    if content and content.get("key") == key:
        return content | {"folder": f"{run.name}.{key[:12]}"}
    return None


def _run_due(job: _Job, due: list[Run], workers: int) -> dict[str, dict]:
    """Run notebooks, some at a time; raise when all have ended, the first failure in the edition's order."""
    if not due:
        return {}
    from helpers.facts.tables import vouch_for
    from sidedoor.run.execute import Lifeline

    facts = {run.parameters.get(KEPT_FACTS) for run in due}
    job.checked = vouch_for(sorted({paths.find_facts(name) for name in facts if isinstance(name, str)}))
    done, failed = {}, {}
    with closing(Lifeline()) as job.lifeline, ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        tasks = {pool.submit(_run_one, job, run): run for run in due}
        try:
            for task in as_completed(tasks):
                run = tasks[task]
                try:
                    done[run.name] = task.result()
                except OSError:
                    raise
                except SideDoorError as error:  # the others run on
                    place = error.place if error.place.startswith(run.name) else f"{run.name}, {error.place}"
                    fields = {"code": error.code, "asks_for": error.asks_for}
                    failed[run.name] = RunError(place, error.found, error.way_out, **fields)
                    job.report("failed", run.name)
                except Exception as error:
                    found = f"the runner itself failed: {type(error).__name__}: {error}"[:300]
                    way_out = "The results before are unchanged. Please report this."
                    failed[run.name] = RunError(run.name, found, way_out, code="defect")
                    job.report("failed", run.name)
        except BaseException:
            # interrupted, or the disk is full: no kernel may outlive this, and no further one may start
            job.lifeline.cut()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if failed:
        first, *others = [failed[run.name] for run in due if run.name in failed]
        also = "".join(f"; also {other.place}: {other.found}" for other in others)
        raise first.change(found=first.found + also)
    return done


def _run_one(job: _Job, run: Run) -> dict:
    """Run one notebook into a folder of its own, check everything in it, and put it in its place."""
    started, book, home = time.monotonic(), run.notebook, job.edition.folder
    job.report("start", run.name)
    with make_work_folder(job.folder) as work:
        result = work / "result"
        (result / "figures").mkdir(parents=True)
        private = list_private(run, home) | {str(work): "<run>"}
        executed = _execute(job, run, work, private)
        if odd := find_irregular(result):  # a link leads elsewhere, and reading a pipe never ends
            place = f"{run.name}, {odd.relative_to(result).as_posix()}"
            raise RunError(place, "it is neither a file nor a folder", "Write files only.", code="irregular")
        clean = scrub_notebook(executed, private, run.name)
        check_executed(clean, run.name)
        texts = {
            f"{run.name}.ipynb": format_notebook(clean),
            FINDINGS: format_json(collect_findings(clean, run)),
        }
        for name, text in texts.items():
            (result / name).write_text(text, encoding="utf-8", newline="\n")
        if not any((result / "figures").iterdir()):
            (result / "figures").rmdir()
        _keep_facts(result, run)
        _check_paths(result, run, PathEraser(private))
        check_publication(result)
        description = {name: getattr(book, name) for name in ("title", "question")}
        description |= {"name": run.name, "notebook": book.name, "key": job.keys[run.name]}
        content = seal_result(result, description | {"parameters": show_parameters(run, home)})
        check_unchanged(run, home, job.keys[run.name], job.inputs)
        final = job.folder / f"{run.name}.{job.keys[run.name][:12]}"
        if not remove_result(final):  # a damaged one
            raise refuse_foreign(job.edition.name, final.name)
        os.replace(result, final)
    job.report("done", run.name, time.monotonic() - started)
    return content | {"folder": final.name}


def _execute(job: _Job, run: Run, work: Path, private: dict[str, str]) -> dict:
    """Execute the cells of a notebook; if one stops, keep the notebook so far and name the cell."""
    from sidedoor.run.execute import CellError, run_cells

    notebook = json.loads(run.notebook.path.read_text(encoding="utf-8"))

    def report(number: int, cells: int) -> None:
        job.report("cell", run.name, number, cells)

    try:
        return run_cells(notebook, run.changed, work, job.lifeline, job.limits, report, job.checked)
    except CellError as error:
        kept = _keep_failed(job.folder, run, error.notebook, private)
        place = f"{run.name}, cell {error.cell}" if error.cell else run.name
        way_out, code, found = "Fix it and run again.", "cell-failed", error.found
        if "MemoryError" in error.kind:
            code = "memory"
            way_out = f"A kernel may use {job.limits.memory_gib:g} GiB. To change that, add --memory GIB."
        if error.kind and error.kind not in _OURS and run.parameters.get(RECORDS):
            found = f"{error.kind} (its message is not shown, as it may repeat private records)"
        found = PathEraser(private)(found).rstrip(".")
        raise RunError(place, found, f"{way_out} {kept}".strip(), code=code) from None


def _keep_failed(folder: Path, run: Run, notebook: dict | None, private: dict[str, str]) -> str:
    """Keep a notebook that stopped, for reading by this user, and return a sentence that says where."""
    if not notebook or (folder / FAILED).is_symlink():
        return ""
    try:
        # its outputs and messages passed no check
        (folder / FAILED).mkdir(mode=0o700, exist_ok=True)
        os.chmod(folder / FAILED, 0o700)
        text = format_notebook(scrub_notebook(notebook, private, run.name))
        write_atomically(folder / FAILED / f"{run.name}.ipynb", text)
    except (OSError, RunError):
        return ""
    return f"The partial notebook is {PathEraser()(str(folder))}/{FAILED}/{run.name}.ipynb."


def collect_findings(notebook: dict, run: Run) -> list[dict]:
    """Return the findings that an executed notebook states, in order.

    A notebook that an edition runs under a name of its own (`as`) states its findings under that name too.
    RunError if the metadata of a cell is not what `findings.state_finding` writes.
    """
    found = []
    for number, cell in enumerate(notebook["cells"], start=1):
        for output in cell.get("outputs", []):
            metadata = output.get("metadata", {})
            if KEY not in metadata or output["output_type"] not in ("display_data", "execute_result"):
                continue
            place = f"{run.name}, cell {number}, finding"
            data = check_content(metadata[KEY], "finding", place, RunError)
            for name in ("value", "low", "high"):
                if data[name] is not None and not math.isfinite(data[name]):
                    way_out = "State findings with `findings.state_finding`."
                    wrong = f"{name} is {data[name]}, which is not finite"
                    raise RunError(place, wrong, way_out, code="wrong-value")
            identity = f"{run.slug}-{data['id']}" if run.slug else data["id"]
            found.append({**data, "id": identity, "notebook": run.name})
    return found


def _check_paths(result: Path, run: Run, eraser: PathEraser) -> None:
    """Check that no text file of a result contains a path of this machine."""
    for path in sorted(result.rglob("*")):
        if path.suffix in _TEXT and path.is_file():
            # A file in another encoding has its paths in ASCII all the same.
            text = path.read_text(encoding="utf-8", errors="replace")
            if (at := eraser.locate(text)) is not None:
                line = text.count("\n", 0, at) + 1
                place = f"{run.name}, {path.relative_to(result).as_posix()}, line {line}"
                shown = eraser(text[at : at + 999].splitlines()[0])[:60]
                found = f"it contains a path of this machine (`{shown}`)"
                raise RunError(place, found, "Keep such paths out of results.", code="path-left")


def _keep_facts(result: Path, run: Run) -> None:
    """Copy the fact tables that the notebook was pointed at: a site shows those, and no others.

    They may be outside the repository, where nobody finds them again, since no path of this machine is kept.
    """
    parameter, folder = run.notebook.parameters.get(KEPT_FACTS), run.parameters.get(KEPT_FACTS)
    if parameter is None or not parameter.kind or not folder:
        return
    for resource in json.loads(paths.SCHEMA.read_text(encoding="utf-8")).get("resources", []):
        table = paths.ROOT / folder / Path(resource["path"]).name
        if table.is_file():
            (result / KEPT_FACTS).mkdir(exist_ok=True)
            shutil.copyfile(table, result / KEPT_FACTS / table.name)


def _publish(edition: Edition, folder: Path, entries: dict[str, dict]) -> dict:
    """Write findings, manifest and last.json, then remove what is no longer named."""
    wanted = list(entries) if edition.name == paths.BY_HAND else [run.name for run in edition.runs]
    notebooks = [entries[name] for name in wanted if name in entries]
    findings, seen = [], {}
    for entry in notebooks:
        for finding in json.loads((folder / entry["folder"] / FINDINGS).read_text(encoding="utf-8")):
            if finding["id"] in seen:
                found = f"its finding {finding['id']!r} is also one of {seen[finding['id']]}"
                raise RunError(entry["name"], found, "Give each finding an id of its own.", code="twice")
            seen[finding["id"]] = entry["name"]
            findings.append(finding)
    shown = format_json(findings)
    manifest = {
        "edition": edition.name,
        "records": edition.records or (),
        "findings": hash_text(shown),
        "notebooks": notebooks,
        **{name: getattr(edition, name) for name in _SHOWN},
    }
    write_atomically(folder / FINDINGS, shown)
    write_atomically(folder / MANIFEST, format_json(manifest))
    if edition.records:  # names of records come from names of files, which can name a person
        (folder / MANIFEST).chmod(0o600)
    if edition.name not in (paths.BY_HAND, paths.DEFAULTS) and find_last_edition() != edition.name:
        write_atomically(paths.RUNS / "last.json", format_json({"edition": edition.name}))
    remove_unnamed(folder, {entry["folder"] for entry in notebooks})
    for entry in notebooks if not (folder / FAILED).is_symlink() else ():
        (folder / FAILED / f"{entry['name']}.ipynb").unlink(missing_ok=True)
    return manifest
