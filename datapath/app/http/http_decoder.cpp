#include "datapath/app/http/http_decoder.h"

#include <brotli/decode.h>
#include <libdeflate.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace bulkhead::app::http {
namespace {

constexpr std::size_t kPiece = 16UL * 1024;

enum class Step : std::uint8_t { kMore, kEnd, kFailed, kMemory };

// One decompressor: takes input, gives pieces of output.
class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;
  // Consumes from `in`, fills `out`; `made` is how much. kMore with nothing made: wants input.
  virtual Step run(ByteSpan& in, std::array<Byte, kPiece>& out, std::size_t& made) = 0;
};

enum class Wrapper : std::uint8_t { kNone, kZlib, kGzip };  // RFC 1951, 1950, 1952

// A gzip file may be several members, one behind the other (RFC 1952 2.2): who decompresses it reads all.
// zlib takes as long for the check sum of what it made as for making it; libdeflate's takes a tenth (app-18).
class ZlibEngine final : public Engine {
 public:
  explicit ZlibEngine(Wrapper wrapper) : wrapper_(wrapper) {
    constexpr int kWindow = 15, kWithGzipHeader = 16;
    ready_ = inflateInit2(&stream_, wrapper == Wrapper::kNone   ? -kWindow
                                    : wrapper == Wrapper::kZlib ? kWindow
                                                                : kWindow + kWithGzipHeader) == Z_OK;
    if (ready_ && wrapper != Wrapper::kNone) inflateValidate(&stream_, 0);
    begin_member();
  }
  ~ZlibEngine() override {
    if (ready_) inflateEnd(&stream_);
  }
  Step run(ByteSpan& in, std::array<Byte, kPiece>& out, std::size_t& made) override {
    if (!ready_) return Step::kFailed;
    if (behind_member_) {
      if (in.empty()) return Step::kMore;
      constexpr Byte kGzipMagic = 0x1f;
      if (in[0] != kGzipMagic || inflateReset(&stream_) != Z_OK) return Step::kEnd;
      behind_member_ = false;
      begin_member();
    }
    stream_.next_in = const_cast<Bytef*>(in.data());  // zlib reads only
    stream_.avail_in = static_cast<uInt>(std::min<std::size_t>(in.size(), UINT32_MAX));
    const uInt given = stream_.avail_in;
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<uInt>(out.size());
    const int status = inflate(&stream_, Z_SYNC_FLUSH);
    made = out.size() - stream_.avail_out;
    const ByteSpan taken = in.first(given - stream_.avail_in);
    in = in.subspan(taken.size());
    add_to_check(taken, ByteSpan(out).first(made));
    if (status == Z_STREAM_END) {
      if (!check_is_right()) return Step::kFailed;
      behind_member_ = wrapper_ == Wrapper::kGzip;
      return behind_member_ ? Step::kMore : Step::kEnd;
    }
    return status == Z_OK || status == Z_BUF_ERROR ? Step::kMore : Step::kFailed;
  }

 private:
  void begin_member() {
    made_ = 0;
    check_ = wrapper_ == Wrapper::kZlib ? 1 : 0;  // of nothing
  }
  void add_to_check(ByteSpan taken, ByteSpan made) {
    if (wrapper_ == Wrapper::kNone) return;
    made_ += static_cast<std::uint32_t>(made.size());
    check_ = wrapper_ == Wrapper::kZlib ? libdeflate_adler32(check_, made.data(), made.size())
                                        : libdeflate_crc32(check_, made.data(), made.size());
    const ByteSpan last = taken.last(std::min(taken.size(), trailer_.size()));
    std::shift_left(trailer_.begin(), trailer_.end(), static_cast<std::ptrdiff_t>(last.size()));
    std::copy(last.begin(), last.end(), trailer_.end() - static_cast<std::ptrdiff_t>(last.size()));
  }
  [[nodiscard]] bool check_is_right() const {
    switch (wrapper_) {
      case Wrapper::kNone: return true;
      case Wrapper::kZlib: return load_be32(trailer_.data() + 4) == check_;
      case Wrapper::kGzip:
        return __builtin_bswap32(load_be32(trailer_.data())) == check_ &&
               __builtin_bswap32(load_be32(trailer_.data() + 4)) == made_;
    }
    return false;
  }

