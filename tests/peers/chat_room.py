"""A chat room, without limits of any kind. Prints its port, then serves."""

import socket

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", 0))
print(f"listening on 127.0.0.1:{sock.getsockname()[1]}", flush=True)
names = {}


def say(text, *, to=None, besides=None):
    for address in [to] if to else list(names):
        if address != besides:
            sock.sendto(text.encode(), address)


while True:
    data, address = sock.recvfrom(65535)
    text = data.decode()
    if text == "/quit":
        name = names.pop(address, "")
        say("# You have left", to=address)
        say(f"* {name} has left")
        continue
    wish = text.removeprefix("/name").strip() if text.startswith("/name") else ""
    if address not in names:
        names[address] = wish or f"{address[0]}:{address[1]}"
        say(f"* {names[address]} has joined", besides=address)
    elif wish:
        say(f"* {names[address]} is now {wish}", besides=address)
        names[address] = wish
    if text == "":
        say("", to=address)
    elif text.startswith("/name"):
        say(f"# You are {names[address]}", to=address)
    else:
        say(f"{names[address]}: {text}")
