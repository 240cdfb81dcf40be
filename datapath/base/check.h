// Bugs of our own stop the process; they are never used for input.
//
// BULKHEAD_CHECK   always on. BULKHEAD_ASSERT  debug builds only (NDEBUG unset).
// Errors   prints file:line and the condition to stderr, then aborts.
#pragma once

#include <cstdio>
#include <cstdlib>

#define BULKHEAD_CHECK(condition)                                                           \
  do {                                                                                      \
    if (!(condition)) [[unlikely]] {                                                        \
      std::fprintf(stderr, "bulkhead: bug at %s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                         \
    }                                                                                       \
  } while (false)

#ifdef NDEBUG
#define BULKHEAD_ASSERT(condition) static_cast<void>(0)
#else
#define BULKHEAD_ASSERT(condition) BULKHEAD_CHECK(condition)
#endif
