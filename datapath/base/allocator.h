// The allocator of the process: jemalloc where it was found when this was built, else the system's. Parsers and records
// make millions of small objects a second; jemalloc serves them in less time (bench/README.md).
//
// Thread   any.
// Source   jemalloc(3), "MALLCTL NAMESPACE"; malloc_trim(3), mallinfo(3)
// Tests    tests/unit/datapath/base/allocator_test.cpp
#pragma once

#include <cstddef>
#include <string>

namespace bulkhead {

// "jemalloc 5.3.0", "system"
[[nodiscard]] std::string allocator_name();
// Pages that hold nothing any more go to the kernel: after rules have been read or let go. Milliseconds.
void give_back_memory();
// What the process has and has not freed, in bytes.
[[nodiscard]] std::size_t allocated_bytes();

}  // namespace bulkhead
