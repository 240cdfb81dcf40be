// Community ID 1: a flow hash that other tools compute alike.
//
// Layout   "1:" base64(SHA-1(seed address address protocol 0 port port)), the lower (address, port) end first.
//          ICMP: type and its counterpart (echo request and reply) stand for the ports; types without
//          counterpart use type and code and keep their direction. Protocols without ports: addresses only.
// Thread   one; reuses its digest context. Errors  none.
// Source   github.com/corelight/community-id-spec
// Tests    tests/unit/datapath/output/community_id_test.cpp
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "datapath/base/flow_key.h"

struct evp_md_ctx_st;

namespace bulkhead::output {

class CommunityId {
 public:
  explicit CommunityId(std::uint16_t seed);
  // `icmp_type`, `icmp_code` count for ICMP and ICMPv6 only. Valid until the next call.
  [[nodiscard]] const std::string& of(const FlowTuple& tuple, std::uint8_t icmp_type, std::uint8_t icmp_code);

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::uint16_t seed_;
  std::unique_ptr<evp_md_ctx_st, Free> context_;
  std::string text_;
};

}  // namespace bulkhead::output
