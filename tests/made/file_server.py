"""A server on this machine that answers as servers do: whole, broken off, slow, wrong, elsewhere."""

import re
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

BODY = b"agency,shares\n" + b"".join(b"Town %d PD,%d\n" % (n, n * n) for n in range(20_000))
PAGE = b"\n<!-- a wall --><!DOCTYPE html><html><body>Are you a person?</body></html>"


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
        try:
            getattr(self, "answer_" + re.match(r"/([a-z-]+)", self.path)[1].replace("-", "_"))()
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send(self, body: bytes, status=200, length=None, **headers) -> None:
        self.send_response(status)
        headers = {"Content-Type": "text/plain"} | {
            key.replace("_", "-"): value for key, value in headers.items()
        }
        headers["Content-Length"] = len(body) if length is None else length
        for key, value in headers.items():
            if value != "":
                self.send_header(key, str(value))
        self.end_headers()
        self.wfile.write(body)

    def answer_file(self):
        """The file."""
        self.send(self.server.body)

    def answer_cut(self):
        """Half of the file, under the length of all."""
        body = self.server.body
        self.send(body[: len(body) // 2], length=len(body))

    def answer_slow_head(self):
        """The head of an answer, letter by letter."""
        for letter in b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; " + b"x" * 400:
            self.wfile.write(bytes([letter]))
            self.wfile.flush()
            time.sleep(0.02)

    def answer_silent(self):
        """Some bytes, then nothing."""
        self.send(self.server.body[:1000], length=len(self.server.body))
        self.wfile.flush()
        self.server.ended.wait(5)

    def answer_mute(self):
        """Not even a head."""
        self.server.ended.wait(5)

    def answer_drip(self):
        """A few bytes at a time, never silent for long."""
        self.send(b"", length=len(self.server.body))
        for start in range(0, 500):
            self.wfile.write(self.server.body[start : start + 1])
            time.sleep(0.02)

    def answer_page(self):
        """A web page that says it is one."""
        self.send(PAGE, Content_Type="text/html; charset=utf-8")

    def answer_hidden_page(self):
        """A web page that says it is a file."""
        self.send(PAGE, Content_Type="application/octet-stream")

    def answer_wide_page(self):
        """The same in UTF-16."""
        self.send(PAGE.decode().encode("utf-16"), Content_Type="application/pdf")

    def answer_packed(self):
        self.send(self.server.body, Content_Encoding="gzip")

    def answer_empty(self):
        self.send(b"")

    def answer_endless(self):
        """Never a length, never an end."""
        self.send(b"", length="")
        for _ in range(1000):
            self.wfile.write(self.server.body)

    def answer_unsaid(self):
        """The file without its length."""
        self.send(self.server.body, length="")

    def answer_chunked(self):
        self.send(b"", length="", Transfer_Encoding="chunked")
        for start in range(0, len(self.server.body), 50_000):
            chunk = self.server.body[start : start + 50_000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def answer_chunked_cut(self):
        self.send(b"", length="", Transfer_Encoding="chunked")
        self.wfile.write(b"%x\r\n%s" % (50_000, self.server.body[:100]))

    def answer_status(self):
        self.send(PAGE, int(self.path.split("/")[-1]), Content_Type="text/html")

    def answer_moved(self):
        """On to /file by as many steps as the path says."""
        steps = int(self.path.split("/")[-1])
        self.send(PAGE, 302, Location=f"/moved/{steps - 1}" if steps > 1 else "/file/town.csv")

    def answer_loop(self):
        self.send(b"", 302, Location=self.path)

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
