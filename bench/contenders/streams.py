"""asyncio's streams, and for datagrams its protocols; roles as in ../_roles.ts."""

import asyncio
import sys
import time

ROLE, ADDRESS, SIZE, COUNT = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:5])
IS_PATH = "/" in ADDRESS


async def listen(visit):
    """Serves with `visit`, and prints the address."""
    if IS_PATH:
        server = await asyncio.start_unix_server(visit, ADDRESS, backlog=4096)
        print(ADDRESS, flush=True)
    else:
        server = await asyncio.start_server(
            visit, "127.0.0.1", int(ADDRESS), backlog=4096
        )
        print(server.sockets[0].getsockname()[1], flush=True)
    return server


async def accept_one(role):
    done = asyncio.get_running_loop().create_future()

    async def visit(reader, writer):
        server.close()
        try:
            await role(reader, writer)
            writer.close()
        finally:
            done.set_result(None)

    server = await listen(visit)
    await done


async def connect():
    if IS_PATH:
        return await asyncio.open_unix_connection(ADDRESS)
    return await asyncio.open_connection("127.0.0.1", int(ADDRESS))


def report(start):
    print(time.perf_counter() - start, flush=True)


def check_total(total, expected):
    assert total == expected, f"Bytes are missing: {total} of {expected}"


async def echo(reader, writer):
    while data := await reader.read(SIZE):
        writer.write(data)
        await writer.drain()


async def serve():
    async def visit(reader, writer):
        await echo(reader, writer)
        writer.close()

    server = await listen(visit)
    await server.serve_forever()


async def repeat_ping(ping, times):
    await ping(times)
    start = time.perf_counter()
    await ping(times)
    report(start)


async def ping():
    message = bytearray(SIZE)
    reader, writer = await connect()

    async def repeat(times):
        for i in range(times):
            message[0] = i & 255
            writer.write(bytes(message))
            await writer.drain()
            reply = await reader.readexactly(SIZE)
            assert reply[0] == message[0], "The echo is not mine"

    await repeat_ping(repeat, COUNT)
    writer.close()


async def source(_reader, writer):
    piece = bytes(SIZE)
    for _ in range(COUNT):
        writer.write(piece)
        await writer.drain()


async def gather():
    reader, writer = await connect()
    total = len(await reader.read(SIZE))
    start = time.perf_counter()
    while data := await reader.read(SIZE):
        total += len(data)
    report(start)
    writer.close()
    check_total(total, SIZE * COUNT)


async def sink(reader, writer):
    total = 0
    while data := await reader.read(256 * 1024):
        total += len(data)
    writer.write(str(total).encode())
    await writer.drain()


async def pour():
    reader, writer = await connect()
    start = time.perf_counter()
    await source(reader, writer)
    writer.write_eof()
    total = int(await reader.read(100))
    report(start)
    writer.close()
    check_total(total, SIZE * COUNT)


async def churn():
    async def repeat(times):
        for _ in range(times):
            reader, writer = await connect()
            check_total(len(await reader.read(1)), 0)
            writer.close()

    await repeat_ping(repeat, COUNT)


async def udp_echo():
    done = asyncio.get_running_loop().create_future()

    class Echo(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport = transport

        def datagram_received(self, data, address):
            if data:
                self.transport.sendto(data, address)
            else:
                done.set_result(None)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        Echo, local_addr=("127.0.0.1", 0)
    )
    print(transport.get_extra_info("sockname")[1], flush=True)
    await done
    transport.close()


async def udp_ping():
    loop = asyncio.get_running_loop()
    replies = []

    class Ping(asyncio.DatagramProtocol):
        def datagram_received(self, data, address):
            replies.pop().set_result(data)

    transport, _ = await loop.create_datagram_endpoint(
        Ping, remote_addr=("127.0.0.1", int(ADDRESS))
    )
    message = bytearray(SIZE)

    async def repeat(times):
        for i in range(times):
            message[0] = i & 255
            reply = loop.create_future()
            replies.append(reply)
            transport.sendto(message)
            data = await reply
            check_total(len(data), SIZE)
            assert data[0] == message[0], "The echo is not mine"

    await repeat_ping(repeat, COUNT)
    transport.sendto(b"")
    transport.close()


ROLES = {
    "echo": lambda: accept_one(echo),
    "source": lambda: accept_one(source),
    "sink": lambda: accept_one(sink),
    "serve": serve,
    "ping": ping,
    "drain": gather,
    "gather": gather,
    "pour": pour,
    "churn": churn,
    "udp_echo": udp_echo,
    "udp_ping": udp_ping,
}
asyncio.run(ROLES[ROLE]())
