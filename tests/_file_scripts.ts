/** The scripts of `file_differential_test.ts`: the same steps for CPython and for us. */

/** What JSON can hold; bytes are `{ bytes }`, an array to fill is `{ room }`. */
export type Value =
  | null
  | boolean
  | number
  | string
  | readonly Value[]
  | { readonly [name: string]: Value };

/**
 * One step: who does what with which arguments. `peer` sends, ends or takes what
 * has come; `sock` is the socket; any other is a file, which `=` makes. What
 * begins with a dot is a property.
 */
export type Step = readonly [target: string, method: string, ...args: Value[]];

export type Script = readonly Step[];

/** Bytes, written as Latin-1. */
export function b(text: string): Value {
  return { bytes: text };
}

function room(length: number): Value {
  return { room: length };
}

/** A file of a mode that the peer has sent something for. */
function after(data: string, mode: string, options: Value = {}): Step[] {
  return [["peer", "send", data], ["peer", "end"], ["f", "=", mode, options]];
}

const TIMEOUT = 0.01;

/** Every mode, with what the file says of itself. */
const MODES: Script[] = [
  "r",
  "w",
  "rw",
  "wr",
  "rb",
  "wb",
  "rwb",
  "b",
  "bw",
  "",
  "rr",
  "brw",
  "rt",
  "x",
  "+",
  "a",
  "r+",
  "U",
  "R",
  "r b",
].flatMap((mode): Script[] =>
  [null, 0, 1, -1, -5, 4096, 10, 1.5, 0.5, "x", true].map((buffering) => [
    ["f", "=", mode, { buffering }],
    ...mode === "rt" || /[^rwb]/.test(mode) ? [] : asked(mode, buffering),
  ])
);

function asked(mode: string, buffering: Value): Step[] {
  if (![null, 0, 1, -1, -5, 4096, 10, true].includes(buffering as number)) {
    return [];
  }
  if (buffering === 0 && !mode.includes("b")) return [];
  const common: Step[] = [
    ["f", "readable"],
    ["f", "writable"],
    ["f", "seekable"],
    ["f", "isatty"],
    ["f", ".closed"],
    ["f", "repr"],
  ];
  const text: Step[] = [
    ["f", ".mode"],
    ["f", ".encoding"],
    ["f", ".errors"],
    ["f", ".newlines"],
    ["f", ".line_buffering"],
    ["f", ".write_through"],
    ["f", ".buffer"],
  ];
  const isPair = mode.includes("w") && /r/.test(mode) && buffering !== 0;
  const bytes: Step[] = isPair ? [] : [["f", ".mode"]];
  return [...common, ...mode.includes("b") ? bytes : text];
}

/** Options of text. */
const OPTIONS: Script[] = [
  { encoding: "nope" },
  { encoding: 5 },
  { encoding: "" },
  { encoding: "locale" },
  { encoding: "UTF8" },
  { encoding: "Latin 1" },
  { encoding: "utf\0" },
  { encoding: "ISO_8859-15" },
  { encoding: "windows-1251" },
  { errors: 5 },
  { errors: "nope" },
  { newline: 5 },
  { newline: "x" },
  { newline: "\n\n" },
  { newline: "x", encoding: "nope" },
  { newline: 5, encoding: 5 },
  { errors: 5, newline: "x" },
  { encoding: "nope", buffering: 0 },
].flatMap((options): Script[] =>
  ["r", "w", "rb"].map((mode) => [
    ["f", "=", mode, options],
    ["sock", "close"],
    ["peer", "take"],
  ])
);

const DATA = "l1\nl2\r\nl3\rl4\n\nl\xc3\xa96\r\r\n\xe2\x82\xac";

