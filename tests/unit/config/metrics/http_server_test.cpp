#include "config/metrics/http_server.h"

#include <gtest/gtest.h>
#include <httplib.h>

namespace bulkhead::config::metrics {
namespace {

TEST(HttpServer, AnswersOnAFreePortAndStops) {
  HttpServer server([](const HttpRequest& request) {
    HttpResponse out;
    out.status = request.path == "/there" ? 200 : 404;
    out.body = request.method + " " + request.path + " " + request.body + " " + request.header("X-Token");
    return out;
  });
  ASSERT_TRUE(server.start("127.0.0.1:0"));
  httplib::Client client("127.0.0.1", server.port());
  const auto got = client.Get("/there", {{"X-Token", "t"}});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->body, "GET /there  t");
  const auto posted = client.Post("/x", "body", "text/plain");
  ASSERT_TRUE(posted);
  EXPECT_EQ(posted->status, 404);
  EXPECT_EQ(posted->body, "POST /x body ");
  const auto large = client.Post("/x", std::string(HttpServer::kMaxBody + 1, 'x'), "text/plain");
  EXPECT_TRUE(!large || large->status == 413);
  server.stop();
  EXPECT_FALSE(client.Get("/there"));
}

TEST(HttpServer, AddressesThatAreNoneAreErrors) {
  HttpServer server([](const HttpRequest&) { return HttpResponse{}; });
  for (const char* wrong : {"", "localhost", ":80", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000"}) {
    EXPECT_FALSE(server.start(wrong)) << wrong;
  }
}

TEST(HttpServer, ATakenPortIsAnError) {
  HttpServer first([](const HttpRequest&) { return HttpResponse{}; });
  ASSERT_TRUE(first.start("127.0.0.1:0"));
  HttpServer second([](const HttpRequest&) { return HttpResponse{}; });
  // httplib shares ports by default; a second daemon must hear that the first one has it.
  EXPECT_FALSE(second.start("127.0.0.1:" + std::to_string(first.port())));
}

}  // namespace
}  // namespace bulkhead::config::metrics
