// What an alert tells about the rule that made it. Shared between the signature database and the
// events, immutable, so that an event may outlive the generation it came from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "datapath/event/packed_texts.h"

namespace bulkhead::event {

struct SignatureInfo {
  std::uint32_t gid = 1;
  std::uint32_t sid = 0;
  std::uint32_t rev = 0;
  std::uint8_t severity = 3;  // priority: 1 is the gravest
  std::string message;        // msg
  SharedText category;        // text of the classtype; "" without one
  TextList references;        // resolved URLs
  TextPairs metadata;         // key, value in file order
  SharedText source_file;     // where the rule stands
  std::uint32_t source_line = 0;
  std::string text;  // the rule as written; may be empty (EVE alert.rule, off by default)
};
using SignatureInfoPtr = std::shared_ptr<const SignatureInfo>;

}  // namespace bulkhead::event
