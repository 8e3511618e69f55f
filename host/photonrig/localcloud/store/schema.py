"""Database schema as a list of migrations from an empty file.

A released migration is never edited; a change is a new one. ``PRAGMA user_version`` counts those applied to a file.
"""

from __future__ import annotations

APPLICATION_ID = 0x70686F74  # "phot": identifies files of this program

_OWNER_RULE = """
  SELECT CASE
    WHEN NEW.owner_kind = 'user' AND NOT EXISTS (SELECT 1 FROM users WHERE id = NEW.owner_id)
      THEN RAISE(ABORT, 'the owner is no user')
    WHEN NEW.owner_kind = 'customer'
      AND NOT EXISTS (SELECT 1 FROM customers WHERE id = NEW.owner_id AND product_id = NEW.product_id)
      THEN RAISE(ABORT, 'the owner is no customer of the device''s product')
  END;
"""

_FIRST = (
    """CREATE TABLE users (
         id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE COLLATE NOCASE, password TEXT NOT NULL,
         account_info TEXT NOT NULL, created_at REAL NOT NULL) STRICT""",
    """CREATE TABLE products (
         id INTEGER PRIMARY KEY AUTOINCREMENT, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE COLLATE NOCASE,
         description TEXT NOT NULL, platform_id INTEGER NOT NULL, user_id TEXT NOT NULL REFERENCES users (id),
         created_at REAL NOT NULL) STRICT""",
    "INSERT INTO sqlite_sequence (name, seq) VALUES ('products', 20000)",  # a choice: the ids after this one
    """CREATE TABLE team (
         product_id INTEGER NOT NULL REFERENCES products (id), user_id TEXT NOT NULL REFERENCES users (id),
         role TEXT NOT NULL, PRIMARY KEY (product_id, user_id)) STRICT""",
    """CREATE TABLE clients (
         id TEXT PRIMARY KEY, secret_hash TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, redirect_uri TEXT,
         scope TEXT, user_id TEXT NOT NULL REFERENCES users (id),
         product_id INTEGER REFERENCES products (id)) STRICT""",
    """CREATE TABLE customers (
         id TEXT PRIMARY KEY, product_id INTEGER NOT NULL REFERENCES products (id), email TEXT NOT NULL,
         password TEXT, created_at REAL NOT NULL, UNIQUE (product_id, email)) STRICT""",
    """CREATE TABLE tokens (
         hash TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('user', 'customer', 'product')),
         subject TEXT NOT NULL, client TEXT NOT NULL, expires_at REAL, refresh_hash TEXT UNIQUE,
         refresh_expires_at REAL, created_at REAL NOT NULL) STRICT""",
    "CREATE INDEX tokens_by_subject ON tokens (kind, subject)",
    """CREATE TABLE claim_codes (
         hash TEXT PRIMARY KEY, owner_kind TEXT NOT NULL CHECK (owner_kind IN ('user', 'customer')),
         owner_id TEXT NOT NULL, expires_at REAL NOT NULL, used_by TEXT) STRICT""",
    """CREATE TABLE devices (
         id TEXT PRIMARY KEY, public_key BLOB NOT NULL, name TEXT, notes TEXT,
         owner_kind TEXT CHECK (owner_kind IN ('user', 'customer')), owner_id TEXT,
         product_id INTEGER REFERENCES products (id), quarantine_id INTEGER REFERENCES products (id),
         denied INTEGER NOT NULL DEFAULT 0, platform_id INTEGER NOT NULL, development INTEGER NOT NULL DEFAULT 0,
         updated_at REAL NOT NULL,
         CHECK ((owner_kind IS NULL) = (owner_id IS NULL)),
         CHECK (product_id IS NULL OR quarantine_id IS NULL)) STRICT""",
    "CREATE INDEX devices_by_owner ON devices (owner_kind, owner_id)",
    "CREATE INDEX devices_by_product ON devices (product_id)",
    "CREATE INDEX devices_by_quarantine ON devices (quarantine_id)",
    f"CREATE TRIGGER device_owner_on_insert BEFORE INSERT ON devices BEGIN {_OWNER_RULE} END",
    f"CREATE TRIGGER device_owner_on_update BEFORE UPDATE ON devices BEGIN {_OWNER_RULE} END",
    """CREATE TABLE telemetry (
         device_id TEXT PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE, facts TEXT NOT NULL) STRICT""",
    """CREATE TABLE transfers (
         id TEXT PRIMARY KEY, device_id TEXT NOT NULL REFERENCES devices (id), from_user TEXT NOT NULL,
         to_user TEXT NOT NULL, created_at REAL NOT NULL, UNIQUE (device_id, to_user)) STRICT""",
    """CREATE TABLE binaries (
         id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), image BLOB NOT NULL,
         expires_at REAL NOT NULL) STRICT""",
)

_HOOKS = (
    """CREATE TABLE hooks (
         id TEXT PRIMARY KEY, owner_kind TEXT NOT NULL CHECK (owner_kind IN ('user', 'product', 'org')),
         owner_id TEXT NOT NULL, fields TEXT NOT NULL, created_at REAL NOT NULL) STRICT""",
    "CREATE INDEX hooks_by_owner ON hooks (owner_kind, owner_id)",
)

_EVENTS = (
    """CREATE TABLE events (
         number INTEGER PRIMARY KEY, id TEXT NOT NULL, name TEXT NOT NULL, data TEXT, coreid TEXT NOT NULL,
         published_at REAL NOT NULL, device TEXT, owner_kind TEXT, owner_id TEXT, product INTEGER, ttl INTEGER NOT NULL,
         private INTEGER NOT NULL, of_hook INTEGER NOT NULL) STRICT""",
    "CREATE INDEX events_by_time ON events (published_at)",
    "CREATE INDEX events_by_owner ON events (owner_id, number)",
    "CREATE INDEX events_by_product ON events (product, number)",
    "CREATE INDEX events_by_device ON events (device, number)",
)

