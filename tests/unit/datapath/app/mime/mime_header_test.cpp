#include "datapath/app/mime/mime_header.h"

#include <gtest/gtest.h>

namespace bulkhead::app::mime {
namespace {

std::string value(std::string_view text, std::string_view name) {
  const Parameter found = parameter(text, name);
  return found.found ? found.value : "(none)";
}

TEST(MimeHeader, ParametersPlainAndQuoted) {
  EXPECT_EQ(value("attachment; filename=unq.pdf", "filename"), "unq.pdf");
  EXPECT_EQ(value("attachment; filename=my doc.txt; x=y", "filename"), "my doc.txt");
  EXPECT_EQ(value("attachment; x=1;FileName = \"a;b.txt\"", "filename"), "a;b.txt");
  EXPECT_EQ(value("attachment; xfilename=no.txt", "filename"), "(none)");
  EXPECT_EQ(value("filename=no.txt", "filename"), "(none)") << "the first word is no parameter";
  EXPECT_EQ(value("multipart/mixed; boundary=\"\"", "boundary"), "");
  EXPECT_EQ(value("attachment; filename=\"open", "filename"), "open");
}

TEST(MimeHeader, ParametersInPiecesAndEncoded) {
  EXPECT_EQ(value("attachment; filename*0=\"first-\"; filename*1=\"second.pdf\"", "filename"), "first-second.pdf");
  EXPECT_EQ(value("attachment; filename*1=\"b\"; filename*0=a", "filename"), "ab") << "in any order";
  EXPECT_EQ(value("attachment; filename*0=a; filename*2=c", "filename"), "a") << "up to a gap";
  EXPECT_EQ(value("attachment; filename*=utf-8''na%20me.pdf", "filename"), "na me.pdf");
  EXPECT_EQ(value("attachment; filename*0*=us-ascii'en'fi%20rst-; filename*1*=sec%41ond", "filename"),
            "fi rst-secAond");
  EXPECT_EQ(value("attachment; filename*99999=x", "filename"), "(none)");
}

TEST(MimeHeader, LeadingWord) {
  EXPECT_EQ(leading_word(" Text/HTML ; charset=x"), "text/html");
  EXPECT_EQ(leading_word(""), "");
}

TEST(MimeHeader, AddressesArePartedByCommasOutsideOfQuotes) {
  const auto list = addresses("\"Last, First\" <b@y>,c ,\td");
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0], "\"Last, First\" <b@y>");
  EXPECT_EQ(list[1], "c ");
  EXPECT_EQ(list[2], "d");
  EXPECT_TRUE(addresses("").empty());
}

}  // namespace
}  // namespace bulkhead::app::mime
