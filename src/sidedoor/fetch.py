"""Fetch published records: which there are, where they are kept, and whether they are what they were.

Fetched files are in `runs/fetched`, never in `data/`. Each has a fetch record, `FILE.fetched.json`, with the
checksum that it had when it first came. Nothing is unpacked, and nothing of it is run.
"""

import json
import os
import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from helpers import __version__, paths
from helpers.errors import DataError, IngestError, offer_nearest
from helpers.files import format_json, hash_file, write_atomically
from helpers.toml import load_toml

MIRROR = "SIDEDOOR_MIRROR"
SCRIPT, HAND = "script", "hand"
Progress = Callable[[int, int | None], None]
_RECORD = ".fetched.json"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_CHUNK = 1 << 16
# What files of a kind begin with: a first checksum is recorded only of what can be what it is called.
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_BEGINNINGS = {".pdf": (b"%PDF-",), ".zip": _ZIP, ".xlsx": _ZIP}
_PAGE = re.compile(
    rb"(?:<\?xml[^>]*>|<!--.*?-->|\s)*+<(?:!doctype\s+html|html|head|body|script|title|meta)\b", re.I | re.S
)
_BY_HAND = "Open the address in a browser and save the file by hand."
_GONE = "; look for it at https://web.archive.org/web/*/{url}"
_STATUS = {
    401: "it asks for a login (HTTP 401)",
    403: "it refuses scripts (HTTP 403)",
    404: f"the file is not there (HTTP 404){_GONE}",
    410: f"the file was removed (HTTP 410){_GONE}",
    429: "it was asked too often (HTTP 429); try again in an hour",
}


@dataclass(frozen=True)
class FetchSource:
    """A file of the registry `data/registry/sources.toml`; its fields are explained there."""

    name: str
    title: str
    what: str
    url: str
    file: str
    license: str
    by: str
    source_id: str = ""
    sha256: str = ""
    bytes_n: int = 0
    click: str = ""
    obstacles: str = ""
    page: str = ""


@dataclass(frozen=True)
class DownloadLimits:
    """Largest file [bytes], longest time without a byte and in all [seconds], most redirects."""

    bytes_n: int = 512 << 20
    silence_s: float = 30.0
    total_s: float = 3600.0
    redirects_n: int = 5


def load_fetch_sources(path: Path | None = None) -> dict[str, FetchSource]:
    """Return the files that can be fetched or saved, by name, in the order of the registry.

    DataError if an entry does not fit `data/registry/schemas/sources.json`.
    """
    path = path or paths.DATA / "registry" / "sources.toml"
    sources = [FetchSource(**row) for row in load_toml(path, "sources", error=DataError)["file"]]
    return {source.name: source for source in sources}


def fetch_source(
    name: str,
    folder: Path | None = None,
    mirror: Path | None = None,
    progress: Progress | None = None,
    *,
    registry: Path | None = None,
    limits: DownloadLimits | None = None,
) -> Path:
    """Return where a published file is; fetch it if it is not there, and check that it is what it was.

    Parameters
    ----------
    folder
        Where fetched files are kept; by default `runs/fetched`.
    mirror
        A folder that may contain the file, at any depth; by default what the environment variable
        SIDEDOOR_MIRROR names. Only what is not there is asked of the publisher.
    progress
        Called with the bytes so far and those expected, None if unknown.

    Raises
    ------
    DataError
        The name or the mirror is not known, a person has to save the file (the error says how), an address
        that is not https, a disk that refuses.
    IngestError
        The server does not answer as it should, or the file is not the one that is meant.
    """
    sources = load_fetch_sources(registry)
    if name not in sources:
        hint = offer_nearest(name, sources)
        raise DataError(name[:80], "it is not in the list of files", hint, code="unknown-name")
    source, limits = sources[name], limits or DownloadLimits()
    target = (folder or paths.RUNS / paths.FETCHED) / source.file
    mirror = mirror or os.environ.get(MIRROR)
    if mirror and not Path(mirror).is_dir():
        way_out = f"Name a folder with the files, or leave out --mirror and {MIRROR}."
        raise DataError(str(mirror), "there is no such folder", way_out, code="no-folder")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        wanted = source.sha256 or _read_checksum(target)
        if target.is_file():
            _accept(source, target, target, wanted, HAND)
        elif mirror and (found := _find_in_mirror(source, Path(mirror), wanted)):
            _retrieve(source, target, wanted, "mirror", partial(shutil.copyfile, found))
        elif source.by == HAND:
            step = f"Open {source.url} in a browser. {source.click} Save it as {target}, "
            step += f"then run `sidedoor fetch {name}` again."
            page = f"If the address leads nowhere, look on {source.page}." if source.page else ""
            way_out = " ".join(filter(None, (step, source.obstacles, page)))
            raise DataError(name, "a person has to save this file", way_out, code=HAND)
        else:
            download = partial(_download, source, bool(wanted), limits, progress)
            _retrieve(source, target, wanted, source.url, download)
    except OSError as error:
        found = f"the disk refuses it ({error.strerror or type(error).__name__})"
        raise DataError(target.name, found, "Free space, or change the permissions.", code="disk") from None
    return target