_FIRMWARE = (
    """CREATE TABLE product_firmware (
         id TEXT PRIMARY KEY, product_id INTEGER NOT NULL REFERENCES products (id), version INTEGER NOT NULL,
         title TEXT NOT NULL, description TEXT NOT NULL, name TEXT NOT NULL, image BLOB NOT NULL,
         mandatory INTEGER NOT NULL, product_default INTEGER NOT NULL DEFAULT 0, released INTEGER NOT NULL DEFAULT 0,
         uploaded_by TEXT, uploaded_on REAL NOT NULL, updated_at REAL NOT NULL, UNIQUE (product_id, version)) STRICT""",
    """CREATE TABLE device_groups (
         product_id INTEGER NOT NULL REFERENCES products (id), name TEXT NOT NULL, description TEXT NOT NULL,
         color TEXT, fw_version INTEGER, PRIMARY KEY (product_id, name)) STRICT""",
    """CREATE TABLE targeting (
         device_id TEXT PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE, product_id INTEGER,
         groups TEXT NOT NULL, desired INTEGER, forced INTEGER NOT NULL) STRICT""",
    """CREATE TABLE serial_numbers (
         serial_number TEXT PRIMARY KEY, device_id TEXT NOT NULL UNIQUE REFERENCES devices (id) ON DELETE CASCADE)
       STRICT""",
    """CREATE TABLE vitals (
         number INTEGER PRIMARY KEY, device_id TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
         updated_at REAL NOT NULL, payload TEXT NOT NULL) STRICT""",
    "CREATE INDEX vitals_by_device ON vitals (device_id, number)",
)

_LIBRARIES = (
    """CREATE TABLE libraries (
         name TEXT NOT NULL COLLATE NOCASE, version TEXT NOT NULL, user_id TEXT NOT NULL,
         public INTEGER NOT NULL, properties TEXT NOT NULL, archive_id TEXT NOT NULL UNIQUE, created_at REAL NOT NULL,
         archive BLOB NOT NULL, PRIMARY KEY (name, version)) STRICT""",
)

# An untyped owner reproduces the fault of 2016: an id without its kind, which may match no account.
_ORGANIZATIONS = (
    """CREATE TABLE organizations (
         id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, created_at REAL NOT NULL) STRICT""",
    """CREATE TABLE organization_team (
         organization_id TEXT NOT NULL REFERENCES organizations (id), user_id TEXT NOT NULL REFERENCES users (id),
         role TEXT NOT NULL, PRIMARY KEY (organization_id, user_id)) STRICT""",
    "ALTER TABLE products ADD COLUMN organization_id TEXT REFERENCES organizations (id)",
    "ALTER TABLE devices ADD COLUMN untyped INTEGER NOT NULL DEFAULT 0",
    "DROP TRIGGER device_owner_on_insert",
    "DROP TRIGGER device_owner_on_update",
    f"CREATE TRIGGER device_owner_on_insert BEFORE INSERT ON devices WHEN NEW.untyped = 0 BEGIN {_OWNER_RULE} END",
    f"CREATE TRIGGER device_owner_on_update BEFORE UPDATE ON devices WHEN NEW.untyped = 0 BEGIN {_OWNER_RULE} END",
)

_ACCOUNTS = (
    "ALTER TABLE users ADD COLUMN mfa_key TEXT",
    """CREATE TABLE challenges (
         hash TEXT PRIMARY KEY, kind TEXT NOT NULL, user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
         facts TEXT NOT NULL, tries INTEGER NOT NULL, expires_at REAL NOT NULL) STRICT""",
    """CREATE TABLE api_users (
         id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, friendly_name TEXT NOT NULL,
         product_id INTEGER REFERENCES products (id), organization_id TEXT REFERENCES organizations (id),
         scopes TEXT NOT NULL, created_at REAL NOT NULL,
         CHECK ((product_id IS NULL) <> (organization_id IS NULL))) STRICT""",
    "ALTER TABLE tokens RENAME TO old_tokens",
    """CREATE TABLE tokens (
         hash TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('user', 'customer', 'product', 'api user')),
         subject TEXT NOT NULL, client TEXT NOT NULL, expires_at REAL, refresh_hash TEXT UNIQUE,
         refresh_expires_at REAL, created_at REAL NOT NULL) STRICT""",
    "INSERT INTO tokens SELECT * FROM old_tokens",
    "DROP TABLE old_tokens",
    "CREATE INDEX tokens_by_subject ON tokens (kind, subject)",
)

# See photonrig.localcloud.store.state_file.
_MARK = (
    f"PRAGMA application_id={APPLICATION_ID}",
    """CREATE TABLE state_file (
         one INTEGER PRIMARY KEY CHECK (one = 1), server_key TEXT, opened INTEGER NOT NULL, open INTEGER NOT NULL,
         salt INTEGER NOT NULL, schema INTEGER NOT NULL) STRICT""",
    "INSERT INTO state_file VALUES (1, NULL, 0, 0, 0, 0)",
)

_BEFORE_MARK = (_FIRST, _HOOKS, _EVENTS, _FIRMWARE, _LIBRARIES, _ORGANIZATIONS, _ACCOUNTS)
MARKED_SINCE = len(_BEFORE_MARK) + 1
MIGRATIONS: tuple[tuple[str, ...], ...] = (*_BEFORE_MARK, _MARK)
