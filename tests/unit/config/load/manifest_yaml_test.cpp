#include "config/load/manifest_yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load/kubernetes_names.h"
#include "config/load/policy_yaml.h"

namespace bulkhead::config {
namespace {

using rules::Action;
using rules::Peer;
using rules::Policy;
using rules::PolicyModel;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

PolicyModel load(const std::string& text, Diagnostics& d) {
  return load_policies(read_yaml(std::make_shared<SourceFile>("p.yaml", text), d), d);
}

// A NetworkPolicy of namespace x with this spec, one line.
PolicyModel load_spec(const std::string& spec, Diagnostics& d) {
  return load("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: x}\nspec: " + spec,
              d);
}

std::vector<std::string> codes(const Diagnostics& d) {
  std::vector<std::string> out;
  for (const auto& x : d.all()) out.push_back(x.code);
  return out;
}

TEST(Manifest, NetworkPolicyBecomesAPolicyOfItsTier) {
  Diagnostics d;
  const PolicyModel model = load(R"(
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop, labels: {a: b}, uid: 123}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - podSelector: {matchLabels: {pod: web}}
        - namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [red, ""]}]}
          podSelector: {}
        - ipBlock: {cidr: 10.1.2.3/16, except: [10.1.7.0/24]}
      ports:
        - {port: 80}
        - {protocol: UDP, port: dns}
        - {protocol: SCTP, port: 5, endPort: 9}
        - {}
status: {}
)",
                                 d);
  ASSERT_EQ(codes(d), std::vector<std::string>{});
  ASSERT_EQ(model.policies.size(), 1U);
  const Policy& p = model.policies[0];
  EXPECT_EQ(p.name, "np:shop/db");
  EXPECT_EQ(p.tier, "kubernetes");
  EXPECT_EQ(p.subject.to_string(), "ns=shop app=db");
  EXPECT_TRUE(p.isolates_ingress && p.isolates_egress);
  ASSERT_EQ(p.ingress.size(), 1U);
  EXPECT_EQ(p.ingress[0].to_string(),
            "allow from ns=shop label.pod=web, ns.team not in (red, ), 10.1.0.0/16 !10.1.7.0/24 on tcp/80, sctp/5-9, "
            "tcp, udp/@dns");
  EXPECT_EQ(p.ingress[0].span.line, 9U);
  EXPECT_TRUE(p.egress.empty());
}

TEST(Manifest, AbsentAndEmptyAreNotTheSame) {
  struct Row {
    const char* spec;
    bool ingress, egress;
    std::size_t ingress_rules, egress_rules;
  };
  for (const Row& row :
       {Row{"{}", true, false, 0, 0}, Row{"{egress: []}", true, false, 0, 0}, Row{"{egress: [{}]}", true, true, 0, 1},
        Row{"{policyTypes: []}", true, false, 0, 0}, Row{"{policyTypes: [Egress], ingress: [{}]}", false, true, 0, 0},
        Row{"{policyTypes: null, ingress: null}", true, false, 0, 0},
        Row{"{podSelector: null, ingress: [{from: [], ports: null}]}", true, false, 1, 0}}) {
    Diagnostics d;
    const PolicyModel model = load_spec(row.spec, d);
    ASSERT_FALSE(d.has_errors()) << row.spec;
    const Policy& p = model.policies.at(0);
    EXPECT_EQ(p.isolates_ingress, row.ingress) << row.spec;
    EXPECT_EQ(p.isolates_egress, row.egress) << row.spec;
    EXPECT_EQ(p.ingress.size(), row.ingress_rules) << row.spec;
    EXPECT_EQ(p.egress.size(), row.egress_rules) << row.spec;
    EXPECT_EQ(p.subject.to_string(), "ns=x");
  }
}

