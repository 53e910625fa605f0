/** This package in the benchmark. */

import {
  create_connection,
  create_server,
  SHUT_WR,
  type Socket,
} from "../mod.ts";
import { type Conn, play } from "./_roles.ts";

function wrap(sock: Socket): Conn {
  return {
    receiveInto: (target) => sock.recv_into(target),
    send: (data) => sock.sendall(data),
    endSending: () => sock.shutdown(SHUT_WR),
    [Symbol.dispose]: () => sock.close(),
  };
}

await play({
  async connect(port) {
    return wrap(await create_connection(["127.0.0.1", port]));
  },
  async acceptOne(onPort) {
    using listener = create_server(["127.0.0.1", 0]);
    onPort(listener.getsockname()[1]);
    const [conn] = await listener.accept();
    return wrap(conn);
  },
});
