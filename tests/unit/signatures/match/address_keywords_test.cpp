// iprep and geoip through the language and the matcher.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/geo_file.h"
#include "tests/support/matcher_harness.h"

namespace bulkhead::test {
namespace {

signatures::SignatureDbPtr compile_with(const std::string& text, const signatures::ResolveSettings& settings) {
  Diagnostics out;
  const signatures::RuleFile file = signatures::parse_rules("t.rules", text, out);
  signatures::ResolvedRules rules = signatures::resolve_rules(file, settings, out);
  EXPECT_FALSE(out.has_errors());
  return compile_list(std::move(rules.signatures), std::move(rules.names));
}

// The harness sends from 10.0.0.1 to 10.0.0.2.
TEST(AddressKeywords, Iprep) {
  Diagnostics out;
  auto table = std::make_shared<signatures::ReputationTable>();
  table->load_categories(std::make_shared<const SourceFile>("c", "1,Bad,x\n2,Spam,x\n"), out);
  table->load_list(std::make_shared<const SourceFile>("l", "10.0.0.1,1,50\n10.0.0.0/24,2,0\n"), out);
  signatures::ResolveSettings settings;
  settings.reputation = table;
  MatcherHarness h(
      compile_with("alert udp any any -> any any (iprep:src,Bad,>,49; flow:stateless; sid:1;)\n"
                   "alert udp any any -> any any (iprep:dst,Bad,<,127; flow:stateless; sid:2;)\n"
                   "alert udp any any -> any any (iprep:any,Bad,=,50; flow:stateless; sid:3;)\n"
                   "alert udp any any -> any any (iprep:both,Bad,>=,0; flow:stateless; sid:4;)\n"
                   "alert udp any any -> any any (iprep:both,Spam,=,0; flow:stateless; sid:5;)\n"
                   "alert udp any any -> any any (iprep:dst,Bad,isnotset; flow:stateless; sid:6;)\n"
                   "alert udp any any -> any any (iprep:src,Bad,isset; sid:7;)\n",
                   settings));
  EXPECT_EQ(h.udp("x"), (Sids{1, 3, 5, 6, 7}));
  EXPECT_EQ(h.udp("y"), (Sids{1, 3, 5, 6}));  // the last one asks for addresses only: once a flow and direction
}

TEST(AddressKeywords, Geoip) {
  if (!signatures::geo_lookup_is_built()) GTEST_SKIP() << "built without libmaxminddb";
  const auto path = std::filesystem::temp_directory_path() / ("bulkhead-geo2-" + std::to_string(::getpid()) + ".mmdb");
  std::ofstream(path, std::ios::binary) << GeoFile::bytes();
  auto database = signatures::GeoDatabase::open(path.string());
  std::filesystem::remove(path);
  ASSERT_TRUE(database.has_value()) << database.error().to_string();
  signatures::ResolveSettings settings;
  settings.geo = *database;
  MatcherHarness h(
      compile_with("alert udp any any -> any any (geoip:src,DE; sid:1;)\n"
                   "alert udp any any -> any any (geoip:both,AT,DE; sid:2;)\n"
                   "alert udp any any -> any any (geoip:dst,!DE; sid:3;)\n"
                   "alert udp any any -> any any (geoip:AT; sid:4;)\n"
                   "alert udp any any -> any any (geoip:any,!AT; sid:5;)\n",
                   settings));
  EXPECT_EQ(h.udp("x"), (Sids{1, 2, 5}));
}

}  // namespace
}  // namespace bulkhead::test
