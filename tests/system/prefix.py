"""An HTTP proxy that removes a stage's path, as API Gateway does."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_CONNECTION_HEADERS = {"connection", "server", "date"}


@contextmanager
def staged(port: int, stage: str) -> Iterator[str]:
    """Yield the URL under which `stage` leads to the API at `port`."""

    class StageHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix(stage)
            if path == self.path:
                self.send_error(403)  # as API Gateway answers outside of its stages
                return
            length = int(self.headers.get("Content-Length", "0"))
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request(self.command, path, self.rfile.read(length), dict(self.headers))
            answer = connection.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _CONNECTION_HEADERS:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.read())
            connection.close()

        do_POST = do_GET  # noqa: N815 — the base's naming

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), StageHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{stage}"
        server.shutdown()
