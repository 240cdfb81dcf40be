// Captures through libpcap: standard input, pipes, and formats our own reader does not know. Packets are
// copied into an arena per batch, since libpcap reuses its buffer.
//
// Thread   read() by one thread, release() by any.
// Errors   Error with the path and libpcap's text.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "datapath/base/result.h"
#include "datapath/io/packet_source.h"

struct pcap;

namespace bulkhead::io {

class LibpcapReader {
 public:
  [[nodiscard]] static Result<std::unique_ptr<LibpcapReader>> open(const std::string& path);  // "-": standard input
  ~LibpcapReader();
  LibpcapReader(const LibpcapReader&) = delete;
  LibpcapReader& operator=(const LibpcapReader&) = delete;

  // Fills the batch; numbers are left alone. kError: error() tells; packets before it are in the batch.
  [[nodiscard]] ReceiveStatus read(PacketBatch& batch);
  void release(PacketBatch& batch);
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
  [[nodiscard]] std::string error() const;

 private:
  // Blocks that never move, so that packets may point into them.
  struct Arena {
    struct Block {
      std::unique_ptr<Byte[]> bytes;
      std::size_t size = 0;
    };
    std::vector<Block> blocks;
    std::size_t block = 0;
    std::size_t used = 0;
    Byte* take(std::size_t count);
    void reset() { block = used = 0; }
  };
  explicit LibpcapReader(pcap* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  Arena& take_arena(std::uint64_t& cookie);

  pcap* handle_;
  std::string path_;
  std::uint64_t bytes_read_ = 0;
  std::mutex mutex_;  // guards the two below
  std::vector<std::unique_ptr<Arena>> arenas_;
  std::vector<std::uint64_t> free_;
};

}  // namespace bulkhead::io
