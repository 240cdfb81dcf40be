#include "signatures/patches/advice.h"

#include <gtest/gtest.h>

namespace bulkhead::patches {
namespace {

TEST(Advice, SaysTheUpdateTheUrgencyAndWhatHelpsUntilThen) {
  Vulnerability v;
  v.id = "CVE-2022-22965";
  v.package = "spring-beans";
  v.installed = "5.3.15";
  v.fixed = "5.3.18";
  v.path = "app.war";
  v.weaknesses = {"CWE-9999", "CWE-94"};
  const KnownExploited known{"2022-04-04", "2022-04-25", "", "", false};
  const auto lines = advice(v, &known, {2035674}, true);
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[0], "code injection (CWE-94): commands of the attacker run in the container");
  EXPECT_EQ(lines[1], "update spring-beans 5.3.15 in app.war to 5.3.18, build the image anew, replace the containers");
  EXPECT_EQ(lines[2], "it is exploited in the wild since 2022-04-04; CISA's date is 2022-04-25");
  EXPECT_EQ(lines[3], "watched for by sid 2035674; what matches is dropped");
  EXPECT_TRUE(lines[4].starts_with("until then: deny what it opens"));
}

TEST(Advice, WithoutUpdateAndWithoutRule) {
  Vulnerability v;
  v.package = "bash";
  v.installed = "5.0-4";
  const auto lines = advice(v, nullptr, {}, false);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_TRUE(lines[0].starts_with("there is no fixed version of bash 5.0-4 yet"));
  EXPECT_EQ(lines[1], "no rule watches for it");
}

}  // namespace
}  // namespace bulkhead::patches
