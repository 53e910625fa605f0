/**
 * The constants of Python's `socket` module: its names, and the values of the
 * system that runs the program. One list, and so one room, however long.
 *
 * Each value is what CPython 3.11 has on this system; where CPython lacks the
 * name, it is `undefined` at run time, as `hasattr(socket, "SO_REUSEPORT")` is
 * false in Python on Windows. Its type is `number` all the same, so that a
 * program for the systems that have it passes it on without an assertion.
 *
 * ```ts
 * import { AF_INET, SO_REUSEPORT, SOCK_STREAM } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * // These two are the same everywhere …
 * assertEquals(AF_INET, 2);
 * assertEquals(SOCK_STREAM, 1);
 *
 * // … and this one is missing on one system.
 * assertEquals(SO_REUSEPORT === undefined, Deno.build.os === "windows");
 * ```
 *
 * @module
 */

// A name stands in the group of its prefix; only PF_*, SO_J1939_*, SCM_J1939_*
// and SO_VM_* stand with their family.

const { os } = Deno.build;
const isLinux = os === "linux" || os === "android";
const column = isLinux ? 0 : os === "windows" ? 2 : 1;

/** Picks from a row of the table; the BSDs, macOS's kin, take its column. */
const on = (
  linux: number | null,
  darwin: number | null,
  windows: number | null,
): number => ([linux, darwin, windows][column] ?? undefined) as number;

/** Fills a row that only Linux has. */
const linux = (value: number): number => on(value, null, null);

// ## AF_*: address families

/** The kernel's cryptography, asked through a socket. */
export const AF_ALG: number = linux(38);
/** AppleTalk. */
export const AF_APPLETALK: number = on(5, 16, 16);
/** Ash. */
export const AF_ASH: number = linux(18);
/** ATM over permanent virtual circuits. */
export const AF_ATMPVC: number = linux(8);
/** ATM over switched virtual circuits. */
export const AF_ATMSVC: number = linux(20);
/** AX.25, amateur packet radio. */
export const AF_AX25: number = linux(3);
/** The multiprotocol bridge. */
export const AF_BRIDGE: number = linux(7);
/** The CAN bus of cars and machines. */
export const AF_CAN: number = linux(29);
/** DECnet. Not in {@linkcode AddressFamily}, as in Python. */
export const AF_DECnet: number = 12;
/** Acorn Econet. */
export const AF_ECONET: number = linux(19);
/** IPv4: addresses are `[host, port]`. */
export const AF_INET: number = 2;
/** IPv6: addresses are `[host, port, flowinfo, scope_id]`. */
export const AF_INET6: number = on(10, 30, 23);
/** Novell IPX. */
export const AF_IPX: number = on(4, 23, 6);
/** IrDA, infrared links. */
export const AF_IRDA: number = on(23, null, 26);
/** The key management of IPsec. */
export const AF_KEY: number = linux(15);
/** Addresses of the link layer, such as Ethernet's. */
export const AF_LINK: number = on(null, 18, 33);
/** IEEE 802.2 logical link control. */
export const AF_LLC: number = linux(26);
/** NetBEUI. */
export const AF_NETBEUI: number = linux(13);
/** Messages between the Linux kernel and programs. */
export const AF_NETLINK: number = linux(16);
/** NET/ROM, routing for amateur packet radio. */
export const AF_NETROM: number = linux(6);
/** Raw frames of a network interface. */
export const AF_PACKET: number = linux(17);
/** PPP over Ethernet, L2TP and others. */
export const AF_PPPOX: number = linux(24);
/** Messages to the other processors of a Qualcomm chip. */
export const AF_QIPCRTR: number = linux(42);
/** Reliable datagrams, Oracle's RDS. */
export const AF_RDS: number = linux(21);
/** ROSE, X.25 over amateur packet radio. */
export const AF_ROSE: number = linux(11);
/** Messages about the routing table. */
export const AF_ROUTE: number = on(16, 17, null);
/** A placeholder for security callbacks; nothing uses it. */
export const AF_SECURITY: number = linux(14);
/** IBM's Systems Network Architecture. */
export const AF_SNA: number = on(22, 11, 11);
/** Kernel events and kernel controls of macOS. */
export const AF_SYSTEM: number = on(null, 32, null);
/** TIPC, messages between the nodes of a cluster. */
export const AF_TIPC: number = linux(30);
/** Unix domain sockets: the address is a path. */
export const AF_UNIX: number = 1;
/** Any family: what to ask `getaddrinfo` for both IPv4 and IPv6. */
export const AF_UNSPEC: number = 0;
/** Between a virtual machine and its host: `[cid, port]`. */
export const AF_VSOCK: number = linux(40);
/** Sangoma's WANPIPE cards. */
export const AF_WANPIPE: number = linux(25);
/** X.25. */
export const AF_X25: number = linux(9);

// ## SOCK_*: kinds of socket

/** Added to a kind: closed in the programs that this one starts. */
export const SOCK_CLOEXEC: number = linux(0x80000);
/** Datagrams, each whole or lost: UDP. */
export const SOCK_DGRAM: number = 2;
/** Added to a kind: non-blocking from the start. */
export const SOCK_NONBLOCK: number = linux(0x800);
/** Raw packets; needs privileges. */
export const SOCK_RAW: number = 3;
/** Datagrams that are not lost, in no certain order. */
export const SOCK_RDM: number = 4;
/** A connection that keeps message boundaries. */
export const SOCK_SEQPACKET: number = 5;
/** A connection that carries a stream of bytes: TCP. */
export const SOCK_STREAM: number = 1;

// ## SO_*, SOL_*: socket options and their levels

