"""Cases of signatures/packs/metadata-services.rules."""
from case import Case
from talks import again, dns, http

AWS, AWS_V6, ALIBABA, ECS = "169.254.169.254", "fd00:ec2::254", "100.100.100.200", "169.254.170.2"
TOKEN = [("X-aws-ec2-metadata-token", "AQAE==")]
GOOGLE = [("Metadata-Flavor", "Google")]
ROLE = "/latest/meta-data/iam/security-credentials/"
KEYS = {"Code": "Success", "AccessKeyId": "ASIAEXAMPLEEXAMPLE12", "SecretAccessKey": "s", "Token": "t"}


def of(uri, server=AWS, **more):
    return http(uri=uri, server=server, **more)


CASES = {
    6100200: Case(of(ROLE), of("//latest/./meta-data/iam/security%2Dcredentials", port=8080, server="10.1.1.1", cut=5), of("/latest/meta-data/instance-id"),
                  "doubled slash, dot segment, escape; through a forwarded port"),
    6100201: Case(of(ROLE + "node", headers=TOKEN), of("/2021-07-15/meta-data/iam/security-credentials/no%64e", server=AWS_V6, headers=[("x-AWS-ec2-metadata-TOKEN", "A")]),
                  of("/latest/meta-data/placement/region", headers=TOKEN), "IPv6, a dated version, other case of the header"),
    6100202: Case(of("/latest/user-data"), of("//2021-07-15/user%2Ddata", server=AWS_V6, cut=3), of("/latest/meta-data/hostname"), "IPv6, a dated version, escape"),
    6100203: Case(of("/computeMetadata/v1/instance/service-accounts/default/token", headers=GOOGLE),
                  of("/computeMetadata/v1beta1/instance//service-accounts/?x=1&recursive=true", server="10.1.1.1", port=988, headers=GOOGLE),
                  of("/computeMetadata/v1/instance/zone", headers=GOOGLE), "everything at once, another version, another port"),
    6100204: Case(of("/computeMetadata/v1/instance/attributes/kube-env", headers=GOOGLE), of("/computeMetadata/v1/instance/attributes/kubec%6Fnfig", headers=GOOGLE, cut=7),
                  of("/computeMetadata/v1/instance/attributes/cluster-name", headers=GOOGLE), "another attribute, escape"),
    6100205: Case(of("/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/", headers=[("Metadata", "true")]),
                  of("/Metadata/identity/OAuth2/%74oken?resource=x", headers=[("metadata", "True")], port=50342, server="10.1.1.1"),
                  of("/metadata/instance?api-version=2021-02-01", headers=[("Metadata", "true")]), "other case, escape, other port"),
    6100206: Case(of("/latest/meta-data/ram/security-credentials/", ALIBABA), of("/latest/meta-data/ram/./security-credential%73/x", ALIBABA, cut=4),
                  of("/latest/meta-data/region-id", ALIBABA), "dot segment, escape"),
    6100207: Case(of("/opc/v2/identity/key.pem", headers=[("Authorization", "Bearer Oracle")]), of("//opc/v1/identity/ke%79.pem", cut=6), of("/opc/v2/instance/region"),
                  "older version, escape, doubled slash"),
    6100208: Case(again(7, of("/v2/credentials/0000", ECS, status=400)), again(9, of("/v4/x/task", "169.254.170.23", status=404, cut=5)),
                  again(7, of("/v2/credentials/0000", ECS)), "the other address and status; the twin is answered"),
    6100209: Case(http(uri="/fetch?url=http://169.254.169.254/latest/meta-data/"), http(uri="/proxy?x=1&u=http%3A%2F%2Fa%40%5B%3A%3AFFFF%3Aa9fe%3Aa9fe%5D%2F", port=8080, cut=9),
                  http(uri="/docs?topic=169.254.169.254"), "IPv6 form with a user, percent escapes"),
    6100210: Case(http("POST", "/hook", body="target=http://169.254.169.254/latest/"), http("POST", "/hook", body="a=b&target=HTTP%3A%2F%2F2852039166%2Flatest", chunked=8, port=3000),
                  http("POST", "/notes", body='{"text":"block 169.254.169.254 in the policy"}'), "the address as one number, percent escapes, chunks"),
    6100211: Case(http(uri="/fetch?u=x", reply=KEYS), http(uri="/render", port=3000, zipped=True, reply='{"AccessKeyId" :\n"ASIAEXAMPLEEXAMPLE12","SecretAccessKey":"x"}'),
                  http(uri="/docs", reply='{"AccessKeyId":"YOUR-KEY-ID","SecretAccessKey":"YOUR-KEY"}'), "answer compressed, blanks, other port"),
    6100212: Case(dns("a.rebind.example", address=AWS), dns("A.b.C.rebind.example", address=AWS, v6=True), dns("metadata.google.internal", address=AWS),
                  "other name and case, over IPv6; the twin is the cloud's own name"),
}
