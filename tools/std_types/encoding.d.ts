/**
 * Types for the `@std/encoding` modules that `setup.ts` takes from npm, where
 * they come without any. `setup.ts` cuts this file at the `// ----` lines, one
 * piece for each module, so a piece must not use a name from another one.
 */

// ---- ascii85.js
/** The dialects of base 85. */
export type Ascii85Standard = "Adobe" | "btoa" | "RFC 1924" | "Z85";
export interface EncodeAscii85Options {
  standard?: Ascii85Standard;
  delimiter?: boolean;
}
export type DecodeAscii85Options = Omit<EncodeAscii85Options, "delimiter">;
export function encodeAscii85(
  data: ArrayBuffer | Uint8Array | string,
  options?: EncodeAscii85Options,
): string;
export function decodeAscii85(
  ascii85: string,
  options?: DecodeAscii85Options,
): Uint8Array<ArrayBuffer>;

// ---- base32.js
export function encodeBase32(data: ArrayBuffer | Uint8Array | string): string;
export function decodeBase32(b32: string): Uint8Array<ArrayBuffer>;

// ---- base58.js
export function encodeBase58(data: ArrayBuffer | Uint8Array | string): string;
export function decodeBase58(b58: string): Uint8Array<ArrayBuffer>;

// ---- base64.js
export function encodeBase64(data: ArrayBuffer | Uint8Array | string): string;
export function decodeBase64(b64: string): Uint8Array<ArrayBuffer>;

// ---- base64url.js
export function encodeBase64Url(
  data: ArrayBuffer | Uint8Array | string,
): string;
export function decodeBase64Url(b64url: string): Uint8Array<ArrayBuffer>;

// ---- hex.js
export function encodeHex(src: string | Uint8Array | ArrayBuffer): string;
export function decodeHex(src: string): Uint8Array<ArrayBuffer>;

// ---- varint.js
export const MaxUint64: bigint;
export const MaxVarintLen64: number;
export const MaxVarintLen32: number;
export function decodeVarint(
  buf: Uint8Array,
  offset?: number,
): [bigint, number];
export function decodeVarint32(
  buf: Uint8Array,
  offset?: number,
): [number, number];
export function encodeVarint(
  num: bigint | number,
  buf?: Uint8Array,
  offset?: number,
): [Uint8Array<ArrayBuffer>, number];
