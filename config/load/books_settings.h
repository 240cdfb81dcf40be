// What a daemon keeps and shows for others: the control socket, /metrics, the audit log, and what it learns.
//
// Thread   filled on the control thread, then immutable.
// Tests    tests/unit/config/load/books_settings_test.cpp
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "config/schema/setting_value.h"
#include "signatures/behaviour/behaviour_engine.h"
#include "signatures/intel/indicator_table.h"

namespace bulkhead::config {

// The socket of the live commands.
struct ControlSettings {
  bool enabled = false;
  std::string socket;
  std::uint32_t mode = 0660;   // of the file
  std::string group;           // of the file; empty: as it comes
  std::string operator_group;  // whose members may act; empty: root and the daemon's own user alone
};

struct MetricsSettings {
  bool enabled = false;
  std::string listen;
};

// The hash chain of what happened.
struct AuditLogSettings {
  bool enabled = false;
  std::string file;  // relative names already joined to log_dir
  std::uint64_t max_bytes = 0;
  std::uint64_t checkpoint_records = 0;
};

// What is normal here, and what differs.
struct BehaviourThreadSettings {
  bool enabled = false;
  std::string state_file;  // relative names already joined to log_dir; empty: nothing is kept
  std::chrono::seconds save_every{300};
  std::size_t ring = 8192;
  behaviour::BehaviourSettings engine;
  std::vector<std::string> models;          // files
  std::vector<std::string> models_trusted;  // names
  intel::IntelSettings intel;
};

struct BooksSettings {
  ControlSettings control;
  MetricsSettings metrics;
  AuditLogSettings audit;
  BehaviourThreadSettings behaviour;
};
[[nodiscard]] BooksSettings books_settings(const SettingValues& values, const std::string& log_dir);

}  // namespace bulkhead::config