/** Read the peer's user and groups, at level 0 of a Unix socket. */
export const LOCAL_PEERCRED: number = on(null, 1, null);
/** Read whether the socket listens: 0 or 1. */
export const SO_ACCEPTCONN: number = on(30, 0x2, 0x2);
/** Use this network interface only, given by its name. */
export const SO_BINDTODEVICE: number = linux(25);
/** Allow datagrams to broadcast addresses: 0 or 1. */
export const SO_BROADCAST: number = on(6, 0x20, 0x20);
/** Record debugging information: 0 or 1. */
export const SO_DEBUG: number = on(1, 0x1, 0x1);
/** Read the address family. */
export const SO_DOMAIN: number = linux(39);
/** Send to directly connected hosts only, by no gateway: 0 or 1. */
export const SO_DONTROUTE: number = on(5, 0x10, 0x10);
/** Read the pending error number and clear it; 0 is none. */
export const SO_ERROR: number = on(4, 0x1007, 0x1007);
/** Let nobody else bind the same address: 0 or 1. */
export const SO_EXCLUSIVEADDRUSE: number = on(null, null, -5);
/** The number of the CPU that the packets come in on. */
export const SO_INCOMING_CPU: number = linux(49);
/** Probe an idle peer, to notice that it is gone: 0 or 1. */
export const SO_KEEPALIVE: number = on(9, 0x8, 0x8);
/** How long closing waits for unsent bytes: on, seconds (macOS: ticks). */
export const SO_LINGER: number = on(13, 0x80, 0x80);
/** The mark that each packet carries for routing and filtering. */
export const SO_MARK: number = linux(36);
/** Leave urgent bytes in the stream, where they are: 0 or 1. */
export const SO_OOBINLINE: number = on(10, 0x100, 0x100);
/** Receive the sender's credentials with each message: 0 or 1. */
export const SO_PASSCRED: number = linux(16);
/** Receive the sender's security label with each message: 0 or 1. */
export const SO_PASSSEC: number = linux(34);
/** Read the peer's process, user and group id, of a Unix socket. */
export const SO_PEERCRED: number = linux(17);
/** Read the peer's security label. */
export const SO_PEERSEC: number = linux(31);
/** The queueing priority of what is sent, 0 to 6 without privileges. */
export const SO_PRIORITY: number = linux(12);
/** Read the protocol, such as {@linkcode IPPROTO_TCP}. */
export const SO_PROTOCOL: number = linux(38);
/** The receive buffer's size in bytes; Linux doubles what is set. */
export const SO_RCVBUF: number = on(8, 0x1002, 0x1002);
/** The bytes that must be there before a receive returns. */
export const SO_RCVLOWAT: number = on(18, 0x1004, 0x1004);
/** The longest wait of a receive: `timeval`, on Windows ms. */
export const SO_RCVTIMEO: number = on(20, 0x1006, 0x1006);
/** Bind though old connections linger on the address: 0 or 1. */
export const SO_REUSEADDR: number = on(2, 0x4, 0x4);
/** Let several sockets bind the same address and port: 0 or 1. */
export const SO_REUSEPORT: number = on(15, 0x200, null);
/** The send buffer's size in bytes; Linux doubles what is set. */
export const SO_SNDBUF: number = on(7, 0x1001, 0x1001);
/** The free bytes that make a socket writable. */
export const SO_SNDLOWAT: number = on(19, 0x1003, 0x1003);
/** The longest wait of a send: `timeval`, on Windows ms. */
export const SO_SNDTIMEO: number = on(21, 0x1005, 0x1005);
/** Read the kind of socket, such as {@linkcode SOCK_STREAM}. */
export const SO_TYPE: number = on(3, 0x1008, 0x1008);
/** Hear one's own messages on a routing socket: 0 or 1. */
export const SO_USELOOPBACK: number = on(null, 0x40, 0x40);
/** The level of the ALG_SET_* options. */
export const SOL_ALG: number = linux(279);
/** The level to which a CAN protocol's number is added. */
export const SOL_CAN_BASE: number = linux(100);
/** The level of the CAN_RAW_* options. */
export const SOL_CAN_RAW: number = linux(101);
/** The level of the IP_* options. */
export const SOL_IP: number = 0;
/** The level of the options of RDS. */
export const SOL_RDS: number = linux(276);
/** The level of the SO_* options. */
export const SOL_SOCKET: number = on(1, 0xffff, 0xffff);
/** The level of the TCP_* options. */
export const SOL_TCP: number = 6;
/** The level of the options of TIPC. */
export const SOL_TIPC: number = linux(271);
/** The level of the options of UDP. */
export const SOL_UDP: number = 17;

// ## SOMAXCONN

/** The longest queue of waiting connections that `listen` asks for. */
export const SOMAXCONN: number = on(4096, 128, 0x7fffffff);

// ## MSG_*: flags of send and receive

/** Said of a datagram: it came as a broadcast. */
export const MSG_BCAST: number = on(null, null, 0x400);
/** Mark received descriptors to be closed in programs started later. */
export const MSG_CMSG_CLOEXEC: number = linux(0x40000000);
/** Say that the peer's link address is right; spares an ARP request. */
export const MSG_CONFIRM: number = linux(0x800);
/** Said of a message: its ancillary data did not fit. */
export const MSG_CTRUNC: number = on(0x8, 0x20, 0x200);
/** Send to directly connected hosts only, by no gateway. */
export const MSG_DONTROUTE: number = 0x4;
/** Fail with EAGAIN rather than wait, in this one call. */
export const MSG_DONTWAIT: number = on(0x40, 0x80, null);
/** Send, then shut the sending side down. */
export const MSG_EOF: number = on(null, 0x100, null);
/** This ends a record. */
export const MSG_EOR: number = on(0x80, 0x8, null);
/** Receive from the queue of errors. */
export const MSG_ERRQUEUE: number = on(0x2000, null, 0x1000);
/** Connect and send the first bytes in one packet. */
export const MSG_FASTOPEN: number = linux(0x20000000);
/** Said of a datagram: it came as a multicast. */
export const MSG_MCAST: number = on(null, null, 0x800);
/** More follows: hold the bytes until the packet is full. */
export const MSG_MORE: number = linux(0x8000);
/** No SIGPIPE when the peer is gone. */
export const MSG_NOSIGNAL: number = on(0x4000, 0x80000, null);
/** Urgent (out-of-band) data. */
export const MSG_OOB: number = 0x1;
/** Look at what is there and leave it there. */
export const MSG_PEEK: number = 0x2;
/** Said of a datagram: its end did not fit and is lost. */
export const MSG_TRUNC: number = on(0x20, 0x10, 0x100);
/** Wait until the whole buffer is full. */
export const MSG_WAITALL: number = on(0x100, 0x40, 0x8);

