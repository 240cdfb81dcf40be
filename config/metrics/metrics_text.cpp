#include "config/metrics/metrics_text.h"

#ifdef BULKHEAD_HAS_PROMETHEUS
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#endif

#include <array>
#include <cctype>
#include <map>
#include <sstream>

namespace bulkhead::config::metrics {

bool is_gauge(std::string_view name) {
  // Sizes, and the largest that was seen.
  static constexpr std::array<std::string_view, 5> kEnds = {".active", ".memuse", ".clients", "_size", ".spare"};
  for (const std::string_view end : kEnds) {
    if (name.ends_with(end)) return true;
  }
  return name.find(".max_") != std::string_view::npos || name.find(".avg_") != std::string_view::npos ||
         name.find("max_mac") != std::string_view::npos;
}

#ifdef BULKHEAD_HAS_PROMETHEUS

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

std::string metric_name(std::string_view dotted) {
  std::string out = "bulkhead_";
  for (const char c : dotted) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    out += plain ? static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : '_';
  }
  return out;
}

class Families {
 public:
  void add(const std::string& name, const std::string& help, bool gauge, double value, Labels labels = {}) {
    auto [entry, fresh] = by_name_.try_emplace(name);
    MetricFamily& family = entry->second;
    if (fresh) {
      family.name = name;
      family.help = help;
      family.type = gauge ? MetricType::Gauge : MetricType::Counter;
    }
    for (ClientMetric& metric : family.metric) {
      if (metric.label != labels) continue;
      (gauge ? metric.gauge.value : metric.counter.value) += value;
      return;
    }
    ClientMetric metric;
    metric.label = std::move(labels);
    (gauge ? metric.gauge.value : metric.counter.value) = value;
    family.metric.push_back(std::move(metric));
  }
  [[nodiscard]] std::string text() const {
    std::vector<MetricFamily> all;
    for (const auto& [name, family] : by_name_) all.push_back(family);
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, all);
    return out.str();
  }

 private:
  std::map<std::string, MetricFamily> by_name_;
};

// enforce.RULE.packets, enforce.RULE.audit_packets; false: another counter.
bool add_rule(Families& to, std::string_view name, double value) {
  constexpr std::string_view kBegin = "enforce.";
  if (!name.starts_with(kBegin)) return false;
  name.remove_prefix(kBegin.size());
  for (const auto& [end, audit] : {std::pair<std::string_view, const char*>{".audit_packets", "yes"},
                                   std::pair<std::string_view, const char*>{".packets", "no"}}) {
    if (!name.ends_with(end)) continue;
    name.remove_suffix(end.size());
    to.add("bulkhead_rule_packets_total", "Packets that the kernel counted for a rule", false, value,
           {{"rule", std::string(name)}, {"audit", audit}});
    return true;
  }
  return false;
}

// output.NAME.written, .lost, .lost_to.REASON of one output; its gauges .connected and .waiting.
bool add_output(Families& to, std::string_view name, double value, bool gauge) {
  constexpr std::string_view kBegin = "output.";
  if (!name.starts_with(kBegin)) return false;
  name.remove_prefix(kBegin.size());
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return false;
  const std::string output(name.substr(0, dot));
  const std::string what(name.substr(dot + 1));
  constexpr std::string_view kReason = "lost_to.";
  if (what.starts_with(kReason)) {
    to.add("bulkhead_output_lost_by_reason_total", "Events that an output lost, by the reason", false, value,
           {{"output", output}, {"reason", what.substr(kReason.size())}});
  } else if (gauge) {
    to.add("bulkhead_output_" + what, "State of an output", true, value, {{"output", output}});
  } else {
    to.add("bulkhead_output_" + what + "_total", "Events of an output, by what became of them", false, value,
           {{"output", output}});
  }
  return true;
}

}  // namespace

bool has_metrics() {
  return true;
}

std::string metrics_text(const MetricsInput& input) {
  Families families;
  for (const auto& [name, value] : input.counters) {
    const auto number = static_cast<double>(value);
    if (add_rule(families, name, number) || add_output(families, name, number, false)) continue;
    const bool gauge = is_gauge(name);
    families.add(metric_name(name) + (gauge ? "" : "_total"), "Counter " + name, gauge, number);
  }
  for (const auto& [name, value] : input.gauges) {
    if (!add_output(families, name, value, true)) families.add(metric_name(name), "Gauge " + name, true, value);
  }
  Labels labels;
  for (const auto& [name, value] : input.info) labels.push_back({name, value});
  families.add("bulkhead_info", "What runs", true, 1, std::move(labels));
  return families.text();
}

#else

bool has_metrics() {
  return false;
}

std::string metrics_text(const MetricsInput&) {
  return {};
}

#endif

}  // namespace bulkhead::config::metrics
