"""A chat client with a thread for each thing that waits.

    chat_client.py PORT NAME
"""

import socket
import sys
import threading

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(20)
sock.connect(("127.0.0.1", int(sys.argv[1])))
sock.send(f"/name {sys.argv[2]}".encode())


def receive():
    while True:
        line = sock.recv(1024).decode()
        print(line, flush=True)
        if line.startswith("# You have left"):
            break


receiver = threading.Thread(target=receive)
receiver.start()
for line in sys.stdin:
    sock.send(line.rstrip("\n").encode())
sock.send(b"/quit")
receiver.join()
