#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Connections out of the guest: to one place, and by the list of an HTTP proxy."""

import http.server
import os
import signal
import socket
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
from line import PATIENCE, expect, main, noise  # noqa: E402

BODY = noise(50000, 1)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with its request's first line, or with BODY."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.heads.append((self.requestline, dict(self.headers)))
        self.answer(BODY if self.path == "/body" else self.requestline.encode())

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, data):
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):  # pylint: disable=arguments-differ
        pass


def serve_http():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.heads = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def forward(rig, *args):
    """vsioctl forward, once it listens. -> the process and the guest's port"""
    port = free_port()
    child = rig.start("forward", rig.dom, port, *args)
    expect(child.stdout.readline().decode(), f"{rig.dom}: listening on 127.0.0.1:{port}\n", "said")
    return child, port


def rules(rig, *lines):
    with open(rig.path("allow"), "w", encoding="ascii") as file:
        file.write("# places\n\n" + "".join(f"{line}  # why\n" for line in lines))
    return f"--allow={rig.path('allow')}"


def connect(port):
    sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
    sock.settimeout(PATIENCE)
    return sock


def ask(port, data):
    """All that comes until the other end closes."""
    with connect(port) as sock:
        sock.sendall(data)
        return b"".join(iter(lambda: sock.recv(65536), b""))


def get(port, target, more="", method="GET"):
    seen = ask(port, f"{method} {target} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode())
    head, _, body = seen.partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0].decode(), body


def to_one_place(rig):
    """connections go to one place, both ways, each end by itself"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        child, port = forward(rig, f"127.0.0.1:{server.getsockname()[1]}")
        for data in (noise(100000, 2), b""):
            with connect(port) as ours:
                theirs, _ = server.accept()
                sender = threading.Thread(target=lambda: (ours.sendall(data),
                                                          ours.shutdown(socket.SHUT_WR)))
                sender.start()
                theirs.settimeout(PATIENCE)
                expect(b"".join(iter(lambda: theirs.recv(65536), b"")) == data, True, "there")
                sender.join()
                theirs.sendall(data)
                theirs.close()
                expect(b"".join(iter(lambda: ours.recv(65536), b"")) == data, True, "back")
        child.send_signal(signal.SIGINT)
        expect(child.wait(PATIENCE), 0, "status")


def several(rig):
    """several connections at once, and none is lost in between"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        _, port = forward(rig, f"127.0.0.1:{server.getsockname()[1]}")
        pairs = []
        for n in range(8):
            ours = connect(port)
            theirs, _ = server.accept()
            pairs.append((ours, theirs))
            ours.sendall(b"%d" % n)
        for n, (ours, theirs) in enumerate(pairs):
            expect(theirs.recv(10), b"%d" % n, "there")
            theirs.close()
            expect(ours.recv(10), b"", "back")
            ours.close()


def nobody_there(rig):
    """what nobody answers is closed"""
    _, port = forward(rig, f"127.0.0.1:{free_port()}")
    expect(ask(port, b""), b"", "a connection")
    expect(ask(port, b""), b"", "another one")


def proxy(rig):
    """HTTP: what the list has is fetched, one request on a connection"""
    server = serve_http()
    place = f"127.0.0.1:{server.server_address[1]}"
    _, port = forward(rig, rules(rig, "example.org", place))
    expect(get(port, f"http://{place}/body"), ("HTTP/1.1 200 OK", BODY), "body")
    expect(get(port, f"HTTP://{place}/a?b=c", "Connection: keep-alive\r\nProxy-Connection: x\r\n"
               "Accept: y\r\n")[1], b"GET /a?b=c HTTP/1.1", "path")
    expect(server.heads[-1][1], {"Host": "x", "Accept": "y", "Connection": "close"}, "fields")
    expect(get(port, f"http://{place}?q")[1], b"GET /?q HTTP/1.1", "no path")
    expect(ask(port, f"POST http://{place}/ HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello".encode())
           [-5:], b"hello", "what is behind the head")
    server.shutdown()


