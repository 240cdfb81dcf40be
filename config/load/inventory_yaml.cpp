#include "config/load/inventory_yaml.h"

#include <map>
#include <utility>

#include "rules/model/protocol_names.h"
#include "signatures/patches/report_parser.h"

namespace bulkhead::config {

namespace {

using rules::Inventory;
using rules::Labels;

class InventoryLoader {
 public:
  explicit InventoryLoader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  std::shared_ptr<Inventory> load(const YamlNode& document) {
    YamlMap top(document, diagnostics_);
    if (const YamlNode* cluster = top.get("cluster")) {
      top.finish();
      return load(*cluster);
    }
    inventory_ = std::make_shared<Inventory>();
    for (const YamlNode& node : top.sequence("namespaces")) read_namespace(node);
    for (const YamlNode& node : top.sequence("nodes")) read_node(node);
    for (const YamlNode& node : top.sequence("pods")) read_workload(node);
    for (const YamlNode& node : top.sequence("workloads")) read_workload(node);
    for (const YamlNode& node : top.sequence("external")) read_external(node);
    for (const YamlNode& node : top.sequence("services")) read_service(node);
    top.finish();
    return inventory_;
  }

 private:
  void taken(const std::optional<std::string>& contradiction, const SourceSpan& span) {
    if (contradiction) diagnostics_.error(span, "inventory.contradiction", *contradiction);
  }

  Labels read_labels(YamlMap& map) {
    Labels labels;
    const YamlNode* node = map.get("labels");
    if (node == nullptr || node->is_null()) return labels;
    YamlMap check(*node, diagnostics_);  // reports a list or a text
    for (const YamlEntry& entry : node->entries) {
      if (entry.value.is_null()) {
        labels.emplace(entry.key, "");
      } else if (auto value = yaml_text(entry.value, diagnostics_)) {
        labels.emplace(entry.key, std::move(*value));
      }
    }
    return labels;
  }

  std::vector<IpAddress> read_addresses(YamlMap& map) {
    std::vector<IpAddress> out;
    for (const YamlNode& node : map.sequence("ips")) {
      const auto text = yaml_text(node, diagnostics_);
      if (!text) continue;
      if (const auto address = IpAddress::parse(*text)) {
        out.push_back(*address);
      } else {
        diagnostics_.error(node.span, "inventory.bad_address", "\"" + *text + "\" is no IP address");
      }
    }
    return out;
  }

  void read_namespace(const YamlNode& node) {
    YamlMap map(node, diagnostics_);
    const auto name = map.required_text("name");
    Labels labels = read_labels(map);
    map.finish();
    if (!name) return;
    labels["kubernetes.io/metadata.name"] = *name;
    if (!namespaces_.emplace(*name, std::move(labels)).second) {
      taken("namespace " + *name + " is listed twice", node.span);
    }
  }

  void read_node(const YamlNode& node) {
    YamlMap map(node, diagnostics_);
    rules::Node out;
    const auto name = map.required_text("name");
    out.labels = read_labels(map);
    out.addresses = read_addresses(map);
    out.span = node.span;
    map.finish();
    if (!name) return;
    out.name = *name;
    taken(inventory_->add_node(std::move(out)), node.span);
  }

  void read_external(const YamlNode& node) {
    YamlMap map(node, diagnostics_);
    rules::ExternalHost out;
    const auto name = map.required_text("name");
    out.addresses = read_addresses(map);
    out.dns = map.texts("dns");
    out.span = node.span;
    map.finish();
    if (!name) return;
    out.name = *name;
    taken(inventory_->add_external(std::move(out)), node.span);
  }

  static std::uint8_t read_protocol(YamlMap& port) {
    std::string lower = port.choice("proto", {"TCP", "UDP", "SCTP", "tcp", "udp", "sctp"}).value_or("tcp");
    for (char& c : lower) c = static_cast<char>(c | 0x20);
    return rules::protocol_number(lower).value_or(6);
  }

  std::optional<rules::ServicePort> read_service_port(const YamlNode& node) {
    YamlMap map(node, diagnostics_);
    rules::ServicePort out;
    out.protocol = read_protocol(map);
    const auto number = map.require("port") != nullptr ? map.integer("port", 1, 65535) : std::nullopt;
    const YamlNode* target = map.get("targetPort");
    map.also_known({"name"});
    map.finish();
    if (!number) return std::nullopt;
    out.port = out.target = static_cast<std::uint16_t>(*number);
    if (target == nullptr || target->is_null()) return out;
    const bool digits = !target->text.empty() && target->text.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || target->quoted) {
      out.target_name = yaml_text(*target, diagnostics_).value_or("");
    } else if (const auto value = yaml_integer(*target, diagnostics_, 1, 65535)) {
      out.target = static_cast<std::uint16_t>(*value);
    }
    return out;
  }