TEST(Manifest, RefusesWhatTheServerRefuses) {
  const std::pair<const char*, const char*> rows[] = {
      {"{ingress: [{from: [{}]}]}", "manifest.peer.empty"},
      {"{ingress: [{from: [{podSelector: null}]}]}", "manifest.peer.empty"},
      {"{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]}", "manifest.peer.block_and_selector"},
      {"{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0}}]}]}", "manifest.bad_cidr"},
      {"{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]}", "manifest.peer.except"},
      {"{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: ['fd00::/64']}}]}]}", "manifest.peer.except"},
      {"{ingress: [{ports: [{port: \"80\"}]}]}", "manifest.bad_port_name"},
      {"{ingress: [{ports: [{port: 0}]}]}", "yaml.out_of_range"},
      {"{ingress: [{ports: [{port: a-name-with-sixteen}]}]}", "manifest.bad_port_name"},
      {"{ingress: [{ports: [{port: 9, endPort: 8}]}]}", "manifest.port.end_port"},
      {"{ingress: [{ports: [{endPort: 8}]}]}", "manifest.port.end_port"},
      {"{ingress: [{ports: [{port: web, endPort: 8}]}]}", "manifest.port.end_port"},
      {"{ingress: [{ports: [{protocol: tcp}]}]}", "yaml.bad_value"},
      {"{policyTypes: [ingress]}", "yaml.bad_value"},
      {"{policyTypes: [Ingress, Egress, Ingress]}", "manifest.types"},
      {"{ingres: []}", "yaml.unknown_key"},
      {"{podSelector: {matchLabels: {a=b: c}}}", "manifest.selector.bad_key"},
      {"{podSelector: {matchLabels: {a: true}}}", "manifest.not_text"},
      {"{podSelector: {matchLabels: {a: '-'}}}", "manifest.selector.bad_value"},
      {"{podSelector: {matchExpressions: [{key: a, operator: In}]}}", "manifest.selector.values"},
      {"{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}", "manifest.selector.values"},
      {"{podSelector: {matchExpressions: [{key: a, operator: Has}]}}", "yaml.bad_value"},
  };
  for (const auto& [spec, code] : rows) {
    Diagnostics d;
    const PolicyModel model = load_spec(spec, d);
    EXPECT_THAT(codes(d), ElementsAre(code)) << spec;
    EXPECT_TRUE(model.policies.empty()) << spec;
    if (!d.all().empty()) {
      EXPECT_EQ(d.all()[0].span.line, 4U) << spec;
      EXPECT_GT(d.all()[0].span.column, 0U) << spec;
    }
  }
}

std::string cluster(const std::string& kind, const std::string& version, const std::string& spec) {
  return "apiVersion: policy.networking.k8s.io/" + version + "\nkind: " + kind +
         "\nmetadata: {name: default}\nspec: " + spec + "\n";
}

TEST(Manifest, ClusterPoliciesOfBothVersions) {
  Diagnostics d;
  const PolicyModel model =
      load(cluster("AdminNetworkPolicy", "v1alpha1",
                   "{priority: 7, subject: {namespaces: {matchLabels: {t: a}}}, egress: [{name: r, action: Pass, to: "
                   "[{nodes: {matchLabels: {role: edge}}}, {networks: [10.0.0.0/8, '::/0']}], ports: [{portNumber: "
                   "{protocol: UDP, port: 53}}, {portRange: {protocol: SCTP, start: 5, end: 6}}]}]}") +
               "---\n" +
               cluster("BaselineAdminNetworkPolicy", "v1alpha1",
                       "{subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}}, ingress: "
                       "[{action: Deny, from: [{namespaces: {}}], ports: [{namedPort: web}]}]}") +
               "---\n" +
               cluster("ClusterNetworkPolicy", "v1alpha2",
                       "{tier: Baseline, priority: 0, subject: {pods: {podSelector: {}}}, egress: [{action: Accept, "
                       "to: [{domainNames: [example.org, '*.Example.org.']}], protocols: [{tcp: {destinationPort: "
                       "{number: 443}}}, {udp: {destinationPort: {range: {start: 1, end: 9}}}}]}]}"),
           d);
  ASSERT_EQ(codes(d), std::vector<std::string>{});
  ASSERT_EQ(model.policies.size(), 3U);
  EXPECT_EQ(model.policies[0].tier, "security");
  EXPECT_EQ(model.policies[0].order, 7);
  EXPECT_EQ(model.policies[0].subject.to_string(), "ns.t=a");
  EXPECT_EQ(model.policies[0].egress.at(0).to_string(),
            "pass to nodes role=edge, 10.0.0.0/8, ::/0 on udp/53, sctp/5-6");
  EXPECT_EQ(model.policies[1].tier, "baseline");
  EXPECT_FALSE(model.policies[1].order);
  EXPECT_EQ(model.policies[1].ingress.at(0).to_string(), "deny from pods on @web");
  EXPECT_EQ(model.policies[2].name, "cnp:default");
  EXPECT_EQ(model.policies[2].egress.at(0).to_string(), "allow to example.org, *.Example.org. on tcp/443, udp/1-9");
}

