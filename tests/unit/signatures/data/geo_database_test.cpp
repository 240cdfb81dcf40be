#include "signatures/data/geo_database.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/geo_file.h"

namespace bulkhead::signatures {
namespace {

IpAddress ip(std::string_view text) {
  return *IpAddress::parse(text);
}

TEST(GeoDatabase, Countries) {
  if (!geo_lookup_is_built()) GTEST_SKIP() << "built without libmaxminddb";
  const auto path = std::filesystem::temp_directory_path() / ("bulkhead-geo-" + std::to_string(::getpid()) + ".mmdb");
  std::ofstream(path, std::ios::binary) << test::GeoFile::bytes();
  const auto database = GeoDatabase::open(path.string());
  std::filesystem::remove(path);
  ASSERT_TRUE(database.has_value()) << database.error().to_string();
  EXPECT_EQ((*database)->country(ip("10.1.2.3")), "DE");
  EXPECT_EQ((*database)->country(ip("10.200.2.3")), "AT");
  EXPECT_EQ((*database)->country(ip("11.0.0.1")), std::nullopt);
  EXPECT_EQ((*database)->country(ip("2001:db8::1")), std::nullopt);
  EXPECT_EQ((*database)->country(IpAddress()), std::nullopt);
}

TEST(GeoDatabase, FilesThatAreNone) {
  EXPECT_FALSE(GeoDatabase::open("/nowhere/x.mmdb").has_value());
  EXPECT_FALSE(GeoDatabase::open("/dev/null").has_value());
}

}  // namespace
}  // namespace bulkhead::signatures
