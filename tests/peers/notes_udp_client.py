"""The UDP client of the notes, at another port and with a way out."""

import socket
import sys

sk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sk.settimeout(20)
while True:
    text = input()
    if text == "q":
        break
    sk.sendto(text.encode(), ("127.0.0.1", int(sys.argv[1])))
    data, address = sk.recvfrom(1024)
    print(data.decode())
sk.close()
