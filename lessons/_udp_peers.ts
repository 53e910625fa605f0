/**
 * The steps of the UDP lesson about who is at the other end: another protocol,
 * nobody, or a stranger.
 *
 * @module
 */

import * as socket from "../mod.ts";
import { encode } from "./_bytes.ts";
import { failureOf, show } from "./_demo.ts";
import { Lanes } from "./_draw.ts";
import { formatAddress } from "./_options.ts";
import type { Run } from "./_run.ts";
import { bindDatagram, formatReceived } from "./_udp_whole.ts";

// ## Ports of two kinds, and nobody
//
// TCP and UDP number their ports each for itself. So a TCP server at a port is
// nobody to a datagram. `await using` has let go of the UDP port at its end.

/** Shows that TCP and UDP ports are apart, and what comes of sending to nobody. */
export async function showNobody(run: Run): Promise<void> {
  using sender = bindDatagram();
  const [tcp, udp] = bindBoth();
  using _ = tcp;
  const address = tcp.getsockname();
  run.say({
    en:
      "6. Two sockets at one port number: TCP and UDP number their ports each\n" +
      "   for itself. A datagram goes to the UDP socket:",
    zh:
      "6. 同一个端口号可以绑定两个套接字：TCP 和 UDP 的端口各算各的。数据报\n" +
      "   只会交给 UDP 套接字：",
  });
  {
    await using receiver = udp;
    show("tcp.getsockname()", formatAddress(address));
    show("udp.getsockname()", formatAddress(receiver.getsockname()));
    await sender.sendto(encode("hi"), address);
    show("udp.recvfrom(1024)", formatReceived(await receiver.recvfrom(1024)));
  }
  run.say({
    en:
      "   Now udp is closed, and only TCP listens there. The sender hears nothing\n" +
      "   of that, unless its socket is connected:",
    zh:
      "   现在关闭 udp，这个端口只剩 TCP 在监听。再往这里发数据报，发送方并不\n" +
      "   知道没人收，除非套接字是用 connect 连接过的：",
  });
  show("sender.sendto(b'hi', …)", await sender.sendto(encode("hi"), address));
  show("sender.sendto(b'hi', …)", await sender.sendto(encode("hi"), address));
  using connected = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  await connected.connect(address);
  connected.settimeout(0.2);
  show("connected.send(b'hi')", await connected.send(encode("hi")));
  show("connected.recv(1024)", await failureOf(() => connected.recv(1024)));
  run.say({
    en:
      "   The count only says that the kernel has taken it. The other kernel\n" +
      "   answers by ICMP, “port unreachable”, and ours passes that on to a\n" +
      "   connected socket alone. Here this takes Linux and --allow-ffi, which\n" +
      "   -A includes; without, recv times out. Python needs neither.",
    zh:
      "   返回的字节数只说明内核收下了。对端内核会用 ICMP 回一句“端口不可达”，\n" +
      "   而本机内核只把它转告给连接过的套接字。在这里，这需要 Linux 和\n" +
      "   --allow-ffi（-A 已包含），否则 recv 只会超时；Python 则不需要这些。",
  });
}

/** A TCP and a UDP socket at one port number. */
function bindBoth(): [tcp: socket.Socket, udp: socket.Socket] {
  while (true) {
    const udp = bindDatagram();
    try {
      return [socket.create_server(udp.getsockname()), udp];
    } catch (error) {
      udp.close();
      const isTaken = error instanceof socket.OSError &&
        error.code === "EADDRINUSE";
      if (!isTaken) throw error;
    }
  }
}

// ## A stranger
//
// The client of many notes takes the first datagram that comes for the server's
// answer. Whoever knows or guesses its port can be the first.

/** Shows that anybody may answer, and how a client keeps them out. */
export async function showStranger(run: Run): Promise<void> {
  using server = bindDatagram();
  using client = bindDatagram();
  using stranger = bindDatagram();
  const third = run.text({ en: "stranger", zh: "陌生人" });
  const lanes = new Lanes("client", "server", third);
  const [address, lie] = [client.getsockname(), encode("I am the server")];

  lanes.at("server", "bind");
  await client.sendto(encode("hello"), server.getsockname());
  lanes.arrow("client", "sendto(hello)", "server");
  await stranger.sendto(lie, address);
  const first = await client.recvfrom(1024);
  lanes.arrow(third, "sendto", "client", "recvfrom: I am the server");
  await answer(server);
  const second = await client.recvfrom(1024);
  lanes.arrow("server", "recvfrom, sendto", "client", "recvfrom: hello");
  run.say({
    en: "7. The client sends hello to the server. Guess: who answers?",
    zh: "7. 客户端把 hello 发给服务器。猜一猜：回答的会是谁？",
  });
  show("server.getsockname()", formatAddress(server.getsockname()));
  show("client.recvfrom(1024)", formatReceived(first));
  show("client.recvfrom(1024)", formatReceived(second));

  // `connect` sends nothing. It names the one whose datagrams are let in, and to
  // whom `send` sends; `sendto` and its address are no longer needed.
  await client.connect(server.getsockname());
  lanes.at("client", "connect");
  await client.send(encode("hello"));
  lanes.arrow("client", "send(hello)", "server");
  await stranger.sendto(lie, address);
  lanes.arrow(
    third,
    "sendto",
    "client",
    run.text({ en: "(kept out)", zh: "（被挡住）" }),
  );
  await answer(server);
  const only = await client.recvfrom(1024);
  lanes.arrow("server", "recvfrom, sendto", "client", "recvfrom: hello");
  run.say({
    en:
      "   The first was a stranger's: recvfrom takes from anybody. So compare the\n" +
      "   address with the server's. Or connect, which sends nothing and lets in\n" +
      "   only the server's datagrams from now on:",
    zh:
      "   先到的来自陌生人：recvfrom 谁的都收。所以要把返回的地址与服务器的地址\n" +
      "   比较；或者先 connect：它什么也不发，只是从此只收服务器的数据报：",
  });
  show("client.recvfrom(1024)", formatReceived(only));
  run.say({
    en:
      `${lanes}\n\n   Against who can forge the server's address, neither helps: UDP\n` +
      "   itself checks nothing.",
    zh:
      `${lanes}\n\n   如果有人能伪造服务器的地址，这两种办法都没用：UDP 本身不做任何验证。`,
  });
}

/** Sends one datagram back to whoever has sent it. */
async function answer(server: socket.Socket): Promise<void> {
  const [data, address] = await server.recvfrom(65_535);
  await server.sendto(data, address);
}
