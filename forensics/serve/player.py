"""The endpoint served on a port of this machine, for as long as a block lasts."""

import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn

from forensics.errors import UsageError
from forensics.serve.endpoint import Endpoint

_BACKLOG = 128


class Player:
    """Serves an endpoint in a thread; a context manager.

    Args:
        endpoint: What answers.
        host: Address to listen on; anything but loopback shows the history to the network.
        port: Port to listen on; 0 lets the system choose.
    """

    def __init__(self, endpoint: Endpoint, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._host = host
        self._port = port
        config = uvicorn.Config(
            endpoint.app,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            # The endpoint sends its own Date: the virtual one.
            date_header=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="aws-endpoint", daemon=True)
        self._socket: socket.socket | None = None

    @property
    def url(self) -> str:
        """Where it listens, such as ``http://127.0.0.1:40123``; for ``--endpoint-url``."""
        return f"http://{self._host}:{self._port}"

    def __enter__(self) -> Self:
        """Listen and serve.

        Raises:
            UsageError: The address cannot be listened on.
        """
        try:
            self._socket = socket.create_server((self._host, self._port), backlog=_BACKLOG)
        except OSError as error:
            raise UsageError(f"cannot listen on {self._host}:{self._port}: {error.strerror}") from error
        self._port = self._socket.getsockname()[1]
        # Whoever connects before the thread is ready waits in the backlog.
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving; open answers have a second to end."""
        self._server.should_exit = True
        self._thread.join()
        if self._socket is not None:
            self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket] if self._socket else None)