TEST(Manifest, ClusterPoliciesAreRefusedWithReason) {
  const std::string rule = "ingress: [{action: Deny, from: [{namespaces: {}}]}]";
  const std::string subject = "subject: {namespaces: {}}";
  const std::string head = "{tier: Admin, priority: 1, subject: {namespaces: {}}, ";
  std::string many = "ingress: [";
  for (int i = 0; i < 26; ++i) many += "{action: Deny, from: [{namespaces: {}}]}, ";
  const std::pair<std::string, const char*> rows[] = {
      {"{tier: Admin, priority: 1001, " + subject + ", " + rule + "}", "yaml.out_of_range"},
      {"{tier: Middle, priority: 1, " + subject + ", " + rule + "}", "yaml.bad_value"},
      {"{tier: Admin, " + subject + ", " + rule + "}", "yaml.missing_key"},
      {"{tier: Admin, priority: 1, subject: {}, " + rule + "}", "manifest.one_field"},
      {"{tier: Admin, priority: 1, subject: {pods: {namespaceSelector: {}}}, " + rule + "}", "yaml.missing_key"},
      {head + "ingress: [{action: Allow, from: [{namespaces: {}}]}]}", "yaml.bad_value"},
      {head + "ingress: [{action: Deny, from: []}]}", "manifest.empty_list"},
      {head + "ingress: [{action: Deny}]}", "yaml.missing_key"},
      {head + "ingress: [{action: Deny, from: [{}]}]}", "manifest.one_field"},
      {head + "ingress: [{action: Deny, from: [{namespaces: {}, pods: {podSelector: {}}}]}]}", "manifest.one_field"},
      {head + "ingress: [{action: Deny, from: [{namespaces: {}}], protocols: []}]}", "manifest.empty_list"},
      {head + "ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {}}]}]}", "manifest.one_field"},
      {head + "ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {range: {start: "
              "5, end: 5}}}}]}]}",
       "manifest.port.range"},
      {head + "egress: [{action: Deny, to: [{domainNames: [a.b]}]}]}", "manifest.domain_action"},
      {head + "egress: [{action: Accept, to: [{domainNames: ['a.*.b']}]}]}", "manifest.bad_domain"},
      {head + "egress: [{action: Deny, to: [{networks: [10.0.0.0/8]}], protocols: [{destinationNamedPort: web}]}]}",
       "manifest.named_port_peer"},
      {head + "egress: [{action: Deny, to: [{networks: [10.0.0.0/8, 10.0.0.0/8]}]}]}", "manifest.duplicate"},
      {head + many + "]}", "manifest.too_many"},
  };
  for (const auto& [spec, code] : rows) {
    Diagnostics d;
    const PolicyModel model = load(cluster("ClusterNetworkPolicy", "v1alpha2", spec), d);
    EXPECT_THAT(codes(d), ElementsAre(code)) << spec;
    EXPECT_TRUE(model.policies.empty()) << spec;
  }
}

