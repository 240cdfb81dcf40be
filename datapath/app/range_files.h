// Files that come in parts (HTTP Content-Range), put together again over requests and connections.
//
//   addresses + host and path -> parts in any order -> the whole file, once every byte of it has come
//
// Thread   any worker; a lock, taken when a part has ended. A replay deals packets by address pair, so all parts that
// are
//          joined here come to one worker, in order.
// Limits   memcap bytes of parts that wait for those before them; a file of which no part came for `timeout` goes.
//          Overlapping bytes: the first ones count.
// Tests    tests/unit/datapath/app/range_files_test.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "datapath/app/file.h"
#include "datapath/base/flow_key.h"
#include "datapath/base/timestamp.h"

namespace bulkhead::app {

class RangeFiles {
 public:
  static constexpr std::uint64_t kMemory = 100UL * 1024 * 1024;  // [app-layer.protocols.http.byterange.memcap]
  static constexpr std::chrono::seconds kLifetime{60};           // [app-layer.protocols.http.byterange.timeout]

  // A whole part of `name` between the two ends of `client`. The file, when this was what it lacked.
  [[nodiscard]] std::unique_ptr<File> add(const FlowTuple& client, const std::string& name, const FileRange& range,
                                          ByteSpan bytes, std::string_view file_name, const FileMaking& making,
                                          Timestamp now);
  [[nodiscard]] std::uint64_t memory() const { return memory_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  struct Key {
    IpAddress low, high;
    std::string name;
    auto operator<=>(const Key&) const = default;
  };
  struct Whole {
    std::unique_ptr<File> file;
    std::uint64_t size = 0;
    std::map<std::uint64_t, std::vector<Byte>> waiting;  // by their first byte
    Timestamp until;
  };
  void forget(std::map<Key, Whole>::iterator at);
  void sweep(Timestamp now);

  std::mutex mutex_;
  std::map<Key, Whole> files_;
  std::uint64_t memory_ = 0, refused_ = 0;
};

}  // namespace bulkhead::app
