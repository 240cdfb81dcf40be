#include "signatures/match/scanner.h"

#include <algorithm>

namespace bulkhead::signatures {

Scanner::Scanner(SignatureDbPtr db, std::size_t max_idle_streams)
    : db_(std::move(db)), max_idle_streams_(max_idle_streams), idle_(db_->literal_dbs.size()) {
  std::size_t most = 0;
  for (const LiteralDbPtr& literals : db_->literal_dbs) {
    BULKHEAD_CHECK(scratch_.reserve(literals->db.get()).has_value());
    most = std::max(most, literals->literal_count);
  }
  seen_.resize(most);
  slot_.resize(most);
  packet_hits_.reserve(most);
}

Scanner::~Scanner() {
  for (auto& streams : idle_) {
    for (hs_stream_t* stream : streams) hs_close_stream(stream, nullptr, nullptr, nullptr);
  }
}

void Scanner::next_epoch() {
  if (++epoch_ != 0) return;
  std::fill(seen_.begin(), seen_.end(), 0);  // wrapped
  epoch_ = 1;
}

bool Scanner::open(StreamScan& side, const LiteralDb& literals) {
  auto& idle = idle_[literals.id];
  if (!idle.empty()) {
    side.stream = idle.back();
    idle.pop_back();
    counters_.streams_reused.add();
    return hs_reset_stream(side.stream, 0, nullptr, nullptr, nullptr) == HS_SUCCESS;
  }
  counters_.streams_opened.add();
  return hs_open_stream(literals.db.get(), 0, &side.stream) == HS_SUCCESS;
}

void Scanner::close(StreamScan& side, const LiteralDb* literals) {
  if (side.stream == nullptr) return;
  if (literals != nullptr && idle_[literals->id].size() < max_idle_streams_) {
    idle_[literals->id].push_back(side.stream);
  } else {
    hs_close_stream(side.stream, nullptr, nullptr, nullptr);
  }
  side.stream = nullptr;
}

int Scanner::on_stream_match(unsigned id, unsigned long long, unsigned long long to, unsigned, void* context) {
  Scanner& self = *static_cast<Scanner*>(context);
  StreamScan& side = *self.current_;
  const std::uint64_t end = side.base + to;
  if (self.seen_[id] == self.epoch_) {
    side.hits[self.slot_[id]].last_end = end;
    return 0;
  }
  self.seen_[id] = self.epoch_;
  self.slot_[id] = static_cast<std::uint32_t>(side.hits.size());
  side.hits.push_back({id, end, end});
  return 0;
}

void Scanner::feed(StreamScan& side, const LiteralDb& literals, std::uint64_t offset, ByteSpan data) {
  if (side.stream != nullptr && offset != side.scanned_end) close(side, &literals);
  if (side.stream == nullptr) {
    if (!open(side, literals)) {
      counters_.errors.add();
      return;
    }
    side.base = offset;
  }
  next_epoch();
  for (std::size_t i = 0; i < side.hits.size(); ++i) {
    seen_[side.hits[i].literal] = epoch_;
    slot_[side.hits[i].literal] = static_cast<std::uint32_t>(i);
  }
  current_ = &side;
  const std::size_t before = side.hits.size();
  if (hs_scan_stream(side.stream, reinterpret_cast<const char*>(data.data()), static_cast<unsigned>(data.size()), 0,
                     scratch_.get(), on_stream_match, this) != HS_SUCCESS) {
    counters_.errors.add();
  }
  current_ = nullptr;
  side.scanned_end = offset + data.size();
  counters_.stream_bytes.add(data.size());
  counters_.hits.add(side.hits.size() - before);
}

void Scanner::rewind(StreamScan& side, const LiteralDb& literals, std::uint64_t offset, ByteSpan before) {
  std::erase_if(side.hits, [&](const PatternHit& hit) { return hit.first_end > offset; });
  for (PatternHit& hit : side.hits) hit.last_end = std::min(hit.last_end, offset);
  close(side, &literals);
  // Only what a literal could still begin in matters; what ends there has been reported before.
  const ByteSpan tail = before.last(std::min(before.size(), literals.longest));
  const std::vector<PatternHit> kept = side.hits;
  feed(side, literals, offset - tail.size(), tail);
  side.hits = kept;
  side.judged_end = std::min(side.judged_end, offset);
}

int Scanner::on_packet_match(unsigned id, unsigned long long, unsigned long long, unsigned, void* context) {
  Scanner& self = *static_cast<Scanner*>(context);
  if (self.seen_[id] == self.epoch_) return 0;
  self.seen_[id] = self.epoch_;
  self.packet_hits_.push_back(id);
  return 0;
}

std::span<const std::uint32_t> Scanner::scan_packet(const LiteralDb& literals, ByteSpan data) {
  packet_hits_.clear();
  counters_.packet_bytes.add(data.size());
  if (data.size() < literals.shortest) return packet_hits_;
  ScanMemory::Entry* entry = nullptr;
  std::uint64_t hash = 0;
  if (ScanMemory::fits(data)) {
    hash = ScanMemory::hash_of(literals.id, data);
    entry = &memory_.at(hash);
    if (entry->holds(literals.id, hash, data)) {
      counters_.remembered.add();
      counters_.hits.add(entry->hit_count);
      return entry->found();
    }
  }
  next_epoch();
  const char* const bytes = reinterpret_cast<const char*>(data.data());
  const auto size = static_cast<unsigned>(data.size());
  hs_error_t status = HS_SUCCESS;
  if (literals.mode == ScanMode::kBlock) {
    status = hs_scan(literals.db.get(), bytes, size, 0, scratch_.get(), on_packet_match, this);
  } else {
    StreamScan once;
    status = open(once, literals) ? hs_scan_stream(once.stream, bytes, size, 0, scratch_.get(), on_packet_match, this)
                                  : HS_NOMEM;
    close(once, &literals);
  }
  if (status != HS_SUCCESS) {
    counters_.errors.add();
  } else if (entry != nullptr) {
    ScanMemory::keep(*entry, literals.id, hash, data, packet_hits_);
  }
  counters_.hits.add(packet_hits_.size());
  return packet_hits_;
}

}  // namespace bulkhead::signatures
