#include "datapath/dpdk/ports/dpdk_port.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "datapath/dpdk/ports/environment.h"

namespace bulkhead::dpdk {

namespace {

constexpr std::uint16_t kLinkHeader = 22;  // Ethernet and two tags: what the MTU does not count
constexpr unsigned kCache = 256;           // mbufs that a worker keeps at hand

Error failed(const char* call, const std::string& port, int code) {
  const int number = std::abs(code);
  Error error{call, port, number, ::rte_strerror(number)};
  if (const std::string said = last_lines(2); !said.empty()) error.text += ": " + said;
  return error;
}

// Devices that spread flows over queues without being told how, both directions alike: PACKET_FANOUT by the kernel's
// own hash of a flow.
bool spreads_by_itself(const char* driver) {
  return std::strcmp(driver, "net_af_packet") == 0;
}

}  // namespace

std::vector<Byte> symmetric_key(std::size_t size) {
  std::vector<Byte> out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = i % 2 == 0 ? 0x6d : 0x5a;
  return out;
}

Result<std::unique_ptr<DpdkPort>> DpdkPort::open(const std::string& port, const DpdkSettings& settings) {
  const std::string name = port_name(port);
  std::uint16_t id = 0;
  if (::rte_eth_dev_get_port_by_name(name.c_str(), &id) != 0) {
    if (const int probed = ::rte_dev_probe(port.c_str()); probed < 0) {
      Error error = failed("rte_dev_probe", port, probed);
      error.text += "; is the driver's name right, and for a PCI device: is it bound to vfio-pci?";
      return error;
    }
    if (const int found = ::rte_eth_dev_get_port_by_name(name.c_str(), &id); found != 0) {
      return failed("rte_eth_dev_get_port_by_name", name, found);
    }
  }
  std::unique_ptr<DpdkPort> out(new DpdkPort(name, id));
  if (const Status ready = out->set_up(settings); !ready) return ready.error();
  return out;
}

int DpdkPort::node() const {
  return ::rte_eth_dev_socket_id(id_);
}

Status DpdkPort::set_up(const DpdkSettings& settings) {
  rte_eth_dev_info info{};
  if (const int got = ::rte_eth_dev_info_get(id_, &info); got != 0) return failed("rte_eth_dev_info_get", name_, got);
  const std::uint16_t queues = settings.workers;
  if (queues > info.max_rx_queues || (settings.wire && queues > info.max_tx_queues)) {
    return Error{"queues", name_, 0,
                 std::to_string(queues) + " workers, but the device has " + std::to_string(info.max_rx_queues) +
                     " receive and " + std::to_string(info.max_tx_queues) + " send queues: dpdk.workers"};
  }
  const std::uint16_t sending = std::min(queues, info.max_tx_queues);
  rte_eth_conf conf{};
  std::vector<Byte> key = symmetric_key(info.hash_key_size != 0 ? info.hash_key_size : 40);
  std::uint64_t wanted = RTE_ETH_RSS_IP;
  if (!settings.spread_by_address) wanted |= RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_SCTP;
  const std::uint64_t hashes = info.flow_type_rss_offloads & wanted;
  table_size_ = info.reta_size;
  spreads_ = queues > 1 && hashes != 0;
  if (spreads_) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf = {key.data(), static_cast<std::uint8_t>(key.size()), hashes};
  } else if (queues > 1) {
    spreads_ = spreads_by_itself(info.driver_name);
    if (!spreads_) add_line(name_ + " does not spread flows: packets of one may come to several workers");
  }
  // Checksums that the device has verified need not be verified again; frames of several parts are put together here.
  conf.rxmode.offloads = info.rx_offload_capa & (RTE_ETH_RX_OFFLOAD_CHECKSUM | RTE_ETH_RX_OFFLOAD_SCATTER);
  if (const int done = ::rte_eth_dev_configure(id_, queues, sending, &conf); done != 0) {
    return failed("rte_eth_dev_configure", name_, done);
  }
  const std::uint32_t most = std::min<std::uint32_t>(settings.max_frame, info.max_rx_pktlen);
  const auto mtu = static_cast<std::uint16_t>(most - std::min<std::uint32_t>(most, kLinkHeader));
  // A usual frame fits in any case. Drivers without a choice answer ENOTSUP: their frames are as they are.
  if (mtu > RTE_ETHER_MTU) static_cast<void>(::rte_eth_dev_set_mtu(id_, std::min(mtu, info.max_mtu)));
  return set_up_queues(settings);
}

Status DpdkPort::set_up_queues(const DpdkSettings& settings) {
  // The pool's name must be one of a kind in the process.
  static std::atomic<unsigned> number{0};
  const std::string pool = "bulkhead_" + std::to_string(number++);
  pool_ = ::rte_pktmbuf_pool_create(pool.c_str(), settings.mbufs, kCache, 0,
                                    static_cast<std::uint16_t>(settings.max_frame + RTE_PKTMBUF_HEADROOM), node());
  if (pool_ == nullptr) {
    Error error = failed("rte_pktmbuf_pool_create", name_, rte_errno);
    error.text += "; " + std::to_string(settings.mbufs) + " packets of " + std::to_string(settings.max_frame) +
                  " bytes: less of dpdk.packets, or more of dpdk.memory";
    return error;
  }
  std::uint16_t receive = settings.receive_descriptors, send = settings.send_descriptors;
  if (const int done = ::rte_eth_dev_adjust_nb_rx_tx_desc(id_, &receive, &send); done != 0) {
    return failed("rte_eth_dev_adjust_nb_rx_tx_desc", name_, done);
  }
  rte_eth_dev_info info{};
  if (const int got = ::rte_eth_dev_info_get(id_, &info); got != 0) return failed("rte_eth_dev_info_get", name_, got);
  const auto memory_node = static_cast<unsigned>(node());
  for (std::uint16_t q = 0; q < info.nb_rx_queues; ++q) {
    if (const int done = ::rte_eth_rx_queue_setup(id_, q, receive, memory_node, nullptr, pool_); done != 0) {
      return failed("rte_eth_rx_queue_setup", name_, done);
    }
  }
  for (std::uint16_t q = 0; q < info.nb_tx_queues; ++q) {
    if (const int done = ::rte_eth_tx_queue_setup(id_, q, send, memory_node, nullptr); done != 0) {
      return failed("rte_eth_tx_queue_setup", name_, done);
    }
  }
  return ok();
}

Status DpdkPort::start() {
  if (const int done = ::rte_eth_dev_start(id_); done != 0) return failed("rte_eth_dev_start", name_, done);
  running_ = true;
  static_cast<void>(::rte_eth_promiscuous_enable(id_));  // drivers of files and rings have nothing to enable
  return ok();
}

std::uint64_t DpdkPort::missed() const {
  rte_eth_stats stats{};
  return ::rte_eth_stats_get(id_, &stats) == 0 ? stats.imissed + stats.rx_nombuf : 0;
}

DpdkPort::~DpdkPort() {
  if (running_) static_cast<void>(::rte_eth_dev_stop(id_));
  static_cast<void>(::rte_eth_dev_close(id_));
  // Packets may be out there still (a ring's other end): the pool goes when all are back.
  if (pool_ != nullptr && ::rte_mempool_full(pool_) == 1) ::rte_mempool_free(pool_);
}

}  // namespace bulkhead::dpdk