// ## SCM_*: kinds of ancillary data

/** The sender's process, user and group id. */
export const SCM_CREDENTIALS: number = linux(2);
/** The sender's credentials, as the BSDs hand them over. */
export const SCM_CREDS: number = on(null, 3, null);
/** Open descriptors, handed to another process. */
export const SCM_RIGHTS: number = on(1, 1, null);

// ## IPPROTO_*: protocols

/** IPsec authentication header. */
export const IPPROTO_AH: number = 51;
/** Core-based trees, multicast routing. */
export const IPPROTO_CBT: number = on(null, null, 7);
/** IPv6 destination options. */
export const IPPROTO_DSTOPTS: number = 60;
/** Exterior gateway protocol. */
export const IPPROTO_EGP: number = 8;
/** ISO's network protocol (CLNP). */
export const IPPROTO_EON: number = on(null, 80, null);
/** IPsec encapsulated payload. */
export const IPPROTO_ESP: number = 50;
/** IPv6 fragment header. */
export const IPPROTO_FRAGMENT: number = 44;
/** Gateway-to-gateway protocol. */
export const IPPROTO_GGP: number = on(null, 3, 3);
/** Generic routing encapsulation, a tunnel. */
export const IPPROTO_GRE: number = on(47, 47, null);
/** The old HELLO routing protocol. */
export const IPPROTO_HELLO: number = on(null, 63, null);
/** IPv6 hop-by-hop options. */
export const IPPROTO_HOPOPTS: number = 0;
/** Reserved by Windows. */
export const IPPROTO_ICLFXBM: number = on(null, null, 78);
/** ICMP: ping and the errors of IPv4. */
export const IPPROTO_ICMP: number = 1;
/** ICMP of IPv6. */
export const IPPROTO_ICMPV6: number = 58;
/** Xerox's internet datagrams. */
export const IPPROTO_IDP: number = 22;
/** Multicast group membership of IPv4. */
export const IPPROTO_IGMP: number = 2;
/** Interior gateway protocols. */
export const IPPROTO_IGP: number = on(null, null, 9);
/** IPv4, as the level of the IP_* options; 0 lets the kind decide. */
export const IPPROTO_IP: number = 0;
/** Compressed payload. */
export const IPPROTO_IPCOMP: number = on(null, 108, null);
/** IPv4 inside IPv4, a tunnel. */
export const IPPROTO_IPIP: number = on(4, 4, null);
/** IPv4 inside IP, a tunnel. */
export const IPPROTO_IPV4: number = on(null, 4, 4);
/** IPv6, also the level of the IPV6_* options. */
export const IPPROTO_IPV6: number = 41;
/** Layer 2 tunnels. */
export const IPPROTO_L2TP: number = on(null, null, 115);
/** One above the largest protocol number. */
export const IPPROTO_MAX: number = on(null, 256, 256);
/** TCP over several paths at once. */
export const IPPROTO_MPTCP: number = linux(262);
/** Sun's network disk. */
export const IPPROTO_ND: number = on(null, 77, 77);
/** IPv6: no next header. */
export const IPPROTO_NONE: number = 59;
/** Pragmatic general multicast. */
export const IPPROTO_PGM: number = on(null, null, 113);
/** Protocol-independent multicast routing. */
export const IPPROTO_PIM: number = 103;
/** Xerox's PUP. */
export const IPPROTO_PUP: number = 12;
/** Raw IP packets, the header written by the program. */
export const IPPROTO_RAW: number = 255;
/** Reliable data protocol. */
export const IPPROTO_RDP: number = on(null, null, 27);
/** IPv6 routing header. */
export const IPPROTO_ROUTING: number = 43;
/** Resource reservation. */
export const IPPROTO_RSVP: number = on(46, 46, null);
/** Stream control transmission. */
export const IPPROTO_SCTP: number = 132;
/** Internet stream protocol. */
export const IPPROTO_ST: number = on(null, null, 5);
/** TCP, also the level of the TCP_* options. */
export const IPPROTO_TCP: number = 6;
/** ISO transport, class 4. */
export const IPPROTO_TP: number = on(29, 29, null);
/** UDP. */
export const IPPROTO_UDP: number = 17;
/** UDP whose checksum may cover a part only. */
export const IPPROTO_UDPLITE: number = linux(136);
/** Express transport. */
export const IPPROTO_XTP: number = on(null, 36, null);

// ## IPPORT_*: bounds of port numbers

/** Ports below this one need privileges. */
export const IPPORT_RESERVED: number = 1024;
/** By custom, ports above this one are for servers. */
export const IPPORT_USERRESERVED: number = 5000;

// ## INADDR_*: IPv4 addresses as integers
//
// Above 0x7fffffff they are negative in CPython on Windows: a long is 32 bits.

/** 224.0.0.1, the multicast group of all hosts on the link. */
export const INADDR_ALLHOSTS_GROUP: number = on(
  0xe0000001,
  0xe0000001,
  -536870911,
);
/** 0.0.0.0: every interface. */
export const INADDR_ANY: number = 0;
/** 255.255.255.255: every host on the link. */
export const INADDR_BROADCAST: number = on(0xffffffff, 0xffffffff, -1);
/** 127.0.0.1: this host. */
export const INADDR_LOOPBACK: number = 0x7f000001;
/** 224.0.0.255, the last multicast group that stays on the link. */
export const INADDR_MAX_LOCAL_GROUP: number = on(
  0xe00000ff,
  0xe00000ff,
  -536870657,
);
/** What C's `inet_addr` returns for a bad address. */
export const INADDR_NONE: number = on(0xffffffff, 0xffffffff, -1);
/** 224.0.0.0, the first multicast address. */
export const INADDR_UNSPEC_GROUP: number = on(
  0xe0000000,
  0xe0000000,
  -536870912,
);