  // Behind the pods, so that endpoints can be looked up.
  void read_service(const YamlNode& node) {
    YamlMap map(node, diagnostics_);
    rules::Service out;
    const auto name = map.required_text("name");
    out.name_space = map.text("namespace").value_or("default");
    out.addresses = read_addresses(map);
    out.endpoints = map.texts("endpoints");
    for (const YamlNode& port : map.sequence("ports")) {
      if (auto entry = read_service_port(port)) out.ports.push_back(std::move(*entry));
    }
    out.span = node.span;
    for (const std::string& endpoint : out.endpoints) {
      if (inventory_->workload_named(endpoint) != nullptr) continue;
      diagnostics_.error(map.get("endpoints")->span, "inventory.unknown_endpoint",
                         "there is no workload \"" + endpoint + "\"", "endpoints are NAMESPACE/NAME of pods");
    }
    map.finish();
    if (!name) return;
    out.name = *name;
    taken(inventory_->add_service(std::move(out)), node.span);
  }

  std::vector<rules::WorkloadPort> read_ports(YamlMap& map) {
    std::vector<rules::WorkloadPort> out;
    for (const YamlNode& node : map.sequence("ports")) {
      YamlMap port(node, diagnostics_);
      rules::WorkloadPort entry;
      entry.protocol = read_protocol(port);
      const auto number = port.require("port") != nullptr ? port.integer("port", 1, 65535) : std::nullopt;
      entry.name = port.text("name").value_or("");
      port.finish();
      if (!number) continue;
      entry.port = static_cast<std::uint16_t>(*number);
      out.push_back(std::move(entry));
    }
    return out;
  }

  // Of `imageDigest`, or behind the '@' of the image.
  std::string read_image_digest(YamlMap& map, const std::string& image) {
    if (const auto text = map.text("imageDigest")) {
      if (const std::string digest = patches::digest_of(*text); !digest.empty()) return digest;
      diagnostics_.error(map.get("imageDigest")->span, "inventory.bad_digest",
                         "\"" + *text + "\" is no digest of an image",
                         "sha256: and 64 hex digits, as docker inspect says under Image");
      return {};
    }
    return patches::digest_of(image);
  }

  void read_workload(const YamlNode& node) {
    YamlMap map(node, diagnostics_);
    rules::Workload out;
    const auto name = map.required_text("name");
    out.name_space = map.text("namespace").value_or("default");
    out.node = map.text("node").value_or("");
    out.labels = read_labels(map);
    out.interface = map.text("interface").value_or("");
    out.addresses = read_addresses(map);
    out.ports = read_ports(map);
    out.host_network = map.boolean("hostNetwork").value_or(false);
    out.image = map.text("image").value_or("");
    out.image_digest = read_image_digest(map, out.image);
    out.span = node.span;
    if (const auto text = map.text("mac")) {
      out.mac = MacAddress::parse(*text);
      if (!out.mac) {
        diagnostics_.error(map.get("mac")->span, "inventory.bad_mac", "\"" + *text + "\" is no MAC address",
                           "six groups of two digits: 02:42:ac:11:00:02");
      }
    }
    if (out.interface.size() > 15) {
      diagnostics_.error(map.get("interface")->span, "inventory.bad_interface",
                         "interface names have at most 15 characters");
      out.interface.clear();
    }
    map.finish();
    if (!name) return;
    out.name = *name;
    const auto known = namespaces_.find(out.name_space);
    if (known != namespaces_.end()) out.namespace_labels = known->second;
    out.namespace_labels["kubernetes.io/metadata.name"] = out.name_space;
    taken(inventory_->add_workload(std::move(out)), node.span);
  }

  Diagnostics& diagnostics_;
  std::shared_ptr<Inventory> inventory_;
  std::map<std::string, Labels, std::less<>> namespaces_;
};

}  // namespace

std::shared_ptr<rules::Inventory> load_inventory(const YamlNode& document, Diagnostics& diagnostics) {
  return InventoryLoader(diagnostics).load(document);
}

std::shared_ptr<rules::Inventory> load_inventory_file(const std::string& path, Diagnostics& diagnostics) {
  const auto documents = read_yaml_file(path, diagnostics);
  if (documents.size() > 1) {
    diagnostics.error(documents[1].span, "inventory.documents", "an inventory is one document");
  }
  return documents.empty() ? std::make_shared<Inventory>() : load_inventory(documents[0], diagnostics);
}

}  // namespace bulkhead::config
