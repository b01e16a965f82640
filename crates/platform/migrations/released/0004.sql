-- A database of schema 4 with a row in each table, as its program left it: `sqlite3 platform.db .dump`.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE recognition (
  lot TEXT NOT NULL, uuid TEXT NOT NULL, device TEXT NOT NULL, at INTEGER NOT NULL,
  plate TEXT, color TEXT NOT NULL, reliability INTEGER, image TEXT NOT NULL,
  pushed INTEGER NOT NULL, fetched INTEGER NOT NULL,
  PRIMARY KEY (lot, uuid)
) STRICT, WITHOUT ROWID;
INSERT INTO recognition VALUES('L1','u1','CAM-01',1795528889,'粤B12345','blue',91,'http://lot/u1.jpg',1,0);
INSERT INTO recognition VALUES('L1','u2','CAM-02',1795528889,'粤B12345','blue',91,'http://lot/u2.jpg',1,0);
INSERT INTO recognition VALUES('L1','u3','CAM-01',1795528889,'粤B1234S','blue',91,'http://lot/u3.jpg',1,0);
INSERT INTO recognition VALUES('L1','u4','CAM-01',1795528889,NULL,'blue',91,'http://lot/u4.jpg',1,0);
CREATE TABLE crossing (
  lot TEXT NOT NULL, uuid TEXT NOT NULL, device TEXT NOT NULL, at INTEGER NOT NULL,
  plate TEXT, color TEXT NOT NULL, reliability INTEGER, image TEXT NOT NULL,
  pushed INTEGER NOT NULL, fetched INTEGER NOT NULL,
  -- Which way it was counted; null where the recognizer has no direction.
  direction TEXT,
  PRIMARY KEY (lot, uuid)
) STRICT, WITHOUT ROWID;
INSERT INTO crossing VALUES('L1','u1','CAM-01',1795528899,'粤B12345','blue',NULL,'',1,0,'entry');
INSERT INTO crossing VALUES('L1','u2','CAM-02',1795528929,'粤B12345','blue',NULL,'',1,0,'exit');
INSERT INTO crossing VALUES('L1','u3','CAM-01',1795528899,'粤B1234S','blue',NULL,'',1,0,'entry');
INSERT INTO crossing VALUES('L1','u4','CAM-01',1795528899,NULL,'blue',NULL,'',1,0,'entry');
CREATE TABLE correction (
  lot TEXT NOT NULL, number INTEGER NOT NULL, uuid TEXT NOT NULL, was TEXT, plate TEXT,
  by TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (lot, number)
) STRICT, WITHOUT ROWID;
INSERT INTO correction VALUES('L1',1,'u4',NULL,'粤B55555','王工','看图',1795528949);
CREATE TABLE passage (
  lot TEXT NOT NULL, vehicle TEXT NOT NULL, at INTEGER NOT NULL, uuid TEXT NOT NULL,
  device TEXT NOT NULL, direction TEXT NOT NULL,
  PRIMARY KEY (lot, vehicle, at, uuid)
) STRICT, WITHOUT ROWID;
INSERT INTO passage VALUES('L1','粤B12345',1795528899,'u1','CAM-01','entry');
INSERT INTO passage VALUES('L1','粤B12345',1795528929,'u2','CAM-02','exit');
INSERT INTO passage VALUES('L1','粤B1234S',1795528899,'u3','CAM-01','entry');
INSERT INTO passage VALUES('L1','粤B55555',1795528899,'u4','CAM-01','entry');
CREATE TABLE stay (
  lot TEXT NOT NULL, uuid TEXT NOT NULL, vehicle TEXT NOT NULL, state TEXT NOT NULL,
  began INTEGER NOT NULL, in_at INTEGER, in_device TEXT,
  out_uuid TEXT, out_at INTEGER, out_device TEXT, superseded_by TEXT,
  PRIMARY KEY (lot, uuid)
) STRICT, WITHOUT ROWID;
INSERT INTO stay VALUES('L1','u1','粤B12345','closed',1795528899,1795528899,'CAM-01','u2',1795528929,'CAM-02',NULL);
INSERT INTO stay VALUES('L1','u3','粤B1234S','open',1795528899,1795528899,'CAM-01',NULL,NULL,NULL,NULL);
INSERT INTO stay VALUES('L1','u4','粤B55555','open',1795528899,1795528899,'CAM-01',NULL,NULL,NULL,NULL);
CREATE TABLE occupancy (
  lot TEXT NOT NULL PRIMARY KEY, base INTEGER NOT NULL, since INTEGER NOT NULL,
  -- Entries less exits later than `since`.
  moved INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO occupancy VALUES('L1',12,1795528949,0);
CREATE TABLE abnormality (
  lot TEXT NOT NULL, digest BLOB NOT NULL, code TEXT NOT NULL, device TEXT, msg TEXT NOT NULL,
  received INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'open',
  acknowledged_by TEXT, acknowledged_at INTEGER, cleared_by TEXT, cleared_at INTEGER,
  PRIMARY KEY (lot, digest)
) STRICT, WITHOUT ROWID;
INSERT INTO abnormality VALUES('L1',X'360090bbfe1b5697601aa2a970869048a6abd634adb3f57efb20228375eb35ac','1401','CAM-01','东二门01道车辆压线圈过长！',1795528949,'cleared','王工',1795528949,'王工',1795528949);
INSERT INTO abnormality VALUES('L1',X'68223de0b8b9b5923140e39b3af409346cf26c97a85150dc10c6d3fb30883f97','1101','LED-01','东二门01道的显示屏【LED-01】连接异常！',1795528949,'acknowledged','王工',1795528949,NULL,NULL);
CREATE TABLE decision (
  lot TEXT NOT NULL, number INTEGER NOT NULL, uuid TEXT NOT NULL, at INTEGER NOT NULL,
  pass INTEGER NOT NULL, reason TEXT NOT NULL, facts TEXT NOT NULL,
  PRIMARY KEY (lot, number)
) STRICT, WITHOUT ROWID;
INSERT INTO decision VALUES('L1',1,'u1',1795528949,1,'DEFAULT_ALLOW 允许通行','{"blocked":null,"permits":[],"inside":0,"entered":null}');
INSERT INTO decision VALUES('L1',2,'u2',1795528949,0,'UNPAID 停车 1 分钟，尚未缴费','{"blocked":null,"permits":[],"inside":1,"entered":"2026-11-24T22:01:39+08:00"}');
INSERT INTO decision VALUES('L1',3,'u2',1795528949,0,'UNPAID 停车 1 分钟，尚未缴费','{"blocked":null,"permits":[],"inside":1,"entered":"2026-11-24T22:01:39+08:00"}');
INSERT INTO decision VALUES('L1',4,'u3',1795528949,1,'DEFAULT_ALLOW 允许通行','{"blocked":null,"permits":[],"inside":0,"entered":null}');
INSERT INTO decision VALUES('L1',5,'u4',1795528949,1,'DEFAULT_ALLOW 允许通行','{"blocked":null,"permits":[],"inside":1,"entered":null}');
CREATE TABLE permit (
  -- lots and lanes as `A,B`, hours as `1-5 08:00-18:00`; null for all. The three are the scope.
  plate TEXT NOT NULL, kind TEXT NOT NULL, valid_from INTEGER NOT NULL, scope TEXT NOT NULL,
  valid_to INTEGER NOT NULL, lots TEXT, lanes TEXT, hours TEXT, note TEXT NOT NULL,
  PRIMARY KEY (plate, kind, valid_from, scope)
) STRICT, WITHOUT ROWID;
INSERT INTO permit VALUES('粤B77777','white',1795528949,'L1||',1798732800,'L1',NULL,NULL,'3 栋');
CREATE TABLE block (
  plate TEXT NOT NULL PRIMARY KEY, reason TEXT NOT NULL, since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO block VALUES('粤B66666','欠费',1795528949);
CREATE TABLE outage (
  lot TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER,
  PRIMARY KEY (lot, since)
) STRICT, WITHOUT ROWID;
INSERT INTO outage VALUES('L1',1795528949,NULL);
INSERT INTO outage VALUES('L2',1795528949,NULL);
CREATE TABLE checkpoint (lot TEXT NOT NULL PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO checkpoint VALUES('L1',1795500000);
CREATE TABLE command (
  lot TEXT NOT NULL, id TEXT NOT NULL, device TEXT NOT NULL, what TEXT NOT NULL, plate TEXT,
  text TEXT, asked_by TEXT NOT NULL, reason TEXT NOT NULL, asked_at INTEGER NOT NULL,
  state TEXT NOT NULL, said TEXT NOT NULL, done_at INTEGER,
  PRIMARY KEY (lot, id)
) STRICT, WITHOUT ROWID;
INSERT INTO command VALUES('L1','01a20ddd-8008-70b8-915e-53bd492155bc','CAM-01','normal','粤B12345',NULL,'王工','访客',1795528949,'unknown','网络故障：Connection refused (os error 111)：不知道设备是否已动作，请查看现场',1795528949);
CREATE TABLE audit (
  lot TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL,
  act TEXT NOT NULL, target TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (lot, number)
) STRICT, WITHOUT ROWID;
INSERT INTO audit VALUES('',1,1795528949,'王工','block.add','粤B66666','欠费');
INSERT INTO audit VALUES('',2,1795528949,'operator.key','supplier.rotate','S2','');
INSERT INTO audit VALUES('',3,1795528949,'operator.key','supplier.rotate','S2','');
INSERT INTO audit VALUES('',4,1795528949,'operator.key','user.put','zhang','operator');
INSERT INTO audit VALUES('L1',1,1795528949,'王工','abnormality.acknowledge','68223de0b8b9b5923140e39b3af409346cf26c97a85150dc10c6d3fb30883f97','已派人');
INSERT INTO audit VALUES('L1',2,1795528949,'王工','abnormality.acknowledge','360090bbfe1b5697601aa2a970869048a6abd634adb3f57efb20228375eb35ac','已派人');
INSERT INTO audit VALUES('L1',3,1795528949,'王工','abnormality.clear','360090bbfe1b5697601aa2a970869048a6abd634adb3f57efb20228375eb35ac','已修复');
INSERT INTO audit VALUES('L1',4,1795528949,'王工','permit.add','粤B77777','white');
INSERT INTO audit VALUES('L1',5,1795528949,'王工','command.normal','CAM-01','访客');
INSERT INTO audit VALUES('L1',6,1795528949,'王工','crossing.correct','u4','看图');
INSERT INTO audit VALUES('L1',7,1795528949,'王工','occupancy.rebase','12','清点');
INSERT INTO audit VALUES('L2',1,1795528949,'operator.key','lot.put','西区','');
CREATE TABLE supplier (
  app_id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL,
  secret TEXT NOT NULL, previous TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO supplier VALUES('S2','乙供应商','zxcvbnmasdfghjklqwer','qwertyuiopasdfghjklz');
CREATE TABLE lot (
  lot TEXT NOT NULL PRIMARY KEY, supplier TEXT NOT NULL, definition TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO lot VALUES('L2','S2','{"name":"西区","supplier":"S2","base_url":"http://127.0.0.1:21998","ca_pem":null,"connect_ms":3000,"entry":"refuse","exit":"allow","capacity":null,"free_minutes":0,"external":null,"lanes":[{"name":"1 号道","recognizer":"CAM-21","direction":"entry","display":null}]}');
CREATE TABLE user (
  name TEXT NOT NULL PRIMARY KEY, role TEXT NOT NULL,
  -- `A,B`; null where the role is bound to no lots.
  lots TEXT,
  password TEXT NOT NULL, must_change INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO user VALUES('zhang','operator',NULL,'$argon2id$v=19$m=19456,t=2,p=1$Fc5q/3oj+M8/UrDCVzx1kA$huJkIL4F/134dymWWGB/nAXLKTQUAY3A+UsXc4oWFEI',1);
CREATE TABLE api_key (
  digest BLOB NOT NULL PRIMARY KEY, user TEXT NOT NULL, label TEXT NOT NULL,
  made INTEGER NOT NULL, until INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX recognition_by_time ON recognition (lot, at);
CREATE INDEX recognition_by_moment ON recognition (at, lot, uuid);
CREATE INDEX crossing_by_time ON crossing (lot, at);
CREATE INDEX crossing_by_moment ON crossing (at, lot, uuid);
CREATE INDEX correction_by_record ON correction (lot, uuid, number);
CREATE INDEX correction_by_moment ON correction (at, lot, number);
CREATE UNIQUE INDEX passage_by_record ON passage (lot, uuid);
CREATE INDEX stay_by_moment ON stay (began, lot, uuid);
CREATE INDEX stay_by_exit ON stay (lot, out_uuid);
CREATE INDEX stay_unpaired ON stay (lot, state, began) WHERE state <> 'closed';
CREATE INDEX abnormality_by_moment ON abnormality (received, lot);
CREATE INDEX decision_by_record ON decision (lot, uuid);
CREATE INDEX decision_by_moment ON decision (at, lot, number);
CREATE INDEX permit_by_moment ON permit (valid_from);
CREATE INDEX outage_by_moment ON outage (since, lot);
CREATE INDEX command_by_moment ON command (asked_at, lot, id);
CREATE INDEX command_open ON command (lot) WHERE state = 'asked';
CREATE INDEX audit_by_moment ON audit (at, lot, number);
CREATE INDEX lot_by_supplier ON lot (supplier);
INSERT INTO api_key VALUES(X'2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae','zhang','脚本',1795528949,NULL);
CREATE INDEX api_key_by_user ON api_key (user, made);
COMMIT;
PRAGMA user_version = 4;
