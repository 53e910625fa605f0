/**
 * The steps of the UDP chat about two people: in the chat of the notes, where
 * each waits for the other's turn; at `prompt()`, which stops everything; and
 * with both things awaited at once.
 *
 * @module
 */

import type * as socket from "../mod.ts";
import { select } from "../src/select.ts";
import { decode, encode, repr } from "./_bytes.ts";
import { show } from "./_demo.ts";
import { Lanes } from "./_draw.ts";
import type { Text } from "./_languages.ts";
import { Person } from "./_person.ts";
import type { Post } from "./_post.ts";
import type { Run } from "./_run.ts";
import { bindDatagram } from "./_udp_whole.ts";

/** Shows what there is of something, below the sentence that it belongs to. */
function showSaid(what: Text, lines: readonly string[], run: Run): void {
  const nothing = run.text({ en: "(nothing)", zh: "（没有）" });
  show(run.text(what), lines.join(", ") || nothing);
}

// ## In turn
//
// The two programs as the notes have them. The client's turn is input, sendto,
// recvfrom. The server's begins with recvfrom; its answer goes to the sender
// of what it received last, and it prints bytes as bytes. Here, q ends them.

async function takeTurns(
  sock: socket.Socket,
  server: socket.InetAddress,
  person: Person,
): Promise<void> {
  while (true) {
    const text = await person.input();
    await sock.sendto(encode(text), server);
    if (text === "q") return;
    const [data] = await sock.recvfrom(1024);
    person.print(decode(data));
  }
}

async function answerInTurn(
  sock: socket.Socket,
  person: Person,
): Promise<void> {
  while (true) {
    const [data, address] = await sock.recvfrom(1024);
    if (decode(data) === "q") return;
    person.print(repr(data));
    await sock.sendto(encode(await person.input()), address);
  }
}

/** Shows where messages are while each side waits for the other. */
export async function showTurns(run: Run): Promise<void> {
  using a = bindDatagram();
  using b = bindDatagram();
  using c = bindDatagram();
  const [ann, ben] = [new Person(), new Person()];
  const lanes = new Lanes("A", "B", "C");
  await Promise.all([
    takeTurns(a, b.getsockname(), ann),
    answerInTurn(b, ben),
    play(),
  ]);

  // The people do one thing after the other, each when both programs wait.
  async function play(): Promise<void> {
    ann.type("你好", "2");
    await ben.asked();
    lanes.arrow("A", "input, sendto(你好)", "B", "recvfrom: 你好");
    lanes.at("B", "input() …");
    await c.sendto(encode("fire!"), b.getsockname());
    lanes.arrow("C", "sendto(fire!)", "B");
    const [readable] = await select([b], [], [], 1);
    run.say({
      en:
        "Why can I only receive after I type? A and B run the chat of many notes.\n" +
        "A's program does input, sendto, recvfrom, again and again; B's does\n" +
        'recvfrom, input, sendto. C\'s program only sends. A has typed "你好" and\n' +
        '"2", C has sent "fire!", B has typed nothing. Guess: what does B see?\n\n' +
        "1. B sees the first message alone. B's program waits in input(), A's in\n" +
        "   recvfrom, and neither can do the other thing meanwhile:",
      zh:
        "为什么我要先打字，才能收到消息？A 和 B 运行的是许多笔记里的聊天程序：\n" +
        "A 反复执行 input、sendto、recvfrom，B 反复执行 recvfrom、input、sendto；\n" +
        "C 的程序只管发送。A 输入了“你好”和“2”，C 发来了“fire!”，B 还什么都没有\n" +
        "输入。猜一猜：B 看到了什么？\n\n" +
        "1. B 只看到第一条消息。B 的程序停在 input()，A 的程序停在 recvfrom，\n" +
        "   谁都腾不出手来做另一件事：",
    });
    showSaid({ en: "B's screen", zh: "B 的屏幕" }, ben.screen, run);
    showSaid(
      { en: "typed at A, unread", zh: "A 已输入、未读取" },
      ann.unread,
      run,
    );
    show("select([b], [], [], 0)", readable.length > 0 ? "[b], [], []" : "…");
    run.say({
      en:
        "   And print(str(data)), as in the notes, shows bytes. data.decode() is\n" +
        "   the text.",
      zh:
        "   另外，像笔记那样 print(str(data))，打印出来的是字节；要得到文字，应该\n" +
        "   用 data.decode()。",
    });

    ben.type("ok");
    await ann.sees(1);
    await ben.sees(2);
    lanes.arrow("B", "sendto(ok)", "A", "recvfrom: ok");
    lanes.arrow("A", "input, sendto(2)", "B");
    lanes.at("B", "recvfrom: fire!");
    ben.type("where?");
    const [question] = await c.recvfrom(1024);
    await ben.sees(3);
    lanes.arrow("B", "input, sendto", "C", `recvfrom: ${decode(question)}`);
    lanes.at("B", "recvfrom: 2");
    ben.type("bye");
    await ann.sees(2);
    lanes.arrow("B", "input, sendto(bye)", "A", "recvfrom: bye");
    ann.type("q");
    run.say({
      en:
        '2. B types "ok", "where?" and "bye", and has to, before each further\n' +
        "   message. It goes to the sender of the message that B has received last:\n\n" +
        `${lanes}\n\n` +
        "   Some notes make a rule of it: one send, one receive. It is a rule of\n" +
        "   their loop, and not of UDP or TCP. And if one datagram gets lost, A and\n" +
        "   B both wait in recvfrom, for ever.",
      zh:
        "2. B 依次输入“ok”、“where?”和“bye”，每输入一行才能再收到一条消息；输入的\n" +
        "   内容总是发给 B 最后收到的那条消息的发送者：\n\n" +
        `${lanes}\n\n` +
        "   有的笔记把“一发一收”当作原则。其实那只是他们那个循环的规矩，UDP 和\n" +
        "   TCP 都没有这种规定。而且只要丢了一个数据报，A 和 B 就都停在\n" +
        "   recvfrom，永远等下去。",
    });
  }
}

