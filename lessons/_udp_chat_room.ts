/**
 * The steps of the UDP chat about its room, which show what each member gets.
 *
 * @module
 */

import { type Bytes, decode, encode, repr } from "./_bytes.ts";
import { show } from "./_demo.ts";
import { drawBoxes } from "./_draw.ts";
import type { Post } from "./_post.ts";
import type { Run } from "./_run.ts";

/** What the steps are played with: this module's sockets, or Deno's. */
export interface Stage<Address> {
  /** A socket at a free port of this computer. */
  open(): Post<Address> | Promise<Post<Address>>;
  /** Serves a room until `run` is interrupted. */
  serve(post: Post<Address>, run: Run): Promise<void>;
}

/** Shows three members of a room, in two steps with these numbers. */
export async function showRoom<Address>(
  run: Run,
  [first, second]: readonly [number, number],
  { open, serve }: Stage<Address>,
): Promise<void> {
  const stop = new AbortController();
  using post = await open();
  using alice = await open();
  using bob = await open();
  using ming = await open();
  const quiet = { ...run, interrupted: stop.signal, note: () => {} };
  await Promise.all([serve(post, quiet), play()]);

  async function play(): Promise<void> {
    const sent = run.text({ en: "sent", zh: "发送" });
    const rows = [
      [sent, "alice", "bob", "小明"],
      ["----", "-----", "---", "----"],
    ];
    // Every datagram has one answer, and gives the others one datagram at most.
    const say = async (
      sender: Post<Address>,
      data: Bytes,
      ...present: Post<Address>[]
    ) => {
      await sender.send(data, post.address);
      const received = present.map(async (each) => (await each.receive())[0]);
      return (await Promise.all(received)).map(decode);
    };
    const turns: [Post<Address>, text: string, ...Post<Address>[]][] = [
      [alice, "/name alice", alice],
      [bob, "/name bob", alice, bob],
      [ming, "/name 小明", alice, bob, ming],
      [alice, "hello", alice, bob, ming],
      [ming, "大家好", alice, bob, ming],
    ];
    for (const [sender, text, ...present] of turns) {
      rows.push([text, ...await say(sender, encode(text), ...present)]);
    }
    run.say({
      en:
        `${first}. A room: one socket, and whoever has sent something is a member. Each\n` +
        "   row is one datagram sent to the room, and what each member gets for it:\n" +
        "   the first three are by alice, bob and 小明, then alice and 小明 speak.\n" +
        "   The sender gets its own line, too: a Python program that calls sendto and\n" +
        "   then waits in recvfrom gets a line, though mostly an older one.\n\n" +
        drawBoxes(...rows),
      zh:
        `${first}. 聊天室：服务器只有一个套接字，凡是发来过数据报的就是成员。下面每一行\n` +
        "   左边是发到聊天室的一个数据报，右边三格是三位成员因此收到的消息：前三个\n" +
        "   依次由 alice、bob、小明发出，后两个由 alice、小明发出。发送者也会收到\n" +
        "   自己的那一句：先 sendto 再等 recvfrom 的 Python 程序不会一直等下去，\n" +
        "   不过它读到的往往是更早的消息。\n\n" +
        drawBoxes(...rows),
    });

    run.say({
      en:
        `${second}. bob is up to mischief: he tries to clear all screens, to speak for the\n` +
        "   room, to send what is no text, and to be called alice. Of the lines on the\n" +
        "   right, alice gets the first two, and bob the last two:",
      zh:
        `${second}. bob 捣乱：想清空大家的屏幕，想冒充聊天室说话，发来的不是文本，还想改名\n` +
        "   叫 alice。左边是他发送的；右边前两行是 alice 收到的，后两行是 bob 自己\n" +
        "   收到的：",
    });
    const pranks: [data: Bytes, ...present: Post<Address>[]][] = [
      [encode("\x1b[2J"), alice, bob, ming],
      [encode("hi\n* alice has left"), alice, bob, ming],
      [Uint8Array.of(0xff), bob],
      [encode("/name alice"), bob],
    ];
    for (const [data, ...present] of pranks) {
      const [line] = await say(bob, data, ...present);
      show(repr(data), line);
    }
    await say(bob, encode("/quit"), alice, bob, ming);
    stop.abort();
  }
}
