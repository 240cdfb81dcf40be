// A parser that takes over a connection in the middle (an upgrade) and has something to learn from the one before it.
//
// Thread   the worker owning the flow.
#pragma once

#include "datapath/app/app_parser.h"
#include "datapath/app/application_protocol.h"

namespace bulkhead::app {

class Successor {
 public:
  Successor() = default;
  Successor(const Successor&) = delete;
  Successor& operator=(const Successor&) = delete;
  virtual ~Successor() = default;

  // Called once, before the first bytes. `protocol`: what the parser before it reads.
  virtual void follow(AppParser& previous, AppProtocol protocol) = 0;
};

}  // namespace bulkhead::app
