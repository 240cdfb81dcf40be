#include "rules/discovery/grpc_session.h"

#include <gtest/gtest.h>

#include "tests/unit/rules/discovery/grpc_server.h"

namespace bulkhead::rules {
namespace {

using namespace std::chrono_literals;

ByteSpan bytes_of(const std::string& text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

TEST(GrpcFrames, CutsWhereverTheChunksEnd) {
  const std::string stream = GrpcServer::framed("one") + GrpcServer::framed("") + GrpcServer::framed("three");
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    GrpcFrames frames;
    EXPECT_TRUE(frames.feed(stream.substr(0, cut)) && frames.feed(stream.substr(cut)));
    EXPECT_EQ(frames.next(), "one");
    EXPECT_EQ(frames.next(), "");
    EXPECT_EQ(frames.next(), "three");
    EXPECT_EQ(frames.next(), std::nullopt);
    EXPECT_FALSE(frames.within_message());
  }
}

TEST(GrpcFrames, RefusesWhatIsCompressedOrTooLong) {
  GrpcFrames compressed;
  EXPECT_FALSE(compressed.feed(std::string("\1\0\0\0\1x", 6)));
  EXPECT_STREQ(compressed.problem(), "a message is compressed");
  EXPECT_FALSE(compressed.feed(GrpcServer::framed("fine"))) << "nothing is read any more";
  GrpcFrames large;
  EXPECT_TRUE(large.feed(std::string("\0\1\0\0\0", 5))) << "16 MiB are allowed";
  GrpcFrames larger;
  EXPECT_FALSE(larger.feed(std::string("\0\1\0\0\1", 5)));
  EXPECT_STREQ(larger.problem(), "a message is too long");
}

TEST(GrpcText, IsDecodedAndBounded) {
  EXPECT_EQ(grpc_text("unknown%20service%2e"), "unknown service.");
  EXPECT_EQ(grpc_text("100%, 5%2"), "100%, 5%2") << "what is no code stays";
  EXPECT_EQ(grpc_text(std::string(2000, 'x')).size(), kMaxGrpcText);
}

class GrpcSessionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(has_grpc());
    auto made = GrpcSession::create();
    ASSERT_TRUE(made);
    session_ = std::move(*made);
  }
  // Carries bytes between both until neither says anything; `chunk` bytes at a time to us.
  Status exchange(std::size_t chunk = 1 << 20) {
    for (;;) {
      const auto ours = session_->send();
      if (!ours) return ours.error();
      const std::string theirs = server_.take(*ours);
      if (ours->empty() && theirs.empty()) return ok();
      for (std::size_t at = 0; at < theirs.size(); at += chunk) {
        if (auto taken = session_->take(bytes_of(theirs).subspan(at, std::min(chunk, theirs.size() - at))); !taken) {
          return taken;
        }
      }
    }
  }
  Status call(const std::string& request, std::size_t chunk = 1 << 20) {
    if (auto begun = session_->begin("/some.Service/Ask", request, 1500ms); !begun) return begun;
    return exchange(chunk);
  }

  GrpcReply reply_;
  std::string asked_;
  GrpcServer server_{[this](const std::string& path, const std::string& request) {
    asked_ = path + "(" + request + ")";
    return reply_;
  }};
  std::unique_ptr<GrpcSession> session_;
};

TEST_F(GrpcSessionTest, OneCallAfterAnother) {
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20}) {
    reply_.messages = {"answer " + std::to_string(chunk)};
    ASSERT_TRUE(call("request", chunk));
    EXPECT_EQ(asked_, "/some.Service/Ask(request)");
    EXPECT_EQ(session_->message(), "answer " + std::to_string(chunk));
    ASSERT_TRUE(session_->end().has_value());
    EXPECT_EQ(session_->end()->status, 0);
    EXPECT_FALSE(session_->closing());
  }
  EXPECT_EQ(server_.headers["content-type"], "application/grpc");
  EXPECT_EQ(server_.headers["te"], "trailers");
  EXPECT_EQ(server_.headers["grpc-timeout"], "1500m");
  EXPECT_EQ(server_.headers[":method"], "POST");
}

TEST_F(GrpcSessionTest, AnswersBeyondTheWindow) {
  reply_.messages = {std::string(5 << 20, 'a'), "b"};
  ASSERT_TRUE(call(std::string(200000, 'r'), 16384));
  EXPECT_EQ(session_->message()->size(), std::size_t{5} << 20);
  EXPECT_EQ(session_->message(), "b");
  EXPECT_TRUE(session_->end().has_value());
}

TEST_F(GrpcSessionTest, AStreamGoesOn) {
  reply_.messages = {"first", "second"};
  reply_.ends = false;
  ASSERT_TRUE(call(""));
  EXPECT_EQ(session_->message(), "first");
  EXPECT_EQ(session_->message(), "second");
  EXPECT_FALSE(session_->end().has_value());
  EXPECT_FALSE(session_->begin("/some.Service/Ask", "", 1s)) << "one call at a time";
}

TEST_F(GrpcSessionTest, RefusalsAreAnswers) {
  reply_.status = 12;
  reply_.text = "unknown%20service";
  ASSERT_TRUE(call(""));
  EXPECT_EQ(session_->end()->status, 12);
  EXPECT_EQ(session_->end()->text, "unknown service");
  reply_ = {};
  reply_.http_status = 404;
  ASSERT_TRUE(call(""));
  EXPECT_EQ(session_->end()->status, 14);
  EXPECT_EQ(session_->end()->text, "HTTP 404");
  reply_ = {};
  reply_.without_status = true;
  ASSERT_TRUE(call(""));
  EXPECT_EQ(session_->end()->status, 13);
  reply_ = {};
  reply_.raw = std::string("\0\0\0\0\5ab", 7);
  ASSERT_TRUE(call(""));
  EXPECT_EQ(session_->end()->text, "the answer ends within a message");
  reply_ = {};
  reply_.reset = true;
  ASSERT_TRUE(call(""));
  EXPECT_EQ(session_->end()->status, 14);
  EXPECT_TRUE(session_->end()->text.starts_with("the stream was reset"));
}

TEST_F(GrpcSessionTest, ServersThatBreakTheRules) {
  reply_.raw = std::string("\1\0\0\0\1x", 6);
  const auto compressed = call("");
  ASSERT_FALSE(compressed);
  EXPECT_EQ(compressed.error().text, "a message is compressed");
  for (const std::string& bytes : {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string(1000, '\xff')}) {
    SetUp();
    ASSERT_TRUE(session_->begin("/a/b", "", 1s));
    ASSERT_TRUE(session_->send());
    EXPECT_FALSE(session_->take(bytes_of(bytes)) && session_->send().has_value());
  }
}

TEST_F(GrpcSessionTest, AServerThatSaysGoodbyeIsNotAskedAgain) {
  ASSERT_TRUE(call(""));
  const std::string last = server_.goodbye();
  static_cast<void>(session_->take(bytes_of(last)));
  EXPECT_TRUE(session_->closing());
}

}  // namespace
}  // namespace bulkhead::rules
