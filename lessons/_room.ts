/**
 * A chat room without its network: who is in it, and what goes to whom when a
 * datagram comes. Nothing here waits and nothing here is sent, so that all of it
 * can be tried with plain values.
 *
 * Whoever sends something is in the room from then on. Each datagram has one
 * answer, for there are clients that send and then wait. What all get begins
 * with a name, `alice: hello`, or with a star, `* alice has joined`; what one
 * member alone gets begins with `# `, such as `# You are alice`. No name has a
 * star or a `#`, so that nobody can speak for the room.
 *
 * @module
 */

import { type Bytes, encode, formatCount } from "./_bytes.ts";
import { readLine } from "./_harmless.ts";
import type { Text } from "./_languages.ts";

/**
 * The most bytes of a line with its name. Clients that call `recvfrom(1024)` get
 * it whole, and it fits into one packet of the usual networks.
 */
const LINE_MAX = 1024;

/** So many members hear of each other's coming and going: n of n are n * n. */
const CROWD = 100;

/** So many datagrams may wait to be sent; lines that come then are refused. */
const WAITING_MAX = 20_000;
/** And so many more for that answer, and others that go to one member. */
const ANSWERS_MAX = 1_000;

/**
 * So many datagrams go to a member who says nothing, not even that it is there.
 *
 * The address on a datagram is what its sender has written there. Who writes
 * another's makes us send to somebody who has never asked. TCP and QUIC find out:
 * first an answer has to come back from there. UDP does not, and a client that
 * knows only sendto and recvfrom cannot help; so this is a limit and no cure.
 */
const UNHEARD_MAX = 1000;

/** What a member may have sent at once, in datagrams; a line goes to many. */
const CREDIT_MAX = 20_000;
/** And how much of that comes back in a second. */
const CREDIT_RATE = 5_000;
/** What it costs to look at a datagram, even if it goes to nobody. */
const CREDIT_LEAST = 10;

/** What a room is told. */
export interface RoomOptions<Address> {
  /** An address as text: it tells members apart and is their first name. */
  readonly format: (address: Address) => string;
  /** The most members. */
  readonly members: number;
  /** Seconds after which a member who says nothing is out. */
  readonly idle: number;
}

/** Somebody to send to. */
interface Receiver<Address> {
  readonly address: Address;
  /** Whether its lines end with a line feed; so do those that it gets. */
  isFed: boolean;
}

interface Member<Address> extends Receiver<Address> {
  readonly key: string;
  name: string;
  /** When something came from it, in seconds. */
  heard: number;
  /** How many datagrams went to it since. */
  unheard: number;
  credit: number;
  isWarned: boolean;
}

/** A datagram for several: its bytes, with a line feed at their end. */
interface Delivery<Address> {
  readonly data: Bytes;
  readonly to: Receiver<Address>[];
}

/** A room of members, each of whom is an address. */
export class Room<Address> {
  readonly #options: RoomOptions<Address>;
  /** By address, and in the order in which they were heard. */
  readonly #members = new Map<string, Member<Address>>();
  /** Who has just left; coming again gives nobody new credit. */
  readonly #leavers = new Map<string, Member<Address>>();
  readonly #queue: Delivery<Address>[] = [];
  #waiting = 0;
  #news: Text[] = [];
  #isClosed = false;

  /** An empty room. */
  constructor(options: RoomOptions<Address>) {
    this.#options = options;
  }

  /** How many are in it. */
  get size(): number {
    return this.#members.size;
  }