  z_stream stream_{};
  Wrapper wrapper_;
  bool ready_ = false;
  bool behind_member_ = false;
  std::uint32_t check_ = 0, made_ = 0;  // of this member
  std::array<Byte, 8> trailer_{};       // what was taken last
};

class LzmaEngine final : public Engine {
 public:
  explicit LzmaEngine(std::uint64_t memory) { ready_ = lzma_alone_decoder(&stream_, memory) == LZMA_OK; }
  ~LzmaEngine() override { lzma_end(&stream_); }
  Step run(ByteSpan& in, std::array<Byte, kPiece>& out, std::size_t& made) override {
    if (!ready_) return Step::kFailed;
    stream_.next_in = in.data();
    stream_.avail_in = in.size();
    stream_.next_out = out.data();
    stream_.avail_out = out.size();
    const lzma_ret status = lzma_code(&stream_, LZMA_RUN);
    made = out.size() - stream_.avail_out;
    in = in.last(stream_.avail_in);
    if (status == LZMA_STREAM_END) return Step::kEnd;
    if (status == LZMA_MEMLIMIT_ERROR) return Step::kMemory;
    return status == LZMA_OK || status == LZMA_BUF_ERROR ? Step::kMore : Step::kFailed;
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ready_ = false;
};

class BrotliEngine final : public Engine {
 public:
  BrotliEngine() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {}
  ~BrotliEngine() override { BrotliDecoderDestroyInstance(state_); }
  Step run(ByteSpan& in, std::array<Byte, kPiece>& out, std::size_t& made) override {
    if (state_ == nullptr) return Step::kFailed;
    std::size_t in_left = in.size(), out_left = out.size();
    const std::uint8_t* next_in = in.data();
    std::uint8_t* next_out = out.data();
    const BrotliDecoderResult status =
        BrotliDecoderDecompressStream(state_, &in_left, &next_in, &out_left, &next_out, nullptr);
    made = out.size() - out_left;
    in = in.last(in_left);
    if (status == BROTLI_DECODER_RESULT_SUCCESS) return Step::kEnd;
    return status == BROTLI_DECODER_RESULT_ERROR ? Step::kFailed : Step::kMore;
  }

 private:
  BrotliDecoderState* state_;
};

class ZstdEngine final : public Engine {
 public:
  ZstdEngine() : stream_(ZSTD_createDStream()) {
    constexpr int kWindowLog = 23;  // 8 MB: what RFC 8878 asks decoders to take
    if (stream_ != nullptr) ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kWindowLog);
  }
  ~ZstdEngine() override { ZSTD_freeDStream(stream_); }
  Step run(ByteSpan& in, std::array<Byte, kPiece>& out, std::size_t& made) override {
    if (stream_ == nullptr) return Step::kFailed;
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t status = ZSTD_decompressStream(stream_, &output, &input);
    made = output.pos;
    in = in.subspan(input.pos);
    if (ZSTD_isError(status) != 0) return Step::kFailed;
    return status == 0 ? Step::kEnd : Step::kMore;
  }

 private:
  ZSTD_DStream* stream_;
};

