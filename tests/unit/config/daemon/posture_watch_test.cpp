#include "config/daemon/posture_watch.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bulkhead::config {
namespace {

using Json = nlohmann::json;

rules::Inventory inventory_with(const rules::Posture& posture) {
  rules::Inventory out;
  rules::Workload web, file;
  web.name = "web";
  web.name_space = file.name_space = "shop";
  web.image = "web:1";
  web.posture = posture;
  file.name = "of-a-file";
  EXPECT_FALSE(out.add_workload(std::move(web)));
  EXPECT_FALSE(out.add_workload(std::move(file)));
  return out;
}

rules::Posture modest() {
  rules::Posture out;
  out.memory_limit = out.cpu_limit = out.process_limit = true;
  return out;
}

TEST(PostureWatch, IsToldOnceAndWhenItChanges) {
  PostureWatch watch;
  rules::Posture wide = modest();
  wide.privileged = true;
  const auto first = watch.changes(inventory_with(wide), {});
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].type, "posture");
  const Json told = Json::parse(first[0].fields[0].second);
  EXPECT_EQ(told["workload"], "shop/web");
  EXPECT_EQ(told["danger"], "high");
  EXPECT_EQ(told["image"], "web:1");
  EXPECT_EQ(told["findings"][0]["code"], "privileged");
  EXPECT_TRUE(watch.changes(inventory_with(wide), {}).empty());
  const auto mended = watch.changes(inventory_with(modest()), {});
  ASSERT_EQ(mended.size(), 1U);
  EXPECT_EQ(Json::parse(mended[0].fields[0].second)["danger"], "none");
  EXPECT_TRUE(watch.changes(inventory_with(modest()), {}).empty());
  EXPECT_TRUE(watch.changes(rules::Inventory(), {}).empty());
  EXPECT_EQ(watch.changes(inventory_with(wide), {}).size(), 1U) << "it is another one after it was gone";
}

TEST(PostureWatch, NothingIsSaidOfAModestOne) {
  PostureWatch watch;
  EXPECT_TRUE(watch.changes(inventory_with(modest()), {}).empty());
}

}  // namespace
}  // namespace bulkhead::config
