/**
 * Python's `socket` module for Deno: the same names, arguments, results and
 * errors, with `await` before the calls that wait.
 *
 * ```ts
 * import * as socket from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = socket.create_server(["127.0.0.1", 0]);
 *
 * using client = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
 * await client.connect(listener.getsockname());
 * await client.sendall(new TextEncoder().encode("hello"));
 *
 * const [conn, address] = await listener.accept();
 * assertEquals(address, client.getsockname());
 * assertEquals(new TextDecoder().decode(await conn.recv(1024)), "hello");
 * conn.close();
 * ```
 *
 * Bytes are `Uint8Array`, `None` is `null`, addresses are arrays such as
 * `["127.0.0.1", 8000]`, and times are seconds. Python's keyword arguments are
 * one object at the end.
 *
 * @module
 */

// ## Exceptions

export {
  BlockingIOError,
  BrokenPipeError,
  ChildProcessError,
  ConnectionAbortedError,
  ConnectionError,
  ConnectionRefusedError,
  ConnectionResetError,
  ExceptionGroup,
  FileExistsError,
  FileNotFoundError,
  gaierror,
  herror,
  InterruptedError,
  IsADirectoryError,
  KeyError,
  LookupError,
  NotADirectoryError,
  OSError,
  OSError as error,
  OverflowError,
  PermissionError,
  ProcessLookupError,
  RuntimeError,
  TimeoutError,
  TimeoutError as timeout,
  UnsupportedOperation,
  ValueError,
} from "./src/errors.ts";
export type { OSErrorOptions } from "./src/errors.ts";
export {
  UnicodeDecodeError,
  UnicodeEncodeError,
  UnicodeError,
} from "./src/unicode_errors.ts";
export { EAGAIN, EBADF, errno, EWOULDBLOCK, strerror } from "./src/errno.ts";
export type { ErrnoName } from "./src/errno.ts";

// ## Constants

export * from "./src/constants.ts";

// ## Creating sockets

export { Socket as SocketType, socket } from "./src/socket.ts";
export {
  create_connection,
  create_server,
  has_dualstack_ipv6,
  socketpair,
} from "./src/connect.ts";
export type {
  CreateConnectionOptions,
  CreateServerOptions,
} from "./src/connect.ts";
export { fromfd } from "./src/fd.ts";

// ## Other functions

export { close, dup } from "./src/fd.ts";
export { getaddrinfo } from "./src/getaddrinfo.ts";
export type { AddrInfo, GetaddrinfoOptions } from "./src/getaddrinfo.ts";
export {
  getfqdn,
  gethostbyaddr,
  gethostbyname,
  gethostbyname_ex,
} from "./src/hosts.ts";
export type { HostEntry } from "./src/hosts.ts";
export { gethostname } from "./src/hostname.ts";
export { getnameinfo } from "./src/getnameinfo.ts";
export {
  getprotobyname,
  getservbyname,
  getservbyport,
} from "./src/services.ts";
export { htonl, htons, ntohl, ntohs } from "./src/byte_order.ts";
export { inet_aton, inet_ntoa, inet_ntop, inet_pton } from "./src/inet.ts";
export { CMSG_LEN, CMSG_SPACE } from "./src/cmsg.ts";
export { getdefaulttimeout, setdefaulttimeout } from "./src/socket.ts";
export { sethostname } from "./src/hostname.ts";
export {
  if_indextoname,
  if_nameindex,
  if_nametoindex,
} from "./src/interfaces.ts";
export type { NetworkInterface } from "./src/interfaces.ts";
export { recv_fds, send_fds } from "./src/fd.ts";

// ## Socket objects

export { Socket } from "./src/socket.ts";
export type { Descriptor } from "./src/descriptor.ts";
export type {
  Address,
  AddressLike,
  InetAddress,
  UnixAddress,
} from "./src/address.ts";
export type { AncillaryItem } from "./src/buffers.ts";
export type { BytesLike } from "./src/python.ts";
export type { Bytes } from "./src/connection.ts";
export type { SendfileOptions, SendfileSource } from "./src/sendfile.ts";

// ## What makefile() returns

export { SocketIO } from "./src/socket_io.ts";
export type { FileSocket } from "./src/socket_io.ts";
export type { BinaryMode, MakefileOptions, SocketFile } from "./src/file.ts";
export type { BytesIOBase, IOBase } from "./src/io_base.ts";
export type { BufferedFile, BufferedIOBase } from "./src/buffered_io.ts";
export type { BufferedReader } from "./src/buffered_reader.ts";
export type { BufferedWriter } from "./src/buffered_writer.ts";
export type { BufferedRWPair } from "./src/buffered_rwpair.ts";
export type {
  BufferedBytes,
  ReconfigureOptions,
  TextIOWrapper,
  TextOptions,
} from "./src/text.ts";

// ## Watching

export type { CallEvent } from "./src/events.ts";
