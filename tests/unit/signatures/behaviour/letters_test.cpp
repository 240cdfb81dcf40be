#include "signatures/behaviour/letters.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace bulkhead::behaviour {
namespace {

TEST(Letters, NamesOfPeopleAreNotGenerated) {
  for (const char* name : {"stackoverflow", "kubernetes", "prometheus", "cloudflare", "microsoft", "amazonaws",
                           "letsencrypt", "elasticsearch", "postgresql", "checkout-service", "customers", "inventory",
                           "fluentbit", "rabbitmq", "googleapis", "wikipedia", "registry-1", "db", "a1b2"}) {
    EXPECT_FALSE(looks_generated(name)) << name << " " << common_pairs(name);
  }
}

TEST(Letters, RandomOnesMostlyAre) {
  std::mt19937 random(7);
  int found = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string name;
    for (int j = 0; j < 12; ++j) name += "abcdefghijklmnopqrstuvwxyz0123456789"[random() % 36];
    found += looks_generated(name) ? 1 : 0;
  }
  EXPECT_GT(found, 900);
}

TEST(Letters, NothingIsSaidOfNothing) {
  EXPECT_EQ(common_pairs(""), 1);
  EXPECT_EQ(common_pairs("x"), 1);
  EXPECT_FALSE(looks_generated("--------"));
}

}  // namespace
}  // namespace bulkhead::behaviour