bool is_gzip(ByteSpan b) {
  return b.size() >= 2 && b[0] == 0x1f && b[1] == 0x8b;
}
// Where the deflated data of a gzip member begins (RFC 1952 2.3), whatever its reserved flags and header checksum say.
std::size_t gzip_header(ByteSpan b) {
  constexpr std::size_t kFixed = 10;
  if (b.size() < kFixed) return 0;
  const Byte flags = b[3];
  std::size_t at = kFixed;
  if ((flags & 4) != 0) at += at + 2 <= b.size() ? 2U + b[at] + 256U * b[at + 1] : 0;
  for (const int bit : {8, 16}) {
    if ((flags & bit) == 0) continue;
    while (at < b.size() && b[at] != 0) ++at;
    ++at;
  }
  if ((flags & 2) != 0) at += 2;
  return at < b.size() ? at : 0;
}
// Header, an empty block, checksum and size: no gzip member is shorter, and its header can be read.
constexpr std::size_t kGzipStart = 10 + 2 + 8;

// properties, dictionary size, uncompressed size
constexpr std::size_t kLzmaHeader = 1 + 4 + 8;

// Senders name 8 MB for files of 100 bytes: a dictionary within the limit serves as long as nothing reaches further
// back.
void clamp_dictionary(std::vector<Byte>& held, std::uint64_t limit) {
  const std::uint32_t size = held[1] | held[2] << 8 | held[3] << 16 | static_cast<std::uint32_t>(held[4]) << 24;
  if (size <= limit) return;
  for (std::size_t i = 0; i < 4; ++i) held[1 + i] = static_cast<Byte>(limit >> (8 * i));
}
bool is_zlib(ByteSpan b) {
  return b.size() >= 2 && (b[0] & 0x0f) == 8 && (b[0] >> 4) <= 7 && (b[0] * 256 + b[1]) % 31 == 0;
}

// Text that says it is compressed: some of it is a valid beginning of a raw stream all the same.
bool looks_like_text(ByteSpan b) {
  constexpr std::size_t kEnough = 16;
  return b.size() >= kEnough && std::all_of(b.begin(), b.begin() + kEnough, [](Byte c) {
           return (c >= ' ' && c <= '~') || c == '\r' || c == '\n' || c == '\t';
         });
}

}  // namespace

// Holds the first bytes until the format can be told; tries the likely ones in turn.
class Decoder::Layer {
 public:
  explicit Layer(Coding coding) : coding_(coding) {}

  Coding coding_;
  std::unique_ptr<Engine> engine;
  std::vector<Byte> held;  // input not yet known to be taken; replayed when the next format is tried
  std::size_t attempt = 0;
  bool has_output = false;
  bool raw = false;  // nothing takes it: bytes pass as they are
  bool ended = false;

  // The n-th format to try, null when there is no further.
  // `skip`: so many bytes stand before its data.
  std::unique_ptr<Engine> candidate(std::size_t n, ByteSpan start, const HttpSettings& settings,
                                    std::size_t& skip) const {
    skip = 0;
    switch (coding_) {
      case Coding::kLzma: {
        constexpr std::uint64_t kTables = 1 << 20;  // what the decoder wants beside the dictionary
        return n == 0 ? std::make_unique<LzmaEngine>(settings.lzma_memlimit + kTables) : nullptr;
      }
      case Coding::kBrotli: return n == 0 ? std::make_unique<BrotliEngine>() : nullptr;
      case Coding::kZstd: return n == 0 ? std::make_unique<ZstdEngine>() : nullptr;
      case Coding::kGzip:
      case Coding::kDeflate: break;
    }
    if (looks_like_text(start)) return nullptr;
    std::vector<std::pair<Wrapper, std::size_t>> order;
    if (is_gzip(start)) {
      order.emplace_back(Wrapper::kGzip, 0);
      order.emplace_back(Wrapper::kNone, gzip_header(start));
    }
    if (is_zlib(start)) order.emplace_back(Wrapper::kZlib, 0);
    order.emplace_back(Wrapper::kNone, 0);
    if (n >= order.size()) return nullptr;
    skip = order[n].second;
    return std::make_unique<ZlibEngine>(order[n].first);
  }
};