  /** Takes in a datagram, at a time in seconds; returns who has come and gone. */
  receive(data: Bytes, from: Address, now: number): readonly Text[] {
    if (this.#isClosed) return [];
    const member = this.#members.get(this.#options.format(from));
    if (member !== undefined) this.#hear(member, now);
    this.#dismissSilent(now);
    this.#forgetLeavers(now);
    const isFed = data.at(-1) === LINE_FEED;
    if (member !== undefined && data.length > 0) member.isFed = isFed;
    const sender = member ?? { address: from, isFed };
    const line = readLine(data);
    if (line === "/quit") {
      if (member === undefined) this.#send("# You have left", [sender]);
      else this.#dismiss(member);
    } else if (member === undefined) this.#admit(sender, line, now);
    else if (this.#canAfford(member)) this.#obey(member, line);
    return this.#takeNews();
  }

  /** The next datagram to send, and where to, if there is one. */
  take(): readonly [data: Bytes, to: Address] | undefined {
    const [first] = this.#queue;
    if (first === undefined) return undefined;
    const to = first.to.pop()!;
    if (first.to.length === 0) this.#queue.shift();
    this.#waiting--;
    return [to.isFed ? first.data : first.data.subarray(0, -1), to.address];
  }

  /** Puts somebody out to whom nothing can be sent. */
  remove(address: Address): readonly Text[] {
    const member = this.#members.get(this.#options.format(address));
    if (member !== undefined) this.#dismiss(member, OUT_OF_REACH);
    return this.#takeNews();
  }

  /** Tells all members that this is the end, and nobody anything after it. */
  close(): void {
    this.#isClosed = true;
    this.#queue.length = 0;
    this.#waiting = 0;
    this.#send("* The room has ended", this.#everybody());
    this.#members.clear();
  }

  #takeNews(): readonly Text[] {
    const news = this.#news;
    this.#news = [];
    return news;
  }

  /** A first datagram makes its sender a member, if it is text. */
  #admit(
    sender: Receiver<Address>,
    line: string | undefined,
    now: number,
  ): void {
    // So speaks a room. If two of them answered each other, they would never end.
    if (line !== undefined && /^[#*] /.test(line)) return;
    if (line === undefined) return this.#send(NOT_TEXT, [sender]);
    if (this.size >= this.#options.members) {
      const count = formatCount(this.size);
      const text = `# The room is full: it has ${count} members`;
      return this.#send(text, [sender]);
    }
    const key = this.#options.format(sender.address);
    const member = this.#leavers.get(key) ?? {
      ...sender,
      key,
      name: key,
      heard: now,
      unheard: 0,
      credit: CREDIT_MAX,
      isWarned: false,
    };
    this.#earn(member, now);
    if (!this.#canAfford(member)) return;
    member.name = key;
    member.isFed = sender.isFed;
    this.#leavers.delete(key);
    this.#members.set(key, member);
    // A first `/name alice` has alice join, and nobody before her.
    const wish = readWish(line);
    const answer = wish === undefined ? "" : this.#rename(member, wish);
    const { name } = member;
    this.#announce(`* ${name} has joined`, member);
    const isNamed = name !== key;
    const size = formatCount(this.size);
    this.#news.push({
      en: `${name}${
        isNamed ? ` (${key})` : ""
      } has joined, ${size} in the room`,
      zh: `“${name}”${isNamed ? `（${key}）` : ""}加入，聊天室现有 ${size} 人`,
    });
    if (wish !== undefined) this.#send(answer, [member]);
    else this.#obey(member, line);
  }

