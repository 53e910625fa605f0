"""trio's sockets, for those who have it; roles as in ../_roles.ts."""

import sys
import time

import trio
from trio import socket

ROLE, ADDRESS, SIZE, COUNT = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:5])
IS_PATH = "/" in ADDRESS
HOST = "127.0.0.1"


async def listen():
    listener = socket.socket(socket.AF_UNIX if IS_PATH else socket.AF_INET)
    await listener.bind(ADDRESS if IS_PATH else (HOST, int(ADDRESS)))
    listener.listen(4096)
    print(ADDRESS if IS_PATH else listener.getsockname()[1], flush=True)
    return listener


async def connect():
    conn = socket.socket(socket.AF_UNIX if IS_PATH else socket.AF_INET)
    await conn.connect(ADDRESS if IS_PATH else (HOST, int(ADDRESS)))
    return trio.SocketStream(conn)


def report(start):
    print(time.perf_counter() - start, flush=True)


def check_total(total, expected):
    assert total == expected, f"Bytes are missing: {total} of {expected}"


async def echo(conn):
    async with trio.SocketStream(conn) as stream:
        while data := await stream.receive_some(SIZE):
            await stream.send_all(data)


async def echo_once():
    with await listen() as listener:
        conn, _ = await listener.accept()
    await echo(conn)


async def serve():
    with await listen() as listener:
        async with trio.open_nursery() as nursery:
            while True:
                conn, _ = await listener.accept()
                nursery.start_soon(echo, conn)


async def repeat_ping(ping, times):
    await ping(times)
    start = time.perf_counter()
    await ping(times)
    report(start)


async def ping():
    message = bytearray(SIZE)
    async with await connect() as stream:

        async def repeat(times):
            for i in range(times):
                message[0] = i & 255
                await stream.send_all(message)
                reply = await stream.receive_some(SIZE)
                while len(reply) < SIZE:
                    reply += await stream.receive_some(SIZE - len(reply))
                assert reply[0] == message[0], "The echo is not mine"

        await repeat_ping(repeat, COUNT)


async def bind():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    await sock.bind((HOST, 0))
    return sock


async def udp_echo():
    buffer = memoryview(bytearray(SIZE))
    with await bind() as sock:
        print(sock.getsockname()[1], flush=True)
        while True:
            count, address = await sock.recvfrom_into(buffer)
            if count == 0:
                return
            await sock.sendto(buffer[:count], address)


async def udp_ping():
    message = bytearray(SIZE)
    reply = bytearray(SIZE)
    to = (HOST, int(ADDRESS))
    with await bind() as sock:

        async def repeat(times):
            for i in range(times):
                message[0] = i & 255
                await sock.sendto(message, to)
                check_total((await sock.recvfrom_into(reply))[0], SIZE)
                assert reply[0] == message[0], "The echo is not mine"

        await repeat_ping(repeat, COUNT)
        await sock.sendto(b"", to)


ROLES = {
    "echo": echo_once,
    "serve": serve,
    "ping": ping,
    "udp_echo": udp_echo,
    "udp_ping": udp_ping,
}
trio.run(ROLES[ROLE])
