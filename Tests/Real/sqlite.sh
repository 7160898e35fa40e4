# A database of a lower, copied up and written page by page while a reader has it open (SEMANTICS 5.7, 8.2).
# as: root user userns single
. "$(dirname "$0")/lib.sh"
python3 - "$l/db" <<'P'
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.execute("create table t(k integer primary key, v text)")
c.executemany("insert into t values(?, ?)", ((i, "x" * 200) for i in range(20000)))
c.commit()
P
mount_stack "$l"
python3 - "$m/db" <<'P'
import sqlite3, sys, random
reader = sqlite3.connect(sys.argv[1])
assert reader.execute("select count(*) from t").fetchone() == (20000,)
writer = sqlite3.connect(sys.argv[1])
writer.execute("pragma journal_mode=wal")
random.seed(1)
for turn in range(40):
    for i in range(200):
        writer.execute("update t set v=? where k=?", (str(turn) * 150, random.randrange(20000)))
    writer.commit()
    assert reader.execute("select count(*) from t").fetchone() == (20000,)
assert writer.execute("pragma integrity_check").fetchone() == ("ok",)
writer.execute("pragma wal_checkpoint(truncate)")
P
[ "$(python3 -c 'import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute("pragma integrity_check").fetchone()[0])' "$m/db")" = ok ]
unmount
[ "$(python3 -c 'import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute("pragma integrity_check").fetchone()[0])' "$u/db")" = ok ]
