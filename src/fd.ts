/**
 * Python's functions for descriptors: `dup`, `close`, `fromfd`, and passing
 * descriptors to another process.
 *
 * @module
 */

import { CMSG_LEN } from "./cmsg.ts";
import type { AddressLike } from "./address.ts";
import { SCM_RIGHTS, SOL_SOCKET } from "./constants.ts";
