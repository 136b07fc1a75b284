"""The player: a port for as long as a block lasts."""

import socket
from urllib.parse import urlsplit

import pytest

from forensics.errors import UsageError
from forensics.serve.endpoint import Endpoint, EndpointOptions
from forensics.serve.history import History
from forensics.serve.player import Player
from tests.support.clients import Served
from tests.support.clock import ManualClock
from tests.support.histories import facts, stack


def _endpoint() -> Endpoint:
    return Endpoint(History.of(facts(stack("Shop"))), ManualClock())


def test_it_answers_inside_the_block_and_not_after_it() -> None:
    """A demo must leave no port open behind."""
    endpoint = _endpoint()
    with Player(endpoint) as player:
        assert b"Shop" in Served(endpoint, player.url).query("ListStacks")
        port = urlsplit(player.url).port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_port_that_is_taken_is_named() -> None:
    """Not a traceback from a thread."""
    with Player(_endpoint()) as first:
        port = urlsplit(first.url).port
        assert port is not None
        with pytest.raises(UsageError, match=f"127.0.0.1:{port}"), Player(_endpoint(), port=port):
            pass


def test_an_error_in_the_block_stops_it_too() -> None:
    """Whatever ends the demo, the server ends with it."""
    with pytest.raises(KeyError), Player(_endpoint()) as player:
        raise KeyError("demo")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(player.url).port))


def test_each_call_is_told_with_its_operation_and_key() -> None:
    """Benchmarks and demos count calls at the endpoint, where nobody can cheat."""
    calls: list[tuple[str, str]] = []
    endpoint = Endpoint(History.of([]), ManualClock(), on_call=lambda name, key: calls.append((name, key)))
    with Player(endpoint) as player:
        own = Served(endpoint, player.url)
        own.query("ListStacks")
        own.json("ListClusters")
        own.post(b"Action=Nothing", service="sts", key=None)
    assert [name for name, _ in calls] == ["cloudformation:ListStacks", "ecs:ListClusters", ":Nothing"]
    assert [bool(key) for _, key in calls] == [True, True, False]


def test_the_date_can_be_left_out() -> None:
    """A client that signs with a real clock would otherwise see a skew."""
    endpoint = Endpoint(History.of([]), ManualClock(), EndpointOptions(is_date_sent=False))
    with Player(endpoint) as player:
        _, _, headers = Served(endpoint, player.url).post(b"", service="sts")
    assert "date" not in headers