  /** Does what a member's datagram says. */
  #obey(member: Member<Address>, line: string | undefined): void {
    const answer = (text: string) => this.#send(text, [member]);
    if (line === undefined) return answer(NOT_TEXT);
    // It says only that its sender is there, which is answered in kind.
    if (line === "") return answer("");
    const wish = readWish(line);
    if (wish !== undefined) {
      const { name } = member;
      const text = this.#rename(member, wish);
      if (member.name !== name) {
        this.#announce(`* ${name} is now ${member.name}`, member);
        this.#news.push({
          en: `${name} is now ${member.name}`,
          zh: `“${name}”改名为“${member.name}”`,
        });
      }
      return answer(text);
    }
    if (line.startsWith("/")) {
      return answer(NO_COMMAND);
    }
    const text = `${member.name}: ${line}`;
    const size = encode(text).length;
    if (size > LINE_MAX) {
      const [is, most] = [size, LINE_MAX].map(formatCount);
      return answer(
        `# Too long: ${is} bytes with your name, at most ${most}. ` +
          "Nobody has got it",
      );
    }
    // All of them get it, or nobody does.
    if (this.#waiting + this.size > WAITING_MAX) {
      return answer("# The room is too busy: nobody has got that");
    }
    this.#send(text, this.#everybody());
  }

  /** Gives a member another name, if it may have that; returns the answer. */
  #rename(member: Member<Address>, name: string): string {
    const fold = (text: string) => text.normalize("NFKC").toLowerCase();
    const isTaken = () =>
      [...this.#members.values()].some((other) =>
        other !== member && fold(other.name) === fold(name)
      );
    const you = `you are ${member.name}`;
    if (name === "" || name === member.name) return `# You are ${member.name}`;
    if (!NAME.test(name)) {
      return `# Y${you.slice(1)}: a name has up to 20 letters, digits or - _ .`;
    }
    if (isTaken()) return `# The name ${name} is taken: ${you}`;
    member.name = name;
    return `# You are ${name}`;
  }

  /** Notes that a member is there, the last one to be heard. */
  #hear(member: Member<Address>, now: number): void {
    this.#earn(member, now);
    this.#members.delete(member.key);
    this.#members.set(member.key, member);
  }

  #earn(member: Member<Address>, now: number): void {
    const earned = (now - member.heard) * CREDIT_RATE;
    member.credit = Math.min(CREDIT_MAX, member.credit + earned);
    member.heard = now;
    member.unheard = 0;
  }

  /** Whether a member has not sent too much; it is told once if it has. */
  #canAfford(member: Member<Address>): boolean {
    const cost = CREDIT_LEAST + this.size;
    const can = member.credit >= cost;
    if (can) member.credit -= cost;
    else if (!member.isWarned) {
      this.#send("# Too fast: that is lost, wait a second", [member]);
    }
    member.isWarned = !can;
    return can;
  }

  /** Puts those out who have said nothing for too long. */
  #dismissSilent(now: number): void {
    const { idle } = this.#options;
    for (const member of this.#members.values()) {
      const isIdle = now - member.heard > idle;
      if (!isIdle && member.unheard <= UNHEARD_MAX) return;
      const count = formatCount(UNHEARD_MAX);
      this.#dismiss(
        member,
        isIdle ? { en: `: silent for ${idle} s`, zh: `（静默 ${idle} 秒）` } : {
          en: `: silent for ${count} messages`,
          zh: `（收到 ${count} 条消息，没有回应）`,
        },
      );
    }
  }

  #dismiss(member: Member<Address>, why: Text = { en: "", zh: "" }): void {
    const { name } = member;
    this.#members.delete(member.key);
    this.#leavers.set(member.key, member);
    this.#announce(`* ${name} has left${why.en}`, member);
    this.#send(`# You have left${why.en}`, [member]);
    const size = formatCount(this.size);
    this.#news.push({
      en: `${name} has left${why.en}, ${size} in the room`,
      zh: `“${name}”离开${why.zh}，聊天室现有 ${size} 人`,
    });
  }

  /** Forgets those whose credit is full again, or who are too many. */
  #forgetLeavers(now: number): void {
    for (const { key, heard } of this.#leavers.values()) {
      const isFull = now - heard > CREDIT_MAX / CREDIT_RATE;
      if (!isFull && this.#leavers.size <= this.#options.members) return;
      this.#leavers.delete(key);
    }
  }

  /** Tells the others of a member, unless they are a crowd. */
  #announce(text: string, member: Member<Address>): void {
    if (this.size > CROWD) return;
    this.#send(text, this.#everybody(member));
  }

  #everybody(except?: Member<Address>): Member<Address>[] {
    const members = [...this.#members.values()]
      .filter((member) => member !== except);
    for (const member of members) member.unheard++;
    return members;
  }

  #send(text: string, to: Receiver<Address>[]): void {
    const most = WAITING_MAX + (to.length === 1 ? ANSWERS_MAX : 0);
    if (to.length === 0 || this.#waiting + to.length > most) return;
    this.#queue.push({ data: encode(`${text}\n`), to });
    this.#waiting += to.length;
  }
}

const LINE_FEED = 10;

const NOT_TEXT = "# That is no UTF-8 text: nobody has got it";
const NO_COMMAND =
  "# Nobody has got that: there are two commands, /name NAME and /quit";
const OUT_OF_REACH: Text = { en: ": out of reach", zh: "（无法送达）" };

/**
 * What a name may be: letters, which may have marks above or below, but not a
 * pile of them, and nothing that cannot be seen. Letters of two alphabets can
 * look alike, such as the Latin and the Cyrillic a; that is not looked for.
 */
const NAME =
  /^(?!.*\p{Default_Ignorable_Code_Point})(?:[\p{L}\p{N}_.-]\p{M}{0,2}){1,20}$/u;

/** The name that a line asks for: `/name` alone asks which one one has. */
function readWish(line: string): string | undefined {
  const match = line.match(/^\/name(?:\s+(.*))?$/);
  // One letter and the same in two parts, such as é, are the same name.
  return match === null ? undefined : match[1]?.trim().normalize("NFC") ?? "";
}
