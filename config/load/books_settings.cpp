#include "config/load/books_settings.h"

#include <filesystem>

namespace bulkhead::config {

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
  return out;
}

}  // namespace bulkhead::config
