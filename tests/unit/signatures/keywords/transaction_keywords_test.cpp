#include "signatures/keywords/transaction_keywords.h"

#include <gtest/gtest.h>

#include <memory>

namespace bulkhead::signatures {
namespace {

class Numbers final : public app::Transaction {
 public:
  std::vector<std::uint64_t> values;
  void write_records(std::vector<app::EveRecord>&, const app::EveOptions&) const override {}
};

bool get(const app::Transaction& tx, bulkhead::Direction, std::uint32_t index, std::uint64_t& out) {
  const auto& values = static_cast<const Numbers&>(tx).values;
  if (index >= values.size()) return false;
  out = values[index];
  return true;
}

constexpr app::NumberName kTypes[] = {{"CONNECT", 1}, {"PUBLISH", 3}};
constexpr app::NumberName kBits[] = {{"username", 128}, {"password", 64}, {"clean", 2}};
constexpr app::NumberDef kPlain{
    .keyword = "t.plain", .alias = "", .help = "", .kind = app::NumberDef::Kind::kMulti, .get = get};
constexpr app::NumberDef kSmall{.keyword = "t.small", .alias = "", .help = "", .get = get, .max = 255};
constexpr app::NumberDef kNamed{.keyword = "t.type",
                                .alias = "",
                                .help = "",
                                .kind = app::NumberDef::Kind::kMulti,
                                .get = get,
                                .max = 15,
                                .names = kTypes};
constexpr app::NumberDef kFlags{.keyword = "t.flags",
                                .alias = "",
                                .help = "",
                                .kind = app::NumberDef::Kind::kFlags,
                                .get = get,
                                .max = 255,
                                .names = kBits};

bool holds(const app::NumberDef& def, std::string_view text, std::uint64_t value) {
  std::string error;
  const ValueTest test = parse_value_test(def, text, error);
  EXPECT_TRUE(test) << text << ": " << error;
  return test && test(value);
}

std::string error_of(const app::NumberDef& def, std::string_view text) {
  std::string error;
  EXPECT_FALSE(parse_value_test(def, text, error)) << text;
  return error;
}

TEST(TransactionKeywords, NumbersCompare) {
  EXPECT_TRUE(holds(kPlain, "5", 5));
  EXPECT_FALSE(holds(kPlain, "5", 6));
  EXPECT_TRUE(holds(kPlain, " > 5", 6));
  EXPECT_FALSE(holds(kPlain, ">5", 5));
  EXPECT_TRUE(holds(kPlain, ">=5", 5));
  EXPECT_TRUE(holds(kPlain, "<5", 4));
  EXPECT_TRUE(holds(kPlain, "<=5", 5));
  EXPECT_TRUE(holds(kPlain, "!5", 4));
  EXPECT_FALSE(holds(kPlain, "!5", 5));
  EXPECT_TRUE(holds(kPlain, "3-7", 4));
  EXPECT_FALSE(holds(kPlain, "3<>7", 7));  // both ends are excluded
  EXPECT_TRUE(holds(kPlain, "1kb", 1024));
  EXPECT_TRUE(holds(kPlain, ">1mb", (1 << 20) + 1));
}

TEST(TransactionKeywords, NumbersHaveALargestValue) {
  EXPECT_EQ(error_of(kSmall, "256"), "expected a number up to 255 such as 5, >5 or 3-7");
  EXPECT_NE(error_of(kSmall, ">255"), "");
  EXPECT_NE(error_of(kSmall, "1kb"), "");
  EXPECT_NE(error_of(kSmall, ""), "");
  EXPECT_NE(error_of(kSmall, "x"), "");
  EXPECT_NE(error_of(kPlain, "7-3"), "");
  EXPECT_NE(error_of(kPlain, "99999999999kb"), "");
}

TEST(TransactionKeywords, NamesStandForNumbers) {
  EXPECT_TRUE(holds(kNamed, "connect", 1));
  EXPECT_FALSE(holds(kNamed, "PUBLISH", 1));
  EXPECT_TRUE(holds(kNamed, "!PUBLISH", 1));
  EXPECT_TRUE(holds(kNamed, "3", 3));
  EXPECT_EQ(error_of(kNamed, "CONNECTED"),
            "expected a number up to 15 such as 5, >5 or 3-7, or one of CONNECT, PUBLISH");
}

TEST(TransactionKeywords, FlagsMustAllBeAsWritten) {
  EXPECT_TRUE(holds(kFlags, "username", 128 | 2));
  EXPECT_TRUE(holds(kFlags, "username, !password", 128 | 2));
  EXPECT_FALSE(holds(kFlags, "username,!password", 128 | 64));
  EXPECT_FALSE(holds(kFlags, "username,password", 128));
  EXPECT_EQ(error_of(kFlags, "user"), "\"user\" is none of username, password, clean");
  EXPECT_NE(error_of(kFlags, "username,"), "");
  EXPECT_EQ(error_of(kFlags, "clean,!clean"), "a flag cannot be set and clear at once");
}

TEST(TransactionKeywords, OneOfSeveralNumbersIsEnough) {
  Numbers tx;
  std::string error;
  const ValueTest test = parse_value_test(kPlain, "7", error);
  EXPECT_FALSE(any_number(kPlain, tx, bulkhead::Direction::kToServer, test));
  tx.values = {1, 7};
  EXPECT_TRUE(any_number(kPlain, tx, bulkhead::Direction::kToServer, test));
  // A single one has no second value.
  EXPECT_FALSE(any_number(kSmall, tx, bulkhead::Direction::kToServer, test));
}

TEST(TransactionKeywords, EveryRowIsComplete) {
  for (const app::NumberEntry& entry : app::all_numbers()) {
    EXPECT_NE(entry.def->get, nullptr) << entry.def->keyword;
    EXPECT_FALSE(entry.def->help.empty()) << entry.def->keyword;
    EXPECT_TRUE(entry.def->has(Direction::kToServer) || entry.def->has(Direction::kToClient)) << entry.def->keyword;
    EXPECT_EQ(app::find_number(entry.def->keyword), &entry);
    const bool flags = entry.def->kind == app::NumberDef::Kind::kFlags;
    EXPECT_TRUE(!flags || !entry.def->names.empty()) << entry.def->keyword;
  }
  for (const app::OwnTestEntry& entry : app::all_own_tests()) {
    EXPECT_NE(entry.def->compile, nullptr) << entry.def->keyword;
    EXPECT_FALSE(entry.def->help.empty() || entry.def->example.empty()) << entry.def->keyword;
    EXPECT_EQ(app::find_own_test(entry.def->keyword), &entry);
  }
  EXPECT_EQ(app::find_number(""), nullptr);
  EXPECT_EQ(app::find_own_test("nothing"), nullptr);
}

}  // namespace
}  // namespace bulkhead::signatures
