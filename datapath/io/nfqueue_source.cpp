#include "datapath/io/nfqueue_source.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace bulkhead::io {

namespace {

// A super-packet and its attributes; not a multiple of a page, so that the slots' first lines spread over the cache.
constexpr std::size_t kSlotBytes = (std::size_t{66} << 10) + 192;
constexpr auto kAnswerTimeout = std::chrono::milliseconds(2000);

}  // namespace

NfqueueSource::NfqueueSource(NfqueueSettings settings) : settings_(settings), gather_(settings.gather) {
  const std::size_t slots = std::min<std::size_t>(settings_.batch_packets, kMaxBatch);
  memory_.resize(slots * kSlotBytes);
  slots_.resize(slots);
  messages_.resize(slots);
  for (std::size_t i = 0; i < slots; ++i) {
    slots_[i] = {&memory_[i * kSlotBytes], kSlotBytes};
    messages_[i].msg_hdr.msg_iov = &slots_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
  waiting_.reserve(slots);
}

// The kernel lets go of the queue with the socket: what still waits there is dropped, as is what comes later unless
// its rule says otherwise.
NfqueueSource::~NfqueueSource() = default;

std::string NfqueueSource::describe() const {
  return "netfilter queue " + std::to_string(settings_.queue);
}

Status NfqueueSource::open() {
  auto socket = netlink::NetlinkSocket::open(NETLINK_NETFILTER);
  if (!socket) return socket.error();
  socket_ = std::make_unique<netlink::NetlinkSocket>(std::move(*socket));
  if (auto status = socket_->set_receive_buffer(settings_.receive_buffer_bytes); !status) return status;
  // Losses are read from the queue's own figures; the socket must not fail for them.
  const int on = 1;
  if (::setsockopt(socket_->fd(), SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof on) != 0) {
    return errno_error("NETLINK_NO_ENOBUFS", describe(), errno);
  }
  return configure();
}

Status NfqueueSource::configure() {
  std::vector<Byte> message;
  append_bind(message, settings_.queue, 1);
  if (auto status = acknowledged(message, 1, "bind"); !status) return status;
  message.clear();
  append_parameters(message, settings_, 2);
  return acknowledged(message, 2, "configure");
}

Status NfqueueSource::acknowledged(const std::vector<Byte>& message, std::uint32_t sequence, const char* what) {
  if (auto status = socket_->send(message); !status) return status;
  for (;;) {
    auto answer = socket_->receive(kAnswerTimeout);
    if (!answer) return answer.error();
    if (!*answer) return errno_error(what, describe(), ETIMEDOUT);
    const std::vector<Byte>& bytes = (*answer)->bytes;
    nlmsghdr header{};
    nlmsgerr error{};
    if (bytes.size() < sizeof header + sizeof error.error) continue;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.nlmsg_type != NLMSG_ERROR || header.nlmsg_seq != sequence) continue;  // packets come already
    std::memcpy(&error.error, bytes.data() + sizeof header, sizeof error.error);
    if (error.error == 0) return ok();
    return errno_error(what, describe(), -error.error);
  }
}

ReceiveStatus NfqueueSource::receive(PacketBatch& batch, std::chrono::milliseconds timeout) {
  batch.clear();
  waiting_before_ = taken_;
  waiting_.clear();
  const unsigned limit = batch_bytes_.packets(std::min(slots_.size(), batch.packets.capacity()));
  set_timeout(timeout);
  gather_.wait(waiting_before_, slots_.size() / 4);
  // One call waits for the first packet and takes what came with it.
  const int count = ::recvmmsg(socket_->fd(), messages_.data(), limit, MSG_WAITFORONE, nullptr);
  gather_.add(static_cast<std::uint32_t>(std::max(count, 0)));
  if (count < 0) {
    if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS) return ReceiveStatus::kTimeout;
    last_error_ = errno_error("receive", describe(), errno);
    return ReceiveStatus::kError;
  }
  const Timestamp now = wall_clock();
  std::size_t bytes = 0;
  for (int i = 0; i < count; ++i) {
    const mmsghdr& message = messages_[static_cast<std::size_t>(i)];
    bytes += message.msg_len;
    take({static_cast<const Byte*>(message.msg_hdr.msg_iov->iov_base),
          std::min<std::size_t>(message.msg_len, kSlotBytes)},
         now, batch);
  }
  batch_bytes_.add(static_cast<std::size_t>(count), bytes);
  taken_ = batch.packets.size();
  return batch.packets.empty() ? ReceiveStatus::kTimeout : ReceiveStatus::kPackets;
}

