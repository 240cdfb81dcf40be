// One port of DPDK: device, queues, memory for packets.
//
// Thread   open and destruction by one thread; queue i by worker i. Figures by any.
// Limits   DpdkSettings; more queues than the device has are refused.
// Errors   with the call, the port and the driver's answer.
// Tests    tests/unit/datapath/dpdk/ports/dpdk_source_test.cpp
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "datapath/base/byte_reader.h"
#include "datapath/base/result.h"
#include "datapath/dpdk/dpdk_settings.h"

struct rte_mempool;

namespace bulkhead::dpdk {

// The key that hashes both directions of a flow alike (Woo, Park: Scalable TCP session monitoring with symmetric
// receive-side scaling, 2012): 0x6d5a all over.
[[nodiscard]] std::vector<Byte> symmetric_key(std::size_t size);

class DpdkPort {
 public:
  [[nodiscard]] static Result<std::unique_ptr<DpdkPort>> open(const std::string& port, const DpdkSettings& settings);
  [[nodiscard]] Status start();
  ~DpdkPort();
  DpdkPort(const DpdkPort&) = delete;
  DpdkPort& operator=(const DpdkPort&) = delete;

  [[nodiscard]] std::uint16_t id() const { return id_; }
  [[nodiscard]] rte_mempool* pool() const { return pool_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  // The device spreads flows over the queues, both directions to the same.
  [[nodiscard]] bool spreads() const { return spreads_; }
  // Entries of the device's table of queues; 0: it has none.
  [[nodiscard]] std::uint16_t table_size() const { return table_size_; }
  // Its NUMA node; negative: any.
  [[nodiscard]] int node() const;
  // Packets that the device had no room for.
  [[nodiscard]] std::uint64_t missed() const;

 private:
  DpdkPort(std::string name, std::uint16_t id) : name_(std::move(name)), id_(id) {}
  [[nodiscard]] Status set_up(const DpdkSettings& settings);
  [[nodiscard]] Status set_up_queues(const DpdkSettings& settings);

  const std::string name_;
  const std::uint16_t id_;
  rte_mempool* pool_ = nullptr;
  bool spreads_ = false, running_ = false;
  std::uint16_t table_size_ = 0;
};

}  // namespace bulkhead::dpdk
