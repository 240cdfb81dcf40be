#include "datapath/app/file.h"

#include <gtest/gtest.h>

namespace bulkhead::app {
namespace {

ByteSpan bytes_of(std::string_view text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

TEST(File, HashesOfAWholeFile) {
  File file;
  file.hashes = FileHashes(true, true, true);
  file.append(bytes_of("ab"));
  file.append(bytes_of("c"));
  EXPECT_TRUE(file.hashes.md5().empty());
  file.close(true);
  EXPECT_EQ(file.state, FileState::kClosed);
  EXPECT_EQ(file.size, 3U);
  EXPECT_EQ(file.hashes.md5(), "\x90\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x72");
  EXPECT_EQ(file.hashes.sha1().size(), 20U);
  EXPECT_EQ(file.hashes.sha256().size(), 32U);
}

TEST(File, AFileWithAHoleIsTruncatedAndHasTheHashOfItsPieces) {
  File file;
  file.hashes = FileHashes(true, true, true);
  file.append(bytes_of("ab"));
  file.skip(5);
  file.close(true);
  EXPECT_EQ(name_of(file.state), "TRUNCATED");
  EXPECT_EQ(file.size, 7U);
  EXPECT_TRUE(file.hashes.md5().empty());
  EXPECT_TRUE(file.hashes.sha1().empty());
  FileHashes pieces(false, false, true);
  pieces.add(bytes_of("ab"));
  pieces.finish();
  EXPECT_EQ(file.hashes.sha256(), pieces.sha256());
}

}  // namespace
}  // namespace bulkhead::app