/** Reads, of each kind of file, with all that can be asked for. */
const READS: Script[] = [
  ...["rb", "rwb", "b"].flatMap((mode) =>
    [{}, { buffering: 1 }, { buffering: 2 }, { buffering: 5 }, { buffering: 0 }]
      .flatMap((options): Script[] => [
        [...after(DATA, mode, options), ["f", "list"], ["f", "readline"]],
        [...after(DATA, mode, options), ["f", "readlines"], ["f", "readlines"]],
        ...[-1, 0, 1, 2, 3, 4, 5, 6, 7, 9, 12, 99].flatMap((n): Script[] => [
          [
            ...after(DATA, mode, options),
            ["f", "read", n],
            ["f", "read", n],
            [
              "f",
              "readline",
              n,
            ],
            ["f", "readline", n],
            ["f", "read"],
            ["f", "read"],
          ],
          [
            ...after(DATA, mode, options),
            ["f", "readline"],
            ["f", "read", n],
            [
              "f",
              "readline",
            ],
            ["f", "readlines", n],
            ["f", "readlines"],
          ],
          [
            ...after(DATA, mode, options),
            ["f", "readline", n],
            [
              "f",
              "readinto",
              room(Math.max(n, 0)),
            ],
            ["f", "readline"],
            ["f", "readinto", room(5)],
            ["f", "next"],
            [
              "f",
              "list",
            ],
            ["f", "next"],
          ],
        ]),
      ])
  ),
  ...["rb", "rwb"].flatMap((mode) =>
    [{}, { buffering: 1 }, { buffering: 3 }].flatMap((options): Script[] =>
      [-1, 0, 1, 2, 3, 5, 9, 99].map((n) => [
        ...after(DATA, mode, options),
        ["f", "peek", n],
        ["f", "read1", n],
        ["f", "read1", n],
        ["f", "readline"],
        ["f", "peek"],
        ["f", "readinto1", room(Math.max(n, 0))],
        ["f", "readinto1", room(Math.max(n, 0))],
        ["f", "read1"],
        ["f", "read", 2],
        ["f", "read1"],
        ["f", "read"],
        ["f", "peek"],
        ["f", "read1"],
      ])
    )
  ),
  // What is left for the socket, and for another file.
  ...[{}, { buffering: 0 }, { buffering: 4 }].flatMap((options): Script[] =>
    ["rb", "rwb"].flatMap((mode): Script[] => [
      [...after(DATA, mode, options), ["f", "readline"], ["sock", "recv", 99]],
      [...after(DATA, mode, options), ["f", "read", 3], ["sock", "recv", 99]],
      [...after(DATA, mode, options), ["f", "read", 9], ["sock", "recv", 99]],
      [...after(DATA, mode, options), ["f", "readinto", room(6)], [
        "sock",
        "recv",
        99,
      ]],
    ])
  ),
  [
    ["peer", "send", "hello"],
    ["f", "=", "rb", { buffering: 0 }],
    ["f", "read", 99],
    ["f", "read", 0],
    ["f", "readable"],
  ],
  [
    ...after("abc", "rb", { buffering: 0 }),
    ["f", "readall"],
    ["f", "readall"],
    ["f", "readinto", room(2)],
  ],
  [
    ...after("ab\ncd", "rb"),
    ["f", "peek"],
    ["f", "readline", 1],
    ["f", "peek"],
    ["f", "detach"],
    ["f", "read"],
  ],
];

/** Text with each kind of line end. */
const TEXT_READS: Script[] = [null, "", "\n", "\r", "\r\n"].flatMap(
  (newline): Script[] =>
    ["r", "rw"].flatMap((mode): Script[] =>
      [DATA, "", "\r", "\r\n", "\n\r", "a\r\r\nb", "a", "a\r", "a\nb\r\nc\rd"]
        .flatMap((data): Script[] => [
          [
            ...after(data, mode, { newline }),
            ["f", "list"],
            ["f", ".newlines"],
            ["f", "read"],
          ],
          [
            ...after(data, mode, { newline }),
            ["f", "read"],
            ["f", ".newlines"],
            ["f", "read"],
            ["f", "readline"],
          ],
          [...after(data, mode, { newline }), ["f", "readlines", 3], [
            "f",
            "readlines",
            1,
          ], ["f", "readlines"]],
          ...[0, 1, 2, 3, 5, 20].map((n): Script => [
            ...after(data, mode, { newline }),
            ["f", "read", n],
            ["f", "readline", n],
            ["f", "read", n],
            ["f", "readline", n],
            ["f", "readline"],
            ["f", ".newlines"],
            ["f", "next"],
            ["f", "read", n],
            ["f", "read"],
            ["f", ".newlines"],
          ]),
        ])
    ),
);