// ## IP_*: options of IPv4

/** Join a multicast group: its address and the interface's. */
export const IP_ADD_MEMBERSHIP: number = on(35, 12, 12);
/** Choose the local port at connect, not at bind: 0 or 1. */
export const IP_BIND_ADDRESS_NO_PORT: number = linux(24);
/** The value {@linkcode IP_MULTICAST_LOOP} begins with. */
export const IP_DEFAULT_MULTICAST_LOOP: number = on(1, 1, null);
/** The value {@linkcode IP_MULTICAST_TTL} begins with. */
export const IP_DEFAULT_MULTICAST_TTL: number = on(1, 1, null);
/** Leave a multicast group. */
export const IP_DROP_MEMBERSHIP: number = on(36, 13, 13);
/** The program writes the IP header itself: 0 or 1. */
export const IP_HDRINCL: number = on(3, 2, 2);
/** The most multicast groups that one socket can join. */
export const IP_MAX_MEMBERSHIPS: number = on(20, 4095, null);
/** The interface that multicasts leave by, as its address. */
export const IP_MULTICAST_IF: number = on(32, 9, 9);
/** Hear one's own multicasts on this host: 0 or 1. */
export const IP_MULTICAST_LOOP: number = on(34, 11, 11);
/** How many hops a multicast may go, 1 stays on the link. */
export const IP_MULTICAST_TTL: number = on(33, 10, 10);
/** The option bytes of each IP header. */
export const IP_OPTIONS: number = on(4, 1, 1);
/** Receive the address each datagram was sent to: 0 or 1. */
export const IP_RECVDSTADDR: number = on(null, 7, 25);
/** Receive the IP options of each datagram: 0 or 1. */
export const IP_RECVOPTS: number = on(6, 5, null);
/** Receive the IP options in the form to answer with: 0 or 1. */
export const IP_RECVRETOPTS: number = on(7, 6, null);
/** Receive the type of service of each datagram: 0 or 1. */
export const IP_RECVTOS: number = on(13, 27, 40);
/** The IP options to answer with. */
export const IP_RETOPTS: number = on(7, 8, null);
/** The type of service (DSCP and ECN bits) of what is sent, 0 to 255. */
export const IP_TOS: number = on(1, 3, 3);
/** Bind addresses that are not this host's, as a proxy: 0 or 1. */
export const IP_TRANSPARENT: number = linux(19);
/** How many hops a packet may go, 1 to 255. */
export const IP_TTL: number = on(2, 4, 4);

// ## IPV6_*: options of IPv6

/** Where in a raw packet the checksum stands, in bytes. */
export const IPV6_CHECKSUM: number = on(7, 26, 26);
/** Never split a packet; too long ones fail: 0 or 1. */
export const IPV6_DONTFRAG: number = on(62, 62, 14);
/** The destination options to send. */
export const IPV6_DSTOPTS: number = on(59, 50, null);
/** The hop limit of one packet, as ancillary data. */
export const IPV6_HOPLIMIT: number = on(52, 47, 21);
/** The hop-by-hop options to send. */
export const IPV6_HOPOPTS: number = on(54, 49, 1);
/** Join a multicast group: its address and an interface index. */
export const IPV6_JOIN_GROUP: number = on(20, 12, 12);
/** Leave a multicast group. */
export const IPV6_LEAVE_GROUP: number = on(21, 13, 13);
/** How many hops a multicast may go, 1 stays on the link. */
export const IPV6_MULTICAST_HOPS: number = on(18, 10, 10);
/** The interface that multicasts leave by, as its index. */
export const IPV6_MULTICAST_IF: number = on(17, 9, 9);
/** Hear one's own multicasts on this host: 0 or 1. */
export const IPV6_MULTICAST_LOOP: number = on(19, 11, 11);
/** The address of the next hop. */
export const IPV6_NEXTHOP: number = on(9, 48, null);
/** Read how long a packet may be on the way to the peer. */
export const IPV6_PATHMTU: number = on(61, 44, null);
/** The packet's own address and interface, as ancillary data. */
export const IPV6_PKTINFO: number = on(50, 46, 19);
/** Receive the destination options: 0 or 1. */
export const IPV6_RECVDSTOPTS: number = on(58, 40, null);
/** Receive the hop limit of each datagram: 0 or 1. */
export const IPV6_RECVHOPLIMIT: number = on(51, 37, null);
/** Receive the hop-by-hop options: 0 or 1. */
export const IPV6_RECVHOPOPTS: number = on(53, 39, null);
/** Be told when the path's packet length changes: 0 or 1. */
export const IPV6_RECVPATHMTU: number = on(60, 43, null);
/** Receive the address each datagram was sent to: 0 or 1. */
export const IPV6_RECVPKTINFO: number = on(49, 61, null);
/** Receive the routing header: 0 or 1. */
export const IPV6_RECVRTHDR: number = on(56, 38, 38);
/** Receive the traffic class of each datagram: 0 or 1. */
export const IPV6_RECVTCLASS: number = on(66, 35, 40);
/** The routing header to send. */
export const IPV6_RTHDR: number = on(57, 51, 32);
/** Type 0 of the routing header (deprecated by RFC 5095). */
export const IPV6_RTHDR_TYPE_0: number = on(0, 0, null);
/** The destination options to send before the routing header. */
export const IPV6_RTHDRDSTOPTS: number = on(55, 57, null);
/** The traffic class (DSCP and ECN bits) of what is sent, 0 to 255. */
export const IPV6_TCLASS: number = on(67, 36, 39);
/** How many hops a packet may go, 1 to 255. */
export const IPV6_UNICAST_HOPS: number = on(16, 4, 4);
/** Send packets of the smallest size that every path takes: 0 or 1. */
export const IPV6_USE_MIN_MTU: number = on(null, 42, null);
/** Serve IPv6 only, not IPv4 as well: 0 or 1. */
export const IPV6_V6ONLY: number = on(26, 27, 27);

