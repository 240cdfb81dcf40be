#include "datapath/io/pcap_file_source.h"

#include <sys/stat.h>

#include <utility>

#include "datapath/io/libpcap_reader.h"
#include "datapath/io/mapped_file.h"

namespace bulkhead::io {

namespace {
// A batch ends behind so many bytes: one of super-packets alone would be 16 MB of the file in memory at a time.
constexpr std::size_t kBatchBytes = std::size_t{1} << 20;
}  // namespace

PcapFileSource::PcapFileSource(std::string path) : path_(std::move(path)) {}
PcapFileSource::~PcapFileSource() = default;

std::string PcapFileSource::describe() const {
  return path_ == "-" ? "standard input" : path_;
}

Status PcapFileSource::open() {
  if (path_ != "-") {
    auto map = MappedFile::open(path_);
    if (!map) return map.error();
    map_ = std::move(*map);
    struct stat info {};
    if (!map_ && stat(path_.c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
      return Error{"read capture", path_, 0, "the file is empty"};
    }
  }
  if (map_) {
    file_size_ = map_->bytes().size();
    reader_ = CaptureReader(map_->bytes());
    if (reader_.format() != CaptureFormat::kUnknown) return ok();
    map_.reset();
  }
  auto fallback = LibpcapReader::open(path_);
  if (!fallback) return fallback.error();
  libpcap_ = std::move(*fallback);
  return ok();
}

ReceiveStatus PcapFileSource::receive(PacketBatch& batch, std::chrono::milliseconds) {
  batch.clear();
  if (ended_) return ReceiveStatus::kEnd;
  if (map_) return receive_mapped(batch);
  if (libpcap_) return receive_libpcap(batch);
  return ReceiveStatus::kEnd;
}

ReceiveStatus PcapFileSource::receive_mapped(PacketBatch& batch) {
  if (!map_->intact()) {
    ended_ = true;
    last_error_ = Error{"read capture", path_, 0, "the file became shorter while it was read"};
    return ReceiveStatus::kError;
  }
  std::size_t bytes = 0;
  while (batch.packets.size() < batch.packets.capacity() && bytes < kBatchBytes) {
    RawPacket packet;
    const CaptureReader::Step step = reader_.next(packet);
    if (step == CaptureReader::Step::kPacket) {
      count(packet);
      bytes += packet.captured;
      batch.packets.push_back(packet);
      continue;
    }
    if (step == CaptureReader::Step::kSkipped) {
      note_error();
      continue;
    }
    if (!batch.packets.empty()) break;  // what is before the end or the broken place goes out first
    ended_ = true;
    position_.store(file_size_, std::memory_order_relaxed);
    if (step == CaptureReader::Step::kEnd) return ReceiveStatus::kEnd;
    note_error();
    return ReceiveStatus::kError;
  }
  position_.store(reader_.position(), std::memory_order_relaxed);
  map_->passed(reader_.position());
  return ReceiveStatus::kPackets;
}

ReceiveStatus PcapFileSource::receive_libpcap(PacketBatch& batch) {
  ReceiveStatus status = ReceiveStatus::kError;
  if (!failed_) {
    status = libpcap_->read(batch);
    for (RawPacket& packet : batch.packets) count(packet);
    position_.store(libpcap_->bytes_read(), std::memory_order_relaxed);
  }
  if (status == ReceiveStatus::kError && !failed_) {
    failed_ = true;
    libpcap_errors_.add();
    last_error_ =
        Error{"read capture", describe(), 0, libpcap_->error() + " (after " + std::to_string(packets_) + " packets)"};
    if (!batch.packets.empty()) return ReceiveStatus::kPackets;  // the error is told by the next call
  }
  if (status == ReceiveStatus::kPackets) return status;
  release(batch);
  batch.clear();
  ended_ = true;
  return status;
}

void PcapFileSource::release(PacketBatch& batch) {
  if (libpcap_) libpcap_->release(batch);
}

void PcapFileSource::count(RawPacket& packet) {
  packet.number = ++packets_;
  received_.add();
  bytes_.add(packet.captured);
  if (packet.captured < packet.wire_length) truncated_.add();
}

void PcapFileSource::note_error() {
  errors_[static_cast<std::size_t>(reader_.error())].add();
  last_error_ = Error{"read capture", path_, 0,
                      "capture." + std::string(name_of(reader_.error())) + " at byte " +
                          std::to_string(reader_.error_offset()) + ": " + std::string(text_of(reader_.error()))};
}

SourceStats PcapFileSource::stats() const {
  SourceStats out;
  out.received = received_.value();
  out.received_bytes = bytes_.value();
  out.truncated = truncated_.value();
  out.invalid_records = libpcap_errors_.value();
  for (const Counter& counter : errors_) out.invalid_records += counter.value();
  return out;
}

}  // namespace bulkhead::io
