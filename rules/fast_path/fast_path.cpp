#include "rules/fast_path/fast_path.h"

#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "datapath/netlink/attributes.h"
#include "datapath/netlink/netlink_socket.h"
#include "rules/fast_path/flow_programs.h"

namespace bulkhead::rules {

namespace {

constexpr const char* kEpochName = "bulkhead_epoch";
constexpr const char* kIngressName = "bulkhead_in";
constexpr const char* kEgressName = "bulkhead_out";
constexpr std::uint32_t kMostPorts = 16384;
constexpr std::size_t kMostCores = 8192;  // of any kernel (CONFIG_NR_CPUS)
constexpr std::chrono::milliseconds kAnswerTimeout{1000};

const std::pair<bpf::Side, const char*> kSides[] = {{bpf::Side::kIngress, kIngressName},
                                                    {bpf::Side::kEgress, kEgressName}};

}  // namespace

// The number that flows must have been remembered under, mapped.
class PathEpoch {
 public:
  static std::shared_ptr<PathEpoch> of(bpf::BpfObject map) {
    void* const at = ::mmap(nullptr, sizeof(std::uint32_t), PROT_READ | PROT_WRITE, MAP_SHARED, map.get(), 0);
    if (at == MAP_FAILED) return nullptr;
    return std::shared_ptr<PathEpoch>(new PathEpoch(std::move(map), static_cast<std::uint32_t*>(at)));
  }
  PathEpoch(const PathEpoch&) = delete;
  PathEpoch& operator=(const PathEpoch&) = delete;
  ~PathEpoch() { ::munmap(at_, sizeof(std::uint32_t)); }
  [[nodiscard]] int map() const { return map_.get(); }
  void next() { std::atomic_ref<std::uint32_t>(*at_).fetch_add(1); }

