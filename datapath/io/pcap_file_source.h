// A capture file as packet source: pcap and pcapng, mapped and read in place; "-" is standard input.
//
// Thread   open() and receive() by one thread; release() by any; stats(), position() by any.
// In       a regular file that CaptureReader knows is mapped. Standard input, pipes and other formats go
//          through libpcap, whose packets are copied once.
// Out      packets numbered from 1. Packets of a mapped file stay readable as long as the source lives; those
//          of the fallback until their batch is released. Any number of batches may be out at a time.
// Limits   256 KiB a packet. The file must not shrink while it is read (checked before each batch; a file cut
//          within one batch raises SIGBUS, as with any mapping).
// Errors   an unusable record is skipped and counted; where the file cannot be followed further, all packets
//          before are delivered, then receive() answers kError once (last_error() names the byte), then kEnd.
// Tests    tests/unit/datapath/io/pcap_file_source_test.cpp, tests/fuzz/fuzz_pcap_reader.cpp
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "datapath/base/counters.h"
#include "datapath/io/capture_reader.h"
#include "datapath/io/packet_source.h"

namespace bulkhead::io {

class MappedFile;
class LibpcapReader;

class PcapFileSource final : public PacketSource {
 public:
  explicit PcapFileSource(std::string path);
  ~PcapFileSource() override;

  [[nodiscard]] SourceCapabilities capabilities() const override {
    return {.file = true, .stable_bytes = map_ != nullptr};
  }
  [[nodiscard]] Status open() override;
  [[nodiscard]] ReceiveStatus receive(PacketBatch& batch, std::chrono::milliseconds timeout) override;
  void release(PacketBatch& batch) override;
  [[nodiscard]] SourceStats stats() const override;
  [[nodiscard]] const Error& last_error() const override { return last_error_; }
  [[nodiscard]] std::string describe() const override;

  // For a progress bar: bytes of the file and bytes read; 0 and bytes read where the size is not known.
  [[nodiscard]] std::uint64_t file_size() const { return file_size_; }
  [[nodiscard]] std::uint64_t position() const { return position_.load(std::memory_order_relaxed); }
  // Counter capture.<name>.
  [[nodiscard]] std::uint64_t error_count(CaptureError error) const {
    return errors_[static_cast<std::size_t>(error)].value();
  }

 private:
  ReceiveStatus receive_mapped(PacketBatch& batch);
  ReceiveStatus receive_libpcap(PacketBatch& batch);
  void count(RawPacket& packet);
  void note_error();

  const std::string path_;
  std::uint64_t file_size_ = 0;
  std::unique_ptr<MappedFile> map_;
  std::unique_ptr<LibpcapReader> libpcap_;
  CaptureReader reader_;
  bool ended_ = false;
  bool failed_ = false;  // libpcap gave up
  Error last_error_;
  std::uint64_t packets_ = 0;
  std::atomic<std::uint64_t> position_{0};
  Counter received_, bytes_, truncated_;
  std::array<Counter, kCaptureErrorCount> errors_;
  Counter libpcap_errors_;
};

}  // namespace bulkhead::io
