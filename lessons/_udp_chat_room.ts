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

/** Shows three members of a room, in two steps that begin with a number. */
export async function showRoom<Address>(
  run: Run,
  number: number,
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
    const rows = [["alice", "bob", "小明"], ["", "", ""]];
    // Every datagram has one answer, and gives the others one datagram at most.
    const say = async (
      sender: Post<Address>,
      data: Bytes,
      ...present: Post<Address>[]
    ) => {
      await sender.send(data, post.address);
      const received = present.map(async (each) => (await each.receive())[0]);
      const lines = (await Promise.all(received)).map(decode);
      rows.push(lines);
      return lines;
    };
    await say(alice, encode("/name alice"), alice);
    await say(bob, encode("/name bob"), alice, bob);
    await say(ming, encode("/name 小明"), alice, bob, ming);
    await say(alice, encode("hello"), alice, bob, ming);
    await say(ming, encode("大家好"), alice, bob, ming);
    run.say({
      en:
        `${number}. A room: one socket, and everybody who has sent something is a\n` +
        "   member. Each row is one datagram sent to it, and what comes of that for\n" +
        "   each. The sender gets its own line, too: who sends and then waits in\n" +
        `   recvfrom, as Python programs do, has an answer.\n\n${
          drawBoxes(...rows)
        }`,
      zh:
        `${number}. 聊天室：服务器只有一个套接字，凡是发来过数据报的，就是成员。下面每行\n` +
        "   是一个发给聊天室的数据报给每个成员带来的消息。发送者也会收到自己的\n" +
        "   消息：这样，先 sendto 再等 recvfrom 的 Python 程序总能等到回复。\n\n" +
        drawBoxes(...rows),
    });

    run.say({
      en:
        `${
          number + 1
        }. bob is up to mischief: clear your screens, speak for the room, send\n` +
        "   what is no text, be alice. What alice gets, or bob for the last two:",
      zh:
        `${
          number + 1
        }. bob 开始捣乱：想清空大家的屏幕，想冒充聊天室说话，发来的不是文本，\n` +
        "   还想改名叫 alice。下面是 alice 收到的，后两行则是 bob 收到的：",
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
