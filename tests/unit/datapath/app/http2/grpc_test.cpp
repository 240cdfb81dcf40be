#include "datapath/app/http2/grpc.h"

#include <gtest/gtest.h>

#include <string>

namespace bulkhead::app::http2 {
namespace {

using namespace std::string_literals;

TEST(Grpc, MessagesInPiecesOfAnySize) {
  const std::string two = "\0\0\0\0\3abc\1\0\0\0\0"s;
  for (std::size_t step = 1; step <= two.size(); ++step) {
    GrpcMessages messages;
    for (std::size_t at = 0; at < two.size(); at += step) {
      const std::string piece = two.substr(at, step);
      messages.write({reinterpret_cast<const Byte*>(piece.data()), piece.size()});
    }
    EXPECT_EQ(messages.lengths(), (std::vector<std::uint32_t>{3, 0}));
    EXPECT_EQ(messages.bytes(), 3U);
    EXPECT_TRUE(messages.compressed());
  }
}

TEST(Grpc, LengthsAreBounded) {
  GrpcMessages messages;
  const std::string empty(5, '\0');
  for (int i = 0; i < 100; ++i) messages.write({reinterpret_cast<const Byte*>(empty.data()), empty.size()});
  EXPECT_EQ(messages.count(), 100U);
  EXPECT_EQ(messages.lengths().size(), GrpcMessages::kMaxLengths);
}

TEST(Grpc, Paths) {
  std::string service, method;
  EXPECT_TRUE(split_grpc_path("/etcdserverpb.KV/Range", service, method));
  EXPECT_EQ(service, "etcdserverpb.KV");
  EXPECT_EQ(method, "Range");
  for (const char* path : {"", "/", "a/b", "/a", "//b", "/a/", "/a/b/c"}) {
    EXPECT_FALSE(split_grpc_path(path, service, method)) << path;
  }
}

}  // namespace
}  // namespace bulkhead::app::http2
