#include "config/daemon/generation.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "rules/classify/classifier.h"
#include "rules/compile/policy_table.h"
#include "rules/discovery/discovery.h"
#include "rules/model/policy.h"

namespace bulkhead::config {
namespace {

class GenerationTest : public ::testing::Test {
 protected:
  GenerationTest() {
    std::string name = ::testing::TempDir() + "bulkhead-generation-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    settings_.policy.metadata = {*IpPrefix::parse("169.254.169.254/32"), *IpPrefix::parse("fd00:ec2::254/128")};
  }
  ~GenerationTest() override { std::filesystem::remove_all(directory_); }
  void policy(const std::string& text) {
    std::ofstream(directory_ / "policy.yaml") << text;
    settings_.policy.files = {(directory_ / "policy.yaml").string()};
  }
  void inventory(const std::string& text) {
    std::ofstream(directory_ / "inventory.yaml") << text;
    settings_.policy.inventory = (directory_ / "inventory.yaml").string();
  }
  static rules::Workload workload(const std::string& name, const std::string& app, const std::string& address) {
    rules::Workload out;
    out.name_space = "default";
    out.name = name;
    out.labels = {{"app", app}};
    out.addresses = {*IpAddress::parse(address)};
    out.attachments = {{"veth-" + name, 7, "front", std::nullopt, out.addresses}};
    return out;
  }
  static bool allows(const Generation& generation, const std::string& from, const std::string& to, std::uint16_t port) {
    rules::FlowQuery query{{*IpAddress::parse(from), *IpAddress::parse(to), 40000, port, ip_proto::kTcp}, 0, 0};
    return rules::Classifier(generation.policy).classify(query).allowed();
  }
  Generation load(const rules::Discovered* discovered = nullptr) {
    auto out = load_generation(settings_, 1, diagnostics_, make_shared_state(), discovered);
    for (const auto& d : diagnostics_.all()) {
      if (diagnostics_.has_errors()) ADD_FAILURE() << Diagnostics::format(d);
    }
    return out ? std::move(*out) : Generation{};
  }

  std::filesystem::path directory_;
  EngineSettings settings_;
  Diagnostics diagnostics_;
};

TEST_F(GenerationTest, MetadataServicesAreDeniedUnlessARuleBeforeAllows) {
  inventory(
      "pods: [{name: web, labels: {app: web}, ips: [10.0.0.2]}, {name: agent, labels: {app: agent}, ips: [10.0.0.3]}]");
  policy(
      "policy: agent\ntier: security\nfor: app=agent\negress:\n  - allow to 169.254.169.254\n---\n"
      "policy: world\ntier: platform\nfor: app=web\negress:\n  - allow to world\n");
  const Generation generation = load();
  ASSERT_NE(generation.policy, nullptr);
  EXPECT_TRUE(allows(generation, "10.0.0.3", "169.254.169.254", 80));
  EXPECT_FALSE(allows(generation, "10.0.0.2", "169.254.169.254", 80)) << "world is no permission";
  EXPECT_TRUE(allows(generation, "10.0.0.2", "169.254.169.253", 80)) << "link-local, but no metadata";
  EXPECT_NE(generation.policy->rule_named("metadata-guard/egress/1"), rules::kNone) << "explain can name it";
  EXPECT_EQ(generation.summary.policies, 2U) << "of the files";
  settings_.policy.metadata.clear();
  EXPECT_TRUE(allows(load(), "10.0.0.2", "169.254.169.254", 80));
}

TEST_F(GenerationTest, TheMetadataTierStandsBehindSecurity) {
  rules::PolicyModel model;
  model.tiers = rules::PolicyModel::default_tiers();
  const auto security = model.tier_index("security");
  add_metadata_guard(model, settings_.policy.metadata);
  EXPECT_EQ(model.tier_index("metadata-guard"), *security + 1);
  add_metadata_guard(model, settings_.policy.metadata);
  EXPECT_EQ(model.policies.size(), 1U) << "once";
  rules::PolicyModel other;
  other.tiers.resize(1);
  other.tiers[0].name = "mine";
  add_metadata_guard(other, settings_.policy.metadata);
  EXPECT_EQ(other.tier_index("metadata-guard"), 0U);
}

TEST_F(GenerationTest, OtherWorkloadsWithoutReadingFilesAgain) {
  policy("policy: db\nfor: app=db\ningress:\n  - allow from app=web on tcp/6379\n  - deny from any\n");
  rules::Discovered discovered;
  discovered.workloads = {workload("db", "db", "10.0.0.9"), workload("web", "web", "10.0.0.2")};
  const Generation first = load(&discovered);
  ASSERT_NE(first.policy, nullptr);
  EXPECT_TRUE(allows(first, "10.0.0.2", "10.0.0.9", 6379));
  EXPECT_EQ(first.summary.workloads, 2U);
  policy("this is no policy");
  discovered.workloads = {workload("db", "db", "10.0.0.9"), workload("thief", "other", "10.0.0.2")};
  Diagnostics diagnostics;
  const auto second =
      with_workloads(first, first.base, merged_inventory(first.base, &discovered, diagnostics), 2, diagnostics);
  ASSERT_TRUE(second.has_value());
  EXPECT_FALSE(allows(*second, "10.0.0.2", "10.0.0.9", 6379)) << "an address inherits nothing";
  EXPECT_EQ(second->snapshot->generation, 2U);
  EXPECT_EQ(second->snapshot->inspectors.size(), first.snapshot->inspectors.size());
  EXPECT_NE(second->snapshot->inspectors[0], first.snapshot->inspectors[0]);
  EXPECT_EQ(second->inventory->workload_on("veth-thief")->name, "thief");
  EXPECT_TRUE(allows(first, "10.0.0.2", "10.0.0.9", 6379)) << "the old one is as it was";
}

TEST_F(GenerationTest, ContradictionsAreWarningsAndTheFileWins) {
  inventory("pods: [{name: web, labels: {app: web}, ips: [10.0.0.2]}]");
  rules::Discovered discovered;
  discovered.workloads = {workload("thief", "other", "10.0.0.2")};
  const Generation generation = load(&discovered);
  ASSERT_NE(generation.policy, nullptr);
  EXPECT_EQ(generation.summary.workloads, 1U);
  ASSERT_EQ(diagnostics_.all().size(), 1U);
  EXPECT_EQ(diagnostics_.all()[0].message, "address 10.0.0.2 belongs to default/web already");
}

TEST_F(GenerationTest, WithoutPolicyAndDiscoveryThereIsNoTable) {
  const Generation generation = load();
  EXPECT_EQ(generation.policy, nullptr);
  EXPECT_NE(generation.snapshot, nullptr);
  Diagnostics diagnostics;
  EXPECT_FALSE(with_workloads(generation, {}, {}, 2, diagnostics).has_value());
}

}  // namespace
}  // namespace bulkhead::config
