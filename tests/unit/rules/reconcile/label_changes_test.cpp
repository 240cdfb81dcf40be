#include "rules/reconcile/label_changes.h"

#include <gtest/gtest.h>

namespace bulkhead::rules {
namespace {

Workload workload(unsigned number) {
  Workload w;
  w.name = "w" + std::to_string(number);
  w.name_space = "ns";
  w.labels = {{"app", "web"}};
  w.addresses = {IpAddress::v4(0x0a000000U + number)};
  return w;
}

std::shared_ptr<Inventory> inventory_of(const std::vector<Workload>& workloads) {
  auto out = std::make_shared<Inventory>();
  for (const Workload& w : workloads) EXPECT_FALSE(out->add_workload(w));
  return out;
}

TEST(LabelChanges, OnlyLabelsAreFound) {
  std::vector<Workload> list = {workload(1), workload(2), workload(3)};
  const auto before = inventory_of(list);
  EXPECT_EQ(label_changes(*before, *inventory_of(list), 8)->size(), 0U);
  std::swap(list[0], list[2]);
  EXPECT_EQ(label_changes(*before, *inventory_of(list), 8)->size(), 0U) << "the order of the file says nothing";
  list[1].labels["app"] = "db";
  list[0].namespace_labels["team"] = "red";
  const auto changed = label_changes(*before, *inventory_of(list), 8);
  ASSERT_TRUE(changed);
  ASSERT_EQ(changed->size(), 2U);
  EXPECT_EQ((*changed)[1].labels.at("app"), "db");
  EXPECT_FALSE(label_changes(*before, *inventory_of(list), 1)) << "too many";
}

TEST(LabelChanges, EverythingElseIsAFullLoad) {
  const std::vector<Workload> list = {workload(1), workload(2)};
  const auto before = inventory_of(list);
  const auto differs = [&](auto change) {
    std::vector<Workload> other = list;
    change(other);
    return !label_changes(*before, *inventory_of(other), 8).has_value();
  };
  EXPECT_TRUE(differs([](auto& l) { l.pop_back(); }));
  EXPECT_TRUE(differs([](auto& l) { l[0].name = "other"; }));
  EXPECT_TRUE(differs([](auto& l) { l[0].addresses = {IpAddress::v4(0x0a000009U)}; }));
  EXPECT_TRUE(differs([](auto& l) { l[0].interface = "veth9"; }));
  EXPECT_TRUE(differs([](auto& l) { l[0].node = "n2"; }));
  EXPECT_TRUE(differs([](auto& l) { l[0].host_network = true; }));
  EXPECT_TRUE(differs([](auto& l) { l[0].ports.push_back({"http", 6, 80}); }));
  EXPECT_TRUE(differs([](auto& l) { l[0].attachments.push_back({"veth1", 7, "net", {}, {}}); }));
  auto more = inventory_of(list);
  EXPECT_FALSE(more->add_node({"n1", {}, {IpAddress::v4(0x0a0000ffU)}, {}}));
  EXPECT_FALSE(label_changes(*before, *more, 8));
}

}  // namespace
}  // namespace bulkhead::rules