// ## The whole program stopped
//
// `prompt()` does not only wait: it keeps the only thread there is. Without a
// terminal it returns at once, so `Atomics.wait` stands for it here, and a worker,
// which has a thread of its own, for the peer. It sends, and then presses Enter.
const PEER = `
  import { createSocket } from "node:dgram";
  self.onmessage = ({ data: { port, enter } }) => {
    const sock = createSocket("udp4");
    sock.bind(0, "127.0.0.1", () => {
      sock.send("你好", port, "127.0.0.1", () => {
        sock.close();
        Atomics.store(enter, 0, 1);
        Atomics.notify(enter, 0);
        self.close();
      });
    });
  };
`;

/** Shows that nothing is received while the thread stands still. */
export async function showPrompt(run: Run): Promise<void> {
  using sock = bindDatagram();
  const received: string[] = [];
  const receiving = sock.recvfrom(1024).then(([data]) => {
    received.push(decode(data));
  });
  const enter = new Int32Array(new SharedArrayBuffer(4));
  const url = `data:text/javascript,${encodeURIComponent(PEER)}`;
  const peer = new Worker(url, { type: "module" });
  peer.postMessage({ port: sock.getsockname()[1], enter });
  Atomics.wait(enter, 0, 0);
  const before = [...received];
  await receiving;
  peer.terminate();
  run.say({
    en:
      "3. Is Deno's prompt() the input() to take? It stops not one call but the\n" +
      "   whole program: timers, servers, every other socket. recvfrom has been\n" +
      "   called before, and a datagram comes meanwhile:",
    zh:
      "3. 那么用 Deno 的 prompt() 代替 input() 行吗？它停住的不是一个调用，而是\n" +
      "   整个程序：定时器、服务器和其他套接字全都停下。下面先调用 recvfrom，\n" +
      "   再让程序停住，此时来了一个数据报：",
  });
  showSaid({ en: "before Enter", zh: "按回车之前收到" }, before, run);
  showSaid({ en: "after Enter", zh: "按回车之后收到" }, received, run);
  run.say({
    en:
      "   (Here another call that stops the thread stands for prompt(). At a\n" +
      "   terminal, a datagram was read 1,477 ms after it had come: at Enter.)",
    zh:
      "   （这里用另一个会停住线程的调用来代替 prompt()。在终端里实测：数据报到达\n" +
      "   1,477 毫秒之后才被读到，也就是按下回车的那一刻。）",
  });
}

// ## Both at once
//
// Two loops, neither of which knows of the other. While one waits for a line the
// other waits for a datagram. Python needs a thread for each: `input` stops its
// own alone. (`select` on both would do as well, but on Windows it knows sockets
// only.)

async function talkFreely<Address>(
  post: Post<Address>,
  peer: Address,
  person: Person,
): Promise<void> {
  await Promise.all([sendLines(), receiveLines()]);

  async function sendLines(): Promise<void> {
    while (true) {
      const text = await person.input();
      await post.send(encode(text), peer);
      if (text === "q") return;
    }
  }

  async function receiveLines(): Promise<void> {
    while (true) {
      const [data] = await post.receive();
      const text = decode(data);
      if (text === "q") return;
      person.print(text);
    }
  }
}

/** Shows two people who need not wait for each other. */
export async function showFreedom<Address>(
  run: Run,
  number: number,
  open: () => Post<Address> | Promise<Post<Address>>,
): Promise<void> {
  using a = await open();
  using b = await open();
  const [ann, ben] = [new Person(), new Person()];
  await Promise.all([
    talkFreely(a, b.address, ann),
    talkFreely(b, a.address, ben),
    play(),
  ]);

  async function play(): Promise<void> {
    ann.type("你好", "2", "3");
    await ben.sees(3);
    run.say({
      en:
        `${number}. The cure: two loops at once, one that awaits lines and one that awaits\n` +
        "   datagrams. A types three lines, B not a key:",
      zh:
        `${number}. 解决办法：两个循环同时进行，一个 await 键盘输入，一个 await 数据报。\n` +
        "   A 输入三行，B 一个键也没按：",
    });
    showSaid({ en: "B's screen", zh: "B 的屏幕" }, ben.screen, run);
    ben.type("ok");
    await ann.sees(1);
    showSaid({ en: "A's screen", zh: "A 的屏幕" }, ann.screen, run);
    for (const person of [ann, ben]) person.type("q");
    run.say({
      en:
        "   In Python that takes a thread for each loop, since input() and recvfrom\n" +
        "   each stop theirs. Here one thread is enough: await stops one function,\n" +
        "   not the program.",
      zh:
        "   在 Python 里，两个循环要各用一个线程，因为 input() 和 recvfrom 都会停住\n" +
        "   自己的线程。这里一个线程就够了：await 停住的只是一个函数，而不是程序。",
    });
  }
}
