// What no engine can beat on a capture: copying its payload, and Hyperscan alone over it with the patterns of the
// rules.
//
//   raw_limits CAPTURE RULES ROUNDS      a line of JSON: GB/s of payload, medians
//
// Payload is what TCP and UDP carry, packet by packet. Patterns: the largest database of the rules in each mode, as the
// engine compiles them (the group that most flows fall into is smaller; each flow is scanned by one).
#include <hs/hs.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>

#include "config/load/signature_loader.h"
#include "datapath/decode/decoder.h"
#include "datapath/io/pcap_file_source.h"

namespace bulkhead::bench {
namespace {

struct Payloads {
  std::vector<Byte> bytes;
  std::vector<std::size_t> lengths;
};

bool read(const char* path, Payloads& out) {
  io::PcapFileSource source(path);
  if (const Status opened = source.open(); !opened) {
    std::fprintf(stderr, "%s\n", opened.error().to_string().c_str());
    return false;
  }
  decode::Decoder decoder{decode::DecodeSettings{}};
  const auto chain = std::make_unique<decode::PacketChain>();
  io::PacketBatch batch;
  batch.packets.reserve(256);
  while (source.receive(batch, std::chrono::milliseconds(0)) == io::ReceiveStatus::kPackets) {
    for (const io::RawPacket& packet : batch.packets) {
      decoder.decode(packet, *chain);
      const ByteSpan payload = chain->count != 0 ? chain->views[chain->count - 1].payload : ByteSpan{};
      if (payload.empty() || !chain->views[chain->count - 1].has_transport()) continue;
      out.bytes.insert(out.bytes.end(), payload.begin(), payload.end());
      out.lengths.push_back(payload.size());
    }
    source.release(batch);
  }
  return !out.bytes.empty();
}

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

template <typename Work>
double gb_per_second(std::size_t bytes, int rounds, Work&& work) {
  std::vector<double> rates;
  for (int i = 0; i < rounds; ++i) {
    const double before = cpu_seconds();
    work();
    rates.push_back(static_cast<double>(bytes) / (cpu_seconds() - before) / 1e9);
  }
  std::sort(rates.begin(), rates.end());
  return rates[rates.size() / 2];
}

int on_match(unsigned /*id*/, unsigned long long /*from*/, unsigned long long /*to*/, unsigned /*flags*/, void* count) {
  ++*static_cast<std::uint64_t*>(count);
  return 0;
}

const signatures::LiteralDb* largest(const signatures::SignatureDb& db, signatures::ScanMode mode) {
  const signatures::LiteralDb* out = nullptr;
  for (const auto& each : db.literal_dbs) {
    if (each->mode == mode && (out == nullptr || each->literal_count > out->literal_count)) out = each.get();
  }
  return out;
}

int run(const char* capture, const char* rules, int rounds) {
  Payloads payloads;
  if (!read(capture, payloads)) return 1;
  config::SignatureSettings settings;
  settings.files = {rules};
  Diagnostics diagnostics;
  const auto loaded = config::load_signatures(settings, diagnostics);
  if (!loaded) return 1;
  const signatures::LiteralDb* block = largest(*loaded->db, signatures::ScanMode::kBlock);
  const signatures::LiteralDb* stream = largest(*loaded->db, signatures::ScanMode::kStream);
  if (block == nullptr || stream == nullptr) return 1;
  signatures::HyperscanScratch scratch;
  if (!scratch.reserve(block->db.get()) || !scratch.reserve(stream->db.get())) return 1;
  std::vector<Byte> copy(64 * 1024);
  std::uint64_t matches = 0;
  const auto each = [&](auto&& work) {
    const Byte* at = payloads.bytes.data();
    for (const std::size_t length : payloads.lengths) {
      work(at, length);
      at += length;
    }
  };
  const double copied = gb_per_second(payloads.bytes.size(), rounds, [&] {
    each([&](const Byte* at, std::size_t length) {
      std::memcpy(copy.data(), at, std::min(length, copy.size()));
      asm volatile("" : : "r"(copy.data()) : "memory");
    });
  });
  const double blocks = gb_per_second(payloads.bytes.size(), rounds, [&] {
    each([&](const Byte* at, std::size_t length) {
      hs_scan(block->db.get(), reinterpret_cast<const char*>(at), static_cast<unsigned>(length), 0, scratch.get(),
              on_match, &matches);
    });
  });
  hs_stream_t* open = nullptr;
  if (hs_open_stream(stream->db.get(), 0, &open) != HS_SUCCESS) return 1;
  const double streams = gb_per_second(payloads.bytes.size(), rounds, [&] {
    each([&](const Byte* at, std::size_t length) {
      hs_scan_stream(open, reinterpret_cast<const char*>(at), static_cast<unsigned>(length), 0, scratch.get(), on_match,
                     &matches);
    });
  });
  hs_close_stream(open, scratch.get(), nullptr, nullptr);
  std::printf(
      "{\"payload_bytes\": %zu, \"packets\": %zu, \"memcpy_gb_per_s\": %.2f, \"hs_scan_gb_per_s\": %.2f, "
      "\"hs_scan_stream_gb_per_s\": %.2f, \"block_literals\": %zu, \"stream_literals\": %zu, \"matches\": %llu}\n",
      payloads.bytes.size(), payloads.lengths.size(), copied, blocks, streams, block->literal_count,
      stream->literal_count, static_cast<unsigned long long>(matches));
  return 0;
}

}  // namespace
}  // namespace bulkhead::bench

int main(int count, char** words) {
  if (count != 4) {
    std::fprintf(stderr, "usage: raw_limits CAPTURE RULES ROUNDS\n");
    return 2;
  }
  return bulkhead::bench::run(words[1], words[2], std::max(1, std::atoi(words[3])));
}
