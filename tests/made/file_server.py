"""A server on this machine that answers as servers do: whole, broken off, slow, wrong, elsewhere."""

import re
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

BODY = b"agency,shares\n" + b"".join(b"Town %d PD,%d\n" % (n, n * n) for n in range(20_000))
PAGE = b"\n<!-- a wall --><!DOCTYPE html><html><body>Are you a person?</body></html>"
ZIP = b"PK\x05\x06" + b"\0" * 18
CHUNKED = {"Content-Length": "", "Transfer-Encoding": "chunked"}
# Answers that are sent whole: the body, None for the file, and headers that differ from those of a text.
WHOLE = {
    "file": (None, {}),
    "page": (PAGE, {"Content-Type": "text/html; charset=utf-8"}),
    "hidden-page": (PAGE, {"Content-Type": "application/octet-stream"}),
    "wide-page": (PAGE.decode().encode("utf-16"), {"Content-Type": "application/pdf"}),
    "packed": (None, {"Content-Encoding": "gzip"}),
    "empty": (b"", {}),
    "zip": (ZIP, {}),
    "unsaid": (None, {"Content-Length": ""}),
}


class FileServer(ThreadingHTTPServer):
    """Answers paths; remembers which paths it was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.body, self.asked, self.ended = BODY, [], Event()
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append(self.path)
        self.close_connection = True
        name = re.match(r"/([a-z-]+)", self.path)[1]
        try:
            if name in WHOLE:
                body, headers = WHOLE[name]
                self.send(self.server.body if body is None else body, **headers)
            else:
                getattr(self, "answer_" + name.replace("-", "_"))()
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send(self, body: bytes, status: int = 200, **headers) -> None:
        """Send a body; a header that is empty is left out."""
        self.send_response(status)
        for key, value in ({"Content-Type": "text/plain", "Content-Length": len(body)} | headers).items():
            if value != "":
                self.send_header(key, str(value))
        self.end_headers()
        self.wfile.write(body)

    def answer_cut(self):
        """Half of the file, under the length of all."""
        body = self.server.body
        self.send(body[: len(body) // 2], **{"Content-Length": len(body)})

    def answer_slow_head(self):
        """The head of an answer, letter by letter."""
        for letter in b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; " + b"x" * 400:
            self.wfile.write(bytes([letter]))
            self.wfile.flush()
            time.sleep(0.02)

    def answer_silent(self):
        """Some bytes, then nothing."""
        self.send(self.server.body[:1000], **{"Content-Length": len(self.server.body)})
        self.wfile.flush()
        self.server.ended.wait(5)

    def answer_mute(self):
        """Not even a head."""
        self.server.ended.wait(5)

    def answer_endless(self):
        """Never a length, never an end."""
        self.send(b"", **{"Content-Length": ""})
        for _ in range(1000):
            self.wfile.write(self.server.body)

    def answer_chunked(self):
        self.send(b"", **CHUNKED)
        for start in range(0, len(self.server.body), 50_000):
            chunk = self.server.body[start : start + 50_000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def answer_chunked_cut(self):
        self.send(b"", **CHUNKED)
        self.wfile.write(b"%x\r\n%s" % (50_000, self.server.body[:100]))

    def answer_status(self):
        self.send(PAGE, int(self.path.split("/")[-1]), **{"Content-Type": "text/html"})

    def answer_moved(self):
        """On to /file by as many steps as the path says."""
        steps = int(self.path.split("/")[-1])
        self.send(PAGE, 302, Location=f"/moved/{steps - 1}" if steps > 1 else "/file/town.csv")

    def answer_to(self):
        """To the address in the query."""
        self.send(b"", 301, Location=self.path.partition("?")[2])


@contextmanager
def serve():
    """Run the server for a while."""
    server = FileServer()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