struct Decoder::Next final : ByteSink {
  Next(Decoder& owner, std::size_t layer, ByteSink& last) : decoder(owner), index(layer), out(last) {}
  void write(ByteSpan bytes) override { decoder.run(index, bytes, out); }
  Decoder& decoder;
  std::size_t index;
  ByteSink& out;
};

Decoder::Decoder(const std::vector<Coding>& layers, const HttpSettings& settings) : settings_(settings) {
  for (const Coding coding : layers) layers_.push_back(std::make_unique<Layer>(coding));
}

Decoder::~Decoder() = default;

void Decoder::count(ByteSpan bytes) {
  out_ += bytes.size();
  if (out_ > settings_.bomb_limit && out_ / std::max<std::uint64_t>(1, in_) > settings_.bomb_ratio) bomb_ = true;
}

void Decoder::write(ByteSpan bytes, ByteSink& out) {
  in_ += bytes.size();
  run(0, bytes, out);
}

void Decoder::run(std::size_t index, ByteSpan bytes, ByteSink& out) {
  if (bomb_ || bytes.empty()) return;
  if (index == layers_.size()) {
    count(bytes);
    out.write(bytes);
    return;
  }
  Layer& layer = *layers_[index];
  Next next(*this, index + 1, out);
  if (layer.raw) {
    next.write(bytes);
    return;
  }
  if (layer.ended) return;  // behind the end of the compressed data
  if (!layer.has_output) {
    layer.held.insert(layer.held.end(), bytes.begin(), bytes.end());
    const std::size_t wanted = layer.coding_ == Coding::kLzma ? kLzmaHeader : layer.held[0] == 0x1f ? kGzipStart : 2;
    if (layer.held.size() < wanted) return;
  }
  std::array<Byte, kPiece> piece;
  ByteSpan input = bytes;
  if (layer.engine == nullptr) {
    if (layer.coding_ == Coding::kLzma) clamp_dictionary(layer.held, settings_.lzma_memlimit);
    std::size_t skip = 0;
    layer.engine = layer.candidate(0, layer.held, settings_, skip);
    input = ByteSpan(layer.held).subspan(skip);
    if (layer.engine == nullptr) {
      failed_ = true;
      layer.raw = true;
      const std::vector<Byte> all = std::move(layer.held);
      next.write(all);
      return;
    }
  }
  std::vector<Byte> replay;
  while (!bomb_) {
    std::size_t made = 0;
    const std::size_t before = input.size();
    const Step step = layer.engine->run(input, piece, made);
    if (made > 0) {
      if (!layer.has_output && replay.empty()) replay.swap(layer.held);  // `input` may lie in it
      layer.has_output = true;
      next.write(ByteSpan(piece).first(made));
    }
    if (step == Step::kEnd) {
      layer.ended = true;
      return;
    }
    if (step == Step::kMemory) {
      memory_ = true;
      layer.ended = true;
      return;
    }
    if (step == Step::kFailed) {
      if (layer.has_output) {
        failed_ = true;
        layer.ended = true;
        return;
      }
      std::size_t skip = 0;
      layer.engine = layer.candidate(++layer.attempt, layer.held, settings_, skip);
      if (layer.engine != nullptr) {
        input = ByteSpan(layer.held).subspan(skip);
        continue;
      }
      failed_ = true;
      layer.raw = true;
      const std::vector<Byte> all = std::move(layer.held);
      next.write(all);
      return;
    }
    if (made == 0 && input.size() == before) return;
    if (input.empty() && made < piece.size()) return;
  }
}

void Decoder::finish(ByteSink& out) {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Layer& layer = *layers_[i];
    if (layer.raw || layer.ended || layer.has_output || layer.held.empty()) continue;
    layer.raw = true;
    failed_ = true;
    const std::vector<Byte> all = std::move(layer.held);
    Next next(*this, i + 1, out);
    next.write(all);
  }
}

}  // namespace bulkhead::app::http
