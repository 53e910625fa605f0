/**
 * A server among three clients: one is silent, one sends and never reads, one is
 * as it should be. The last steps of the demo.
 *
 * @module
 */

import * as socket from "../mod.ts";
import { EVENT_READ, EVENT_WRITE } from "../src/selectors.ts";
import { type Bytes, decode, encode, formatCount } from "./_bytes.ts";
import { failureOf } from "./_demo.ts";
import { drawBoxes } from "./_draw.ts";
import {
  type Client,
  EchoLoop,
  eventsFor,
  MOST_UNSENT,
} from "./_nonblocking_loop.ts";
import type { Run } from "./_run.ts";

/** What the one who never reads sends, for ever. */
export const FLOOD: Bytes = new Uint8Array(64 * 1024);

/** What the good one says. */
export const HELLO: Bytes = encode("你好");

/** Does something with the good client while the two others are there. */
async function meet(
  address: socket.InetAddress,
  act: (good: socket.Socket) => Promise<void>,
): Promise<void> {
  using _silent = await socket.create_connection(address);
  using rude = await socket.create_connection(address);
  using good = await socket.create_connection(address);
  const flood = failureOf(async () => {
    while (true) await rude.sendall(FLOOD);
  });
  await act(good);
  rude.close();
  await flood;
}

/** What the good client says, and has for an answer. */
async function ask(good: socket.Socket): Promise<string> {
  await good.sendall(HELLO);
  return decode(await good.recv(HELLO.length, socket.MSG_WAITALL));
}

// The loop looks after each round whether it is over: when the rude one's bytes
// wait up to the limit, and when the good one has been answered.

/** Shows whom the loop serves. */
export async function showLoop(run: Run): Promise<void> {
  run.say({
    en:
      "7. So one task can serve many clients: it waits in select alone, for\n" +
      "   all of them. Three are here: one says nothing, one sends and never\n" +
      "   reads, one says 你好. Which of them are served?",
    zh:
      "7. 这样，一个任务就能服务许多客户端：它只在 select 里等，同时等所有\n" +
      "   客户端。现在来了三个：一个一声不吭，一个只发不收，一个发来“你好”。\n" +
      "   哪些能得到服务？",
  });
  using listener = socket.create_server(["127.0.0.1", 0]);
  using loop = new EchoLoop(listener);
  const is = (test: (client: Client) => boolean) => () =>
    loop.clients.size === 3 && [...loop.clients].some(test);
  await meet(listener.getsockname(), async (good) => {
    await loop.serve(is(({ unsent }) => unsent.length >= MOST_UNSENT));
    const [text] = await Promise.all([
      ask(good),
      loop.serve(is(({ echoed }) => echoed === HELLO.length)),
    ]);
    console.log(drawClients([...loop.clients], run));
    run.say({
      en:
        `   The third has its echo: ${text}. Of the second no more is received\n` +
        "   (back-pressure): it has to wait itself. And EVENT_WRITE is asked for\n" +
        "   only where something waits to be sent.",
      zh:
        `   第三个收到了回声：${text}。第二个积压的数据已到上限，服务器不再接收\n` +
        "   它的数据（背压），它自己只好等着。另外，只有在有数据等着发送时，\n" +
        "   才注册 EVENT_WRITE。",
    });
  });
}

function drawClients(clients: Client[], run: Run): string {
  const says = run.text({ en: "says nothing", zh: "一声不吭" });
  const sends = run.text({ en: "never reads", zh: "只发不收" });
  const names = [says, sends, run.text({ en: "says 你好", zh: "发来“你好”" })];
  const title = run.text({ en: "client", zh: "客户端" });
  const waits = run.text({ en: "bytes to go back", zh: "待回送的字节" });
  const asked = run.text({ en: "asked for", zh: "注册的事件" });
  return drawBoxes(
    [title, waits, asked],
    ...clients.map((client, i) => [
      names[i]!,
      formatCount(client.unsent.length),
      formatEvents(eventsFor(client)),
    ]),
  );
}

function formatEvents(events: number): string {
  const names: string[] = [];
  if ((events & EVENT_READ) !== 0) names.push("EVENT_READ");
  if ((events & EVENT_WRITE) !== 0) names.push("EVENT_WRITE");
  return names.join(" | ");
}

// The same with `await`, and sockets that may wait: each client has a task, and
// none of them notices the others.
async function echo(conn: socket.Socket): Promise<void> {
  using _ = conn;
  while (true) {
    const data = await conn.recv(4096);
    if (data.length === 0) break;
    await conn.sendall(data);
  }
}

/** Shows what is left to write where there is an event loop. */
export async function showAwait(run: Run): Promise<void> {
  run.say({
    en:
      "8. An event loop does all of this for you. Deno has one: below, its\n" +
      "   sockets are all non-blocking, and it waits in a selector (epoll on\n" +
      `   Linux). What is left to write is one client:\n\n${ECHO}`,
    zh: "8. 这一切，事件循环都替你做了。Deno 就有一个：它底层的套接字全是\n" +
      "   非阻塞的，它也在一个选择器里等（Linux 上是 epoll）。你只需写出如何\n" +
      `   服务一个客户端：\n\n${ECHO}`,
  });
  console.log();
  console.log(drawBoxes(
    [
      run.text({ en: "by hand", zh: "自己写循环" }),
      run.text({ en: "with await", zh: "用 await" }),
    ],
    ["register, select", "await"],
    [
      run.text({
        en: "a Client object for each",
        zh: "每个客户端的 Client 对象",
      }),
      run.text({
        en: "variables, and the line reached",
        zh: "局部变量和执行位置",
      }),
    ],
    ["EVENT_READ", "await conn.recv(4096)"],
    ["unsent, EVENT_WRITE", "await conn.sendall(data)"],
  ));
  using listener = socket.create_server(["127.0.0.1", 0]);
  let ended: Promise<unknown> | undefined;
  await meet(listener.getsockname(), async (good) => {
    const visits: Promise<void>[] = [];
    for (let i = 0; i < 3; i++) visits.push(echo((await listener.accept())[0]));
    ended = Promise.allSettled(visits);
    const text = await ask(good);
    run.say({
      en: `   Among the same three clients the third has its echo: ${text}.`,
      zh: `   还是那三个客户端，第三个收到了回声：${text}。`,
    });
  });
  await ended;
}

/** The lines of `echo`, to be shown. */
const ECHO = [
  "while (true) {",
  "  const data = await conn.recv(4096);",
  "  if (data.length === 0) break;",
  "  await conn.sendall(data);",
  "}",
].map((line) => `     ${line}`).join("\n");