def describe_sources(folder: Path | None = None, registry: Path | None = None) -> str:
    """Return a table of all files of the registry: name, size, license, how it comes, whether it is there."""
    folder, sources = folder or paths.RUNS / paths.FETCHED, load_fetch_sources(registry).values()
    rows = [("NAME", "SIZE", "LICENSE", "BY", "THERE")]
    for source in sources:
        size = f"{source.bytes_n / 1e6:.1f} MB" if source.bytes_n else "?"
        is_there = "yes" if (folder / source.file).is_file() else "no"
        rows.append((source.name, size, source.license, source.by, is_there))
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join([lines[0], *(f"{line}\n    {one.what}" for line, one in zip(lines[1:], sources))])


def check_url(url: str, before: str | None = None) -> None:
    """Check that an address may be asked, and as a redirect from `before` also where it comes from.

    DataError if it is not https, or contains a user name. Plain http is allowed on this machine only, and no
    redirect from elsewhere leads to it.
    """
    found, place = "", _show(url)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or not url.isascii() or re.search(r"[\x00-\x20\x7f]", url):
        found = f"{place} is not a web address"
    elif parts.username is not None:
        found, place = f"the address at {host} contains a user name", host
    elif parts.scheme != "https":
        is_local = parts.scheme == "http" and host in _LOOPBACK
        if not is_local or (before and urlsplit(before).scheme != "http"):
            found = f"{place} is not https"
    if found:
        way_out = _BY_HAND if before else "Write it as https://host/path."
        raise DataError(_show(before) if before else place, found, way_out, code="address")


def _download(
    source: FetchSource, is_checked: bool, limits: DownloadLimits, progress: Progress | None, path: str
) -> None:
    """Write what a publisher sends, in a thread: a server may send its head letter by letter."""
    import requests
    from urllib3.exceptions import HTTPError

    most = min(source.bytes_n, limits.bytes_n) if source.sha256 else limits.bytes_n
    errors: list[BaseException] = []

    def work() -> None:
        try:
            # opened first: a thread that is left behind does not make the file anew
            with open(path, "wb") as file, _ask(source.url, limits) as response:
                total = _check_head(response, most, is_checked)
                _write(response, file, most, total, progress)
        except (requests.RequestException, HTTPError, ConnectionError, TimeoutError, EOFError) as error:
            found = f"it cannot be reached, or broke off ({type(error).__name__})"
            errors.append(_refuse(source.url, "broken", found))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(limits.total_s)
    if thread.is_alive():
        raise _refuse(source.url, "slow", f"it had not ended after {limits.total_s:g} seconds")
    if errors:
        raise errors[0]


def _refuse(url: str, code: str, found: str) -> IngestError:
    way_out = f"Try again later, or take the file from a folder: --mirror DIR. {_BY_HAND}"
    return IngestError(_show(url), found, way_out, code=code)


