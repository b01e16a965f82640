"""receivePlateNumber as somebody would write it with FastAPI and SQLite: uvloop and httptools, one
transaction a request, WAL, and an answer that follows the commit (synchronous=FULL)."""

import os
import sqlite3
import sys
import time
from datetime import datetime, timedelta, timezone
from hashlib import md5
from hmac import compare_digest
from typing import Literal

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, Field

PORT, FILE = int(sys.argv[1]), sys.argv[2]
APP_ID, SECRET, LOT = os.environ["APP_ID"], os.environ["SECRET"], os.environ["LOT"]
WINDOW = timedelta(seconds=300)
CHINA = timezone(timedelta(hours=8))

db = sqlite3.connect(FILE, isolation_level=None, cached_statements=64)
db.executescript("""
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
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
""")


class Recognition(BaseModel):
    version: str = "1.0"
    token: str = Field(max_length=500)
    appId: str
    parkingLotId: str
    time: str
    deviceNo: str
    uuid: str
    recognitionTime: str
    image: str = ""
    plateNumber: str
    color: Literal["blue", "yellow", "black", "white", "green", "other"]
    reliability: int | None = None


class Reply(BaseModel):
    respCode: str
    respDesc: str


def admitted(it: Recognition) -> bool:
    wanted = md5(f"{it.time}&{APP_ID}&{SECRET}".encode()).hexdigest()
    sent = datetime.strptime(it.time, "%Y%m%d %H:%M:%S").replace(tzinfo=CHINA)
    return compare_digest(it.token, wanted) and abs(datetime.now(CHINA) - sent) <= WINDOW


def decide(it: Recognition) -> Reply:
    now = int(time.time())
    db.execute("BEGIN IMMEDIATE")
    try:
        db.execute(
            "INSERT INTO recognition VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (lot, uuid) "
            "DO UPDATE SET plate = excluded.plate, color = excluded.color",
            (it.parkingLotId, it.uuid, it.deviceNo, it.recognitionTime, it.plateNumber or None,
             it.color, it.reliability, it.image),
        )
        block = db.execute("SELECT reason FROM block WHERE plate = ?", (it.plateNumber,)).fetchone()
        permit = db.execute(
            "SELECT kind FROM permit WHERE plate = ? AND valid_from <= ? AND ? < valid_to",
            (it.plateNumber, now, now),
        ).fetchone()
        reason = block[0] if block else permit[0] if permit else "DEFAULT_ALLOW 允许通行"
        db.execute(
            "INSERT INTO decision (lot, uuid, at, pass, reason) VALUES (?, ?, ?, ?, ?)",
            (it.parkingLotId, it.uuid, now, not block, reason),
        )
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    return Reply(respCode="1" if block else "0", respDesc=reason)


app = FastAPI()


# On the event loop: one connection, and a commit that is shorter than a hop to a thread.
@app.post("/receivePlateNumber")
async def receive_plate_number(it: Recognition) -> Reply:
    if it.appId != APP_ID or it.parkingLotId != LOT:
        return Reply(respCode="1", respDesc="UNKNOWN_LOT")
    if not admitted(it):
        return Reply(respCode="1", respDesc="BAD_TOKEN")
    return decide(it)


uvicorn.run(app, host="127.0.0.1", port=PORT, loop="uvloop", http="httptools", log_level="error",
            access_log=False)
