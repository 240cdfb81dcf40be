#include "datapath/base/allocator.h"

#if defined(BULKHEAD_JEMALLOC)
#include <jemalloc/jemalloc.h>

#include <cstdint>
#elif defined(__GLIBC__)
#include <malloc.h>
#endif

namespace bulkhead {

#if defined(BULKHEAD_JEMALLOC)

namespace {

template <typename T>
T read(const char* name) {
  T out{};
  std::size_t size = sizeof out;
  return mallctl(name, &out, &size, nullptr, 0) == 0 ? out : T{};
}

}  // namespace

std::string allocator_name() {
  const char* version = read<const char*>("version");  // "5.3.0-0-gPART_OF_A_HASH"
  const std::string text = version == nullptr ? "" : version;
  return "jemalloc " + text.substr(0, text.find('-'));
}

void give_back_memory() {
  static_assert(MALLCTL_ARENAS_ALL == 4096);
  static_cast<void>(mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0));  // of all arenas
}

std::size_t allocated_bytes() {
  std::uint64_t epoch = 1;
  static_cast<void>(mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch));  // the figures are of this moment
  return read<std::size_t>("stats.allocated");
}

#else

std::string allocator_name() {
  return "system";
}

void give_back_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

std::size_t allocated_bytes() {
#ifdef __GLIBC__
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

#endif

}  // namespace bulkhead
