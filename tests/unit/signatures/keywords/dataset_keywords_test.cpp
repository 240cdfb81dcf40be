// dataset and datarep: what they take, and where the errors are.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/signatures/keywords/keyword_fixture.h"

namespace bulkhead::signatures {
namespace {

using test::Built;

std::string code(const std::string& options) {
  const Built built("ip.src; " + options);
  return built.diagnostics().all().empty() ? "" : built.diagnostics().all().front().code;
}

TEST(DatasetKeywords, Forms) {
  Built built("ip.src; dataset:set,seen,type ipv4,memcap 2mb,hashsize 100; dataset:isset,seen; dataset:unset,seen;");
  ASSERT_TRUE(built.fine()) << built.place();
  EXPECT_EQ(built.op<DatasetOp>(0).command, DatasetOp::Command::kSet);
  EXPECT_EQ(built.op<DatasetOp>(1).set, built.op<DatasetOp>(0).set);
  EXPECT_TRUE(built.op<DatasetOp>(1).set->changes());
  Built rep("ip.src; datarep:value, >, 20, type ip;");
  ASSERT_TRUE(rep.fine()) << rep.place();
  EXPECT_EQ(rep.op<DatarepOp>(0).value, 20);
  EXPECT_FALSE(rep.op<DatarepOp>(0).set->changes());
}

TEST(DatasetKeywords, Errors) {
  EXPECT_EQ(code("dataset:isset,a;"), "signature.dataset.undefined");
  EXPECT_EQ(code("dataset:isset,a,type colour;"), "signature.dataset.type");
  EXPECT_EQ(code("dataset:has,a,type ip;"), "signature.dataset.command");
  EXPECT_EQ(code("dataset:isset,a b,type ip;"), "signature.dataset.name");
  EXPECT_EQ(code("dataset:isset;"), "signature.dataset.name");
  EXPECT_EQ(code("dataset:set,a,type ip,save /tmp/x;"), "signature.dataset.absolute");
  EXPECT_EQ(code("dataset:set,a,type ip,state ../x;"), "signature.dataset.traversal");
  EXPECT_EQ(code("dataset:set,a,type ip,save a/../../x;"), "signature.dataset.traversal");
  EXPECT_EQ(code("dataset:isset,a,type ip,load no-such-file;"), "signature.dataset.file");
  EXPECT_EQ(code("dataset:isset,a,type ip,memcap lots;"), "signature.dataset.size");
  EXPECT_EQ(code("dataset:isset,a,type ip,colour blue;"), "signature.dataset.option");  // a warning
  for (const char* bad :
       {"datarep:a,=,1,type ip;", "datarep:a,>=,1,type ip;", "datarep:a,>,70000,type ip;", "datarep:a;"})
    EXPECT_EQ(code(bad), "signature.datarep.syntax") << bad;
}

}  // namespace
}  // namespace bulkhead::signatures