void NfqueueSource::set_timeout(std::chrono::milliseconds timeout) {
  if (timeout == timeout_) return;
  timeval wait{};
  wait.tv_sec = timeout.count() / 1000;
  wait.tv_usec = std::max<std::int64_t>(timeout.count() % 1000 * 1000, timeout.count() == 0 ? 1 : 0);  // 0: for ever
  if (::setsockopt(socket_->fd(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0) timeout_ = timeout;
}

void NfqueueSource::take(ByteSpan datagram, Timestamp now, PacketBatch& batch) {
  nlmsghdr header{};
  if (datagram.size() < sizeof header) return;
  std::memcpy(&header, datagram.data(), sizeof header);
  if (header.nlmsg_type == NLMSG_ERROR) {  // of a verdict: its packet was gone (queue flushed)
    verdict_errors_.add();
    return;
  }
  if (header.nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET) || header.nlmsg_len > datagram.size() ||
      header.nlmsg_len < sizeof header) {
    invalid_.add();
    return;
  }
  QueuedPacket queued;
  if (!parse_queued_packet(datagram.subspan(sizeof header, header.nlmsg_len - sizeof header), queued)) {
    invalid_.add();
    return;
  }
  RawPacket packet;
  packet.data = queued.payload.data();
  packet.captured = static_cast<std::uint32_t>(queued.payload.size());
  packet.wire_length = queued.wire_length;
  packet.time = queued.time.value_or(now);
  packet.number = ++packets_;
  packet.interface_index = queued.in_interface;
  packet.link_type = LinkType::kRaw;
  packet.checksum = queued.checksum;
  packet.gso_segment_size = queued.super_packet ? 1 : 0;  // the kernel does not tell the size
  received_.add();
  bytes_.add(packet.captured);
  if (packet.captured < packet.wire_length) truncated_.add();
  batch.packets.push_back(packet);
  waiting_.push_back({queued.id, queued.mark});
}

void NfqueueSource::release(PacketBatch& batch) {
  verdicts_.clear();
  std::optional<std::uint32_t> accepted;  // the last of a run
  const auto flush = [&] {
    if (accepted) append_batch_accept(verdicts_, settings_.queue, *accepted);
    accepted.reset();
  };
  for (std::size_t i = 0; i < waiting_.size() && i < batch.packets.size(); ++i) {
    const RawPacket& packet = batch.packets[i];
    const Waiting& waiting = waiting_[i];
    if (packet.verdict != PacketVerdict::kAccept) {
      append_verdict(verdicts_, settings_.queue, waiting.id, NF_DROP, std::nullopt, {});
      continue;  // dropped before the run around it is accepted: order among the accepted stays
    }
    const bool marks = packet.flow_decided && settings_.decided_mask != 0;
    if (!marks && packet.rewritten.empty()) {
      accepted = waiting.id;
      continue;
    }
    flush();
    std::optional<std::uint32_t> mark;
    if (marks) mark = (waiting.mark & ~settings_.decided_mask) | settings_.decided_mark;
    append_verdict(verdicts_, settings_.queue, waiting.id, NF_ACCEPT, mark, packet.rewritten);
  }
  flush();
  if (!verdicts_.empty() && !send_verdicts()) verdict_errors_.add();
  waiting_.clear();
  batch.clear();
}

bool NfqueueSource::send_verdicts() {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  for (;;) {
    const auto sent = ::sendto(socket_->fd(), verdicts_.data(), verdicts_.size(), 0,
                               reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
    if (sent >= 0) return true;
    if (errno != EINTR) return false;
  }
}

SourceStats NfqueueSource::stats() const {
  SourceStats out;
  out.received = received_.value();
  out.received_bytes = bytes_.value();
  out.truncated = truncated_.value();
  out.invalid_records = invalid_.value();
  std::ifstream file("/proc/self/net/netfilter/nfnetlink_queue");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (const auto counts = parse_queue_counts(text, settings_.queue)) {
    out.waiting = counts->waiting;
    out.kernel_drops = counts->full + counts->lost;
    out.kernel_freezes = counts->full;
  }
  return out;
}

}  // namespace bulkhead::io
