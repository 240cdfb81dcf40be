#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk

capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 443)
talk.open()
talk.client(b'{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"48wallet","pass":"x","agent":"XMRig/6.20.0","algo":["rx/0"]}}\n')
talk.server(b'{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"r1","job":{"blob":"0e","job_id":"1","target":"b8","algo":"rx/0"},"status":"OK"}}\n')
talk.server(b'{"jsonrpc":"2.0","method":"job","params":{"blob":"0f","job_id":"2","target":"b8"}}\n')
talk.client(b'{"id":2,"jsonrpc":"2.0","method":"submit","params":{"id":"r1","job_id":"2","nonce":"00","result":"00"}}\n')
talk.server(b'{"id":2,"jsonrpc":"2.0","error":{"code":-1,"message":"Low difficulty share"}}\n')
talk.close()
talk = TcpTalk(capture, "10.1.0.10", 40002, "10.2.0.20", 3333)
talk.open()
talk.client(b'{"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5.1"]}\n{"id": 2, "method": "mining.authorize", "params": ["bc1qwallet.rig", "x"]}\n')
talk.server(b'{"id":1,"result":[[["mining.notify","1"]],"08",4],"error":null}\n{"id":2,"result":false,"error":[24,"Unauthorized worker",null]}\n')
talk.close()
capture.write(sys.argv[1])
