"""The folder of fetched files: one process at a time, a record beside every file, and no wrong file kept."""

import json
import os
import re
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from helpers.errors import DataError, IngestError
from helpers.files import hash_file, try_lock
from sidedoor.fetch.download import refuse_web_page
from sidedoor.fetch.registry import PART, RECORD, REJECTED, SHA256, FetchSource

_LOCK = ".lock"
# What files of a kind begin with: a first checksum is recorded only of what can be what it is called.
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_BEGINNINGS = {".pdf": (b"%PDF-",), ".zip": _ZIP, ".xlsx": _ZIP}
# Nothing before the first element is looked at twice: a page can be made to be slow to match.
_PAGE = re.compile(
    rb"(?:<\?xml[^>]*>|<!--.*?-->|\s)*+<(?:!doctype\s+html|html|head|body|script|title|meta)\b", re.I | re.S
)


def keep_file(source: FetchSource, path: Path, target: Path, wanted: str, origin: str) -> Path:
    """Check what came, record it, and put it in its place; set it aside if it is not what is meant."""
    try:
        check_content(source, path)
        digest = hash_file(path)
        if wanted and digest != wanted:
            changed = " of the fetch record: its publisher has changed it, or it is another file"
            since = "" if source.sha256 else changed
            found = f"its sha256 is {digest[:12]}..., not the {wanted[:12]}...{since}"
            record = "" if source.sha256 else f" To accept it, remove {target.name}{RECORD} and fetch again."
            raise IngestError(source.name, found, f"See what came: {target.name}{REJECTED}.{record}")
    except IngestError:
        os.replace(path, target.with_name(target.name + REJECTED))
        raise
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    # The record first: a file without one would be taken for one that a person saved.
    write_record(source, target, digest, path.stat().st_size, origin)
    os.replace(path, target)
    return target


def keep_present(source: FetchSource, target: Path, wanted: str) -> Path:
    """Accept the file that is there, fetched before or saved by hand; if it is wrong, it stays where it is."""
    digest = hash_file(target)
    if not wanted or digest != wanted:
        check_content(source, target)
    if wanted and digest != wanted:
        if source.sha256:
            way_out = "Move it away, then fetch it again."
        else:
            way_out = f"Move it away to fetch it again; to accept it, remove {target.name}{RECORD}."
        raise IngestError(target.name, f"its sha256 is {digest[:12]}..., not {wanted[:12]}...", way_out)
    if not find_record(target).is_file():
        write_record(source, target, digest, target.stat().st_size, "hand")
    return target


def check_content(source: FetchSource, path: Path) -> None:
    """Check what a file is by its first bytes, before its checksum: so that the error says what it is."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise IngestError(
            source.name, "got an empty file", f"Save it by hand: open {source.url} in a browser."
        )
    # A page in UTF-16 is one, too.
    if _PAGE.match(re.sub(rb"\A(\xef\xbb\xbf|\xff\xfe|\xfe\xff)|\0", b"", head)):
        raise refuse_web_page(source.name, source.url)
    suffix = Path(source.file).suffix.lower()
    if not source.sha256 and not head.startswith(_BEGINNINGS.get(suffix, b"")):
        found = f"it does not begin like a {suffix} file"
        raise IngestError(source.name, found, f"Open {source.url} in a browser and look what is there.")


def find_record(target: Path) -> Path:
    """Find where the record of a fetched file stands."""
    return target.with_name(target.name + RECORD)


def read_record(target: Path) -> dict:
    """Read the record of a fetched file, empty if there is none."""
    path = find_record(target)
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if SHA256.fullmatch(record["sha256"]):
            return record
    except (ValueError, KeyError, TypeError):
        pass
    raise DataError(path.name, "the fetch record is damaged", "Remove it: the next fetch writes it anew.")


def write_record(source: FetchSource, target: Path, digest: str, bytes_n: int, origin: str) -> None:
    """Write down what a file was when it first came, and on which day: for citing it, and for comparing it later."""
    record = {
        "name": source.name,
        "url": source.url,
        "came_from": origin,
        "fetched_on": datetime.now(UTC).date().isoformat(),
        "sha256": digest,
        "bytes_n": bytes_n,
    }
    path = find_record(target)
    temporary = path.with_name(path.name + PART)
    temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8", newline="\n")
    os.replace(temporary, path)


@contextmanager
def lock_folder(folder: Path, longest_s: float):
    """Hold the folder for this process alone, after any other; the lock ends with its process, however it ends."""
    end = time.monotonic() + longest_s
    with (folder / _LOCK).open("a+b") as file:
        while not try_lock(file):
            if time.monotonic() > end:
                raise DataError(
                    folder.name, "another fetch holds it", "Wait until it has ended, then fetch again."
                )
            time.sleep(0.05)
        yield
