// The compiled rule set as text for people: figures, groups, one rule with all that was made of it.
//
// Thread   any; reads an immutable SignatureDb.
// Tests    tests/unit/signatures/compile/dump_test.cpp, `bulkhead dump signatures`
#pragma once

#include <cstdint>
#include <ostream>

#include "signatures/compile/signature_db.h"

namespace bulkhead::signatures {

// Rules, literals, databases, bytes, time.
void dump_statistics(const SignatureDb& db, std::ostream& out);
// One line a group: class, direction, members by kind, bytes of its databases.
void dump_groups(const SignatureDb& db, std::ostream& out);
// Every rule with this sid: order, fast pattern, steps of its payload program. False when there is none.
bool dump_rule(const SignatureDb& db, std::uint32_t sid, std::ostream& out);

}  // namespace bulkhead::signatures
