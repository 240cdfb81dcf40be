#include "config/load/manifest_yaml.h"

#include <algorithm>
#include <utility>

#include "config/load/kubernetes_names.h"
#include "config/load/label_selector_yaml.h"
#include "config/load/manifest_parts.h"
#include "rules/model/protocol_names.h"

namespace bulkhead::config {

namespace {

using rules::Policy;

constexpr const char* kNetworking = "networking.k8s.io/v1";
constexpr const char* kCluster1 = "policy.networking.k8s.io/v1alpha1";
constexpr const char* kCluster2 = "policy.networking.k8s.io/v1alpha2";

struct Kind {
  const char* kind;
  const char* prefix;
  Policy::Origin origin;
  std::vector<std::string> versions;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> list = {
      {"NetworkPolicy", "np:", Policy::Origin::kNetworkPolicy, {kNetworking}},
      {"AdminNetworkPolicy", "anp:", Policy::Origin::kAdmin, {kCluster1}},
      {"BaselineAdminNetworkPolicy", "banp:", Policy::Origin::kBaselineAdmin, {kCluster1}},
      {"ClusterNetworkPolicy", "cnp:", Policy::Origin::kCluster, {kCluster1, kCluster2}},
  };
  return list;
}

struct Metadata {
  std::string name;
  std::string name_space;  // empty when absent
  SourceSpan span;
};

std::optional<Metadata> read_metadata(YamlMap& top, Diagnostics& diagnostics) {
  const YamlNode* node = top.require("metadata");
  if (node == nullptr) return std::nullopt;
  YamlMap map(*node, diagnostics);
  const YamlNode* name = map.require("name");
  if (name == nullptr) return std::nullopt;
  Metadata out;
  out.span = name->span;
  const auto text = manifest_text(*name, diagnostics);
  if (!text) return std::nullopt;
  out.name = *text;
  if (!is_dns_subdomain(out.name)) {
    diagnostics.error(name->span, "manifest.bad_name", "\"" + out.name + "\" is no object name",
                      "at most 253 of a-z, 0-9, - and . with a letter or digit at both ends");
    return std::nullopt;
  }
  if (const YamlNode* space = map.get("namespace"); space != nullptr && !space->is_null()) {
    const auto value = manifest_text(*space, diagnostics);
    if (!value) return std::nullopt;
    out.name_space = *value;
    if (!is_dns_label(out.name_space) && !out.name_space.empty()) {
      diagnostics.error(space->span, "manifest.bad_name", "\"" + out.name_space + "\" is no namespace name",
                        "at most 63 of a-z, 0-9 and - with a letter or digit at both ends");
      return std::nullopt;
    }
  }
  return out;  // labels, annotations and what the API server writes are of no meaning here
}

void read_list(const YamlNode& document, Diagnostics& diagnostics, std::vector<Policy>& out) {
  YamlMap map(document, diagnostics);
  map.also_known({"apiVersion", "kind", "metadata"});
  for (const YamlNode& item : map.sequence("items")) read_manifest(item, diagnostics, out);
  map.finish();
}

void leave_out(const YamlNode& kind, const std::string& version, Diagnostics& diagnostics) {
  if (kind.text.ends_with("Policy") && kind.text.find("Network") != std::string::npos) {
    diagnostics.error(kind.span, "manifest.unknown_kind",
                      "policies of kind " + kind.text + " (" + version + ") are not understood",
                      "NetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy, ClusterNetworkPolicy");
    return;
  }
  diagnostics.warning(kind.span, "manifest.ignored", "kind " + kind.text + " is no policy: left out");
}

void check_version(const Kind& kind, const YamlNode& version, Diagnostics& diagnostics) {
  if (std::find(kind.versions.begin(), kind.versions.end(), version.text) != kind.versions.end()) return;
  std::string list;
  for (const std::string& known : kind.versions) list += (list.empty() ? "" : ", ") + known;
  diagnostics.error(version.span, "manifest.bad_version",
                    std::string("kind ") + kind.kind + " of version \"" + version.text + "\" is not understood",
                    "apiVersion: " + list);
}

void read_policy(const Kind& kind, const YamlNode& version, YamlMap& top, Diagnostics& diagnostics,
                 std::vector<Policy>& out) {
  const std::size_t errors_before = diagnostics.error_count();
  check_version(kind, version, diagnostics);
  const auto metadata = read_metadata(top, diagnostics);
  const YamlNode* spec = top.get("spec");
  top.also_known({"status"});
  top.finish();
  Policy policy;
  policy.origin = kind.origin;
  const std::string name_space = !metadata || metadata->name_space.empty() ? "default" : metadata->name_space;
  if (metadata) {
    const bool namespaced = kind.origin == Policy::Origin::kNetworkPolicy;
    policy.name = kind.prefix + (namespaced ? name_space + "/" : std::string()) + metadata->name;
    policy.span = metadata->span;
  }
  switch (kind.origin) {
    case Policy::Origin::kNetworkPolicy: read_network_policy_spec(spec, name_space, diagnostics, policy); break;
    case Policy::Origin::kCluster: read_cluster_policy_spec(spec, diagnostics, policy); break;
    case Policy::Origin::kBaselineAdmin:
      if (metadata && metadata->name != "default") {
        diagnostics.error(metadata->span, "manifest.baseline_name",
                          "there is one BaselineAdminNetworkPolicy, and its name is \"default\"");
      }
      read_admin_policy_spec(spec, diagnostics, policy);
      break;
    case Policy::Origin::kAdmin:
    case Policy::Origin::kNative: read_admin_policy_spec(spec, diagnostics, policy); break;
  }
  if (diagnostics.error_count() == errors_before) out.push_back(std::move(policy));
}

// "010.0.0.0/08" as "10.0.0.0/8".
std::string without_leading_zeros(const std::string& text) {
  if (text.find(':') != std::string::npos) return text;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool leads = out.empty() || out.ends_with('.') || out.ends_with('/');
    const bool more = i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9';
    if (text[i] != '0' || !leads || !more) out += text[i];
  }
  return out;
}

}  // namespace

