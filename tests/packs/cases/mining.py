"""Cases of signatures/packs/mining.rules."""
from case import Case
from talks import c, dns, http, s, tcp, tls

LOGIN = '{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"48wallet","pass":"x","agent":"XMRig/6.20.0"}}\n'
OK = '{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"r1","job":{"blob":"0e","job_id":"1","target":"b8"},"status":"OK"}}\n'
JOB = '{"jsonrpc":"2.0","method":"job","params":{"blob":"0f","job_id":"2","target":"b8"}}\n'
RPC = '{"jsonrpc":"2.0","id":1,"method":"user.login","params":{"user":"anna"}}\n'
JSON = [("Content-Type", "application/json")]


def name(domain, cased, twin):
    return Case(dns("pool." + domain), dns(cased, over_tcp=True), dns(twin), "mixed case, over TCP; the twin has it in front or glued on")


def sni(domain, cased, twin):
    return Case(tls("xmr." + domain), tls(cased, port=8443, cut=10), tls(twin), "mixed case, other port, ten bytes a segment")


CASES = {
    6100700: Case(tcp(c('{"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5.1"]}\n'), s('{"id":1,"result":[[["a","1"]],"08",4],"error":null}\n'), port=3333),
                  tcp(c('{"params":["bc1q.rig","x"],"method" : "mining.authorize","id":2}\n'), s('{"id":2,"result":true,"error":null}\n'), port=443, cut=7),
                  tcp(c('{"id":1,"method":"mining_report.list","params":[]}\n'), s('{"id":1,"result":[],"error":null}\n'), port=3333), "other order of fields, port 443"),
    6100701: Case(tcp(c(LOGIN), s(OK), port=4444), tcp(c('{"method" : "login","params":{"agent":"x/1","pass":"x","login":"4A"},"jsonrpc":"2.0","id":1}\n'), s(OK), port=80, cut=9),
                  tcp(c(RPC), s('{"id":1,"jsonrpc":"2.0","result":true}\n'), port=4444), "other order of fields, port 80"),
    6100702: Case(tcp(c('{"id":1,"jsonrpc":"2.0","method":"eth_submitLogin","params":["0xabc"]}\n'), s('{"id":1,"jsonrpc":"2.0","result":true}\n'), port=4444),
                  tcp(c('{"worker":"r","method" : "eth_getWork","params":[],"jsonrpc":"2.0","id":5}\n'), s('{"id":5,"jsonrpc":"2.0","result":["0x","0x","0x"]}\n'), port=8008, v6=True),
                  http("POST", "/", JSON, '{"jsonrpc":"2.0","method":"eth_blockNumber","params":[],"id":1}', port=8545), "another call, other order, IPv6"),
    6100703: Case(tcp(c(LOGIN), s(OK), s(JOB), port=3333), tcp(c('{"id":1,"method":"mining.authorize","params":["a","x"]}\n'), s('{"params":["1","2"],"id":null,"method" : "mining.notify"}\n'), port=443, v6=True),
                  tcp(c(RPC), s('{"jsonrpc":"2.0","method":"job_done","params":{}}\n'), port=9090), "other order of fields, port 443, IPv6"),
    6100704: Case(tcp(c("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" + LOGIN), s(OK), port=5555), tcp(c('x{"method":"login","params":{"login":"4","agent" : "my-XMR-Stak"}}'), port=25, cut=8),
                  tcp(c('x{"method":"login","params":{"login":"anna","agent":"console/2"}}'), port=5555), "another miner, mixed case, other port"),
    6100705: Case(http(uri="/c.json", reply={"pools": [{"url": "h:443"}], "donate-level": 1}), http(uri="/x", reply='{"donate-level":0,\n"pools" :[]}', zipped=True, port=8080),
                  http(uri="/c.json", reply={"pools": ["a", "b"], "level": 1}), "answer compressed, other order"),
    6100706: Case(http(uri="/xmrig/xmrig/releases/download/v6.20.0/xmrig-6.20.0-linux-static-x64.tar.gz"), http(uri="/.x/%78MRig", port=8080, cut=4), http(uri="/docs/xmrig-detection.html"),
                  "escape, mixed case, another host"),
    6100707: Case(http("POST", "/json_rpc", JSON, '{"jsonrpc":"2.0","id":"0","method":"get_block_template","params":{}}', port=18081),
                  http("POST", "/", JSON, '{"params":[],"method" : "getBlockTemplate"}', chunked=6, port=8332), http("POST", "/json_rpc", JSON, '{"method":"get_info"}', port=18081), "Bitcoin's name, mixed case, chunks"),
    6100720: name("supportxmr.com", "eU.SupportXMR.com", "notsupportxmr.com"),
    6100721: name("moneroocean.stream", "GULF.moneroOcean.Stream", "moneroocean.stream.example.org"),
    6100722: name("nanopool.org", "XMR-eu1.NanoPool.org", "nanopool.org.example.org"),
    6100723: name("hashvault.pro", "POOL.HashVault.Pro", "myhashvault.pro"),
    6100724: name("c3pool.org", "Mine.C3Pool.org", "abc3pool.org"),
    6100730: sni("supportxmr.com", "POOL.SupportXmr.com", "notsupportxmr.com"),
    6100731: sni("moneroocean.stream", "GULF.MoneroOcean.stream", "moneroocean.stream.example.org"),
    6100732: sni("nanopool.org", "XMR-Asia1.NanoPool.org", "nanopool.org.example.org"),
}
