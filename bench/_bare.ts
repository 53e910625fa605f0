/** The bare calls of Deno in the benchmark. */

import { type Conn, play } from "./_roles.ts";

function wrap(conn: Deno.Conn): Conn {
  return {
    receiveInto: (target) => conn.read(target),
    send: (data) => conn.write(data),
    endSending: () => conn.closeWrite(),
    [Symbol.dispose]: () => conn.close(),
  };
}

await play({
  async connect(port) {
    return wrap(await Deno.connect({ hostname: "127.0.0.1", port }));
  },
  async acceptOne(onPort) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    onPort(listener.addr.port);
    return wrap(await listener.accept());
  },
});
