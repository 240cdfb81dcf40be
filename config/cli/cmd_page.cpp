// bulkhead page: the page on this machine, in front of the control socket. It runs as the user who starts it, and the
// daemon sees that user: who only reads on the socket only reads on the page.
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "config/cli/cmd_page.h"
#include "config/cli/commands.h"
#include "config/cli/explanation_text.h"
#include "config/cli/live_commands.h"
#include "config/control/control_client.h"
#include "config/explanations/explanation.h"
#include "config/metrics/http_server.h"
#include "config/page/page_assets.h"

namespace bulkhead::config::cli {

namespace {

using metrics::HttpRequest;
using metrics::HttpResponse;
using Json = nlohmann::json;

// Commands that the page has; watch would hold a thread.
constexpr std::array kCommands = {"status", "workloads", "edges",       "events",     "event",   "flows",
                                  "rules",  "explain",   "blocks.list", "quarantine", "release", "whatif"};

std::string new_token() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return {};
  std::string out;
  for (const unsigned char byte : bytes) {
    std::array<char, 3> text{};
    std::snprintf(text.data(), text.size(), "%02x", byte);
    out += text.data();
  }
  return out;
}

// As long as the first one, whatever differs.
bool same(std::string_view a, std::string_view b) {
  unsigned different = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    different |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(i < b.size() ? b[i] : 0);
  }
  return different == 0;
}

HttpResponse refusal(int status, const char* code, const std::string& text, const char* hint = "") {
  HttpResponse out;
  out.status = status;
  out.type = "application/json";
  out.body = control::refusal_text(0, code, text, hint);
  return out;
}

class Page {
 public:
  Page(std::string socket, std::string token) : socket_(std::move(socket)), token_(std::move(token)) {}
  void listens_on(int port) { port_ = port; }

  HttpResponse answer(const HttpRequest& request) const {
    HttpResponse out = is_ours(request.header("Host"))
                           ? route(request)
                           : refusal(403, "page.host", "this page is for this machine alone");
    // Nothing from elsewhere, nowhere else.
    out.headers = {
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src "
         "data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cache-Control", "no-store"}};
    return out;
  }

 private:
  // A name of somebody else that leads here (DNS rebinding) is not ours.
  [[nodiscard]] bool is_ours(const std::string& host) const {
    const std::string port = ":" + std::to_string(port_.load());
    return host == "127.0.0.1" + port || host == "localhost" + port || host == "[::1]" + port;
  }

  [[nodiscard]] HttpResponse route(const HttpRequest& request) const {
    constexpr std::string_view kApi = "/api/";
    if (request.method == "POST" && request.path.starts_with(kApi))
      return ask(request, request.path.substr(kApi.size()));
    if (request.method != "GET") return refusal(405, "page.method", "GET, or POST to /api/");
    const std::string name = request.path == "/" ? "index.html" : request.path.substr(1);
    for (const page::PageAsset& asset : page::page_assets()) {
      if (asset.name != name) continue;
      HttpResponse out;
      out.type = name.ends_with(".html")  ? "text/html; charset=utf-8"
                 : name.ends_with(".css") ? "text/css; charset=utf-8"
                                          : "text/javascript; charset=utf-8";
      out.body = asset.bytes;
      return out;
    }
    return refusal(404, "page.nothing", "there is nothing at " + request.path);
  }

  [[nodiscard]] HttpResponse ask(const HttpRequest& request, const std::string& command) const {
    if (!same(token_, request.header("X-Bulkhead-Token"))) {
      return refusal(401, "page.token", "the address lacks its token", "use the address that bulkhead page printed");
    }
    const Json arguments = Json::parse(request.body.empty() ? "{}" : request.body, nullptr, false);
    if (!arguments.is_object()) return refusal(400, "page.arguments", "the arguments are no JSON object");
    if (command == "explanation") return explanation(arguments);
    if (command == "explanations") return explanation_names(arguments);
    if (std::find(kCommands.begin(), kCommands.end(), command) == kCommands.end()) {
      return refusal(404, "page.command", "the page has no command " + command);
    }
    auto client = control::ControlClient::connect(socket_);
    if (!client) return refusal(502, "page.daemon", "No daemon answers", "bulkhead run starts it");
    client->set_patience(std::chrono::seconds(60));
    const auto reply = client->ask(command, arguments);
    if (!reply) return refusal(502, "page.daemon", reply.error().to_string());
    HttpResponse out;
    out.type = "application/json";
    out.body = control::text_of(*reply);
    return out;
  }

  static explanations::Language language_in(const Json& arguments) {
    const auto found = arguments.find("language");
    const bool text = found != arguments.end() && found->is_string();
    return (text ? explanations::find_language(found->get<std::string>()) : std::nullopt)
        .value_or(explanations::Language::kEnglish);
  }
  static HttpResponse reply(const Json& result) {
    HttpResponse out;
    out.type = "application/json";
    out.body = control::reply_text(0, result);
    return out;
  }

  // Told by the program itself: no daemon is asked.
  static HttpResponse explanation(const Json& arguments) {
    const auto word = arguments.find("about");
    if (word == arguments.end() || !word->is_string()) {
      return refusal(400, "page.arguments", "explanation needs \"about\"");
    }
    const explanations::Page* page = explanations::find_page(word->get<std::string>());
    if (page == nullptr) return reply(nullptr);  // no mistake: a rule of somebody else
    return reply(page_json(*page, language_in(arguments)));
  }
  static HttpResponse explanation_names(const Json& arguments) {
    Json list = Json::array();
    for (const explanations::Page& page : explanations::pages()) {
      const std::string_view title = explanations::in_language(page, language_in(arguments)).title;
      list.push_back({{"kind", to_string(page.kind)}, {"name", page.name}, {"title", title}});
    }
    return reply({{"explanations", std::move(list)}});
  }

  const std::string socket_, token_;
  std::atomic<int> port_{0};  // known once the server listens, and may be asked already
};

}  // namespace

int cmd_page(const PageOptions& options) {
  if (page::page_assets().empty()) {
    std::fputs("error: this build has no page\n  hint: build it where esbuild is installed\n", stderr);
    return kExitFailed;
  }
  sigset_t signals;
  sigemptyset(&signals);
  for (const int s : {SIGINT, SIGTERM}) sigaddset(&signals, s);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // of every thread from here on
  const std::string token = new_token();
  Page page(control_path({.socket = options.socket}), token);
  metrics::HttpServer server([&page](const HttpRequest& request) { return page.answer(request); });
  const std::string& listen = options.listen;
  const bool local = listen.starts_with("127.") || listen.starts_with("[::1]") || listen.starts_with("localhost:");
  if (!local) {
    std::fprintf(stderr,
                 "error: %s is not this machine's own\n  hint: 127.0.0.1:PORT, and a tunnel from elsewhere: "
                 "ssh -L 9478:127.0.0.1:9478 NODE\n",
                 listen.c_str());
    return kExitBadInput;
  }
  if (const Status started = server.start(listen); !started || token.empty()) {
    std::fprintf(stderr, "error: %s\n", started ? "no random numbers" : started.error().to_string().c_str());
    return kExitFailed;
  }
  page.listens_on(server.port());
  std::printf("http://127.0.0.1:%d/#token=%s\n", server.port(), token.c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  server.stop();
  return kExitFine;
}

}  // namespace bulkhead::config::cli
