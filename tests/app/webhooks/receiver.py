"""An institution's end of a webhook: a web server on loopback that keeps what it is sent."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Arrival:
    path: str
    headers: Mapping[str, str]
    body: str

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """Answers with `status` and `reply`, after `delay` seconds; while `down` it hangs up on who connects."""

    status: int = 204
    reply: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    arrivals: list[Arrival] = field(default_factory=list)
    port: int = 0
    down: bool = False
    hung_up: int = 0
    broken_off: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                with lock:
                    receiver.broken_off += 1
                return  # the caller was killed half-way: no server hands that on
            with lock:
                sent = {name.lower(): value for name, value in self.headers.items()}
                receiver.arrivals.append(Arrival(self.path, sent, body.decode()))
            time.sleep(receiver.delay)
            try:
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                if receiver.reply:
                    self.send_header("Content-Length", str(len(receiver.reply)))
                self.end_headers()
                self.wfile.write(receiver.reply)
            except OSError:
                pass  # the caller was killed or has hung up

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def verify_request(self, request: object, client_address: object) -> bool:
            if receiver.down:
                receiver.hung_up += 1
            return not receiver.down

    server = Server(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
