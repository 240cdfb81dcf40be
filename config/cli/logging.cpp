#include "config/cli/logging.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace bulkhead::config::cli {

void start_logging(const std::string& level) {
  auto logger = spdlog::get("bulkhead");
  if (!logger) logger = spdlog::stderr_color_mt("bulkhead");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%-5l%$ %v");
  logger->set_level(spdlog::level::from_str(level == "warn" ? "warning" : level));
  spdlog::set_default_logger(logger);
}

}  // namespace bulkhead::config::cli