// ## TCP_*: options of TCP

/** The congestion control, by name: "cubic", "reno", "bbr". */
export const TCP_CONGESTION: number = linux(13);
/** Read the connection's state and counters. */
export const TCP_CONNECTION_INFO: number = on(null, 0x106, null);
/** Hold partial packets until it is taken off: 0 or 1. */
export const TCP_CORK: number = linux(3);
/** Seconds to wait for first bytes before `accept` sees a client. */
export const TCP_DEFER_ACCEPT: number = linux(9);
/** Take bytes with the first packet; on Linux, the queue's length. */
export const TCP_FASTOPEN: number = on(23, 0x105, 15);
/** Read the connection's state and counters. */
export const TCP_INFO: number = linux(11);
/** Idle seconds before the first probe, as macOS calls it. */
export const TCP_KEEPALIVE: number = on(null, 0x10, null);
/** Unanswered probes before the peer counts as gone. */
export const TCP_KEEPCNT: number = on(6, 0x102, 16);
/** Idle seconds before the first probe of {@linkcode SO_KEEPALIVE}. */
export const TCP_KEEPIDLE: number = on(4, null, 3);
/** Seconds between two probes. */
export const TCP_KEEPINTVL: number = on(5, 0x101, 17);
/** Seconds that a closed connection stays in FIN_WAIT2. */
export const TCP_LINGER2: number = linux(8);
/** The longest segment, in bytes. */
export const TCP_MAXSEG: number = on(2, 2, 4);
/** Send small writes at once (no Nagle): 0 or 1. */
export const TCP_NODELAY: number = 1;
/** Writable while fewer than this many bytes are unsent. */
export const TCP_NOTSENT_LOWAT: number = on(25, 0x201, null);
/** Acknowledge at once; the kernel may turn it off again: 0 or 1. */
export const TCP_QUICKACK: number = linux(12);
/** How often the first packet is sent again before giving up. */
export const TCP_SYNCNT: number = linux(7);
/** Milliseconds that sent bytes may stay unacknowledged. */
export const TCP_USER_TIMEOUT: number = linux(18);
/** The largest receive window to advertise, in bytes. */
export const TCP_WINDOW_CLAMP: number = linux(10);

// ## UDPLITE_*: options of UDP-Lite

/** The fewest bytes that a received checksum must cover. */
export const UDPLITE_RECV_CSCOV: number = linux(11);
/** The bytes that the checksum of what is sent covers. */
export const UDPLITE_SEND_CSCOV: number = linux(10);

// ## EAI_*: what went wrong in getaddrinfo

/** The host has no address of this family. */
export const EAI_ADDRFAMILY: number = on(-9, 1, null);
/** The name servers did not answer; it may work later. */
export const EAI_AGAIN: number = on(-3, 2, 11002);
/** Bad flags. */
export const EAI_BADFLAGS: number = on(-1, 3, 10022);
/** Bad hints. */
export const EAI_BADHINTS: number = on(null, 12, null);
/** A name server failed for good. */
export const EAI_FAIL: number = on(-4, 4, 11003);
/** This family is not supported. */
export const EAI_FAMILY: number = on(-6, 5, 10047);
/** One above the largest of these numbers. */
export const EAI_MAX: number = on(null, 15, null);
/** Out of memory. */
export const EAI_MEMORY: number = on(-10, 6, 8);
/** The host exists but has no address. */
export const EAI_NODATA: number = on(-5, 7, 11001);
/** The name or the service is not known. */
export const EAI_NONAME: number = on(-2, 8, 11001);
/** A buffer was too small. */
export const EAI_OVERFLOW: number = on(-12, 14, null);
/** The protocol is not known. */
export const EAI_PROTOCOL: number = on(null, 13, null);
/** The service does not exist for this kind of socket. */
export const EAI_SERVICE: number = on(-8, 9, 10109);
/** This kind of socket is not supported. */
export const EAI_SOCKTYPE: number = on(-7, 10, 10044);
/** The system failed; errno says how. */
export const EAI_SYSTEM: number = on(-11, 11, null);

// ## AI_*: flags of getaddrinfo

/** Only families that this host has an address of. */
export const AI_ADDRCONFIG: number = on(0x20, 0x400, 0x400);
/** With {@linkcode AI_V4MAPPED}: both IPv6 and mapped IPv4 addresses. */
export const AI_ALL: number = on(0x10, 0x100, 0x100);
/** Fill in the canonical name of the host. */
export const AI_CANONNAME: number = 0x2;
/** What macOS takes when no flag is given. */
export const AI_DEFAULT: number = on(null, 0x600, null);
/** All flags that macOS counts as valid. */
export const AI_MASK: number = on(null, 0x1407, null);
/** The host is a numeric address: ask no name server. */
export const AI_NUMERICHOST: number = 0x4;
/** The service is a number: look no name up. */
export const AI_NUMERICSERV: number = on(0x400, 0x1000, 0x8);
/** For `bind`: no host means every interface, not this host. */
export const AI_PASSIVE: number = 0x1;
/** Where there is no IPv6 address, map the IPv4 ones into IPv6. */
export const AI_V4MAPPED: number = on(0x8, 0x800, 0x800);
/** Map IPv4 addresses if the kernel supports it. */
export const AI_V4MAPPED_CFG: number = on(null, 0x200, null);

// ## NI_*: flags and limits of getnameinfo

/** The service is one of UDP. */
export const NI_DGRAM: number = 0x10;
/** The longest host name, in bytes with C's closing zero. */
export const NI_MAXHOST: number = 1025;
/** The longest service name, in bytes with C's closing zero. */
export const NI_MAXSERV: number = 32;
/** Fail where the address has no name. */
export const NI_NAMEREQD: number = on(0x8, 0x4, 0x4);
/** Leave the domain off the names of local hosts. */
export const NI_NOFQDN: number = on(0x4, 0x1, 0x1);
/** The host as a numeric address: ask no name server. */
export const NI_NUMERICHOST: number = on(0x1, 0x2, 0x2);
/** The service as a number. */
export const NI_NUMERICSERV: number = on(0x2, 0x8, 0x8);