TEST(Manifest, UnknownPeersFailClosed) {
  for (const char* action : {"Accept", "Deny", "Pass"}) {
    Diagnostics d;
    const PolicyModel model = load(
        cluster("ClusterNetworkPolicy", "v1alpha2",
                std::string("{tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: ") + action +
                    ", to: [{namespaces: {}}, {serviceAccounts: {a: b}}], protocols: [{tcp: {destinationPort: {number: "
                    "1}}}]}]}"),
        d);
    EXPECT_THAT(codes(d), ElementsAre("manifest.unknown_peer"));
    ASSERT_FALSE(d.has_errors());
    EXPECT_EQ(model.policies.at(0).egress.at(0).to_string(),
              std::string(action) == "Accept" ? "allow to nothing" : "deny to any");
  }
}

TEST(Manifest, ListsOtherKindsAndVersions) {
  Diagnostics d;
  const PolicyModel model = load(R"(
apiVersion: v1
kind: List
items:
  - {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}}
  - {apiVersion: apps/v1, kind: Deployment, metadata: {name: b}}
---
{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: c}}
---
{apiVersion: projectcalico.org/v3, kind: NetworkPolicy, metadata: {name: d}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: Bad_Name}}
---
{kind: NetworkPolicy, metadata: {name: e}}
)",
                                 d);
  EXPECT_THAT(codes(d), ElementsAre("manifest.ignored", "manifest.unknown_kind", "manifest.bad_version",
                                    "manifest.bad_name", "yaml.missing_key"));
  ASSERT_EQ(model.policies.size(), 1U);
  EXPECT_EQ(model.policies[0].name, "np:default/a");
  EXPECT_EQ(d.all()[2].span.line, 10U);
}

TEST(Manifest, TwiceAndWithoutATier) {
  const std::string policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\n";
  Diagnostics twice;
  (void)load(policy + "---\n" + policy, twice);
  EXPECT_THAT(codes(twice), ElementsAre("policy.name.twice"));
  Diagnostics unmapped;
  (void)load(policy + "---\ntiers: [{name: only}]\n", unmapped);
  EXPECT_THAT(codes(unmapped), ElementsAre("policy.tier.unmapped"));
  EXPECT_THAT(unmapped.all()[0].hint, HasSubstr("kind: NetworkPolicy"));
  Diagnostics mapped;
  const PolicyModel model = load(policy + "---\ntiers: [{name: only}, {name: apps, kind: NetworkPolicy}]\n", mapped);
  EXPECT_FALSE(mapped.has_errors());
  EXPECT_EQ(model.policies.at(0).tier, "apps");
}

TEST(KubernetesNames, Rules) {
  EXPECT_TRUE(is_label_key("kubernetes.io/metadata.name"));
  EXPECT_TRUE(is_label_key("a_B.c-9"));
  for (const char* bad : {"", "/a", "a/", "A.b/c/d", "UP.io/x", "-a", "a-", "a b"})
    EXPECT_FALSE(is_label_key(bad)) << bad;
  EXPECT_TRUE(is_label_value(""));
  EXPECT_FALSE(is_label_value(std::string(64, 'a')));
  EXPECT_TRUE(is_port_name("8080-tcp"));
  for (const char* bad : {"8080", "a--b", "-a", "a-", "A", "", "abcdefghijklmnop"})
    EXPECT_FALSE(is_port_name(bad)) << bad;
  EXPECT_TRUE(is_dns_label("a-1"));
  EXPECT_FALSE(is_dns_label("a.b"));
  EXPECT_TRUE(is_dns_subdomain("a.b-1.c"));
  EXPECT_FALSE(is_dns_subdomain("a..b"));
  EXPECT_TRUE(is_domain_pattern("*.a.b."));
  for (const char* bad : {"a", "*.a", "a.*", "*a.b", "a..b", ""}) EXPECT_FALSE(is_domain_pattern(bad)) << bad;
}

}  // namespace
}  // namespace bulkhead::config
