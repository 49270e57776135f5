"""Bring one file over HTTPS into a partial file: within limits, resumed where the server can, and not trusted.

The standard library does it. What has to hold here is what ready-made downloaders leave open: where a redirect may
lead, how large an answer may be, whether a part may be continued.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from helpers import __version__
from helpers.errors import DataError, IngestError

Progress = Callable[[int, int | None], None]

_CHUNK = 1 << 16
_REDIRECTS = {301, 302, 303, 307, 308}
_WEB_PAGE = {"text/html", "application/xhtml+xml"}
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_AGAIN = "Run the same command again"


@dataclass(frozen=True)
class DownloadLimits:
    """How much of a server is put up with.

    Attributes
    ----------
    bytes_n
        Largest file [bytes].
    silence_s, total_s
        Longest time without a byte, and in all [seconds].
    redirects_n
        Most redirects that are followed.
    """

    bytes_n: int = 512 << 20
    silence_s: float = 30.0
    total_s: float = 3600.0
    redirects_n: int = 5


@dataclass(frozen=True)
class Download:
    """What came of it: the address that answered in the end, and whether an earlier part was continued."""

    url: str
    is_resumed: bool


def check_url(url: str, before: str | None = None) -> str:
    """Check that an address may be asked, and as a redirect also where it comes from.

    Parameters
    ----------
    url
        The address.
    before
        The address that redirects to it.

    Returns
    -------
    The address.

    Raises
    ------
    DataError
        It is not https, or names a user. Plain http is allowed on this machine alone, and no redirect from elsewhere
        leads to it.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    by_hand = "Open the address in a browser and save the file by hand."
    if not host or not url.isascii() or re.search(r"[\x00-\x20\x7f]", url):
        found, way_out = (
            f"{_show(url)} is no web address",
            "Write it as https://host/path, with %20 for a space.",
        )
        raise DataError(_show(before or "address"), found, by_hand if before else way_out)
    if parts.username is not None:
        found, way_out = f"the address at {host} holds a user name", "What needs a login is saved by hand."
        raise DataError(_show(before or host), found, way_out)
    if parts.scheme == "https":
        return url
    local = parts.scheme == "http" and host in _LOOPBACK
    if local and (before is None or urlsplit(before).scheme == "http"):
        return url
    if before is not None:
        raise DataError(_show(before), f"it redirects to {_show(url)}, which is not https", by_hand)
    raise DataError(_show(url), "the address is not https", "Give the https address.")


def download_part(
    url: str,
    part: Path,
    limits: DownloadLimits = DownloadLimits(),
    *,
    is_checked: bool,
    progress: Progress | None = None,
) -> Download:
    """Bring a file to a partial file, which the caller checks and puts in its place.

    Parameters
    ----------
    url
        Its address.
    part
        The partial file. What it holds already is continued if the server can do that, otherwise written anew.
    limits
        How much of the server is put up with.
    is_checked
        A checksum will be compared afterwards. Only then is a part continued, for nothing else would notice if the
        server has another version by now; without it, the server has to say where the file ends.
    progress
        Called with the bytes there so far and those expected, None if unknown.

    Returns
    -------
    Download

    Raises
    ------
    IngestError
        The server refuses, says nothing, breaks off, sends a web page, or more than the limit. What came before a
        break stays in the partial file.
    DataError
        An address that may not be asked, or a disk that does not take the file.
    """
    with name_disk_errors(part):
        start = part.stat().st_size if is_checked and part.is_file() else 0
    if start >= limits.bytes_n:
        start = 0
    deadline = time.monotonic() + limits.total_s
    response = _ask(url, start, limits)
    if start and not _continues(response, start):
        if response.status == 206:
            response.close()
            response = _ask(url, 0, limits)
        start = 0
    with response, name_disk_errors(part):
        total = _check_answer(response, url, start, limits, is_checked)
        done = start
        with part.open("r+b" if start else "wb") as file:
            file.seek(start)
            for chunk in _read_chunks(response, url, limits):
                done += len(chunk)
                if done > limits.bytes_n:
                    file.truncate(0)
                    raise _refuse_size(url, f"it sends more than {limits.bytes_n:,} bytes")
                file.write(chunk)
                if progress:
                    progress(done, total)
                if time.monotonic() > deadline:
                    found = f"{done:,} bytes came in {limits.total_s:g} seconds, and no end"
                    raise IngestError(
                        _show(url), found, f"{_AGAIN}: it goes on from there, if the server can."
                    )
    if total is not None and done < total:
        raise IngestError(
            _show(url), f"it broke off after {done:,} of {total:,} bytes", _say_again(is_checked)
        )
    return Download(response.geturl(), bool(start))


