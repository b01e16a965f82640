// receivePlateNumber as somebody would write it with fastify and better-sqlite3: prepared statements,
// one transaction a request, WAL, and an answer that follows the commit (synchronous=FULL).
import { createHash, timingSafeEqual } from "node:crypto";
import Database from "better-sqlite3";
import Fastify from "fastify";

const [port, file] = process.argv.slice(2);
const { APP_ID, SECRET, LOT } = process.env;
const WINDOW_MS = 300_000;

const db = new Database(file);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec(`
  CREATE TABLE IF NOT EXISTS recognition (
    lot TEXT NOT NULL, uuid TEXT NOT NULL, device TEXT NOT NULL, at TEXT NOT NULL, plate TEXT,
    color TEXT NOT NULL, reliability INTEGER, image TEXT NOT NULL, PRIMARY KEY (lot, uuid)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS recognition_by_time ON recognition (lot, at);
  CREATE TABLE IF NOT EXISTS decision (
    number INTEGER PRIMARY KEY, lot TEXT NOT NULL, uuid TEXT NOT NULL, at INTEGER NOT NULL,
    pass INTEGER NOT NULL, reason TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS decision_by_record ON decision (lot, uuid);
  CREATE TABLE IF NOT EXISTS block (plate TEXT PRIMARY KEY, reason TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS permit (
    plate TEXT NOT NULL, kind TEXT NOT NULL, valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL,
    PRIMARY KEY (plate, kind)
  ) WITHOUT ROWID;
`);
const keep = db.prepare(`INSERT INTO recognition VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (lot, uuid) DO UPDATE SET plate = excluded.plate, color = excluded.color`);
const blocked = db.prepare("SELECT reason FROM block WHERE plate = ?");
const permits = db.prepare("SELECT kind, valid_from, valid_to FROM permit WHERE plate = ?");
const log = db.prepare(
  "INSERT INTO decision (lot, uuid, at, pass, reason) VALUES (?, ?, ?, ?, ?)",
);

const decide = db.transaction((it, now) => {
  keep.run(
    it.parkingLotId, it.uuid, it.deviceNo, it.recognitionTime, it.plateNumber || null, it.color,
    it.reliability ?? null, it.image,
  );
  const block = blocked.get(it.plateNumber);
  const permit = permits.all(it.plateNumber).find((p) => p.valid_from <= now && now < p.valid_to);
  const pass = !block;
  const reason = block ? block.reason : permit ? permit.kind : "DEFAULT_ALLOW 允许通行";
  log.run(it.parkingLotId, it.uuid, now, pass ? 1 : 0, reason);
  return { respCode: pass ? "0" : "1", respDesc: reason };
});

function genuine({ time, token }) {
  const wanted = createHash("md5").update(`${time}&${APP_ID}&${SECRET}`).digest("hex");
  return token.length === wanted.length && timingSafeEqual(Buffer.from(token), Buffer.from(wanted));
}

function fresh(time) {
  const [, y, mo, d, rest] = /^(\d{4})(\d\d)(\d\d) (\d\d:\d\d:\d\d)$/.exec(time) ?? [];
  return Math.abs(Date.parse(`${y}-${mo}-${d}T${rest}+08:00`) - Date.now()) <= WINDOW_MS;
}

const text = { type: "string" };
const schema = {
  body: {
    type: "object",
    required: [
      "token", "appId", "parkingLotId", "time", "deviceNo", "uuid", "recognitionTime",
      "plateNumber", "color",
    ],
    properties: {
      version: text, token: { type: "string", maxLength: 500 }, appId: text, parkingLotId: text,
      time: text, deviceNo: text, uuid: text, recognitionTime: text, image: text,
      plateNumber: text, color: { enum: ["blue", "yellow", "black", "white", "green", "other"] },
      reliability: { type: "integer" },
    },
  },
  response: { 200: { type: "object", properties: { respCode: text, respDesc: text } } },
};

const app = Fastify();
app.post("/receivePlateNumber", { schema }, async ({ body }) => {
  if (body.appId !== APP_ID || body.parkingLotId !== LOT) {
    return { respCode: "1", respDesc: "UNKNOWN_LOT" };
  }
  if (!genuine(body) || !fresh(body.time)) return { respCode: "1", respDesc: "BAD_TOKEN" };
  return decide(body, Math.floor(Date.now() / 1000));
});
await app.listen({ host: "127.0.0.1", port: Number(port) });
