#include "config/load/books_settings.h"

#include <gtest/gtest.h>

#include "config/load/config_loader.h"

namespace bulkhead::config {
namespace {

TEST(BooksSettings, DefaultsAndNamesRelativeToTheLogs) {
  Diagnostics diagnostics;
  std::vector<std::string> ignored;
  const SettingValues plain = read_settings("", {}, diagnostics, ignored);
  const BooksSettings books = books_settings(plain, "/logs");
  EXPECT_TRUE(books.metrics.enabled);
  EXPECT_EQ(books.metrics.listen, "127.0.0.1:9477");
  EXPECT_EQ(books.audit.file, "/logs/audit.log");
  EXPECT_EQ(books.audit.max_bytes, 64U << 20);
  const SettingValues set =
      read_settings("", {"audit.filename=/elsewhere/a.log", "audit.checkpoint-records=5", "metrics.enabled=no"},
                    diagnostics, ignored);
  EXPECT_EQ(books_settings(set, "/logs").audit.file, "/elsewhere/a.log");
  EXPECT_EQ(books_settings(set, "/logs").audit.checkpoint_records, 5U);
  EXPECT_FALSE(books_settings(set, "/logs").metrics.enabled);
  EXPECT_FALSE(diagnostics.has_errors());
}

}  // namespace
}  // namespace bulkhead::config
