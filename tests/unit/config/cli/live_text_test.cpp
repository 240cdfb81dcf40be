#include "config/cli/live_text.h"

#include <gtest/gtest.h>

namespace bulkhead::config::cli {
namespace {

using Json = nlohmann::json;

const Json& status() {
  static const Json json = Json::parse(R"({
    "version": "0.1.0", "pid": 7, "uptime_seconds": 75,
    "generation": {"number": 3, "signatures": 15502, "policies": 4, "workloads": 3, "seconds_to_load": 1.5},
    "capture": {"interfaces": ["docker0"], "inline": "none", "workers": 2, "packets": 1234567, "bytes": 1270000000,
                "lost": 12},
    "enforcement": {"bridged_traffic": "inet, by br_netfilter", "response": "enforce"},
    "sandbox": {"mode": "on", "capabilities": "CAP_NET_ADMIN, CAP_NET_RAW", "calls_filtered": true, "landlock": 4},
    "flows": {"active": 10, "total": 99}, "events": {"alerts": 1, "denied": 2, "blocks": 0},
    "problems": [{"code": "capture.drops", "text": "12 packets were lost before inspection", "hint": "more workers"}]
  })");
  return json;
}

TEST(LiveText, StatusSaysWhatRunsAndWhatIsWrong) {
  EXPECT_EQ(status_text(status(), {}),
            "bulkhead    0.1.0, process 7, up 1 min 15 s\n"
            "generation  3: 15,502 signatures, 4 policies, 3 workloads; loaded in 1.50 s\n"
            "reads       docker0, inline none, 2 workers\n"
            "enforces    bridged traffic in inet, by br_netfilter, response enforce\n"
            "sandbox     on: CAP_NET_ADMIN, CAP_NET_RAW; system calls filtered; files of the settings alone\n"
            "packets     1,234,567, 1.27 GB; 12 lost\n"
            "flows       10 active, 99 since the start\n"
            "found       1 alerts, 2 denials, 0 blocks\n"
            "1 problem\n"
            "  - 12 packets were lost before inspection\n"
            "    more workers\n");
  Json well = status();
  well["problems"] = Json::array();
  EXPECT_NE(status_text(well, {}).find("nothing is wrong"), std::string::npos);
}

TEST(LiveText, AnAnswerOfAnotherVersionIsNoReasonToFail) {
  for (const Json& odd : {Json::object(), Json::array(), Json(7), Json{{"problems", 3}}, Json{{"flows", "x"}}}) {
    const Json& json = odd.is_object() ? odd : Json::object();
    static_cast<void>(status_text(json, {}));
    static_cast<void>(flows_text(json, {}));
    static_cast<void>(workloads_text(json, {}));
    static_cast<void>(rules_text(json, {}));
    static_cast<void>(event_line(json, {}));
    static_cast<void>(top_text({}, {json, json, json}, 20, {}));
  }
}

TEST(LiveText, EventsAreOneLineEach) {
  const Json alert = Json::parse(R"({"event_type": "alert", "timestamp": "2026-01-02T15:04:05.123456+0000",
    "source": "shop/web", "src_ip": "10.0.0.2", "src_port": 40000, "destination": "world", "dest_ip": "8.8.8.8",
    "dest_port": 443, "proto": "TCP", "signature": "beacon\u001b[2J", "gid": 1, "sid": 9, "severity": 1,
    "blocked": true})");
  EXPECT_EQ(event_line(alert, {}),
            "15:04:05 ALERT  shop/web:40000 -> 8.8.8.8:443 TCP  beacon?[2J  1:9 severity 1  dropped");
  const Json denial = Json::parse(R"({"event_type": "drop", "timestamp": "2026-01-02T15:04:05.1+0000",
    "source": "shop/web", "destination": "shop/db", "dest_port": 22, "src_port": 1, "proto": "TCP",
    "reason": "policy", "rule": "db/ingress/2", "file": "db.yaml", "line": 7})");
  EXPECT_EQ(event_line(denial, {}), "15:04:05 DENIED shop/web:1 -> shop/db:22 TCP  db/ingress/2  db.yaml:7");
  const Json block = Json::parse(R"({"event_type": "block", "timestamp": "2026-01-02T15:04:05.1+0000",
    "source": "shop/web", "destination": "any", "action": "add", "kind": "source", "reason": "operator root",
    "ttl": 60})");
  EXPECT_EQ(event_line(block, {}), "15:04:05 BLOCK  add source  shop/web -> any  operator root  for 1 min 00 s");
}

TEST(LiveText, TopShowsRatesBetweenTwoLooks) {
  const auto look = [](double time, std::uint64_t in) {
    TopLook out;
    out.status = status();
    out.workloads = {
        {"time_ns", time},
        {"workloads",
         {{{"name", "shop/idle"}, {"bytes_in", 5}, {"bytes_out", 0}, {"flows_active", 0}},
          {{"name", "shop/web"}, {"bytes_in", in}, {"bytes_out", 0}, {"flows_active", 3}, {"alerts", 2}}}}};
    out.events = {{"events", Json::array()}};
    return out;
  };
  const std::string text = top_text(look(1e9, 1000), look(3e9, 5001000), 24, {});
  const std::size_t web = text.find("shop/web"), idle = text.find("shop/idle");
  ASSERT_NE(web, std::string::npos);
  ASSERT_NE(idle, std::string::npos);
  EXPECT_LT(web, idle) << "by rate";
  EXPECT_NE(text.find("2.50 MB/s"), std::string::npos) << text;
  EXPECT_NE(text.find("12 packets were lost before inspection"), std::string::npos);
  for (const unsigned lines : {6U, 12U, 24U}) {
    const std::string screen = top_text(look(1e9, 0), look(2e9, 0), lines, {});
    EXPECT_LE(static_cast<unsigned>(std::count(screen.begin(), screen.end(), '\n')), std::max(lines, 7U));
  }
}

TEST(LiveText, ARefusalShowsDiagnosticsFirstAndTheReasonLast) {
  const Json error = Json::parse(R"({"code": "reload.failed", "message": "generation 1 keeps running", "hint": "look",
    "details": {"diagnostics": [{"text": "a.yaml:1:2: error[x]: bad\n  1 | y\n"}]}})");
  EXPECT_EQ(refusal_text(error, {}),
            "a.yaml:1:2: error[x]: bad\n  1 | y\nerror: generation 1 keeps running\n  hint: look\n");
}

TEST(LiveText, RulesThatNothingHitSaySo) {
  const Json rules = Json::parse(R"({"rules": [
    {"rule": "db/ingress/1", "action": "allow", "packets": 3, "bytes": 180, "place": "db.yaml:3", "text": "allow"},
    {"rule": "db/ingress/2", "action": "deny", "packets": 0, "bytes": 0, "place": "db.yaml:4", "audit": true}]})");
  const std::string text = rules_text(rules, {});
  EXPECT_NE(text.find("never"), std::string::npos);
  EXPECT_NE(text.find("deny (audit)"), std::string::npos);
}

}  // namespace
}  // namespace bulkhead::config::cli
