// What the daemon answers, as text for people: status, flows, workloads, rules, blocks, events, and the screen of
// `top`.
//
// Thread   the main thread; pure functions.
// Text     names and messages come from the network: control characters never reach the terminal.
// Tests    tests/unit/config/cli/live_text_test.cpp
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "config/cli/terminal.h"

namespace bulkhead::config::cli {

[[nodiscard]] std::string printable(std::string_view text);

[[nodiscard]] std::string status_text(const nlohmann::json& status, const Terminal& terminal);
[[nodiscard]] std::string flows_text(const nlohmann::json& flows, const Terminal& terminal);
[[nodiscard]] std::string workloads_text(const nlohmann::json& workloads, const Terminal& terminal);
[[nodiscard]] std::string edges_text(const nlohmann::json& edges, const Terminal& terminal);
[[nodiscard]] std::string rules_text(const nlohmann::json& rules, const Terminal& terminal);
// The part of it about signatures; empty: there are none.
[[nodiscard]] std::string signature_use_text(const nlohmann::json& rules, const Terminal& terminal);
[[nodiscard]] std::string blocks_text(const nlohmann::json& blocks, const Terminal& terminal);
// `cards`: what to do about each weakness.
[[nodiscard]] std::string patches_text(const nlohmann::json& reply, bool cards, const Terminal& terminal);
[[nodiscard]] std::string baseline_text(const nlohmann::json& reply, const Terminal& terminal);
[[nodiscard]] std::string event_line(const nlohmann::json& event, const Terminal& terminal);
[[nodiscard]] std::string reload_text(const nlohmann::json& reload, const Terminal& terminal);
// The reason of a refusal, with its hint and the diagnostics that came along.
[[nodiscard]] std::string refusal_text(const nlohmann::json& error, const Terminal& terminal);

// One screen of `top`: totals, workloads by rate between two looks, the last events. At most `lines` lines.
struct TopLook {  // NOLINT(bugprone-exception-escape): the moves of json, which do not throw
  nlohmann::json status, workloads, events;
};
[[nodiscard]] std::string top_text(const TopLook& before, const TopLook& now, unsigned lines, const Terminal& terminal);

}  // namespace bulkhead::config::cli
