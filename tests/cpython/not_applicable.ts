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

const NONBLOCK =
  "It wants the flag O_NONBLOCK cleared, which Deno's event loop needs";

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
  [
    "BasicVSOCKTest.test*Socket*",
    "Deno ends the whole program where its flag --unstable-vsock is missing, " +
    "and no program can ask whether it is there",
  ],
  [
    "GeneralModuleTests.test_sethostname",
    "Deno cannot give the machine another name",
  ],
  [
    "TestLinuxAbstractNamespace.testLinuxAbstractNamespace",
    "Its name is no UTF-8, and Deno takes the names of Unix sockets as text",
  ],
  [
    "TestUnixDomain.testSurrogateescapeBind",
    "Its path is no UTF-8, and Deno takes the names of Unix sockets as text",
  ],
  [
    "TestUnixDomain.testUnencodableAddr",
    "Its path is no UTF-8, and Deno takes the names of Unix sockets as text",
  ],
  [
    "GeneralModuleTests.test__sendfile_use_sendfile",
    "It calls a private method of CPython's, to see it give up; " +
    "Deno has no sendfile(2), so that there is nothing to give up",
  ],
  [
    "GeneralModuleTests.testRefCountGetNameInfo",
    "It counts the references that CPython keeps to an argument",
  ],
  [
    "NetworkConnectionNoServer.test_create_connection_timeout",
    "It puts another class into the module; " +
    "what a JavaScript module exports cannot be replaced",
  ],
  ["NonBlockingTCPTests.testSetBlocking*", NONBLOCK],
  ["NonblockConstantTest.test_SOCK_NONBLOCK", NONBLOCK],
  [
    "RecvmsgIntoTests.testRecvmsgIntoBadArgs",
    "It wants immutable bytes to be refused; JavaScript has none",
  ],
  [
    "SendfileUsingSendTest.testNonRegularFile",
    "It ends with a call of a private method of CPython's, to see it give up " +
    "what sendfile(2) cannot send; Deno has no sendfile(2)",
  ],
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
