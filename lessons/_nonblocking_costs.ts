/**
 * What it costs to ask again and again, and what to be told: measured, in two
 * steps of the demo.
 *
 * @module
 */

import process from "node:process";
import * as socket from "../mod.ts";
import { select } from "../src/select.ts";
import { DefaultSelector, EVENT_READ, EVENT_WRITE } from "../src/selectors.ts";
import { encode, formatCount, repr } from "./_bytes.ts";
import { show } from "./_demo.ts";
import { Lanes } from "./_draw.ts";
import type { Run } from "./_run.ts";

/** How often one asks in vain before the message is sent. */
const QUESTIONS = 40;

/** How often a selector is asked that has always the same answer. */
const ROUNDS = 1000;

const HELLO = encode("hi");

/** Shows what waiting costs. */
export async function showCosts(run: Run): Promise<void> {
  using listener = socket.create_server(["127.0.0.1", 0]);
  using client = await socket.create_connection(listener.getsockname());
  using conn = (await listener.accept())[0];
  conn.setblocking(false);
  await showSpin(client, conn, run);
  await showAlwaysWritable(client, conn, run);
}

// The client takes its time. It sends after so many questions; when nobody asks,
// after the time that they took, so that both wait for the same.
async function showSpin(
  client: socket.Socket,
  conn: socket.Socket,
  run: Run,
): Promise<void> {
  let [questions, answers, text] = [0, 0, ""];
  const asking = await measure(async () => {
    while (text === "") {
      try {
        text = repr(await conn.recv(1024));
      } catch (error) {
        if (!(error instanceof socket.BlockingIOError)) throw error;
        if (++questions === QUESTIONS) await client.sendall(HELLO);
      }
    }
  });
  const sleeping = await measure(async () => {
    const sending = sendAfter(client, asking.ms);
    answers += (await select([conn], [], []))[0].length;
    text = repr(await conn.recv(1024));
    await sending;
  });
  const [spin, sleep] = ["recv, recv, recv, …", "select, recv"];
  const lanes = new Lanes(spin, sleep);
  lanes.at(sleep, "select: …");
  for (let i = 0; i < 3; i++) lanes.at(spin, "recv: Errno 11");
  lanes.at(spin, "…");
  lanes.at(spin, `recv: ${text}`);
  lanes.at(sleep, `select: [conn]`);
  lanes.at(sleep, `recv: ${text}`);
  run.say({
    en:
      "5. A message comes after a while. One can ask for it over and over (a\n" +
      `   spin, or busy loop), or sleep in select until it is there:\n\n${lanes}`,
    zh: "5. 消息过一会儿才到。可以一遍又一遍地问（忙等），也可以睡在 select\n" +
      `   里，等消息到了再醒：\n\n${lanes}`,
  });
  console.log();
  show(
    run.text({
      en: `${questions} recv in vain`,
      zh: `${questions} 次 recv，全部落空`,
    }),
    asking.text(run),
  );
  show(formatSelects(answers, run), sleeping.text(run));
  run.say({
    en:
      "   Here each question lets the event loop look first, which takes about\n" +
      "   2 ms. Python asks without a break, hundreds of thousands of times a\n" +
      "   second, and one core does nothing else.",
    zh:
      "   在这里，每问一次都先让事件循环查看一遍，约需 2 毫秒。Python 则不停\n" +
      "   地问，每秒几十万次，把一个 CPU 核占满。",
  });
}

// A socket nearly always has room to send, so that `select` has nothing to wait
// for. The right question is EVENT_WRITE only while something is to be sent.
async function showAlwaysWritable(
  client: socket.Socket,
  conn: socket.Socket,
  run: Run,
): Promise<void> {
  using selector = new DefaultSelector();
  selector.register(conn, EVENT_READ | EVENT_WRITE);
  const both = await measure(async () => {
    for (let i = 0; i < ROUNDS; i++) await selector.select();
  });
  selector.modify(conn, EVENT_READ);
  let rounds = 0;
  const one = await measure(async () => {
    const sending = sendAfter(client, both.ms);
    rounds += (await selector.select()).length;
    await conn.recv(1024);
    await sending;
  });
  run.say({
    en:
      "6. The other spin is harder to see: EVENT_READ | EVENT_WRITE for each\n" +
      "   client, always, as well-known examples have it. One client who says\n" +
      "   nothing is enough, for there is room to send:",
    zh: "6. 另一种忙等更隐蔽：不管有没有数据要发，总是给每个客户端都注册\n" +
      "   EVENT_READ | EVENT_WRITE，有些著名的示例就是这样写的。只要有一个\n" +
      "   一声不吭的客户端就够了，因为它总是可写：",
  });
  show(formatSelects(ROUNDS, run), both.text(run));
  run.say({
    en: "   With EVENT_READ alone, until the same client says something:",
    zh: "   只注册 EVENT_READ，等到同一个客户端发来数据为止：",
  });
  show(formatSelects(rounds, run), one.text(run));
}

function formatSelects(count: number, run: Run): string {
  const n = formatCount(count);
  return run.text({ en: `${n} select`, zh: `${n} 次 select` });
}

async function sendAfter(sock: socket.Socket, ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  await sock.sendall(HELLO);
}

interface Cost {
  readonly ms: number;
  text(run: Run): string;
}

/** How long something takes, and how long the processor works meanwhile. */
async function measure(work: () => Promise<void>): Promise<Cost> {
  const begin = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  const ms = performance.now() - begin;
  const [all, cpu] = [ms, (user + system) / 1000].map((n) => n.toFixed(1));
  const text = {
    en: `${all} ms, CPU ${cpu} ms`,
    zh: `${all} 毫秒，CPU ${cpu} 毫秒`,
  };
  return { ms, text: (run) => run.text(text) };
}
