#include "config/daemon/baseline_policy.h"

#include <gtest/gtest.h>

#include "config/load/policy_yaml.h"
#include "config/yaml/yaml_reader.h"
#include "rules/compile/policy_compiler.h"

namespace bulkhead::config {
namespace {

rules::Workload workload(const char* name_space, const char* name, const char* app, const char* address) {
  rules::Workload out;
  out.name_space = name_space;
  out.name = name;
  if (*app != '\0') out.labels["app"] = app;
  out.addresses = {*IpAddress::parse(address)};
  return out;
}

class BaselinePolicies : public testing::Test {
 protected:
  BaselinePolicies() {
    EXPECT_FALSE(inventory->add_workload(workload("shop", "web", "web", "10.0.0.2")));
    EXPECT_FALSE(inventory->add_workload(workload("shop", "db", "db", "10.0.0.3")));
    EXPECT_FALSE(inventory->add_workload(workload("ops", "backup", "backup", "10.0.0.4")));
    EXPECT_FALSE(inventory->add_workload(workload("ops", "bare", "", "10.0.0.5")));
    edges = {{"shop/web", "shop/db", 6, 5432, 900, 40, "A", "B"},
             {"ops/backup", "shop/db", 6, 5432, 7, 7, "A", "B"},
             {"outside", "shop/web", 6, 80, 1000, 50, "A", "B"},
             {"shop/web", "api.example", 6, 443, 3, 3, "A", "B"},
             {"ops/bare", "shop/web", 6, 80, 4, 3, "A", "B"}};
  }
  // The verdict of the policies for a flow.
  rules::PolicyTablePtr compiled(const std::string& text) {
    Diagnostics diagnostics;
    const auto documents = read_yaml(std::make_shared<SourceFile>("out", text), diagnostics);
    const rules::PolicyModel model = load_policies(documents, diagnostics);
    auto table = rules::compile_policies(model, inventory, diagnostics);
    std::ostringstream why;
    diagnostics.print(why, 5);
    EXPECT_FALSE(diagnostics.has_errors()) << why.str() << text;
    return table;
  }
  std::shared_ptr<rules::Inventory> inventory = std::make_shared<rules::Inventory>();
  std::vector<BaselineEdge> edges;
};

TEST_F(BaselinePolicies, NativeDocumentsLoadAndNameTheirEvidence) {
  const std::string text = baseline_policies(edges, *inventory, BaselineFormat::kNative);
  EXPECT_NE(text.find("on tcp/5432  # 900 flows in 40 windows, A to B"), std::string::npos) << text;
  EXPECT_NE(text.find("shop/web -> api.example tcp/443: the server is no workload"), std::string::npos) << text;
  EXPECT_NE(compiled(text), nullptr);
}

TEST_F(BaselinePolicies, ManifestsLoadToo) {
  const std::string text = baseline_policies(edges, *inventory, BaselineFormat::kNetworkPolicy);
  EXPECT_NE(text.find("kind: NetworkPolicy"), std::string::npos);
  EXPECT_NE(text.find("kubernetes.io/metadata.name: \"ops\""), std::string::npos) << text;
  EXPECT_NE(text.find("ops/bare -> shop/web tcp/80: a workload without labels"), std::string::npos) << text;
  EXPECT_NE(compiled(text), nullptr);
}

}  // namespace
}  // namespace bulkhead::config