def _ask(url: str, start: int, limits: DownloadLimits) -> HTTPResponse:
    """Ask for a file from a byte on, and follow redirects to where they may lead."""
    opener = OpenerDirector()
    for handler in (ProxyHandler, HTTPHandler, HTTPSHandler, HTTPErrorProcessor, HTTPDefaultErrorHandler):
        opener.add_handler(handler())
    # Not packed: a checksum is that of the file, not of how it travels.
    headers = {"User-Agent": f"sidedoor/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}
    first, before = url, None
    for _ in range(limits.redirects_n + 1):
        check_url(url, before)
        request = Request(url, headers=headers | ({"Range": f"bytes={start}-"} if start else {}))
        try:
            return opener.open(request, timeout=limits.silence_s)
        except HTTPError as answer:
            status, location = answer.code, answer.headers.get("Location")
            answer.close()
        except (OSError, HTTPException, ValueError) as error:
            raise _refuse_break(url, error, limits) from None
        if status == 416 and start:
            # The part is as long as the file, or longer: it is of another version.
            start = 0
        elif status in _REDIRECTS and location:
            before, url = url, _join(url, location)
        else:
            raise _refuse_status(url, status)
    found = f"it redirects more than {limits.redirects_n} times"
    raise IngestError(_show(first), found, "Open the address in a browser and save the file by hand.")


def _join(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        return location


def _continues(response: HTTPResponse, start: int) -> bool:
    """Say whether an answer goes on from a byte."""
    ranged = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return response.status == 206 and ranged is not None and int(ranged[1]) == start


def _check_answer(
    response: HTTPResponse, url: str, start: int, limits: DownloadLimits, is_checked: bool
) -> int | None:
    """Check the head of an answer; give the size of the whole file, None if it is not said."""
    if response.headers.get_content_type() in _WEB_PAGE:
        raise refuse_web_page(_show(url), url)
    packed = response.headers.get("Content-Encoding", "identity").lower()
    if packed != "identity":
        found = f"it sends the file packed as {packed[:20]!r}, which was not asked for"
        raise IngestError(_show(url), found, "Open the address in a browser and save the file by hand.")
    if response.status not in (200, 206) or (response.status == 206 and not start):
        raise _refuse_status(url, response.status)
    total = None if response.length is None else start + response.length
    if total is not None and total > limits.bytes_n:
        raise _refuse_size(url, f"it announces {total:,} bytes, and {limits.bytes_n:,} are expected at most")
    if total is None and not response.chunked and not is_checked:
        found = "it does not say how long the file is, and no checksum tells whether it is whole"
        raise IngestError(_show(url), found, "Open the address in a browser and save the file by hand.")
    return total


def _read_chunks(response: HTTPResponse, url: str, limits: DownloadLimits) -> Iterator[bytes]:
    """Read an answer as it comes: `read` waits for a full chunk, which a slow server could stretch for hours."""
    while True:
        try:
            chunk = response.read1(_CHUNK)
        except (OSError, HTTPException) as error:
            raise _refuse_break(url, error, limits) from None
        if not chunk:
            return
        yield chunk


@contextmanager
def name_disk_errors(path: Path):
    """Turn what a disk refuses into an error for a person."""
    try:
        yield
    except OSError as error:
        found = f"the disk refuses ({error.strerror or type(error).__name__})"
        raise DataError(
            path.name, found, f"Free space, or mend the folder's permissions. {_AGAIN}."
        ) from None


def refuse_web_page(place: str, url: str) -> IngestError:
    """Say that a web page came where a file should have."""
    return IngestError(
        place,
        "got a web page, not the file",
        f"Save it by hand: open {url} in a browser, and save the file itself.",
    )


def _refuse_break(url: str, error: Exception, limits: DownloadLimits) -> IngestError:
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        found = f"it said nothing for {limits.silence_s:g} seconds"
        return IngestError(_show(url), found, f"{_AGAIN}, later if need be: what came so far is kept.")
    kind = type(reason).__name__
    found = f"it cannot be reached, or broke off ({kind})"
    way_out = f"Check the connection. {_AGAIN}, or take the file from a folder: --mirror DIR."
    return IngestError(_show(url), found, way_out)


def _refuse_status(url: str, status: int) -> IngestError:
    by_hand = f"Save it by hand: open {url} in a browser."
    known = {
        401: ("it wants a login (HTTP 401)", by_hand),
        403: ("it refuses scripts (HTTP 403)", by_hand),
        404: ("the file is not there (HTTP 404)", f"Look for it at https://web.archive.org/web/*/{url}"),
        410: ("the file was taken away (HTTP 410)", f"Look for it at https://web.archive.org/web/*/{url}"),
        429: ("it was asked too often (HTTP 429)", f"{_AGAIN} in an hour."),
    }
    found, way_out = known.get(status, (f"it answers with HTTP {status}", f"{_AGAIN} later. {by_hand}"))
    return IngestError(_show(url), found, way_out)


def _refuse_size(url: str, found: str) -> IngestError:
    return IngestError(
        _show(url),
        found,
        "It is not the file that is meant: open the address in a browser and look what is there.",
    )


def _say_again(is_checked: bool) -> str:
    return (
        f"{_AGAIN}: it goes on from there, if the server can." if is_checked else f"{_AGAIN}: it starts anew."
    )


def _show(url: str) -> str:
    """Show an address without what a terminal could obey, and not at any length."""
    return "".join(mark if mark.isprintable() else "?" for mark in url)[:300]