def tunnel(rig):
    """CONNECT: a way through, to places of the list"""
    server = serve_http()
    place = f"127.0.0.1:{server.server_address[1]}"
    _, port = forward(rig, rules(rig, place))
    seen = ask(port, f"CONNECT {place} HTTP/1.1\r\n\r\nGET /through HTTP/1.0\r\n\r\n".encode())
    expect(seen.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200"), True, seen)
    expect(seen.endswith(b"GET /through HTTP/1.0"), True, seen)
    server.shutdown()


def refused(rig):
    """what the list does not have is refused, and nothing goes out"""
    server = serve_http()
    number = server.server_address[1]
    _, port = forward(rig, rules(rig, "*.example.org", "a.example.com:81", "127.0.0.1"))
    for status, target in (
            ("403 Forbidden", f"http://127.0.0.1:{number}/"),
            ("403 Forbidden", f"http://LOCALHOST:{number}/"),
            ("403 Forbidden", "http://example.org/"),
            ("403 Forbidden", "http://badexample.org/"),
            ("403 Forbidden", "http://a.example.org:8080/"),
            ("403 Forbidden", "http://a.example.com/"),
            ("403 Forbidden", "http://*.example.org.example/"),
            ("502 Bad Gateway", "http://127.0.0.1:443/"),
            ("400 Bad Request", "http://user@127.0.0.1/"),
            ("400 Bad Request", "http://127.0.0.1:99999/"),
            ("400 Bad Request", "http:///"),
            ("400 Bad Request", "ftp://127.0.0.1/"),
            ("400 Bad Request", "/")):
        expect(get(port, target)[0], f"HTTP/1.1 {status}", target)
    expect(get(port, "x:443", method="CONNECT")[0], "HTTP/1.1 403 Forbidden", "CONNECT")
    expect(ask(port, b"x" * 9000)[:12], b"HTTP/1.1 431", "a long head")
    expect(ask(port, b"GET\r\n\r\n")[:12], b"HTTP/1.1 400", "no target")
    expect(ask(port, b"G\0T http://127.0.0.1/ HTTP/1.1\r\n\r\n")[:12], b"HTTP/1.1 400", "a 0")
    with connect(port) as sock:
        sock.sendall(b"GET http://127")
        sock.shutdown(socket.SHUT_WR)
        expect(sock.recv(12), b"HTTP/1.1 400", "half a head")
    expect(server.heads, [], "what went out")
    server.shutdown()


def cannot(rig):
    """a list or a port that can't be is one line"""
    with open(rig.path("bad"), "w", encoding="ascii") as file:
        file.write("fine\nnot/fine\n")
    rig.refused(rig.run("forward", rig.dom, 80, f"--allow={rig.path('bad')}"), 1,
                "bad:2: 'not/fine' is no HOST")
    rig.refused(rig.run("forward", rig.dom, 80, "--allow=/nonexistent"), 1, "No such file")
    with socket.create_server(("127.0.0.1", 0)) as server:
        rig.refused(rig.run("forward", rig.dom, server.getsockname()[1], "a:1"), 1,
                    "Address already in use")


def agent_dies(rig):
    """the agent dies: the connection ends, and forward with one line"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        child, port = forward(rig, f"127.0.0.1:{server.getsockname()[1]}")
        ours = connect(port)
        theirs, _ = server.accept()
        theirs.settimeout(PATIENCE)
        rig.kill_agent()
        rig.start_agent()
        try:
            expect(theirs.recv(1), b"", "the connection")
        except ConnectionResetError:
            pass
        rig.refused(rig.ended(child), 1, "the agent was started anew")
        ours.close()
        theirs.close()


main([to_one_place, several, nobody_there, proxy, tunnel, refused, cannot, agent_dies])
