"""A host of static pages on this machine, for tests and benchmarks."""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # a page asks for much at once, and several browsers may ask while none is answered


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(folder: Path, answers: type[Quiet] = Quiet) -> Iterator[str]:
    """The address at which a folder is served."""
    with Server(("127.0.0.1", 0), functools.partial(answers, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
