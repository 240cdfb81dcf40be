// One SNMP message (RFC 1157, 3416, 3412): BER, version 1, 2c or 3.
//
//   SEQUENCE { version, community, PDU }                                 1, 2c
//   SEQUENCE { version, global data, security parameters, scoped PDU }   3; an encrypted PDU is an OCTET STRING
//   PDU { request id, error status, error index, SEQUENCE of SEQUENCE { OID, value } }
//
// Thread   value types and pure functions.
// Limits   kMaxVariables names of a message, kMaxOidParts numbers of a name; further ones are not kept.
// Errors   false: it cannot be read.
// Tests    tests/unit/datapath/app/snmp/snmp_parser_test.cpp, tests/fuzz/fuzz_snmp.cpp
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datapath/app/word_list.h"
#include "datapath/base/byte_reader.h"

namespace bulkhead::app::snmp {

inline constexpr std::size_t kMaxVariables = 256, kMaxOidParts = 128;

namespace pdu {  // the number in the tag
inline constexpr std::uint8_t kTrapV1 = 4, kLast = 8;
}

struct Message {
  std::uint32_t version = 0;  // 1, 2, 3
  std::string community;      // 1 and 2
  std::string user;           // 3, of the user-based security model
  bool has_user = false;
  bool encrypted = false;
  bool unknown_security_model = false;
  std::uint8_t pdu = 0;
  std::uint32_t error = 0;
  WordList variables;  // "1.3.6.1..."
  // Of a trap of version 1.
  std::string trap_oid, trap_address;
  std::uint32_t trap_type = 0;
};

[[nodiscard]] bool read_message(ByteSpan bytes, Message& out);

}  // namespace bulkhead::app::snmp
