/**
 * The step of the UDP lesson about datagrams in plain Deno.
 *
 * @module
 */

import { formatCount } from "./_bytes.ts";
import { show } from "./_demo.ts";
import { drawBoxes } from "./_draw.ts";
import type { Run } from "./_run.ts";
import { formatNet } from "./tcp_echo.ts";

/** The calls side by side; Deno has neither `connect` nor timeouts. */
const CALLS = [
  ["", "", ""],
  ["bind(a)", "bind(a)", "listenDatagram({…})"],
  ["sendto(data, a)", "await sendto(data, a)", "await send(data, a)"],
  ["recvfrom(n)", "await recvfrom(n)", "await receive(buffer)"],
  ["connect(a)", "await connect(a)", "-"],
  ["settimeout(s)", "settimeout(s)", "-"],
];

/** Shows how plain Deno does it, where it can. */
export async function showNative(run: Run): Promise<void> {
  const here = run.text({ en: "here", zh: "本模块" });
  const native = run.text({ en: "plain Deno", zh: "Deno 自带" });
  const calls = drawBoxes(["Python", here, native], ...CALLS);
  run.say({
    en: `10. The same calls in Python, here, and in plain Deno:\n\n${calls}`,
    zh:
      `10. 同样的调用，在 Python、本模块和 Deno 自带的 API 里分别是：\n\n${calls}`,
  });
  // It is there only with --unstable-net, or where the deno.json that governs the
  // program says so, as ours does. The module goes another way without.
  if (!("listenDatagram" in Deno)) {
    return run.say({
      en:
        "   Deno.listenDatagram needs --unstable-net, which this run is without.\n" +
        "   This module does not.",
      zh:
        "   Deno.listenDatagram 需要 --unstable-net，这次运行没有加；本模块不需要。",
    });
  }
  using opened = new DisposableStack();
  const receiver = openNative(opened);
  const sender = openNative(opened);
  run.say({
    en: "   3,000 bytes into 1,024 are cut here, too, and nothing tells:",
    zh: "   3,000 字节收进 1,024 字节的缓冲区，同样会被截断，而且毫无提示：",
  });
  const sent = await sender.send(new Uint8Array(3000), receiver.addr);
  show("sender.send(…)", formatCount(sent));
  const [data, from] = await receiver.receive(new Uint8Array(1024));
  const name = formatNet(from as Deno.NetAddr);
  show("receiver.receive(…)", `${formatCount(data.length)}, ${name}`);
}

/** Opens a socket and has it closed with the others. */
function openNative(opened: DisposableStack): Deno.DatagramConn {
  const conn = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
  return opened.adopt(conn, () => conn.close());
}
