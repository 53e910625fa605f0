/**
 * What the program knows of what the system holds for it: when to answer from
 * that, and when the system has to be asked.
 *
 * @module
 */

/**
 * So many answers in a row are given without asking the system. There is a
 * limit, for as long as the loop does not turn nothing new arrives.
 */
const MOST_FROM_MEMORY = 32;

/**
 * Whether what has arrived is all that the kernel holds: when a caller for whom
 * there is something can have it at once. What others send may as well have
 * come a moment later; but what this program sends to itself it must find.
 */
class Knowledge {
  /** How many connections there are that this program has made, … */
  made = 0;
  /** … and accepted: only with both can it be its own peer. */
  accepted = 0;
  #sent = 0;
  #arrived = 0;
  #answers = 0;

  /** Notes that something was sent, or the end of it. */
  noteSent(): void {
    if (this.made > 0 && this.accepted > 0) this.#sent++;
  }

  /** Notes that a datagram was sent, which may go to any socket. */
  noteDatagram(): void {
    this.#sent++;
  }

  /** What the system has been given so far, for `renew`. */
  get mark(): number {
    return this.#sent;
  }

  /** Whether something may be on its way from this program to itself. */
  get isBehind(): boolean {
    return this.#arrived < this.#sent;
  }

  /** Whether one more answer may be given from what is known. */
  suffices(): boolean {
    if (this.isBehind) return false;
    return ++this.#answers <= MOST_FROM_MEMORY;
  }

  /** Notes that Deno has asked the system since the mark was read. */
  renew(mark: number): void {
    this.#arrived = Math.max(this.#arrived, mark);
    this.#answers = 0;
  }
}

/** What the program knows of all its sockets. */
export const knowledge: Knowledge = new Knowledge();