// ## SHUT_*: the ways of shutdown

/** Receive nothing more. */
export const SHUT_RD: number = 0;
/** Neither receive nor send any more. */
export const SHUT_RDWR: number = 2;
/** Send nothing more; the peer reads to the end. */
export const SHUT_WR: number = 1;

// ## CAN_*: the CAN bus (Linux)

/** The protocol of the broadcast manager. */
export const CAN_BCM: number = linux(2);
/** Flag: the frames are CAN FD frames. */
export const CAN_BCM_CAN_FD_FRAME: number = linux(0x800);
/** Flag: report also when frames come again after a timeout. */
export const CAN_BCM_RX_ANNOUNCE_RESUME: number = linux(0x100);
/** Reply: a frame came whose content changed. */
export const CAN_BCM_RX_CHANGED: number = linux(12);
/** Flag: a changed length counts as changed content. */
export const CAN_BCM_RX_CHECK_DLC: number = linux(0x40);
/** Command: end a receive subscription. */
export const CAN_BCM_RX_DELETE: number = linux(6);
/** Flag: filter by the identifier alone. */
export const CAN_BCM_RX_FILTER_ID: number = linux(0x20);
/** Flag: do not start the timeout by itself. */
export const CAN_BCM_RX_NO_AUTOTIMER: number = linux(0x80);
/** Command: read a receive subscription's settings. */
export const CAN_BCM_RX_READ: number = linux(7);
/** Flag: answer remote requests with the frame given. */
export const CAN_BCM_RX_RTR_FRAME: number = linux(0x400);
/** Command: subscribe to the frames of an identifier. */
export const CAN_BCM_RX_SETUP: number = linux(5);
/** Reply to CAN_BCM_RX_READ. */
export const CAN_BCM_RX_STATUS: number = linux(10);
/** Reply: an expected frame did not come in time. */
export const CAN_BCM_RX_TIMEOUT: number = linux(11);
/** Flag: set the intervals and the count. */
export const CAN_BCM_SETTIMER: number = linux(0x1);
/** Flag: start the timer. */
export const CAN_BCM_STARTTIMER: number = linux(0x2);
/** Flag: send changed content at once. */
export const CAN_BCM_TX_ANNOUNCE: number = linux(0x8);
/** Flag: report when the count has run out. */
export const CAN_BCM_TX_COUNTEVT: number = linux(0x4);
/** Flag: copy the identifier into every frame. */
export const CAN_BCM_TX_CP_CAN_ID: number = linux(0x10);
/** Command: end a cyclic sending. */
export const CAN_BCM_TX_DELETE: number = linux(2);
/** Reply: the count of a cyclic sending has run out. */
export const CAN_BCM_TX_EXPIRED: number = linux(9);
/** Command: read a cyclic sending's settings. */
export const CAN_BCM_TX_READ: number = linux(3);
/** Flag: begin again with the first of several frames. */
export const CAN_BCM_TX_RESET_MULTI_IDX: number = linux(0x200);
/** Command: send one frame. */
export const CAN_BCM_TX_SEND: number = linux(4);
/** Command: send frames in a cycle. */
export const CAN_BCM_TX_SETUP: number = linux(1);
/** Reply to CAN_BCM_TX_READ. */
export const CAN_BCM_TX_STATUS: number = linux(8);
/** In an identifier: the frame is of the extended format. */
export const CAN_EFF_FLAG: number = linux(0x80000000);
/** The 29 bits of an extended identifier. */
export const CAN_EFF_MASK: number = linux(0x1fffffff);
/** In an identifier: the frame reports an error. */
export const CAN_ERR_FLAG: number = linux(0x20000000);
/** The bits of an error's class. */
export const CAN_ERR_MASK: number = linux(0x1fffffff);
/** The protocol for longer messages, ISO 15765-2. */
export const CAN_ISOTP: number = linux(6);
/** The protocol of trucks and tractors, SAE J1939. */
export const CAN_J1939: number = linux(7);
/** The protocol of raw frames. */
export const CAN_RAW: number = linux(1);
/** Option: use CAN FD frames as well: 0 or 1. */
export const CAN_RAW_FD_FRAMES: number = linux(5);
/** Option: the identifiers and masks to receive. */
export const CAN_RAW_FILTER: number = linux(1);
/** Option: a frame must match every filter, not any: 0 or 1. */
export const CAN_RAW_JOIN_FILTERS: number = linux(6);
/** Option: show sent frames to this host's other sockets: 0 or 1. */
export const CAN_RAW_LOOPBACK: number = linux(3);
/** Option: receive one's own frames: 0 or 1. */
export const CAN_RAW_RECV_OWN_MSGS: number = linux(4);
/** In an identifier: the frame asks for a remote transmission. */
export const CAN_RTR_FLAG: number = linux(0x40000000);
/** The 11 bits of a standard identifier. */
export const CAN_SFF_MASK: number = linux(0x7ff);
/** {@linkcode AF_CAN} under its other name. */
export const PF_CAN: number = linux(29);

// ## J1939_*: SAE J1939 over CAN (Linux)

