// The constants against Python's own, and as the other systems would see them.

import { assert, assertEquals } from "@std/assert";
import * as constants from "../src/constants.ts";

type Table = Record<string, number | boolean>;

const ENUMERATIONS = {
  AddressFamily: constants.AddressFamily,
  AddressInfo: constants.AddressInfo,
  MsgFlag: constants.MsgFlag,
  SocketKind: constants.SocketKind,
};

const python = askPython();

testWithPython(
  "AF_INET and every other constant have Python's values",
  ({ values }) => {
    const ours = tableOf(constants);
    const shared = Object.keys(values).filter((name) => name in ours);
    assertEquals(pick(ours, shared), pick(values, shared));
  },
);

testWithPython(
  "AF_INET and the others are Python's, name for name",
  ({ values }) => {
    const ours = tableOf(constants);
    assertEquals(Object.keys(ours).sort(), Object.keys(values).sort());
  },
  "3.11 on linux",
);

testWithPython(
  "AddressFamily and the other enumerations are in Python's order",
  (python) => {
    for (const [name, members] of Object.entries(ENUMERATIONS)) {
      assertEquals(Object.entries(members), python.enumerations[name], name);
    }
  },
  "3.11 on linux",
);

Deno.test("AddressFamily and the other enumerations are frozen", () => {
  for (const [name, members] of Object.entries(ENUMERATIONS)) {
    assert(Object.isFrozen(members), name);
  }
});

Deno.test("AF_INET6 and the others are macOS's on macOS", async () => {
  const macos = await constantsOn("darwin");
  const expected: Partial<Table> = {
    AF_INET: 2,
    AF_INET6: 30,
    AF_UNIX: 1,
    AI_DEFAULT: 0x600,
    AI_NUMERICSERV: 0x1000,
    EAI_NONAME: 8,
    INADDR_BROADCAST: 0xffffffff,
    IPV6_RECVPKTINFO: 61,
    IPV6_V6ONLY: 27,
    IP_ADD_MEMBERSHIP: 12,
    LOCAL_PEERCRED: 1,
    MSG_DONTWAIT: 0x80,
    MSG_EOF: 0x100,
    NI_NUMERICHOST: 2,
    SCM_RIGHTS: 1,
    SOCK_STREAM: 1,
    SOL_SOCKET: 0xffff,
    SOMAXCONN: 128,
    SO_KEEPALIVE: 8,
    SO_RCVBUF: 0x1002,
    SO_REUSEADDR: 4,
    SO_REUSEPORT: 0x200,
    TCP_KEEPALIVE: 0x10,
    TCP_KEEPINTVL: 0x101,
    has_ipv6: true,
  };
  assertEquals(pick(macos, Object.keys(expected)), expected);
  const missing = ["AF_PACKET", "SIO_RCVALL", "SOCK_CLOEXEC", "TCP_KEEPIDLE"];
  assertEquals(pick(macos, missing), {});
});

Deno.test("AF_INET6 and the others are Windows' on Windows", async () => {
  const windows = await constantsOn("windows");
  const expected: Partial<Table> = {
    AF_INET: 2,
    AF_INET6: 23,
    AF_UNIX: 1,
    AI_NUMERICSERV: 8,
    EAI_NONAME: 11001,
    INADDR_BROADCAST: -1,
    IPV6_V6ONLY: 27,
    IP_ADD_MEMBERSHIP: 12,
    MSG_BCAST: 0x400,
    MSG_WAITALL: 8,
    NI_NUMERICHOST: 2,
    RCVALL_ON: 1,
    SIO_KEEPALIVE_VALS: 0x98000004,
    SIO_RCVALL: 0x98000001,
    SOCK_STREAM: 1,
    SOL_SOCKET: 0xffff,
    SOMAXCONN: 0x7fffffff,
    SO_EXCLUSIVEADDRUSE: -5,
    SO_KEEPALIVE: 8,
    SO_RCVBUF: 0x1002,
    SO_REUSEADDR: 4,
    TCP_KEEPIDLE: 3,
    TCP_MAXSEG: 4,
    has_ipv6: true,
  };
  assertEquals(pick(windows, Object.keys(expected)), expected);
  const missing = ["MSG_DONTWAIT", "SCM_RIGHTS", "SO_REUSEPORT", "TCP_INFO"];
  assertEquals(pick(windows, missing), {});
});

/**
 * Adds a test that runs where python3 does, and says why where it does not.
 * `only` names the one Python whose names are exactly ours: other versions and
 * systems have a few more or less.
 */
function testWithPython(
  name: string,
  fn: (python: Python) => void,
  only?: "3.11 on linux",
): void {
  const isRequired = Deno.env.get("PYSOCKET_PEERS") === "required";
  let reason: string | undefined;
  if (!python && !isRequired) reason = "no python3";
  if (python && only && python.name !== only) reason = `not Python ${only}`;
  Deno.test({
    name: reason ? `${name} (ignored: ${reason})` : name,
    ignore: reason !== undefined,
    fn() {
      assert(python, "PYSOCKET_PEERS is required, and python3 does not run");
      fn(python);
    },
  });
}

/** Evaluates the module in a Deno that says it runs on another system. */
async function constantsOn(os: "darwin" | "windows"): Promise<Table> {
  const url = import.meta.resolve("../src/constants.ts");
  const code = `
    const build = { ...Deno.build, os: ${JSON.stringify(os)} };
    Object.defineProperty(Deno, "build", { value: build });
    console.log(JSON.stringify(await import(${JSON.stringify(url)})));
  `;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", code],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return tableOf(JSON.parse(new TextDecoder().decode(stdout)));
}

interface Python {
  /** The version and the system, as in `3.11 on linux`. */
  name: string;
  values: Table;
  enumerations: Record<string, [string, number][]>;
}

/** Asks python3 for its constants; `undefined` where it does not run. */
function askPython(): Python | undefined {
  const code = `
import json, socket, sys
enumerations = "${Object.keys(ENUMERATIONS).join(" ")}".split()
values = {n: getattr(socket, n) for n in dir(socket)}
print(json.dumps({
  "name": "%d.%d on %s" % (*sys.version_info[:2], sys.platform),
  "values": {n: v for n, v in values.items() if isinstance(v, int)},
  "enumerations": {
    e: list(values[e].__members__.items()) for e in enumerations
  },
}))`;
  try {
    const { success, stdout } = new Deno.Command("python3", {
      args: ["-c", code],
    }).outputSync();
    if (!success) return undefined;
    const python: Python = JSON.parse(new TextDecoder().decode(stdout));
    for (const name of Object.keys(python.values)) {
      if (isElsewhere(name)) delete python.values[name];
    }
    for (const members of Object.values(python.enumerations)) {
      const kept = members.filter(([name]) => !isElsewhere(name));
      members.splice(0, members.length, ...kept);
    }
    return python;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Tells whether a name is another room's, or Bluetooth's: Deno has none. */
function isElsewhere(name: string): boolean {
  return /^(EBADF|EAGAIN|EWOULDBLOCK|AF_BLUETOOTH|(BTPROTO|HCI|SOL_HCI).*)$/
    .test(name);
}

/** Takes a module's numbers and booleans; a missing constant is left out. */
function tableOf(module: Record<string, unknown>): Table {
  const table: Table = {};
  for (const [name, value] of Object.entries(module)) {
    if (typeof value === "number" || typeof value === "boolean") {
      table[name] = value;
    }
  }
  return table;
}

function pick(table: Table, names: string[]): Table {
  return Object.fromEntries(
    Object.entries(table).filter(([name]) => names.includes(name)),
  );
}
