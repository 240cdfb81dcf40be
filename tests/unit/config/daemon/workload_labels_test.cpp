#include "config/daemon/workload_labels.h"

#include <gtest/gtest.h>

namespace bulkhead::config {
namespace {

rules::InventoryPtr with(const std::string& name, rules::Labels labels) {
  auto out = std::make_shared<rules::Inventory>();
  rules::Workload workload;
  workload.name = name;
  workload.name_space = "shop";
  workload.labels = std::move(labels);
  workload.addresses = {*IpAddress::parse("10.0.0.1")};
  EXPECT_FALSE(out->add_workload(std::move(workload)));
  return out;
}

TEST(WorkloadLabels, NamesWhoIsThereNow) {
  const IpAddress one = *IpAddress::parse("10.0.0.1"), other = *IpAddress::parse("10.0.0.2");
  WorkloadLabels labels;
  EXPECT_EQ(labels.json_of(one), "") << "nothing is known yet";
  labels.use(with("web", {{"app", "we\"b"}, {"tier", "\xff"}}));
  EXPECT_EQ(labels.json_of(one), R"({"name":"shop/web","labels":{"app":"we\"b","tier":"�"}})");
  EXPECT_EQ(labels.json_of(other), "");
  labels.use(with("db", {}));
  EXPECT_EQ(labels.json_of(one), R"({"name":"shop/db"})");
  labels.use(nullptr);
  EXPECT_EQ(labels.json_of(one), "");
}

}  // namespace
}  // namespace bulkhead::config