/** Error queue: nothing more to say. */
export const J1939_EE_INFO_NONE: number = linux(0);
/** Error queue: a transmission was aborted. */
export const J1939_EE_INFO_TX_ABORT: number = linux(1);
/** The most filters that one socket can have. */
export const J1939_FILTER_MAX: number = linux(512);
/** The address of a node that has none yet. */
export const J1939_IDLE_ADDR: number = linux(0xfe);
/** The largest address of a single node. */
export const J1939_MAX_UNICAST_ADDR: number = linux(0xfd);
/** Error queue attribute: how many bytes were acknowledged. */
export const J1939_NLA_BYTES_ACKED: number = linux(1);
/** Error queue attribute: padding. */
export const J1939_NLA_PAD: number = linux(0);
/** No address: broadcast, or any. */
export const J1939_NO_ADDR: number = linux(0xff);
/** No name. */
export const J1939_NO_NAME: number = linux(0);
/** No parameter group: receive them all. */
export const J1939_NO_PGN: number = linux(0x40000);
/** The parameter group that claims an address. */
export const J1939_PGN_ADDRESS_CLAIMED: number = linux(0xee00);
/** The parameter group that commands an address. */
export const J1939_PGN_ADDRESS_COMMANDED: number = linux(0xfed8);
/** The largest parameter group number. */
export const J1939_PGN_MAX: number = linux(0x3ffff);
/** The largest parameter group number with a destination. */
export const J1939_PGN_PDU1_MAX: number = linux(0x3ff00);
/** The parameter group that asks for another. */
export const J1939_PGN_REQUEST: number = linux(0xea00);
/** Ancillary data: the destination's address. */
export const SCM_J1939_DEST_ADDR: number = linux(1);
/** Ancillary data: the destination's name. */
export const SCM_J1939_DEST_NAME: number = linux(2);
/** Ancillary data: a report of the error queue. */
export const SCM_J1939_ERRQUEUE: number = linux(4);
/** Ancillary data: the message's priority. */
export const SCM_J1939_PRIO: number = linux(3);
/** Option: report on transmissions in the error queue: 0 or 1. */
export const SO_J1939_ERRQUEUE: number = linux(4);
/** Option: the names, addresses and groups to receive. */
export const SO_J1939_FILTER: number = linux(1);
/** Option: receive everything on the bus: 0 or 1. */
export const SO_J1939_PROMISC: number = linux(2);
/** Option: the priority of what is sent, 0 (highest) to 7. */
export const SO_J1939_SEND_PRIO: number = linux(3);

// ## PACKET_*: raw frames (Linux)

/** A frame to all hosts on the link. */
export const PACKET_BROADCAST: number = linux(1);
/** A frame that was routed fast; the kernel's own. */
export const PACKET_FASTROUTE: number = linux(6);
/** A frame to this host. */
export const PACKET_HOST: number = linux(0);
/** A frame looped back; the kernel's own. */
export const PACKET_LOOPBACK: number = linux(5);
/** A frame to a multicast address. */
export const PACKET_MULTICAST: number = linux(2);
/** A frame to another host, seen in promiscuous mode. */
export const PACKET_OTHERHOST: number = linux(3);
/** A frame that this host sent. */
export const PACKET_OUTGOING: number = linux(4);
/** {@linkcode AF_PACKET} under its other name. */
export const PF_PACKET: number = linux(17);

// ## RDS: reliable datagrams (Linux)

/** {@linkcode AF_RDS} under its other name. */
export const PF_RDS: number = linux(21);

// ## TIPC_*: messages in a cluster (Linux)

/** Kind of address: a port of a node. */
export const TIPC_ADDR_ID: number = linux(3);
/** Kind of address: a service by type and instance. */
export const TIPC_ADDR_NAME: number = linux(2);
/** Kind of address: a range of instances. */
export const TIPC_ADDR_NAMESEQ: number = linux(1);
/** The service type of the configuration. */
export const TIPC_CFG_SRV: number = linux(0);
/** Visible in the whole cluster. */
export const TIPC_CLUSTER_SCOPE: number = linux(2);
/** Option: how long to try to connect, in milliseconds. */
export const TIPC_CONN_TIMEOUT: number = linux(130);
/** The most important messages, dropped last. */
export const TIPC_CRITICAL_IMPORTANCE: number = linux(3);
/** Option: a message that cannot be delivered is dropped: 0 or 1. */
export const TIPC_DEST_DROPPABLE: number = linux(129);
/** Important messages. */
export const TIPC_HIGH_IMPORTANCE: number = linux(2);
/** Option: how important the messages are, 0 to 3. */
export const TIPC_IMPORTANCE: number = linux(127);
/** The least important messages, dropped first. */
export const TIPC_LOW_IMPORTANCE: number = linux(0);
/** Messages of middling importance. */
export const TIPC_MEDIUM_IMPORTANCE: number = linux(1);
/** Visible in this node only. */
export const TIPC_NODE_SCOPE: number = linux(3);
/** Event: a service came up. */
export const TIPC_PUBLISHED: number = linux(1);
/** Option: messages may be dropped when links are full: 0 or 1. */
export const TIPC_SRC_DROPPABLE: number = linux(128);
/** Cancel a subscription. */
export const TIPC_SUB_CANCEL: number = linux(4);
/** Report every port that comes or goes. */
export const TIPC_SUB_PORTS: number = linux(1);
/** Report the first that comes and the last that goes. */
export const TIPC_SUB_SERVICE: number = linux(2);
/** Event: a subscription ran out. */
export const TIPC_SUBSCR_TIMEOUT: number = linux(3);
/** The service type that tells who is there. */
export const TIPC_TOP_SRV: number = linux(1);
/** A subscription that never runs out. */
export const TIPC_WAIT_FOREVER: number = linux(-1);
/** Event: a service went away. */
export const TIPC_WITHDRAWN: number = linux(2);
/** Visible in the whole zone. */
export const TIPC_ZONE_SCOPE: number = linux(1);

// ## ALG_*: the kernel's cryptography (Linux)

/** Decrypt. */
export const ALG_OP_DECRYPT: number = linux(0);
/** Encrypt. */
export const ALG_OP_ENCRYPT: number = linux(1);
/** Sign. */
export const ALG_OP_SIGN: number = linux(2);
/** Verify a signature. */
export const ALG_OP_VERIFY: number = linux(3);
/** The length of the associated data, in bytes. */
export const ALG_SET_AEAD_ASSOCLEN: number = linux(4);
/** The length of the authentication tag, in bytes. */
export const ALG_SET_AEAD_AUTHSIZE: number = linux(5);
/** The initialization vector. */
export const ALG_SET_IV: number = linux(2);
/** The key. */
export const ALG_SET_KEY: number = linux(1);
/** What to do: one of ALG_OP_*. */
export const ALG_SET_OP: number = linux(3);
/** The public key. */
export const ALG_SET_PUBKEY: number = linux(6);

