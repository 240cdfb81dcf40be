// Objects of many sizes that come and go with every exchange: their memory is kept for the next one of that size.
//
// The system's allocator keeps small blocks at hand too, but few of each size and none above 1 KB.
//
// Thread   any; each thread keeps what it gives back.
// Limits   blocks of up to kMostPooled bytes, kPoolBytes a thread; the rest goes to the system. Nothing is kept under
//          the address sanitizer, which could not see a use after the end.
// Errors   std::bad_alloc, as everywhere.
// Tests    tests/unit/datapath/base/pooled_test.cpp
#pragma once

#include <cstddef>

namespace bulkhead {

inline constexpr std::size_t kMostPooled = 4096, kPoolBytes = 512 << 10;

// A base class; what is deleted through a base must have a virtual destructor, as always.
class Pooled {
 public:
  static void* operator new(std::size_t size);
  static void operator delete(void* block, std::size_t size) noexcept;
  static void* operator new(std::size_t, void* place) noexcept { return place; }

 protected:
  Pooled() = default;
  ~Pooled() = default;
};

// Of this thread, kept for reuse.
[[nodiscard]] std::size_t pooled_bytes();

}  // namespace bulkhead