/** Characters, some of two code units, by their number. */
const ASTRAL = "a\xf0\x9f\x98\x80b\xf0\x9f\x98\x80\n\xc3\xa9\xf0\x9f\x98\x80x";
const CHARACTERS: Script[] = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((n) => [
  [...after(ASTRAL, "r"), ["f", "read", n], ["f", "read", n], [
    "f",
    "readline",
    n,
  ], ["f", "read"]],
  [...after(ASTRAL, "r"), ["f", "readline", n], ["f", "readline", n], [
    "f",
    "readline",
    n,
  ], ["f", "read"]],
  [...after(ASTRAL + ASTRAL, "r"), ["f", "readlines", n], [
    "f",
    "readlines",
    n,
  ]],
]);

/** Arguments of the wrong type, and on files that cannot. */
const WRONG: Script[] = ["r", "w", "rw", "rb", "wb", "rwb", "rb0", "wb0"].map(
  (kind): Script => {
    const mode = kind.replace("0", "");
    const options = kind.endsWith("0") ? { buffering: 0 } : {};
    const has = (...names: string[]) => names.includes(kind);
    const calls: Step[] = ["x", 1.5, b("x"), []].flatMap((value): Step[] => [
      ["f", "read", value],
      ["f", "readline", value],
      ["f", "readlines", value],
    ]);
    const bytesCalls: Step[] = ["x", null, 5].flatMap((value): Step[] => [
      ["f", "readinto", value],
      ["f", "write", value],
      ["f", "writelines", value],
      ["f", "writelines", [value]],
    ]);
    const textCalls: Step[] = [b("x"), null, 5].flatMap((value): Step[] => [
      ["f", "write", value],
      ["f", "writelines", [value]],
    ]);
    const isText = !mode.includes("b");
    const rest: Step[] = [
      ["f", "tell"],
      ["f", "seek", 0],
      ["f", "truncate"],
      ["f", "writelines", []],
      ["f", "writelines", isText ? ["x"] : [b("x")]],
      ["f", "write", isText ? "x" : b("x")],
    ];
    const peeks: Step[] = has("rb", "rwb")
      ? [
        ["f", "peek", "x"],
        ["f", "peek", null],
        ["f", "read1", "x"],
        [
          "f",
          "read1",
          null,
        ],
        ["f", "read", -2],
        ["f", "readinto1", "x"],
      ]
      : [];
    const numbers: Step[] = [
      ["f", "read", null],
      ["f", "readline", 0],
      [
        "f",
        "readlines",
        null,
      ],
      ["f", "next"],
      ["f", "read", 1],
      ["f", "read"],
    ];
    const onWriters: Step[] = has("wb")
      ? [["f", "read1"], ["f", "readinto", room(1)], [
        "f",
        "readinto1",
        room(1),
      ]]
      : [];
    return [
      ["peer", "end"],
      ["f", "=", mode, options],
      ...calls,
      ...isText ? textCalls : bytesCalls,
      ...peeks,
      ...numbers,
      ...onWriters,
      ...rest,
    ];
  },
);

