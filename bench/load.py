"""A load generator: sends requests over keep-alive connections as fast as they are answered.

python -m bench.load PORT CONNECTIONS SECONDS FIRST < requests.json

reads a list of whole requests, spreads them over the connections and prints JSON. FIRST is the
number of requests to send before the clock starts. It is a process of its own and does little more
than copy bytes, so that it takes as little CPU time as possible from the server beside it.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time


class Connection:
    """A connection with one request in progress."""

    def __init__(self, port: int, requests: list[bytes], start: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.requests = requests
        self.next = start
        self.missing = 0
        self.head = b""
        self.status = b""

    def ask(self) -> None:
        """Send the next request."""
        self.missing = -1
        self.head = b""
        self.socket.sendall(self.requests[self.next % len(self.requests)])
        self.next += 1

    def take(self) -> int:
        """Read available data; return the size of the body once it is complete, else -1."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise SystemExit("the server closed a connection")
        if self.missing < 0:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return -1
            self.status = self.head[9:12]
            at = self.head.find(b"content-length: ")
            self.size = int(self.head[at + 16 : self.head.index(b"\r", at)]) if at > 0 else 0
            self.missing = self.size - (len(self.head) - end - 4)
        else:
            self.missing -= len(data)
        return self.size if self.missing == 0 else -1


def run(port: int, requests: list[bytes], connections: int, seconds: float, first: int) -> str:
    """Generate the load; return a JSON object of the rate, the mean size and the statuses."""
    ready = selectors.DefaultSelector()
    for number in range(connections):
        connection = Connection(port, requests, number * len(requests) // connections)
        ready.register(connection.socket, selectors.EVENT_READ, connection)
        connection.ask()
    done = size = 0
    statuses: dict[str, int] = {}
    begun = time.perf_counter()
    ends = begun + seconds if not first else float("inf")
    while (now := time.perf_counter()) < ends:
        for key, _ in ready.select():
            taken = key.data.take()
            if taken < 0:
                continue
            done += 1
            size += taken
            status = key.data.status.decode()
            statuses[status] = statuses.get(status, 0) + 1
            if done == first:
                begun = now
                ends = now + seconds
                done = size = first = 0
                statuses = {}
            key.data.ask()
    rate = done / (time.perf_counter() - begun)
    return json.dumps({"rate": rate, "size": size / max(done, 1), "statuses": statuses})


if __name__ == "__main__":
    asked = [request.encode("latin-1") for request in json.load(sys.stdin)]
    print(run(int(sys.argv[1]), asked, int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
