/**
 * The tests of CPython's that ask for what cannot be in Deno, and why it cannot.
 *
 * A pattern is the name of a case, `Class.method` with the class that runs it,
 * or of a method, with the class that defines it; `*` stands for any part of a
 * name. What is merely missing does not belong here: it fails. Nor does what
 * CPython itself skips, for the system or its kernel: the runner asks it.
 *
 * @module
 */

/** What Deno's `listen`, `connect` and `listenDatagram` have no transport for. */
const none = (what: string) =>
  `Deno makes TCP, UDP, Unix and vsock sockets only, none of ${what}`;

/** Patterns and reasons. */
const NOT_APPLICABLE: readonly [pattern: string, reason: string][] = [
  ["BasicBluetoothTest.*", none("Bluetooth")],
  ["BasicCANTest.*", none("the CAN bus")],
  ["CANTest.*", none("the CAN bus")],
  ["ISOTPTest.*", none("the CAN bus")],
  ["J1939Test.*", none("the CAN bus")],
  ["LinuxKernelCryptoAPI.*", none("the kernel's cryptography")],
  ["BasicQIPCRTRTest.*", none("Qualcomm's IPC router")],
  ["*RDSTest.*", none("RDS")],
  ["*SCTPStreamTest.*", none("SCTP")],
  ["TIPC*Test.*", none("TIPC")],
  ["*UDPLITE*Test.*", none("UDP-Lite")],
];

/** Why a case cannot apply, or undefined if it does. */
export function whyNotApplicable(
  name: string,
  method: string,
): string | undefined {
  return NOT_APPLICABLE.find(([pattern]) => {
    const source = pattern.replaceAll(".", "\\.").replaceAll("*", ".*");
    const regExp = new RegExp(`^${source}$`);
    return regExp.test(name) || regExp.test(method);
  })?.[1];
}