/** A file that has been closed, or taken apart. */
const CLOSED: Script[] = ["close", "detach"].flatMap((how) =>
  ["r", "w", "rw", "rb", "wb", "rwb", "rb0", "wb0", "rwb0"].map(
    (kind): Script => {
      const mode = kind.replace("0", "");
      const options = kind.endsWith("0") ? { buffering: 0 } : {};
      if (how === "detach" && /0|rwb/.test(kind)) return [];
      const isText = !mode.includes("b");
      const data = isText ? "x" : b("x");
      const isPair = mode === "rwb" && kind !== "rwb0";
      return [
        ["f", "=", mode, options],
        ["f", how],
        ["f", ".closed"],
        ["f", "read"],
        ["f", "read", 1],
        ["f", "readline"],
        ["f", "readline", 0],
        ["f", "readlines"],
        ["f", "next"],
        ["f", "iter"],
        ["f", "list"],
        ["f", "write", data],
        ["f", "writelines", []],
        ["f", "writelines", [data]],
        ["f", "flush"],
        ["f", "readable"],
        ["f", "writable"],
        ["f", "seekable"],
        ["f", "isatty"],
        ["f", "tell"],
        ["f", "seek", 0],
        ["f", "truncate"],
        ["f", "repr"],
        ["f", "close"],
        ...isText
          ? [["f", ".encoding"], ["f", ".errors"], ["f", ".newlines"], [
            "f",
            ".line_buffering",
          ]] as Step[]
          : [["f", "readinto", room(1)]] as Step[],
        ...isPair
          ? []
          : isText
          ? [["f", "detach"]] as Step[]
          : [["f", ".mode"]] as Step[],
        ...["rb", "rwb"].includes(kind)
          ? [["f", "peek"], ["f", "read1"], ["f", "readinto1", room(1)], [
            "f",
            "detach",
          ]] as Step[]
          : [],
      ];
    },
  )
);

/** After a time is over, and on sockets that may not wait. */
const WAITING: Script[] = [
  ...["rb", "rwb", "rb0", "r", "rw"].flatMap((kind) => {
    const mode = kind.replace("0", "");
    const options = kind.endsWith("0") ? { buffering: 0 } : {};
    const reads: Step[] = [["f", "read", 9], ["f", "readline"], ["f", "read"], [
      "f",
      "next",
    ], ["f", "readlines"]];
    if (mode.includes("b")) reads.push(["f", "readinto", room(9)]);
    if (kind === "rb" || kind === "rwb") {
      reads.push(["f", "read1", 9], ["f", "peek"], ["f", "readinto1", room(9)]);
    }
    return ["", "ab", "ab\ncd"].flatMap((data): Script[] =>
      reads.flatMap((read): Script[] => [
        [
          ["peer", "send", data],
          ["f", "=", mode, options],
          ["sock", "settimeout", TIMEOUT],
          read,
          ...reads.slice(0, 2),
          ["peer", "send", "ef\n"],
          ["sock", "recv", 99],
          ["f", "read", 1],
          ["g", "=", "rb"],
          ["peer", "send", "gh\n"],
          ["g", "readline"],
        ],
        [
          ["peer", "send", data],
          ["f", "=", mode, options],
          ["sock", "setblocking", false],
          read,
          read,
          ["peer", "send", "ef\n"],
          read,
          read,
          ["peer", "end"],
          read,
        ],
      ])
    );
  }),
  ...["wb", "rwb", "wb0", "w", "rw"].flatMap((kind): Script[] => {
    const mode = kind.replace("0", "");
    const options = kind.endsWith("0") ? { buffering: 0 } : {};
    const small = mode.includes("b") ? b("x") : "x";
    const data = (n: number) =>
      mode.includes("b") ? b("x".repeat(n)) : "x".repeat(n);
    return [0, TIMEOUT].flatMap((timeout): Script[] => [
      [
        ["f", "=", mode, options],
        ["sock", "settimeout", timeout],
        ["sock", "fill"],
        ["f", "write", small],
        ["f", "flush"],
        ["f", "flush"],
        ["f", "close"],
        ["f", ".closed"],
      ],
      ...[8191, 8192, 8193, 9000, 20000].map((n): Script => [
        ["f", "=", mode, options],
        ["sock", "settimeout", timeout],
        ["sock", "fill"],
        ["f", "write", data(n)],
        ["f", "write", small],
        ["f", "write", data(n)],
        ["f", "flush"],
        ["f", "close"],
      ]),
    ]);
  }),
];

