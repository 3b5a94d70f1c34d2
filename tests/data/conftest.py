"""A server on 127.0.0.1 that misbehaves in every way that servers do, and a kit whose only data set lies on it."""
import hashlib
import http.server
import random
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest

from npfl_kit import errors
from npfl_kit.data import download, transfer

CONTENT = random.Random(42).randbytes(300_000)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers each request of a path by the next behavior planned for it, then serves it well."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        range_header = self.headers.get("Range")
        self.server.requests.append((self.path, range_header))
        planned = self.server.plan.get(self.path, [])
        self.close_connection = True
        start = int(range_header[len("bytes="):-1]) if range_header else 0
        behavior(planned.pop(0) if planned else "serve")(self, self.server.contents[self.path], start)

    def head(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *args):
        pass


def behavior(planned):
    """A function of this file by its name, as "stalls" or "answers 404"; a function of a test as it is."""
    if callable(planned):
        return planned
    name, *numbers = planned.split()
    return globals()[name](*map(int, numbers)) if numbers else globals()[name]


def serve(handler, content, start, sent=None):
    """A good server; with `sent`, one that falls silent in good order after so many bytes."""
    if start:
        handler.head(206, Content_Length=len(content) - start,
                     Content_Range=f"bytes {start}-{len(content) - 1}/{len(content)}")
    else:
        handler.head(200, Content_Length=len(content))
    handler.wfile.write(content[start:][:sent])
    handler.wfile.flush()


def sends(sent):
    return lambda handler, content, start: serve(handler, content, start, sent)


def breaks_off(handler, content, start):
    serve(handler, content, start, sent=100_000)


def resets(handler, content, start):
    serve(handler, content, start, sent=100_000)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def stalls(handler, content, start):
    serve(handler, content, start, sent=50_000)
    handler.server.released.wait(10)


def drips(handler, content, start):
    handler.head(200, Content_Length=len(content))
    for byte in content[:200]:
        if handler.server.released.wait(0.05):
            break
        handler.wfile.write(bytes([byte]))


def waits_then_serves(handler, content, start):
    time.sleep(1)
    serve(handler, content, start)


def ignores_range(handler, content, start):
    serve(handler, content, 0)


def resumes_elsewhere(handler, content, start):
    handler.head(206, Content_Length=len(content) - start - 1,
                 Content_Range=f"bytes {start + 1}-{len(content) - 1}/{len(content)}")
    handler.wfile.write(content[start + 1:])


def serves_wrong_bytes(handler, content, start):
    serve(handler, bytes(len(content)), start)


def claims_more(handler, content, start):
    handler.head(200, Content_Length=len(content) + 1000)
    handler.wfile.write(content)


def claims_less(handler, content, start):
    handler.head(200, Content_Length=len(content) - 1000)
    handler.wfile.write(content[:-1000])


def claims_nothing(handler, content, start):
    handler.head(200)
    handler.wfile.write(content)


def claims_nothing_and_breaks_off(handler, content, start):
    handler.head(200)
    handler.wfile.write(content[:100_000])


def sends_forever(handler, content, start):
    handler.head(200)
    while not handler.server.released.is_set():
        handler.wfile.write(content)


def login_page(handler, content, start):
    serve(handler, b"<html>Please log in to this network</html>", 0)


def answers(status):
    return lambda handler, content, start: handler.head(status, Content_Length=0)


def redirects(handler, content, start):
    handler.head(302, Location="/mirror", Content_Length=0)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass        # a client that hangs up in the middle is what these tests are about


@pytest.fixture
def server():
    """A running server: `plan` maps a path to the behaviors of its next requests, `requests` lists what came."""
    with Server(("127.0.0.1", 0), Handler) as running:
        running.plan, running.requests, running.released = {}, [], threading.Event()
        running.contents = {"/file": CONTENT, "/mirror": CONTENT}
        running.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.released.set()
        running.shutdown()
        thread.join()


class Toy:
    """A kit whose only data set, `toy`, is one file at `/file` and `/mirror` of the server."""

    content = CONTENT
    patience = transfer.Patience(connect=1, read=0.3, first_pause=0.01, longest_pause=0.02)

    def __init__(self, home, url):
        self.folder, self.url = home / "datasets" / "toy", url
        self.folder.mkdir(parents=True)

    def write(self, content=CONTENT, name="toy.bin", paths=("/file", "/mirror"), more=""):
        urls = ", ".join(f'"{self.url}{path}"' for path in paths)
        (self.folder / "manifest.toml").write_text(
            f'title = "Toy"\nlicence = "none"\nhomepage = ""\nimage_shape = [1, 1, 1]\nclasses = ["a"]\n'
            f'[splits]\ntrain = 1\n[[files]]\nname = "{name}"\nurls = [{urls}]\nbytes = {len(content)}\n'
            f'sha256 = "{hashlib.sha256(content).hexdigest()}"\n{more}\n', encoding="utf-8")

    def fetch(self):
        return download.fetch("toy", self.patience)

    def failure(self):
        with pytest.raises(errors.DataError) as caught:
            self.fetch()
        return str(caught.value)

    def fetch_elsewhere(self, largest_file=None):
        """Start the fetch in another process, where no file may grow beyond a size if one is given."""
        limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({largest_file},) * 2); "
        code = ("from npfl_kit.data import download, transfer; "
                "download.fetch('toy', transfer.Patience(read=20, first_pause=.01))")
        return subprocess.Popen([sys.executable, "-c", (limit if largest_file else "") + code],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def assert_whole(self, folder):
        assert (folder / "toy.bin").read_bytes() == self.content
        assert [path.name for path in folder.iterdir()] == ["toy.bin"]


@pytest.fixture
def toy(server, tmp_path, monkeypatch):
    """The kit above, in place of ours, with its cache in the folder of the test and the network allowed."""
    monkeypatch.setenv("NPFL_KIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NPFL_KIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NPFL_KIT_OFFLINE", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    made = Toy(tmp_path / "home", server.url)
    made.write()
    return made
