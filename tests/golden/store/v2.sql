PRAGMA application_id = 1798861681;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE card (
        question TEXT PRIMARY KEY, state TEXT NOT NULL, due REAL NOT NULL, updated REAL NOT NULL) WITHOUT ROWID;
INSERT INTO "card" VALUES('endpoint-share','{"card_id": 0, "difficulty": 2.11, "due": "2026-09-24T13:33:20+00:00", "last_review": "2026-09-22T13:33:20+00:00", "stability": 2.3065, "state": 2, "step": null}',1790256800.0,1790084000.0);
CREATE TABLE draft (
        session INTEGER PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE, position INTEGER NOT NULL,
        text TEXT NOT NULL, elapsed REAL NOT NULL, at REAL NOT NULL);
INSERT INTO "draft" VALUES(3,1,'half a line',61.5,1790000003.0);
CREATE TABLE event (
        session INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE, seq INTEGER NOT NULL, at REAL NOT NULL,
        kind TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (session, seq)) WITHOUT ROWID;
INSERT INTO "event" VALUES(3,1,1790000001.0,'shown','{"position": 0}');
INSERT INTO "event" VALUES(3,2,1790000002.25,'answered','{"text": "\u8282\u70b9"}');
CREATE TABLE review (
        id INTEGER PRIMARY KEY, question TEXT NOT NULL, at REAL NOT NULL, score REAL NOT NULL, rating INTEGER NOT NULL,
        seed TEXT NOT NULL, UNIQUE (question, at, seed));
INSERT INTO "review" VALUES(1,'endpoint-share',1790084000.0,1.0,3,'8-1');
CREATE TABLE session (
        id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, started REAL NOT NULL, seed TEXT NOT NULL,
        lang TEXT NOT NULL, plan TEXT NOT NULL, ended REAL);
INSERT INTO "session" VALUES(3,'18f-ab12','mock',1790000000.5,'7','zh','{"minutes": 30}',NULL);
INSERT INTO "session" VALUES(4,'18f-cd34','practice',1790000100.0,'8','en','null',1790000200.0);
CREATE INDEX review_by_time ON review (at);
COMMIT;