def _ask(url: str, limits: DownloadLimits):
    """Return the answer of an address, along redirects to where `check_url` lets it go."""
    import requests

    # Not compressed: a checksum is that of the file, not of how it travels.
    headers = {"User-Agent": f"sidedoor/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}
    before = None
    for _ in range(limits.redirects_n + 1):
        check_url(url, before)
        response = requests.get(
            url, headers=headers, timeout=limits.silence_s, stream=True, allow_redirects=False
        )
        if not response.is_redirect:
            return response
        response.close()
        before, location = url, response.headers["Location"]
        try:
            url = urljoin(before, location)
        except ValueError:
            url = location  # refused as an address
    raise _refuse(url, "redirects", "it redirects too often")


def _check_head(response, most: int, is_checked: bool) -> int | None:
    """Return the length that an answer announces, if any; refuse one that cannot be the file."""
    status, headers, url = response.status_code, response.headers, response.url
    length, code, found = headers.get("Content-Length", ""), "", ""
    total = int(length) if length.isdecimal() else None
    if status != 200:
        code, found = f"http-{status}", _STATUS.get(status, f"it answers with HTTP {status}").format(url=url)
    elif headers.get("Content-Type", "").lower().startswith(("text/html", "application/xhtml")):
        code, found = "web-page", "it is a web page, not the file"
    elif headers.get("Content-Encoding", "identity").lower() != "identity":
        code, found = "packed", "it is compressed, which was not asked for"
    elif total is not None and total > most:
        code, found = "too-large", f"it has {total:,} bytes, more than the {most:,} expected"
    elif total is None and not is_checked and "Transfer-Encoding" not in headers:
        code, found = "no-length", "neither a length nor a checksum says when the file is complete"
    if code:
        raise _refuse(url, code, found)
    return total


def _write(response, file, most: int, total: int | None, progress: Progress | None) -> None:
    done = 0
    while chunk := response.raw.read1(_CHUNK, decode_content=False):
        done += len(chunk)
        if done > most:
            raise _refuse(response.url, "too-large", f"it sends more than {most:,} bytes")
        file.write(chunk)
        if progress:
            progress(done, total)
    if total is not None and done < total:
        raise EOFError


def _retrieve(
    source: FetchSource, target: Path, wanted: str, origin: str, write: Callable[[str], object]
) -> None:
    """Let pooch bring a file to its place, complete and the right one, or not at all."""
    import pooch

    pooch.get_logger().setLevel("ERROR")

    def download(_, output_file: str, __) -> None:
        write(output_file)
        # the record first: a file without one counts as saved by a person
        _accept(source, target, Path(output_file), wanted, origin)

    pooch.retrieve(source.url, None, fname=target.name, path=target.parent, downloader=download)


def _accept(source: FetchSource, target: Path, path: Path, wanted: str, origin: str) -> None:
    """Check a file that has come or is there, and record what it is if that is not known yet."""
    digest, record = hash_file(path), _find_record(target)
    if digest != wanted:
        _check_content(source, path)
    if wanted and digest != wanted:
        found = f"its sha256 is no longer {wanted[:12]}...: it is another file, or was changed"
        accept = "" if source.sha256 else f" To accept it, remove {record.name} and fetch again."
        way_out = f"Open {source.url} in a browser and look.{accept}"
        raise IngestError(source.name, found, way_out, code="checksum")
    if record.is_file():
        return
    content = {
        "name": source.name,
        "url": source.url,
        "came_from": origin,
        "fetched_on": datetime.now(UTC).date().isoformat(),  # to cite it
        "sha256": digest,
        "bytes_n": path.stat().st_size,
    }
    write_atomically(record, format_json(content))


def _check_content(source: FetchSource, path: Path) -> None:
    """Check what a file is by its first bytes, before its checksum, so that the error says what it is."""
    with path.open("rb") as file:
        head = file.read(4096)
    suffix, found = Path(source.file).suffix.lower(), ""
    if not head:
        found = "it is an empty file"
    elif _PAGE.match(re.sub(rb"\A(\xef\xbb\xbf|\xff\xfe|\xfe\xff)|\0", b"", head)):
        found = "it is a web page, not the file"
    elif not source.sha256 and not head.startswith(_BEGINNINGS.get(suffix, b"")):
        found = f"it does not begin like a {suffix} file"
    if found:
        raise IngestError(source.name, found, f"{source.url}: {_BY_HAND}", code="content")


def _find_in_mirror(source: FetchSource, mirror: Path, wanted: str) -> Path | None:
    """Return a file of a mirror with our name or its publisher's, and with the right sha256 if known."""
    names = {source.file, unquote(urlsplit(source.url).path.rpartition("/")[2])}
    same = sorted(path for path in mirror.rglob("*") if path.name in names and path.is_file())
    for path in same:
        if hash_file(path) == wanted if wanted else path.name == source.file:
            return path
    # A LICENSE of something else is no wrong file, but one of our own name is.
    if wanted and any(path.name == source.file for path in same):
        found = f"the mirror's {source.file} has another sha256 than {wanted[:12]}..."
        way_out = "Put the right file there, or fetch without the mirror."
        raise IngestError(source.name, found, way_out, code="checksum")
    return None


def _find_record(target: Path) -> Path:
    return target.with_name(target.name + _RECORD)


def _read_checksum(target: Path) -> str:
    """Return the sha256 that a file had when it first came; empty without a record."""
    path = _find_record(target)
    if not path.is_file():
        return ""
    try:
        sha256 = json.loads(path.read_text(encoding="utf-8"))["sha256"]
        if re.fullmatch("[0-9a-f]{64}", sha256):
            return sha256
    except (ValueError, KeyError, TypeError):
        pass
    raise DataError(path.name, "the fetch record is damaged", "Remove it and fetch again.", code="damaged")


def _show(url: str) -> str:
    """Return an address without what a terminal could obey, and not at any length."""
    return "".join(mark if mark.isprintable() else "?" for mark in url)[:300]
