// bulkhead recover: the kernel as it was before bulkhead.
#include <cstdio>

#include "config/cli/capabilities.h"
#include "config/cli/commands.h"
#include "rules/fast_path/fast_path.h"
#include "rules/nft/enforcer.h"
#include "rules/nft/nl_transport.h"
#include "rules/wire/wire_keeper.h"

namespace bulkhead::config::cli {

int cmd_recover() {
  if (!have_capabilities({kNeedNetAdmin})) return kExitFailed;
  auto transport = rules::NlTransport::open();
  if (!transport) {
    std::fprintf(stderr, "error: %s\n", transport.error().to_string().c_str());
    return kExitFailed;
  }
  // First the ways of packets, then what judges them.
  auto links = rules::WireLinks::open();
  const auto wires = links ? rules::WireKeeper::recover(**transport, *links) : Result<std::size_t>(links.error());
  if (!wires) {
    std::fprintf(stderr, "error: %s\n", wires.error().to_string().c_str());
    return kExitFailed;
  }
  if (*wires != 0) {
    std::printf("removed %zu wire%s: ports are back in their bridges\n", *wires, *wires == 1 ? "" : "s");
  }
  // The fast path before the rules that it repeats.
  const auto paths = rules::FastPath::recover();
  if (!paths) {
    std::fprintf(stderr, "error: %s\n", paths.error().to_string().c_str());
    return kExitFailed;
  }
  if (*paths != 0) {
    std::printf("removed the fast path from %zu port%s\n", *paths, *paths == 1 ? "" : "s");
    if (rules::FastPath::conntrack_is_liberal()) {
      std::printf("net.netfilter.nf_conntrack_tcp_be_liberal is 1: what took the fast path needs it until it ends\n");
    }
  }
  const auto removed = rules::Enforcer::recover(**transport);
  if (!removed) {
    std::fprintf(stderr, "error: %s\n", removed.error().to_string().c_str());
    return kExitFailed;
  }
  if (*removed == 0 && *wires + *paths != 0) return kExitFine;
  if (*removed == 0) {
    std::printf("nothing of bulkhead is in the kernel\n");
  } else {
    std::printf("removed %zu table%s: policies and blocks are no longer in force\n", *removed,
                *removed == 1 ? "" : "s");
  }
  return kExitFine;
}

}  // namespace bulkhead::config::cli