 private:
  PathEpoch(bpf::BpfObject map, std::uint32_t* at) : map_(std::move(map)), at_(at) {}
  bpf::BpfObject map_;
  std::uint32_t* at_;
};

namespace {

// Of this process, and of others as far as they can be found. Guarded by the mutex.
struct Epochs {
  std::mutex mutex;
  std::vector<std::weak_ptr<PathEpoch>> own;
  std::vector<std::shared_ptr<PathEpoch>> found;
  std::uint32_t seen = 0;  // ids up to here have been looked at
};

Epochs& epochs() {
  static Epochs all;
  return all;
}

// Of the calling thread's network namespace.
constexpr const char* kLiberal = "/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal";

Status set_liberal() {
  if (FastPath::conntrack_is_liberal()) return ok();
  std::ofstream file(kLiberal);
  file << 1 << std::flush;
  if (!file) return errno_error("write", kLiberal);
  return ok();
}

// Interfaces with a place for filters at their ingress.
Result<std::set<std::uint32_t>> filtered_interfaces() {
  auto socket = netlink::NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return socket.error();
  struct {
    nlmsghdr header;
    tcmsg body;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETQDISC;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.header.nlmsg_seq = 1;
  const auto* const bytes = reinterpret_cast<const Byte*>(&request);
  if (const Status sent = socket->send({bytes, sizeof request}); !sent) return sent.error();
  std::set<std::uint32_t> out;
  for (;;) {
    const auto datagram = socket->receive(kAnswerTimeout);
    if (!datagram) return datagram.error();
    if (!*datagram) return errno_error("RTM_GETQDISC", "queueing disciplines", ETIMEDOUT);
    ByteSpan rest((*datagram)->bytes);
    while (rest.size() >= sizeof(nlmsghdr)) {
      nlmsghdr header{};
      std::memcpy(&header, rest.data(), sizeof header);
      if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) return out;
      if (header.nlmsg_len < sizeof header || header.nlmsg_len > rest.size()) return out;
      const ByteSpan body = rest.subspan(sizeof header, header.nlmsg_len - sizeof header);
      tcmsg qdisc{};
      if (header.nlmsg_type == RTM_NEWQDISC && body.size() >= sizeof qdisc) {
        std::memcpy(&qdisc, body.data(), sizeof qdisc);
        const std::string kind = netlink::find_attribute(body.subspan(sizeof qdisc), TCA_KIND).text();
        if (kind == "ingress" || kind == "clsact") out.insert(static_cast<std::uint32_t>(qdisc.tcm_ifindex));
      }
      rest = rest.subspan(std::min<std::size_t>(rest.size(), NLMSG_ALIGN(header.nlmsg_len)));
    }
  }
}

}  // namespace

Result<std::unique_ptr<FastPath>> FastPath::open(const PathSettings& settings) {
  if (auto old = recover(); !old) return old.error();
  std::unique_ptr<FastPath> out(new FastPath);
  out->scope_ = settings.scope;
  const auto make = [](bpf::BpfObject& to, const bpf::MapShape& shape, const char* name) -> Status {
    auto map = bpf::make_map(shape, name);
    if (!map) return map.error();
    to = std::move(*map);
    return ok();
  };
  bpf::BpfObject epoch;
  const std::tuple<bpf::BpfObject*, bpf::MapShape, const char*> wanted[] = {
      {&out->flows4_, {BPF_MAP_TYPE_LRU_HASH, sizeof(FlowKey4), sizeof(FlowEntry), kPathFlows, 0}, "bulkhead_flows4"},
      {&out->flows6_, {BPF_MAP_TYPE_LRU_HASH, sizeof(FlowKey6), sizeof(FlowEntry), kPathFlows, 0}, "bulkhead_flows6"},
      {&out->macs_, {BPF_MAP_TYPE_HASH, 4, sizeof(PortEntry), kMostPorts, BPF_F_NO_PREALLOC}, "bulkhead_ports"},
      {&out->counts_,
       {BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, static_cast<std::uint32_t>(PathCount::kCount), 0},
       "bulkhead_counts"},
      {&epoch, {BPF_MAP_TYPE_ARRAY, 4, 4, 1, BPF_F_MMAPABLE}, kEpochName},
  };
  for (const auto& [to, shape, name] : wanted) {
    if (Status made = make(*to, shape, name); !made) return made.error();
  }
  out->epoch_ = PathEpoch::of(std::move(epoch));
  if (out->epoch_ == nullptr) return errno_error("mmap", kEpochName);
  const PathMaps maps{out->flows4_.get(), out->flows6_.get(), out->macs_.get(), out->epoch_->map(), out->counts_.get()};
  auto ingress = bpf::load_program(BPF_PROG_TYPE_SCHED_CLS, ingress_program(maps), kIngressName);
  if (!ingress) return ingress.error();
  auto egress = bpf::load_program(
      BPF_PROG_TYPE_SCHED_CLS,
      egress_program(maps, static_cast<std::uint64_t>(std::chrono::nanoseconds(settings.lifetime).count())),
      kEgressName);
  if (!egress) return egress.error();
  out->ingress_ = std::move(*ingress);
  out->egress_ = std::move(*egress);
  if (settings.scope == PathScope::kAll) {
    if (Status set = set_liberal(); !set) return set.error();
  }
  const std::lock_guard lock(epochs().mutex);
  auto& own = epochs().own;
  std::erase_if(own, [](const auto& each) { return each.expired(); });
  own.push_back(out->epoch_);
  return out;
}

bool FastPath::add(const PathPort& port) {
  PortEntry entry;
  entry.mac = port.mac.bytes;
  if (!bpf::set_element(macs_.get(), &port.index, &entry)) return false;
  // Remembering first: who knows nothing lets pass nothing.
  if (bpf::attach(egress_.get(), port.index, bpf::Side::kEgress) &&
      bpf::attach(ingress_.get(), port.index, bpf::Side::kIngress)) {
    ports_[port.index] = port;
    return true;
  }
  remove(port);
  return false;
}

void FastPath::remove(const PathPort& port) {
  // Where the interface is gone, so are the programs at it.
  static_cast<void>(bpf::detach(ingress_.get(), port.index, bpf::Side::kIngress));
  static_cast<void>(bpf::detach(egress_.get(), port.index, bpf::Side::kEgress));
  static_cast<void>(bpf::drop_element(macs_.get(), &port.index));
  ports_.erase(port.index);
}

Result<std::size_t> FastPath::use(const std::vector<PathPort>& ports) {
  const auto filtered = filtered_interfaces();
  if (!filtered) return filtered.error();
  std::map<std::uint32_t, PathPort> wanted;
  for (const PathPort& port : ports) {
    if (filtered->count(port.index) == 0) wanted[port.index] = port;
  }
  bool any_gone = false;
  for (const auto& [index, port] : std::map(ports_)) {
    const auto still = wanted.find(index);
    if (still != wanted.end() && still->second == port) continue;
    remove(port);
    any_gone = true;
  }
  for (const auto& [index, port] : wanted) {
    if (ports_.count(index) == 0) static_cast<void>(add(port));
  }
  at_ = ports_.size();
  if (any_gone) forget();
  return ports_.size();
}

void FastPath::forget() {
  epoch_->next();
}

Result<PathCounts> FastPath::counts() const {
  std::vector<std::uint64_t> each(kMostCores);  // the kernel fills in as many as there may be
  PathCounts out;
  for (std::uint64_t* const to : {&out.passed, &out.learned}) {
    const auto what = static_cast<std::uint32_t>(to == &out.passed ? PathCount::kPassed : PathCount::kLearned);
    if (Status read = bpf::get_element(counts_.get(), &what, each.data()); !read) return read.error();
    for (const std::uint64_t count : each) *to += count;
  }
  return out;
}

Result<std::size_t> FastPath::recover() {
  std::size_t out = 0;
  struct Names {
    struct if_nameindex* all = ::if_nameindex();
    ~Names() { ::if_freenameindex(all); }
  } const names;
  if (names.all == nullptr) return errno_error("if_nameindex", "interfaces");
  for (const struct if_nameindex* one = names.all; one->if_index != 0; ++one) {
    bool any = false;
    for (const auto& [side, name] : kSides) {
      const auto ids = bpf::attached(one->if_index, side);
      if (!ids) return out;  // a kernel without such places
      for (const std::uint32_t id : *ids) {
        auto program = bpf::program_of(id);
        if (!program || bpf::name_of_program(program->get()) != name) continue;
        if (Status gone = bpf::detach(program->get(), one->if_index, side); !gone) return gone.error();
        any = true;
      }
    }
    out += any ? 1 : 0;
  }
  return out;
}

bool FastPath::conntrack_is_liberal() {
  std::ifstream file(kLiberal);
  int value = 0;
  return static_cast<bool>(file >> value) && value != 0;
}

void forget_fast_path() {
  Epochs& all = epochs();
  const std::lock_guard lock(all.mutex);
  for (const auto& each : all.own) {
    if (const auto epoch = each.lock()) epoch->next();
  }
  for (bpf::BpfObject& map : bpf::maps_named(kEpochName, all.seen)) {
    if (auto epoch = PathEpoch::of(std::move(map))) all.found.push_back(std::move(epoch));
  }
  for (const auto& epoch : all.found) epoch->next();
}

}  // namespace bulkhead::rules
