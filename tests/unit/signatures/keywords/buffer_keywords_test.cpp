#include "signatures/keywords/buffer_keywords.h"

#include <gtest/gtest.h>

#include <set>

#include "signatures/keywords/file_condition.h"
#include "tests/unit/signatures/keywords/keyword_fixture.h"

namespace bulkhead::signatures {
namespace {

using test::Built;

BufferId id_of(std::string_view keyword) {
  return buffer_id(app::find_buffer(keyword)->number);
}

TEST(BufferKeywords, StickyBufferTakesWhatFollows) {
  Built built("http.uri; content:\"/a\"; http.host; content:\"b\"; file_data; content:\"c\";");
  ASSERT_TRUE(built.fine());
  ASSERT_EQ(built.signature().buffers.size(), 3U);
  EXPECT_EQ(built.signature().buffers[0].buffer, id_of("http.uri"));
  EXPECT_EQ(built.signature().buffers[1].buffer, id_of("http.host"));
  EXPECT_EQ(built.signature().buffers[2].buffer, id_of("file.data"));
}

TEST(BufferKeywords, ModifierTakesTheContentBeforeAndMayBeModifiedFurther) {
  Built built("content:\"a\"; http_uri; content:\"b\"; http_uri; within:9; nocase; content:\"payload\";");
  ASSERT_TRUE(built.fine());
  ASSERT_EQ(built.signature().buffers.size(), 2U);
  EXPECT_EQ(built.signature().buffers[0].buffer, BufferId::kPayload);
  ASSERT_EQ(built.signature().buffers[1].ops.size(), 2U);
  const auto& second = std::get<ContentOp>(built.signature().buffers[1].ops[1]);
  EXPECT_TRUE(second.relative);
  EXPECT_TRUE(second.nocase);
}

TEST(BufferKeywords, RelativeOptionsFollowTheMatchIntoItsBuffer) {
  Built built("uricontent:\"this\"; byte_extract:1,2,one,string,dec,relative; uricontent:\"ring\"; distance:one;");
  ASSERT_TRUE(built.fine());
  EXPECT_EQ(built.signature().buffers.back().buffer, id_of("http.uri"));
  EXPECT_EQ(built.signature().buffers.back().ops.size(), 3U);
  EXPECT_TRUE(Built("content:\"dummy\"; http_cookie; pcre:\"/1234/RC\";").fine());
  EXPECT_EQ(Built("pcre:\"/1234/RC\";").place(), "signature.pcre.relative@2+15");
}

TEST(BufferKeywords, FileConditions) {
  Built built("filename:\"Voice\"; fileext:!\"exe\"; filesize:>3;");
  ASSERT_TRUE(built.fine());
  app::File file;
  file.name = "/inVOICE.pdf";
  file.size = 3;
  const auto& conditions = built.signature().file_conditions;
  ASSERT_EQ(conditions.size(), 3U);
  EXPECT_EQ(conditions[0].holds(file), FileAnswer::kYes);
  EXPECT_EQ(conditions[1].holds(file), FileAnswer::kYes);
  EXPECT_EQ(conditions[2].holds(file), FileAnswer::kNotYet);
  file.size = 4;
  EXPECT_EQ(conditions[2].holds(file), FileAnswer::kNotYet) << "judged when the file has ended";
  file.close(true);
  EXPECT_EQ(conditions[2].holds(file), FileAnswer::kYes);
  EXPECT_EQ(Built("filemd5:no-such-list;").place(), "signature.file_hash.unreadable@10+12");
}

TEST(BufferKeywords, OneOfManyNamedTwiceIsTwoOfThem) {
  Built two("http.request_header; content:\"a\"; http.request_header; content:\"b\";");
  ASSERT_TRUE(two.fine());
  EXPECT_EQ(two.signature().buffers.size(), 2U);
  Built one("http.uri; content:\"a\"; http.uri; content:\"b\";");
  ASSERT_TRUE(one.fine());
  EXPECT_EQ(one.signature().buffers.size(), 1U);
}

TEST(BufferKeywords, EventsAndLengths) {
  EXPECT_TRUE(Built("app-layer-event:http.double_encoded_uri;").fine());
  EXPECT_TRUE(Built("app-layer-event:applayer_mismatch_protocol_both_directions;").fine());
  EXPECT_EQ(Built("app-layer-event:http.nonsense;").place(), "signature.app_layer_event.unknown@18+13");
  EXPECT_EQ(Built("urilen:5<>10, raw;").signature().buffers.back().buffer, id_of("http.uri.raw"));
  EXPECT_EQ(Built("urilen:x;").place(), "signature.urilen.syntax@9+1");
}

TEST(FileDigest, PiecesAreNotTheFile) {
  const auto closed = [](bool whole) {
    app::File file;
    file.hashes = app::FileHashes(false, false, true);
    const Byte bytes[] = {'a', 'b'};
    file.append(bytes);
    file.close(whole);
    return file;
  };
  const app::File whole = closed(true), pieces = closed(false);
  ASSERT_EQ(whole.hashes.sha256(), pieces.hashes.sha256());
  const std::set<std::string> wanted{whole.hashes.sha256()};
  EXPECT_EQ(digest_answer(whole, whole.hashes.sha256(), wanted, false), FileAnswer::kYes);
  EXPECT_EQ(digest_answer(pieces, pieces.hashes.sha256(), wanted, false), FileAnswer::kNo);
  EXPECT_EQ(digest_answer(pieces, pieces.hashes.sha256(), {}, true), FileAnswer::kNo);
}

}  // namespace
}  // namespace bulkhead::signatures
