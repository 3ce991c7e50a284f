"""Runs inside a test's container: the agent as its first process, and a door to its HTTP port.

``python3 inside.py FOLDER``: FOLDER/agent.sock is relayed to 127.0.0.1:8080, so no test needs a port.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from pathlib import Path

AGENT = Path(__file__).resolve().parent.parent


def copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        while True:
            near, _ = listener.accept()
            far = socket.socket()
            try:
                far.connect(("127.0.0.1", 8080))
            except OSError:
                near.close()
                continue
            for pair in ((near, far), (far, near)):
                threading.Thread(target=copy, args=pair, daemon=True).start()


if __name__ == "__main__":
    folder = sys.argv[1]
    if os.fork() == 0:
        os.close(int(os.environ["VESTIBULE_HANDOVER_FD"]))
        serve(f"{folder}/agent.sock")
    os.execv(sys.argv[2], [sys.argv[2], "-I", str(AGENT / "vestibule_desktop")])  # noqa: S606 - no shell is the point
