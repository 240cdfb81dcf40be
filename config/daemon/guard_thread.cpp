#include "config/daemon/guard_thread.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "datapath/decode/decoder.h"
#include "datapath/pipeline/drop_fields.h"

namespace bulkhead::config {

namespace {

using namespace std::chrono_literals;
constexpr std::uint32_t kSnaplen = 256;  // headers, and the options of neighbour discovery
constexpr std::size_t kMacPair = 12;

}  // namespace

event::DropEvent guard_event(const rules::NflogRecord& record, rules::GuardReason reason, const std::string& workload) {
  io::RawPacket raw;
  raw.data = record.frame.data();
  raw.captured = raw.wire_length = static_cast<std::uint32_t>(record.frame.size());
  raw.time = record.time.ns != 0 ? record.time : wall_clock();
  raw.interface_index = record.in_index;
  decode::Decoder decoder({});
  decode::PacketChain chain;
  decoder.decode(raw, chain);
  event::DropEvent out;
  out.reason = "guard";
  out.policy_rule = "guard/" + std::string(rules::guard_reason_name(reason));
  out.source_workload = workload;
  out.header.time = raw.time;
  out.header.interface_index = record.in_index;
  if (record.frame.size() >= kMacPair) {
    out.header.ether = {MacAddress::from(record.frame.data() + 6), MacAddress::from(record.frame.data())};
  }
  if (chain.count == 0) return out;
  const decode::PacketView& view = chain.views[0];
  pipeline::fill_packet_fields(view, out);
  out.header.vlan_count = view.vlan_count;
  out.header.vlan_id = view.vlan_id;
  if (view.is_ip()) {
    out.header.tuple = view.tuple();
    out.header.has_tuple = true;
    out.header.has_ports = has_ports(view.protocol) && !view.is_fragment;
  } else if (view.arp != nullptr) {
    // Sender and target of ARP stand where others have source and destination.
    out.header.tuple.source = IpAddress::v4(view.arp + 14);
    out.header.tuple.destination = IpAddress::v4(view.arp + 24);
    out.header.has_tuple = true;
  }
  if (view.has_icmp || view.has_icmpv6) {
    out.header.has_icmp = true;
    out.header.icmp_type = view.icmp_type;
    out.header.icmp_code = view.icmp_code;
  }
  return out;
}

GuardThread::~GuardThread() {
  stop();
}

Status GuardThread::start(std::uint16_t group) {
  auto reader = rules::NflogReader::open(group, kSnaplen);
  if (!reader) return reader.error();
  reader_ = std::move(*reader);
  thread_ = std::thread([this] { run(); });
  return ok();
}

void GuardThread::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void GuardThread::use(const std::vector<rules::GuardPort>& ports) {
  const std::lock_guard lock(mutex_);
  workloads_.clear();
  for (const rules::GuardPort& port : ports) workloads_[port.index] = port.workload;
}

void GuardThread::run() {
  while (!stopping_) {
    const auto records = reader_->read(200ms);
    if (!records) {
      spdlog::error("guard: no more drop events: {}", records.error().to_string());
      return;
    }
    lost_.add(reader_->lost() - lost_.value());
    broken_.add(reader_->broken() - broken_.value());
    for (const rules::NflogRecord& record : *records) {
      const rules::GuardReason reason = rules::guard_reason_of_prefix(record.prefix);
      if (reason == rules::GuardReason::kUnknown) {
        strangers_.add();
        continue;
      }
      std::string workload;
      {
        const std::lock_guard lock(mutex_);
        const auto found = workloads_.find(record.in_index);
        if (found != workloads_.end()) workload = found->second;
      }
      publisher_.publish(guard_event(record, reason, workload));
      events_.add();
    }
  }
}

void GuardThread::add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const {
  out.emplace_back("guard.events", events_.value());
  out.emplace_back("guard.log_strangers", strangers_.value());
  out.emplace_back("guard.log_lost", lost_.value());
  out.emplace_back("guard.log_broken", broken_.value());
}

}  // namespace bulkhead::config
