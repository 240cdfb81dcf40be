// What the application layer keeps with a flow (ExtensionSlot::kApplication).
//
// Thread   the worker owning the flow.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "datapath/app/app_parser.h"
#include "datapath/app/protocol.h"
#include "datapath/flow/flow.h"

namespace bulkhead::app {

// What goes wrong before or beside a parser: events of a packet, not of a transaction.
enum class AppEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/app_events.def"
#undef X
  kCount
};
struct AppEventInfo {
  std::string_view name;    // app-layer-event:NAME
  std::string_view record;  // as anomaly records spell it
  std::string_view text;
};
[[nodiscard]] const AppEventInfo& info(AppEvent event);
[[nodiscard]] bool find_app_event(std::string_view name, AppEvent& out);

struct AppSide {
  AppProtocol detected = AppProtocol::kUnknown;  // what the bytes of this direction look like; kFailed: nothing
  std::uint64_t taken = 0;                       // stream offset up to which bytes were taken over
  std::vector<Byte> pending;                     // taken over and not consumed: before detection, or left by the parser
  bool fresh = false;                            // decided, and no packet of this direction has been judged since
  bool stopped = false;                          // no further calls for this direction
  bool ended = false;                            // the parser knows that no more will come
};

struct AppFlow final : flow::FlowExtension {
  AppProtocol protocol = AppProtocol::kUnknown;  // EVE app_proto
  AppProtocol original = AppProtocol::kUnknown;  // before a change
  AppProtocol expected = AppProtocol::kUnknown;  // what a change announced
  std::uint64_t parent = 0;                      // id of the flow that announced this one (FTP); 0: none
  const Protocol* definition = nullptr;          // of the parser
  std::unique_ptr<AppParser> parser;             // null: not found yet, failed, or recognised by name only
  // After a change: the old parser, until its transactions have been inspected and logged.
  const Protocol* previous_definition = nullptr;
  std::unique_ptr<AppParser> previous;
  std::array<AppSide, 2> sides;  // by Direction
  bool first_data_seen = false;
  Direction first_data = Direction::kToServer;  // valid when first_data_seen
  bool parser_failed = false;
  std::array<bool, 2> keep_files{};  // by Direction: a rule asked for all files from now on
  // The bytes showed that the flow has to be read the other way round. It has been turned, its TCP session too:
  // directions that the caller holds are the opposite now. The caller takes this back.
  bool turned = false;
  bool may_bypass = false;       // the parser has seen all that can be seen, and rules need not see more
  bool news = false;             // bytes, a gap or an end have come since the last packet that was judged
  std::vector<AppEvent> events;  // of the packet in hand

  [[nodiscard]] bool has(Direction d) const { return sides[bulkhead::index_of(d)].detected != AppProtocol::kUnknown; }
  // Is it decided what this direction speaks?
  [[nodiscard]] bool decided(Direction d) const { return protocol != AppProtocol::kUnknown && has(d); }
};

[[nodiscard]] inline AppFlow* app_flow(const flow::Flow& flow) {
  return static_cast<AppFlow*>(flow.extension(flow::ExtensionSlot::kApplication));
}

}  // namespace bulkhead::app