/** What is sent when. */
const WRITES: Script[] = [
  ...["wb", "rwb"].flatMap((mode) =>
    [{}, { buffering: 1 }, { buffering: 3 }, { buffering: 10 }, {
      buffering: 0,
    }].flatMap((options): Script[] =>
      [[1, 1, 1, 1], [2, 1, 5], [3, 3, 3], [10, 1], [4, 11, 1], [1, 25, 3], [
        0,
        9,
        1,
        1,
        30,
      ]].map((sizes) => [
        ["f", "=", mode, options],
        ...sizes.flatMap((n): Step[] => [
          ["f", "write", b("abcdefghijklmnopqrstuvwxyz0123456789".slice(0, n))],
          ["peer", "take"],
        ]),
        ["f", "flush"],
        ["peer", "take"],
        ["f", "writelines", [b("ab"), b("c\n")]],
        ["f", "close"],
        ["peer", "take"],
      ])
    )
  ),
  ...[[8191, 1, 1], [8192, 1], [8193], [5000, 5000, 5000, 5000], [
    1,
    8192,
  ], [20000, 1]].flatMap((sizes): Script[] =>
    ["w", "rw", "wb"].map((mode) => [
      ["f", "=", mode],
      ...sizes.flatMap((n): Step[] => [
        ["f", "write", mode === "wb" ? b("x".repeat(n)) : "x".repeat(n)],
        ["peer", "take"],
      ]),
      ["f", "flush"],
      ["peer", "take"],
    ])
  ),
  ...[null, "", "\n", "\r", "\r\n"].flatMap((newline): Script[] =>
    ["w", "rw"].map((mode) => [
      ["f", "=", mode, { newline, encoding: "utf-8" }],
      ["f", "write", "a\nb\r\nc\rd\n\u00e9\u20ac\u{1f600}"],
      ["peer", "take"],
      ["f", "flush"],
      ["peer", "take"],
      ["f", "writelines", ["x\n", "y"]],
      ["f", "close"],
      ["peer", "take"],
    ])
  ),
  ...[
    { line_buffering: true },
    { write_through: true },
    {
      line_buffering: true,
      newline: "\r\n",
    },
    { encoding: "utf-16-le" },
    { errors: "replace" },
    { newline: "\r" },
    {
      encoding: "nope",
    },
    { newline: "x" },
    {},
    { encoding: "ascii", errors: "ignore" },
  ].flatMap((
    options,
  ): Script[] => [
    [
      ["f", "=", "w"],
      ["f", "write", "before\n"],
      ["f", "reconfigure", options],
      ["peer", "take"],
      ["f", ".line_buffering"],
      ["f", ".write_through"],
      ["f", ".encoding"],
      ["f", ".errors"],
      ["f", "write", "x"],
      ["peer", "take"],
      ["f", "write", "y\n"],
      ["peer", "take"],
      ["f", "write", "\u00e9\r"],
      ["peer", "take"],
      ["f", "close"],
      ["peer", "take"],
    ],
    [
      ["peer", "send", "one\ntwo\r\n"],
      ["f", "=", "rw"],
      ["f", "readline"],
      ["f", "reconfigure", options],
      ["f", "write", "x"],
      ["f", "reconfigure", options],
      ["peer", "send", "three\n"],
      ["sock", "settimeout", TIMEOUT],
      ["f", "readline"],
    ],
  ]),
  // Reading and writing at one file.
  [
    ["f", "=", "rw"],
    ["peer", "send", "1\n2\n3\n"],
    ["f", "readline"],
    ["f", "write", "x"],
    ["peer", "send", "4\n"],
    ["f", "readline"],
    ["peer", "take"],
    ["f", "flush"],
    ["peer", "take"],
  ],
  [
    ["f", "=", "rwb"],
    ["peer", "send", "1\n2\n3\n"],
    ["f", "readline"],
    ["f", "write", b("x")],
    ["peer", "send", "4\n"],
    ["f", "readline"],
    ["peer", "take"],
    ["f", "flush"],
    ["peer", "take"],
  ],
  [
    ["f", "=", "rw", { buffering: 2 }],
    ["f", "write", "question"],
    ["peer", "send", "answer\n"],
    ["peer", "take"],
    ["f", "readline"],
    ["peer", "take"],
    ["f", "read", 0],
    ["f", "flush"],
    ["peer", "take"],
  ],
  [["f", "=", "w"], ["f", "write", "abc"], ["f", "detach"], ["peer", "take"]],
  [["f", "=", "wb"], ["f", "write", b("abc")], ["f", "detach"], [
    "peer",
    "take",
  ]],
];