std::optional<IpPrefix> read_network(const YamlNode& node, Diagnostics& diagnostics) {
  const auto text = yaml_text(node, diagnostics);
  if (!text) return std::nullopt;
  const auto prefix =
      text->find('/') == std::string::npos ? std::nullopt : IpPrefix::parse(without_leading_zeros(*text));
  if (!prefix) {
    diagnostics.error(node.span, "manifest.bad_cidr", "\"" + *text + "\" is no CIDR",
                      "10.0.0.0/8, 192.0.2.1/32, fd00::/8");
  }
  return prefix;
}

std::optional<std::uint8_t> read_protocol(YamlMap& map, Diagnostics& diagnostics) {
  const YamlNode* node = map.get("protocol");
  if (node == nullptr || node->is_null()) return rules::protocol_number("tcp");
  const auto word = yaml_choice(*node, diagnostics, {"TCP", "UDP", "SCTP"});
  if (!word) return std::nullopt;
  return rules::protocol_number(*word == "TCP" ? "tcp" : *word == "UDP" ? "udp" : "sctp");
}

std::optional<std::uint16_t> read_port_number(const YamlNode& node, Diagnostics& diagnostics) {
  const auto number = yaml_integer(node, diagnostics, 1, 65535);
  return number ? std::optional(static_cast<std::uint16_t>(*number)) : std::nullopt;
}

std::optional<std::string> read_port_name(const YamlNode& node, Diagnostics& diagnostics) {
  const auto text = yaml_text(node, diagnostics);
  if (!text || is_port_name(*text)) return text;
  const bool digits = text->find_first_not_of("0123456789") == std::string::npos;
  diagnostics.error(node.span, "manifest.bad_port_name", "\"" + *text + "\" is no port name",
                    digits ? "in quotes it is a name and needs a letter; a number stands without quotes"
                           : "at most 15 of a-z, 0-9 and -, with a letter, no dash at an end or beside another");
  return std::nullopt;
}

bool is_manifest(const YamlNode& document) {
  return document.find("apiVersion") != nullptr || document.find("kind") != nullptr;
}

void read_manifest(const YamlNode& document, Diagnostics& diagnostics, std::vector<Policy>& out) {
  YamlMap top(document, diagnostics);
  if (!top.valid()) return;
  const YamlNode* version = top.require("apiVersion");
  const YamlNode* kind = top.require("kind");
  if (version == nullptr || kind == nullptr || !yaml_text(*version, diagnostics) || !yaml_text(*kind, diagnostics)) {
    return;
  }
  for (const Kind& known : kinds()) {
    // Calico has a kind NetworkPolicy of its own, in another API group: its version is refused.
    if (kind->text == known.kind) return read_policy(known, *version, top, diagnostics, out);
    if (kind->text == std::string(known.kind) + "List") return read_list(document, diagnostics, out);
  }
  if (kind->text == "List") return read_list(document, diagnostics, out);
  leave_out(*kind, version->text, diagnostics);
}

}  // namespace bulkhead::config