// ## NETLINK_*: protocols of AF_NETLINK (Linux)

/** The kernel's cryptography. */
export const NETLINK_CRYPTO: number = linux(21);
/** DECnet routing. */
export const NETLINK_DNRTMSG: number = linux(14);
/** The old IPv4 firewall; no longer used. */
export const NETLINK_FIREWALL: number = linux(3);
/** The old IPv6 firewall; no longer used. */
export const NETLINK_IP6_FW: number = linux(13);
/** The firewall's log. */
export const NETLINK_NFLOG: number = linux(5);
/** Routes, addresses and network interfaces. */
export const NETLINK_ROUTE: number = linux(0);
/** Between programs, without the kernel. */
export const NETLINK_USERSOCK: number = linux(2);
/** IPsec. */
export const NETLINK_XFRM: number = linux(6);

// ## VSOCK: a virtual machine and its host (Linux)

/** Ask `/dev/vsock` for this machine's own CID. */
export const IOCTL_VM_SOCKETS_GET_LOCAL_CID: number = linux(0x7b9);
/** Option: the largest buffer size that may be set, in bytes. */
export const SO_VM_SOCKETS_BUFFER_MAX_SIZE: number = linux(2);
/** Option: the smallest buffer size that may be set, in bytes. */
export const SO_VM_SOCKETS_BUFFER_MIN_SIZE: number = linux(1);
/** Option: the buffer's size in bytes. */
export const SO_VM_SOCKETS_BUFFER_SIZE: number = linux(0);
/** The version number that means none. */
export const VM_SOCKETS_INVALID_VERSION: number = linux(0xffffffff);
/** For `bind`: any CID of this machine. */
export const VMADDR_CID_ANY: number = linux(0xffffffff);
/** The CID of the host. */
export const VMADDR_CID_HOST: number = linux(2);
/** For `bind`: any free port. */
export const VMADDR_PORT_ANY: number = linux(0xffffffff);

// ## Kernel controls (macOS)

/** {@linkcode AF_SYSTEM} under its other name. */
export const PF_SYSTEM: number = on(null, 32, null);
/** The protocol of kernel controls, such as utun tunnels. */
export const SYSPROTO_CONTROL: number = on(null, 2, null);

// ## SIO_*, RCVALL_*: control codes of ioctl (Windows)

/** The largest of these numbers. */
export const RCVALL_MAX: number = on(null, null, 3);
/** Receive only what is meant for the socket. */
export const RCVALL_OFF: number = on(null, null, 0);
/** Receive all packets of the interface. */
export const RCVALL_ON: number = on(null, null, 1);
/** As RCVALL_ON, but leave the network card as it is. */
export const RCVALL_SOCKETLEVELONLY: number = on(null, null, 2);
/** Set keepalive: on or off, idle time and interval in milliseconds. */
export const SIO_KEEPALIVE_VALS: number = on(null, null, 0x98000004);
/** Make TCP on the loopback faster. */
export const SIO_LOOPBACK_FAST_PATH: number = on(null, null, 0x98000010);
/** Receive all packets of the interface: one of RCVALL_*. */
export const SIO_RCVALL: number = on(null, null, 0x98000001);

// ## has_ipv6

/** Whether this platform knows IPv6; Deno does everywhere. */
export const has_ipv6: boolean = true;

// ## Enumerations
//
// From name to value, of the names that this system has, in Python's order: by
// value, and of two names for one value the first is the one Python prints.

/** The address families by name, as Python's `socket.AddressFamily`. */
export const AddressFamily: Readonly<Record<string, number>> = members({
  AF_ALG,
  AF_APPLETALK,
  AF_ASH,
  AF_ATMPVC,
  AF_ATMSVC,
  AF_AX25,
  AF_BRIDGE,
  AF_CAN,
  AF_ECONET,
  AF_INET,
  AF_INET6,
  AF_IPX,
  AF_IRDA,
  AF_KEY,
  AF_LINK,
  AF_LLC,
  AF_NETBEUI,
  AF_NETLINK,
  AF_NETROM,
  AF_PACKET,
  AF_PPPOX,
  AF_QIPCRTR,
  AF_RDS,
  AF_ROSE,
  AF_ROUTE,
  AF_SECURITY,
  AF_SNA,
  AF_SYSTEM,
  AF_TIPC,
  AF_UNIX,
  AF_UNSPEC,
  AF_VSOCK,
  AF_WANPIPE,
  AF_X25,
});

/** The flags of `getaddrinfo` by name, as Python's `socket.AddressInfo`. */
export const AddressInfo: Readonly<Record<string, number>> = members({
  AI_ADDRCONFIG,
  AI_ALL,
  AI_CANONNAME,
  AI_DEFAULT,
  AI_MASK,
  AI_NUMERICHOST,
  AI_NUMERICSERV,
  AI_PASSIVE,
  AI_V4MAPPED,
  AI_V4MAPPED_CFG,
});

/** The flags of send and receive by name, as Python's `socket.MsgFlag`. */
export const MsgFlag: Readonly<Record<string, number>> = members({
  MSG_BCAST,
  MSG_CMSG_CLOEXEC,
  MSG_CONFIRM,
  MSG_CTRUNC,
  MSG_DONTROUTE,
  MSG_DONTWAIT,
  MSG_EOF,
  MSG_EOR,
  MSG_ERRQUEUE,
  MSG_FASTOPEN,
  MSG_MCAST,
  MSG_MORE,
  MSG_NOSIGNAL,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_WAITALL,
});

/** The kinds of socket by name, as Python's `socket.SocketKind`. */
export const SocketKind: Readonly<Record<string, number>> = members({
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOCK_RDM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
});

/** Keeps the names that exist here, sorted as Python sorts an enumeration. */
function members(
  names: Record<string, number>,
): Readonly<Record<string, number>> {
  const existing = Object.entries(names).filter(([, value]) =>
    value !== undefined
  );
  existing.sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
  return Object.freeze(Object.fromEntries(existing));
}