/** Files, and the socket that they are of. */
const LIFETIMES: Script[] = [
  ...["rb", "wb", "rwb", "r", "w", "rb0"].flatMap((kind): Script[] => {
    const mode = kind.replace("0", "");
    const options = kind.endsWith("0") ? { buffering: 0 } : {};
    return [
      [
        ["f", "=", mode, options],
        ["sock", "close"],
        ["sock", "close"],
        ["peer", "send", "still"],
        ["sock", "recv", 99],
        ["sock", "send", b("x")],
        ["peer", "take"],
        ["f", "close"],
        ["sock", "recv", 1],
        ["sock", "gettimeout"],
      ],
      [
        ["f", "=", mode, options],
        ["f", "close"],
        ["peer", "send", "still"],
        ["sock", "recv", 99],
        ["g", "=", mode, options],
        ["sock", "close"],
        ["f", "close"],
        ["peer", "send", "still"],
        ["sock", "recv", 99],
        ["g", "close"],
        ["sock", "recv", 99],
      ],
      [
        ["sock", "close"],
        ["f", "=", mode, options],
        ["f", "read", 1],
        ["f", "write", mode.includes("b") ? b("x") : "x"],
        ["f", "flush"],
        ["f", "close"],
        ["f", ".closed"],
      ],
    ];
  }),
  [
    ["f", "=", "wb"],
    ["f", "write", b("x")],
    ["sock", "close"],
    ["f", "flush"],
    ["peer", "take"],
  ],
  [["f", "=", "w"], ["f", "write", "x"], ["sock", "close"], ["peer", "take"], [
    "f",
    "close",
  ], ["peer", "take"]],
  [
    ["f", "=", "rb"],
    ["peer", "send", "ab\ncd\n"],
    ["f", "readline"],
    ["sock", "close"],
    ["f", "readline"],
    ["f", "close"],
    ["f", "readline"],
  ],
  [
    ["f", "=", "rb"],
    ["g", "=", "rb"],
    ["peer", "send", "ab\ncd\n"],
    ["f", "readline"],
    ["peer", "send", "ef\n"],
    ["g", "readline"],
    ["f", "readline"],
  ],
  [["f", "=", "rb"], ["sock", "shutdown", 2], ["f", "read"], ["f", "read"]],
  [
    ["f", "=", "wb"],
    ["sock", "shutdown", 1],
    ["f", "write", b("x")],
    ["f", "flush"],
    ["f", "flush"],
    ["f", "close"],
    ["f", ".closed"],
  ],
  [
    ["f", "=", "w"],
    ["sock", "shutdown", 1],
    ["f", "write", "x"],
    ["f", "flush"],
    ["f", "flush"],
    ["f", "close"],
    ["f", ".closed"],
  ],
];

/** Groups of scripts, by what they are about. */
export const GROUPS: Readonly<Record<string, readonly Script[]>> = {
  "modes": MODES,
  "options": OPTIONS,
  "reads of bytes": READS,
  "reads of text": TEXT_READS,
  "numbers of characters": CHARACTERS,
  "wrong calls": WRONG,
  "closed files": CLOSED,
  "files that cannot wait": WAITING,
  "writes": WRITES,
  "lifetimes": LIFETIMES,
};
