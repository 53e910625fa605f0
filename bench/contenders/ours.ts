/**
 * This package. A fifth argument changes one thing: `timeout` sets one on every
 * socket, `watched` subscribes to the events, `shared` lets others listen at the
 * same port.
 */

import { subscribe } from "node:diagnostics_channel";
import * as socket from "../../mod.ts";
import { type Conn, type Listener, play } from "../_roles.ts";

const [, , , , variant] = Deno.args;
if (variant === "timeout") socket.setdefaulttimeout(5);
if (variant === "watched") subscribe("pysocket.call", () => {});

const host = "127.0.0.1";

function wrap(sock: socket.Socket): Conn {
  return {
    receive: (size) => sock.recv(size),
    receiveInto: (target) => sock.recv_into(target),
    send: (data) => sock.send(data),
    sendAll: (data) => sock.sendall(data),
    endSending: () => sock.shutdown(socket.SHUT_WR),
    [Symbol.dispose]: () => sock.close(),
  };
}

function listen(address: string): Listener {
  const isPath = address.includes("/");
  const listener = socket.socket(isPath ? socket.AF_UNIX : socket.AF_INET);
  if (variant === "shared") {
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1);
  }
  listener.bind(isPath ? address : [host, Number(address)]);
  listener.listen(4096);
  return {
    address: isPath ? address : `${listener.getsockname()[1]}`,
    accept: async () => wrap((await listener.accept())[0]),
    [Symbol.dispose]: () => listener.close(),
  };
}

await play<socket.InetAddress>({
  connect: async (address) => {
    const isPath = address.includes("/");
    const sock = socket.socket(isPath ? socket.AF_UNIX : socket.AF_INET);
    await sock.connect(isPath ? address : [host, Number(address)]);
    return wrap(sock);
  },
  listen,
  bind: () => {
    const sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
    sock.bind([host, 0]);
    return {
      port: sock.getsockname()[1],
      send: (data, to) => sock.sendto(data, to),
      receiveInto: (target) => sock.recvfrom_into(target),
      [Symbol.dispose]: () => sock.close(),
    };
  },
  addressOf: (port) => [host, port],
});
