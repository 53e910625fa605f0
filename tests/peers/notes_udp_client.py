"""The UDP client of many notes, with a way out: input, sendto, recvfrom.

    notes_udp_client.py PORT
"""

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
    print(str(data))
sk.close()
