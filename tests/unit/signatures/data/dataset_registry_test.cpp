#include "signatures/data/dataset_registry.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace bulkhead::signatures {
namespace {

class Registry : public testing::Test {
 protected:
  void SetUp() override {
    before_ = ::umask(022);
    directory_ =
        std::filesystem::temp_directory_path() / ("bulkhead-sets-" + std::to_string(::getpid()) + "-" +
                                                  testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override {
    std::filesystem::remove_all(directory_);
    ::umask(before_);
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(directory_ / name) << text; }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream in(directory_ / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  DatasetPtr open(DatasetRegistry& registry, DatasetRequest request) {
    return registry.open(request, (directory_ / "x.rules").string(), {}, out_);
  }

  mode_t before_ = 0;
  std::filesystem::path directory_;
  Diagnostics out_;
};

TEST_F(Registry, OneNameOneSet) {
  DatasetRegistry registry;
  registry.begin_load();
  EXPECT_EQ(open(registry, {.name = "a"}), nullptr);  // no type yet
  const DatasetPtr a = open(registry, {.name = "a", .type = DatasetType::kString});
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(open(registry, {.name = "a"}), a);
  EXPECT_EQ(open(registry, {.name = "a", .type = DatasetType::kMd5}), nullptr);
  ASSERT_EQ(out_.error_count(), 2U);
  EXPECT_EQ(out_.all()[0].code, "signature.dataset.undefined");
  EXPECT_EQ(out_.all()[1].code, "signature.dataset.type");
}

TEST_F(Registry, ReloadKeepsWhatRulesChangeAndReadsTheRestAgain) {
  write("list.csv", "Zm9v\n");
  DatasetRegistry registry(directory_.string());
  registry.begin_load();
  const DatasetRequest list{.name = "list", .type = DatasetType::kString, .load = "list.csv"};
  const DatasetPtr before = open(registry, list);
  const DatasetPtr seen = open(registry, {.name = "seen", .type = DatasetType::kString});
  seen->set_changes();
  seen->add("x");
  write("list.csv", "YmFy\n");
  registry.begin_load();
  const DatasetPtr after = open(registry, list);
  EXPECT_TRUE(after->contains("bar"));
  EXPECT_FALSE(after->contains("foo"));
  EXPECT_TRUE(before->contains("foo"));  // the generation that runs still has its own
  EXPECT_EQ(open(registry, {.name = "seen"}), seen);
}

TEST_F(Registry, StateIsWrittenAndRead) {
  DatasetRegistry registry(directory_.string());
  const DatasetRequest state{.name = "s", .type = DatasetType::kIpv4, .load = "state.csv", .save = "state.csv"};
  const DatasetPtr set = open(registry, state);
  ASSERT_NE(set, nullptr) << "the file need not be there";
  set->add(std::string("\x0a\0\0\1", 4));
  EXPECT_TRUE(registry.save().empty());
  EXPECT_EQ(read("state.csv"), "10.0.0.1\n");
  DatasetRegistry next(directory_.string());
  EXPECT_EQ(open(next, state)->size(), 1U);
}

TEST_F(Registry, FilesThatAreMissing) {
  DatasetRegistry registry((directory_ / "nowhere").string());
  EXPECT_EQ(open(registry, {.name = "a", .type = DatasetType::kString, .load = "none.csv"}), nullptr);
  EXPECT_EQ(open(registry, {.name = "b", .type = DatasetType::kString, .load = "/dev/zero"}), nullptr);
  EXPECT_EQ(out_.error_count(), 2U);
  ASSERT_NE(open(registry, {.name = "c", .type = DatasetType::kString, .save = "c.csv"}), nullptr);
  EXPECT_EQ(registry.save().size(), 1U);
}

TEST_F(Registry, AStateThatOthersMayWriteBeginsEmpty) {
  write("state.csv", "Zm9v\n");
  const DatasetRequest state{.name = "seen", .type = DatasetType::kString, .load = "state.csv", .save = "state.csv"};
  const auto begin = [&] {
    DatasetRegistry registry(directory_.string());
    registry.begin_load();
    const DatasetPtr set = open(registry, state);
    return set == nullptr ? SIZE_MAX : set->size();
  };
  EXPECT_EQ(begin(), 1U);
  ASSERT_EQ(::chmod((directory_ / "state.csv").c_str(), 0664), 0);
  EXPECT_EQ(begin(), 0U);
  ASSERT_EQ(out_.warning_count(), 1U);
  EXPECT_EQ(out_.all()[0].code, "signature.dataset.distrusted");
}

}  // namespace
}  // namespace bulkhead::signatures
