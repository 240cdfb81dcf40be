// What a worker knows about the packet in hand; lives for one handle() call. For the worker's own files.
#pragma once

#include "datapath/pipeline/worker.h"

namespace bulkhead::pipeline {

struct Worker::PacketWork {
  decode::PacketView* view = nullptr;
  flow::Flow* flow = nullptr;
  Direction direction = Direction::kToServer;
  bool flow_is_new = false;
  bool was_established = false;  // before this packet, which may have closed the connection
  stream::StreamUpdate stream;
  bool has_stream = false;
  bool flow_ends = false;
  bool before_gap = false;              // no packet: data that is given up once it has been judged
  DropReason drop = DropReason::kNone;  // inline: the first reason to drop it
  event::SignatureInfoPtr drop_signature;
  event::VerdictInfo verdict;
};

}  // namespace bulkhead::pipeline
