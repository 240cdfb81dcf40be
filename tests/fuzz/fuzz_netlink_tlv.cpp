// The netlink decoder on arbitrary bytes: it always moves on, and what it accepts survives a second round.
#include <cstdlib>

#include "datapath/base/check.h"
#include "datapath/output/netlink_protocol.h"

namespace {

using namespace bulkhead;

// The event that would have made the message, as far as attributes tell.
event::Event rebuilt(const output::NetlinkEvent& e) {
  event::EventHeader header;
  header.time = e.time;
  header.flow_id = e.flow_id;
  header.tuple = e.tuple;
  header.has_tuple = e.tuple.source.is_set() && e.tuple.destination.is_set();
  header.has_ports = header.has_tuple;
  header.interface_index = e.interface_index;
  if (e.type == output::MessageType::kAlert) {
    auto signature = std::make_shared<event::SignatureInfo>();
    signature->sid = e.sid;
    signature->message = e.message;
    event::AlertEvent alert;
    alert.header = header;
    alert.signature = signature;
    return alert;
  }
  event::BlockEvent block;
  block.header = header;
  block.sid = e.sid;
  block.reason = e.reason;
  return block;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteSpan rest(data, size);
  while (!rest.empty()) {
    const std::size_t before = rest.size();
    output::NetlinkEvent event;
    const output::DecodeError error = output::decode(rest, event);
    BULKHEAD_CHECK(rest.size() < before);
    if (error != output::DecodeError::kNone) continue;
    output::NetlinkEncoder encoder;
    ByteSpan again = encoder.encode(rebuilt(event), event.sequence);
    output::NetlinkEvent copy;
    BULKHEAD_CHECK(output::decode(again, copy) == output::DecodeError::kNone && again.empty());
    BULKHEAD_CHECK(copy.type == event.type && copy.sid == event.sid && copy.time == event.time);
    // An alert has no reason and a block no message: a sender may give them, ours does not.
    const bool alert = event.type == output::MessageType::kAlert;
    BULKHEAD_CHECK(!alert || copy.message == event.message.substr(0, output::kMaxText));
    BULKHEAD_CHECK(alert || copy.reason == event.reason.substr(0, output::kMaxText));
  }
  return 0;
}
