#include "config/cli/replay_summary.h"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

namespace bulkhead::config::cli {

namespace {

constexpr std::size_t kTopAlerts = 10;
using Align = Table::Align;

class Counters {
 public:
  explicit Counters(const std::vector<std::pair<std::string, std::uint64_t>>& sorted) : list_(sorted) {}
  [[nodiscard]] std::uint64_t of(std::string_view name) const {
    const auto at = std::lower_bound(list_.begin(), list_.end(), name,
                                     [](const auto& row, std::string_view n) { return row.first < n; });
    return at != list_.end() && at->first == name ? at->second : 0;
  }
  [[nodiscard]] std::uint64_t sum(std::string_view prefix) const {
    std::uint64_t total = 0;
    for (const auto& [name, n] : list_) total += name.starts_with(prefix) ? n : 0;
    return total;
  }
  // "tcp 12, udp 3" of the counters that are not zero.
  [[nodiscard]] std::string parts(const std::vector<std::pair<const char*, std::string_view>>& words) const {
    std::string out;
    for (const auto& [label, name] : words) {
      const std::uint64_t n = of(name);
      if (n != 0) out += (out.empty() ? "" : ", ") + std::string(label) + " " + with_commas(n);
    }
    return out;
  }

 private:
  const std::vector<std::pair<std::string, std::uint64_t>>& list_;
};

std::string rates(const ReplaySummary& s) {
  const double seconds = s.wall.count();
  if (seconds <= 0) return human_seconds(0);
  char bits[32];
  std::snprintf(bits, sizeof bits, "%.2f Gbit/s", static_cast<double>(s.replay.bytes) * 8 / seconds / 1e9);
  return human_seconds(seconds) + ", " +
         with_commas(static_cast<std::uint64_t>(static_cast<double>(s.replay.packets) / seconds)) + " packets/s, " +
         bits;
}

std::string event_parts(const EventTotals& events) {
  std::string out;
  for (const auto& [type, count] : events.by_type) out += (out.empty() ? "" : ", ") + type + " " + with_commas(count);
  return out;
}

std::string alert_table(const EventTotals& events, const Terminal& terminal) {
  std::vector<std::pair<std::pair<std::uint32_t, std::uint32_t>, AlertCount>> rows(events.alerts.begin(),
                                                                                   events.alerts.end());
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.second.count > b.second.count; });
  Table table({Align::kRight, Align::kLeft, Align::kLeft});
  for (std::size_t i = 0; i < std::min(rows.size(), kTopAlerts); ++i) {
    const auto& [id, alert] = rows[i];
    table.add({with_commas(alert.count), terminal.dim(std::to_string(id.first) + ":" + std::to_string(id.second)),
               alert.message});
  }
  std::string out = "\n" + terminal.bold("Alerts") + "\n" + table.text();
  if (rows.size() > kTopAlerts) out += "  ... and " + with_commas(rows.size() - kTopAlerts) + " more rules\n";
  return out;
}

}  // namespace

std::string replay_summary(const ReplaySummary& s, const LoadSummary& load, bool inline_mode,
                           const std::string& eve_file, const Terminal& terminal) {
  const Counters counters(s.replay.stats);
  Table table({Align::kLeft, Align::kRight, Align::kLeft});
  const auto row = [&](const char* label, std::uint64_t n, std::string rest) {
    table.add({label, with_commas(n), std::move(rest)});
  };
  if (load.rules_read != 0) {
    row("rules", load.rules_loaded,
        (load.rules_refused == 0 ? "" : terminal.yellow(with_commas(load.rules_refused) + " did not load") + ", ") +
            "in " + human_seconds(load.time.count()));
  }
  row("packets", s.replay.packets, human_bytes(static_cast<double>(s.replay.bytes)) + " in " + rates(s));
  row("flows", counters.of("flow.total"),
      counters.parts({{"tcp", "flow.tcp"},
                      {"udp", "flow.udp"},
                      {"icmp", "flow.icmpv4"},
                      {"icmpv6", "flow.icmpv6"},
                      {"sctp", "flow.sctp"}}));
  row("alerts", counters.of("detect.alert"),
      counters.parts(
          {{"suppressed", "detect.alerts_suppressed"}, {"over packet-alert-max", "detect.alert_queue_overflow"}}));
  if (inline_mode) {
    row("dropped", counters.of("ips.blocked") + counters.of("ips.rejected"),
        counters.parts({{"by rules", "ips.drop_reason.rules"},
                        {"of dropped flows", "ips.drop_reason.flow_drop"},
                        {"rejected", "ips.rejected"}}));
  }
  if (const std::uint64_t n = counters.sum("decoder.event."); n != 0) row("decode events", n, "");
  if (const std::uint64_t n = counters.sum("stream."); n != 0) row("stream events", n, "");
  if (const std::uint64_t n = counters.of("tcp.invalid_checksum"); n != 0)
    row("bad checksums", n, "left out of streams");
  if (const std::uint64_t n = counters.of("tcp.reassembly_gap"); n != 0) row("stream gaps", n, "");
  const std::string lost = s.events.lost == 0 ? "" : "; " + terminal.red(with_commas(s.events.lost) + " lost");
  row("events", s.events.written, event_parts(s.events) + lost);
  std::string out = table.text(0);
  if (!s.events.alerts.empty()) out += alert_table(s.events, terminal);
  return out + "\n" + terminal.dim(eve_file) + "\n";
}

}  // namespace bulkhead::config::cli
