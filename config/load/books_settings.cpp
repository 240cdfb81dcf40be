#include "config/load/books_settings.h"

#include <filesystem>
#include <utility>

#include "config/load/config_loader.h"

namespace bulkhead::config {

namespace {

BehaviourThreadSettings behaviour_settings(const SettingValues& values, const std::string& log_dir) {
  const auto count = [&](const char* key) { return static_cast<unsigned>(values.number(key)); };
  BehaviourThreadSettings out;
  out.enabled = values.flag("behaviour.enabled");
  out.state_file = (std::filesystem::path(log_dir) / values.text("behaviour.state-file")).string();
  out.save_every = std::chrono::seconds(count("behaviour.save-seconds"));
  out.ring = values.number("behaviour.ring");
  out.intel.directory = values.text("intel.directory");
  out.intel.confidence = count("intel.confidence");
  out.intel.expire = std::chrono::hours(24 * count("intel.expire-days"));
  out.engine.phases.learn_for = std::chrono::hours(count("behaviour.learn-hours"));
  out.engine.phases.learn_flows = values.number("behaviour.learn-flows");
  out.engine.phases.protect = values.words("behaviour.protect");
  for (const auto& item : values.get("behaviour.models").items) {
    for (std::string& file : expand_glob(item.text)) out.models.push_back(std::move(file));
  }
  out.models_trusted = values.words("behaviour.models-trusted");
  for (const std::string& name : values.words("behaviour.without")) {
    if (const auto family = behaviour::find_family(name)) out.engine.without.push_back(*family);
  }
  behaviour::GraphSettings& graph = out.engine.graph;
  graph.learn_windows = count("behaviour.learn-windows");
  graph.learn_age = std::chrono::seconds(count("behaviour.learn-age"));
  graph.promote_windows = count("behaviour.promote-windows");
  graph.promote_age = std::chrono::seconds(count("behaviour.promote-age"));
  graph.promote_daily = count("behaviour.promote-daily");
  graph.expire = std::chrono::hours(24 * count("behaviour.expire-days"));
  const auto& inside = values.get("behaviour.inside").items;
  if (!inside.empty()) out.engine.inside.clear();
  for (const auto& item : inside) {
    if (const auto prefix = IpPrefix::parse(item.text)) out.engine.inside.push_back(*prefix);
  }
  return out;
}

}  // namespace

BooksSettings books_settings(const SettingValues& values, const std::string& log_dir) {
  BooksSettings out;
  out.control.enabled = values.flag("control.enabled");
  out.control.socket = values.text("control.socket");
  out.control.mode = static_cast<std::uint32_t>(std::stoul(values.text("control.mode"), nullptr, 8));  // a choice
  out.control.group = values.text("control.group");
  out.control.operator_group = values.text("control.operator-group");
  out.metrics.enabled = values.flag("metrics.enabled");
  out.metrics.listen = values.text("metrics.listen");
  out.audit.enabled = values.flag("audit.enabled");
  out.audit.file = (std::filesystem::path(log_dir) / values.text("audit.filename")).string();
  out.audit.max_bytes = values.number("audit.max-size");
  out.audit.checkpoint_records = values.number("audit.checkpoint-records");
  out.behaviour = behaviour_settings(values, log_dir);
  return out;
}

}  // namespace bulkhead::config
