/**
 * The bare calls of Deno. With `shared` for a fifth argument others can listen at
 * the same port.
 */

import { type Bytes, type Conn, type Listener, play } from "../_roles.ts";

const hostname = "127.0.0.1";
const reusePort = Deno.args[4] === "shared";

function wrap(conn: Deno.Conn): Conn {
  return {
    receive: async (size) => {
      const data = new Uint8Array(size);
      return data.subarray(0, await conn.read(data) ?? 0);
    },
    receiveInto: (target) => conn.read(target),
    send: (data) => conn.write(data),
    sendAll: (data) => writeAll(conn, data),
    endSending: () => conn.closeWrite(),
    [Symbol.dispose]: () => conn.close(),
  };
}

async function writeAll(conn: Deno.Conn, data: Bytes): Promise<void> {
  let sent = await conn.write(data);
  while (sent < data.length) sent += await conn.write(data.subarray(sent));
}

function listen(address: string): Listener {
  const isPath = address.includes("/");
  const listener = isPath
    ? Deno.listen({ transport: "unix", path: address })
    : Deno.listen({
      hostname,
      port: Number(address),
      tcpBacklog: 4096,
      reusePort,
    });
  const { addr } = listener;
  return {
    address: "port" in addr ? `${addr.port}` : address,
    accept: async () => wrap(await listener.accept()),
    [Symbol.dispose]: () => listener.close(),
  };
}

await play<Deno.Addr>({
  connect: async (address) =>
    wrap(
      address.includes("/")
        ? await Deno.connect({ transport: "unix", path: address })
        : await Deno.connect({ hostname, port: Number(address) }),
    ),
  listen,
  bind: () => {
    const sock = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    return {
      port: (sock.addr as Deno.NetAddr).port,
      send: (data, to) => sock.send(data, to),
      receiveInto: async (target) => {
        const [data, from] = await sock.receive(target);
        return [data.length, from];
      },
      [Symbol.dispose]: () => sock.close(),
    };
  },
  addressOf: (port) => ({ transport: "udp", hostname, port }),
});
