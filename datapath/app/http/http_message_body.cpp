#include "datapath/app/http/http_message_body.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datapath/app/app_settings.h"
#include "datapath/app/http/http_text.h"
#include "datapath/app/range_files.h"

namespace bulkhead::app::http {

void MessageBody::choose_decoder(HttpTransaction& tx, Direction d) {
  tx_ = &tx;
  direction_ = d;
  decoder_ = nullptr;
  const std::optional<Header> header = tx.message(d).headers.find("content-encoding");
  if (!header) return;
  std::vector<Coding> layers;
  std::string_view rest = header->value;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(", \t"), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(rest.size(), end + 1));
    if (word.empty()) continue;
    std::optional<Coding> coding;
    if (contains_word(word, "gzip", true)) {
      coding = Coding::kGzip;
    } else if (contains_word(word, "deflate", true)) {
      coding = Coding::kDeflate;
    } else if (contains_word(word, "lzma", true)) {
      if (settings_->http.lzma) coding = Coding::kLzma;
    } else if (same_word(word, "br")) {
      coding = Coding::kBrotli;
    } else if (same_word(word, "zstd")) {
      coding = Coding::kZstd;
    } else if (!same_word(word, "identity") && !same_word(word, "inflate")) {
      tx.note(HttpEvent::abnormal_ce_header);
    }
    if (!coding) continue;
    if (layers.size() >= settings_->http.decompress_layers) {
      tx.note(HttpEvent::too_many_encoding_layers);
      break;
    }
    layers.push_back(*coding);
  }
  if (!layers.empty()) decoder_ = std::make_unique<Decoder>(layers, settings_->http);
}

namespace {

template <typename Write>
class CallSink final : public ByteSink {
 public:
  explicit CallSink(Write write) : write_(write) {}
  void write(ByteSpan bytes) override { write_(bytes); }

 private:
  Write write_;
};

}  // namespace

void MessageBody::start(HttpTransaction& tx, Direction d) {
  tx_ = &tx;
  direction_ = d;
  file_ = nullptr;
  no_file_ = false;
  multipart_ = nullptr;
  if (d != Direction::kToServer) return;
  if (tx.method == "POST" || tx.method == "PATCH") {
    std::string boundary = multipart_boundary(tx.message(d).headers.value("content-type"));
    if (!boundary.empty()) multipart_ = std::make_unique<Multipart>(std::move(boundary));
  } else if (tx.method != "PUT") {
    no_file_ = true;
  }
}

void MessageBody::write(ByteSpan bytes) {
  if (decoder_ == nullptr) {
    decoded(bytes);
    return;
  }
  CallSink sink([this](ByteSpan out) { decoded(out); });
  decoder_->write(bytes, sink);
  if (decoder_->bomb()) tx_->note(HttpEvent::compression_bomb);
  if (decoder_->failed()) tx_->note(HttpEvent::gzip_decompression_failed);
  if (decoder_->memory()) tx_->note(HttpEvent::lzma_memlimit_reached);
}

void MessageBody::lose(std::uint64_t length) {
  decoder_ = nullptr;
  if (file_ == nullptr && !no_file_ && multipart_ == nullptr) open_file();
  if (file_ != nullptr) file_->skip(length);
  tx_->touch(direction_);
}

void MessageBody::decoded(ByteSpan bytes) {
  Body& kept = tx_->message(direction_).body;
  const BodySettings& settings = tx_->body_settings(direction_);
  const auto room = static_cast<std::size_t>(kept.room(bytes.size(), settings));
  to_file(bytes.first(room));
  if (room < bytes.size() && file_ != nullptr) {
    file_->close(false);
    file_ = nullptr;
    no_file_ = true;
  }
  kept.append(bytes, settings);
  tx_->touch(direction_);
}

namespace {

class FileSink final : public MultipartSink {
 public:
  FileSink(HttpTransaction& tx, const AppSettings& settings) : tx_(tx), settings_(settings) {}
  void begin_file(std::string_view name) override {
    if (name.size() > settings_.http.max_file_name) tx_.note(HttpEvent::file_name_too_long);
    tx_.files[0].push_back(make_file(name.substr(0, settings_.http.max_file_name), settings_.files()));
  }
  void file_bytes(ByteSpan bytes) override { tx_.files[0].back()->append(bytes); }
  void end_file(bool whole) override { tx_.files[0].back()->close(whole); }

 private:
  HttpTransaction& tx_;
  const AppSettings& settings_;
};

}  // namespace

void MessageBody::to_file(ByteSpan bytes) {
  if (no_file_ || bytes.empty()) return;
  if (multipart_ != nullptr) {
    FileSink sink(*tx_, *settings_);
    multipart_->write(bytes, sink);
    if (multipart_->bad_header()) tx_->note(HttpEvent::multipart_invalid_header);
    if (multipart_->failed()) tx_->note(HttpEvent::multipart_generic_error);
    return;
  }
  if (file_ == nullptr) open_file();
  file_->append(bytes);
  if (file_->range && decoder_ == nullptr) part_.insert(part_.end(), bytes.begin(), bytes.end());
}

void MessageBody::open_file() {
  HttpTransaction& tx = *tx_;
  const Direction d = direction_;
  std::string name = header_parameter(tx.message(d).headers.value("content-disposition"), "filename");
  if (name.empty()) name = tx.path();
  if (name.size() > settings_->http.max_file_name) {
    tx.note(HttpEvent::file_name_too_long);
    name.resize(settings_->http.max_file_name);
  }
  auto file = make_file(name, settings_->files());
  if (const std::optional<Header> header = tx.message(d).headers.find("content-range");
      header && d == Direction::kToClient) {
    const ContentRange range = parse_content_range(header->value);
    if (range.start && range.end && range.size && *range.end >= *range.start) {
      file->range = FileRange{*range.start, *range.end, *range.size};
    } else {
      tx.note(HttpEvent::range_invalid);
    }
  }
  file_ = file.get();
  tx.files[bulkhead::index_of(d)].push_back(std::move(file));
}

void MessageBody::end(bool whole, const ParseMoment& moment) {
  if (decoder_ != nullptr) {
    CallSink sink([this](ByteSpan out) { decoded(out); });
    decoder_->finish(sink);
    decoder_ = nullptr;
  }
  if (multipart_ != nullptr) {
    FileSink sink(*tx_, *settings_);
    multipart_->finish(sink);
    multipart_ = nullptr;
  }
  if (file_ != nullptr) {
    file_->close(whole);
    if (file_->range && file_->state == FileState::kClosed) join_part(moment);
  }
  part_ = {};
  file_ = nullptr;
}

// A part of a file has come; with the last one that lacked the file is whole, and is this transaction's too.
void MessageBody::join_part(const ParseMoment& moment) {
  if (moment.ranges == nullptr || tx_->host.empty()) return;
  auto joined = moment.ranges->add(moment.client, tx_->host + std::string(tx_->path()), *file_->range, part_,
                                   file_->name, settings_->files(), moment.now);
  if (joined == nullptr) return;
  tx_->files[bulkhead::index_of(direction_)].push_back(std::move(joined));
  tx_->touch(direction_);
}

}  // namespace bulkhead::app::http
