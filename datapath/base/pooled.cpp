#include "datapath/base/pooled.h"

#include <array>
#include <new>
#include <utility>

namespace bulkhead {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr bool kKeeps = false;
#else
constexpr bool kKeeps = true;
#endif

constexpr std::size_t kStep = 64;  // sizes are rounded up to it

struct Block {
  Block* next;
};

// Usable to the very end of the thread: objects may outlive other thread-local ones.
struct Pool {
  std::array<Block*, kMostPooled / kStep> free;
  std::size_t bytes;
  bool closed;
};
constinit thread_local Pool pool{};

struct Closer {
  bool used = false;
  ~Closer() {
    pool.closed = true;
    for (Block*& list : pool.free) {
      while (list != nullptr) ::operator delete(std::exchange(list, list->next));
    }
    pool.bytes = 0;
  }
};
thread_local Closer closer;

constexpr std::size_t class_of(std::size_t size) {
  return (size - 1) / kStep;
}
constexpr std::size_t size_of(std::size_t size_class) {
  return (size_class + 1) * kStep;
}

}  // namespace

void* Pooled::operator new(std::size_t size) {
  if (!kKeeps || size > kMostPooled) return ::operator new(size);
  const std::size_t size_class = class_of(size);
  Block* const block = pool.free[size_class];
  if (block == nullptr) return ::operator new(size_of(size_class));
  pool.free[size_class] = block->next;
  pool.bytes -= size_of(size_class);
  return block;
}

void Pooled::operator delete(void* block, std::size_t size) noexcept {
  if (block == nullptr) return;
  if (!kKeeps || size > kMostPooled || pool.closed) return ::operator delete(block);
  const std::size_t size_class = class_of(size);
  if (pool.bytes + size_of(size_class) > kPoolBytes) return ::operator delete(block);
  if (pool.bytes == 0) closer.used = true;  // from now on there is something to give back
  pool.free[size_class] = new (block) Block{pool.free[size_class]};
  pool.bytes += size_of(size_class);
}

std::size_t pooled_bytes() {
  return pool.bytes;
}

}  // namespace bulkhead
