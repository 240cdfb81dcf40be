// The EVE writer allocates nothing per event once its buffers have grown.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "datapath/output/eve_json.h"
#include "datapath/output/netlink_protocol.h"
#include "sample_events.h"

namespace {
thread_local std::size_t allocations = 0;
}

// Every form of new of the test program counts.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* out = std::malloc(size == 0 ? 1 : size)) return out;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) {
  return ::operator new(size);
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete[](void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete[](void* p, std::size_t) noexcept {
  std::free(p);
}

namespace bulkhead::output {
namespace {

TEST(EveAllocation, NothingPerEventInSteadyState) {
  EveSettings settings;
  settings.alert.payload = settings.alert.payload_printable = settings.alert.packet = settings.alert.verdict = true;
  settings.drop.enabled = settings.drop.alerts = true;
  settings.netflow = settings.ethernet = settings.community_id = true;
  EveJson eve(settings);
  NetlinkEncoder netlink;
  const std::vector<event::Event> events = test::all_sample_events();
  std::size_t bytes = 0;
  const auto round = [&] {
    for (const event::Event& event : events) bytes += eve.format(event).size() + netlink.encode(event, 1).size();
  };
  round();
  round();
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) round();
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_GT(bytes, 0U);
  ::operator delete(::operator new(1));  // a direct call: an optimiser may leave out a new-expression
  EXPECT_EQ(allocations - before, 1U) << "the counter works";
}

}  // namespace
}  // namespace bulkhead::output
