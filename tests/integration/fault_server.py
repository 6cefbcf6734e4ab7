"""A server on loopback that speaks OpenAI's protocol, and gets it wrong as it is told to."""

import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

KEY = "sk-test-Zq7vK3mB9xW2"

GOOD = "Smooth.\n\n```python\nimport torch\n\ndef activation(x):\n    return torch.tanh(x)\n```\n"


def completion(text: str = GOOD, **changed: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "1",
        "object": "chat.completion",
        "model": "test-model",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
        **changed,
    }


class FaultServer:
    """Answers the n-th request by the n-th fault; where there are no more, well.

    Attributes:
        bodies: the requests as they came.
        headers: theirs.
        times: when each came, monotonic.
        most_at_once: the most that were in work at a time.
        answer_of: status and content for a request; None leaves it to the faults.

    With a certificate, a file with its key, it speaks https.
    """

    def __init__(
        self,
        faults: Iterable[str] = (),
        *,
        latency_s: float = 0.0,
        certificate: Path | None = None,
    ) -> None:
        self.faults = list(faults)
        self.latency_s = latency_s
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.served: Counter[str] = Counter()
        self.most_at_once = 0
        self.always = ""
        self.text_of = lambda body: GOOD
        self.answer_of: Callable[[dict[str, Any]], tuple[int, bytes] | None] = lambda body: None
        self.fault_of = lambda body: self.faults.pop(0) if self.faults else self.always
        self._at_once = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}/v1"

    @property
    def count(self) -> int:
        return len(self.bodies)

    @contextmanager
    def running(self) -> Iterator["FaultServer"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _handler(server) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with server._lock:
                    fault = server.fault_of(body)
                    server.bodies.append(body)
                    server.headers.append({k.lower(): v for k, v in self.headers.items()})
                    server.times.append(time.monotonic())
                    server.served[fault] += 1
                    server._at_once += 1
                    server.most_at_once = max(server.most_at_once, server._at_once)
                try:
                    time.sleep(server.latency_s)
                    self.answer(fault, body)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True
                finally:
                    with server._lock:
                        server._at_once -= 1

            def answer(self, fault: str, body: dict[str, Any]) -> None:  # noqa: PLR0911, PLR0912
                if (answer := server.answer_of(body)) is not None:
                    return self.send(*answer)
                sort, _, detail = fault.partition(":")
                good = json.dumps(completion(server.text_of(body))).encode()
                match sort:
                    case "":
                        return self.send(200, good)
                    case "status":
                        code, _, wait = detail.partition(",")
                        error = {"error": {"message": f"no, {self.headers['Authorization']}"}}
                        headers = {"Retry-After": wait} if wait else {}
                        return self.send(int(code), json.dumps(error).encode(), **headers)
                    case "silent":
                        time.sleep(float(detail))
                        self.close_connection = True
                        return None
                    case "half":
                        self.head(200, len(good))
                        self.wfile.write(good[: len(good) // 2])
                        self.close_connection = True
                        return None
                    case "garbage":
                        return self.send(200, b"<html>not JSON")
                    case "choices":
                        return self.send(200, json.dumps(completion(choices=[])).encode())
                    case "null":
                        return self.send(200, json.dumps(completion(choices=None)).encode())
                    case "filter":
                        choice = {"message": {"content": None}, "finish_reason": "content_filter"}
                        return self.send(200, json.dumps(completion(choices=[choice])).encode())
                    case "filter400":
                        error = {"error": {"message": "no", "code": "content_filter"}}
                        return self.send(400, json.dumps(error).encode())
                    case "huge":
                        return self.send(200, json.dumps(completion("x" * 10_000_000)).encode())
                    case "drip":
                        self.head(200, len(good))
                        for byte in good:
                            self.wfile.write(bytes([byte]))
                            self.wfile.flush()
                            time.sleep(float(detail))
                        return None
                    case "disconnect":
                        self.connection.close()
                        self.close_connection = True
                        return None
                    case "model":
                        return self.send(200, json.dumps(completion(model="another")).encode())
                    case "echo":
                        said = f"{GOOD}\n{self.headers['Authorization']}"
                        return self.send(200, json.dumps(completion(said)).encode())
                    case _:
                        raise AssertionError(fault)

            def head(self, status: int, length: int, **headers: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(length))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def send(self, status: int, content: bytes, **headers: str) -> None:
                self.head(status, len(content), **headers)
                self.wfile.write(content)

        return Handler
