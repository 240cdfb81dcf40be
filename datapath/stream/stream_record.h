// The stream_tcp record of a packet: what the stream engine made of it, for those who debug a connection.
//
// Thread   the worker owning the flow.
// In       a packet that has just been handled, its session and update.
// Out      a JSON object: packet (header fields, flags), session (state, both ends), events if there are any.
// Errors   none; sequence numbers are those of the engine, which counts a FIN only on the server's side.
// Tests    tests/unit/datapath/pipeline/worker_test.cpp
#pragma once

#include <string>

#include "datapath/stream/tcp_tracker.h"

namespace bulkhead::stream {

[[nodiscard]] std::string stream_record(const decode::PacketView& packet, TcpSession& session,
                                        const StreamUpdate& update);

}  // namespace bulkhead::stream
