#include "datapath/defrag/fragment_buffer.h"

#include <algorithm>
#include <cstring>

namespace bulkhead::defrag {

std::size_t FragmentBuffer::capacity_for(std::uint32_t end) const {
  // Steps of two, from one that holds the two halves of a usual DNS answer, to the longest datagram.
  std::size_t size = std::max<std::size_t>(data_.capacity(), 4096);
  while (size < end) size *= 2;
  return size;
}

void FragmentBuffer::grow(std::uint32_t end) {
  if (end > data_.capacity()) data_.reserve(capacity_for(end));
  if (end > data_.size()) data_.resize(end);
}

// The fragment that starts at `begin` gets the bytes `at`.
void FragmentBuffer::take(Extent at, std::uint32_t begin, ByteSpan data) {
  std::memcpy(data_.data() + at.begin, data.data() + (at.begin - begin), at.end - at.begin);
}

// Onto scratch_, joined with the piece before where both are of one fragment.
void FragmentBuffer::push(const Piece& piece) {
  if (!scratch_.empty()) {
    Piece& before = scratch_.back();
    if (before.at.end == piece.at.begin && before.fragment == piece.fragment && before.last == piece.last) {
      before.at.end = piece.at.end;
      return;
    }
  }
  scratch_.push_back(piece);
}

// Puts scratch_ in the place of `count` pieces.
void FragmentBuffer::splice(std::size_t first, std::size_t count) {
  const auto at = pieces_.begin() + static_cast<std::ptrdiff_t>(first);
  const std::size_t same = std::min(count, scratch_.size());
  std::copy_n(scratch_.begin(), same, at);
  const auto rest = at + static_cast<std::ptrdiff_t>(same);
  if (count > same) {
    pieces_.erase(rest, rest + static_cast<std::ptrdiff_t>(count - same));
  } else {
    pieces_.insert(rest, scratch_.begin() + static_cast<std::ptrdiff_t>(same), scratch_.end());
  }
}

FragmentBuffer::Inserted FragmentBuffer::insert(std::uint32_t begin, ByteSpan data, bool last, FragmentPolicy policy) {
  const Extent fresh{begin, begin + static_cast<std::uint32_t>(data.size())};
  grow(fresh.end);
  Inserted result;
  const auto own = [&](Extent at) {
    if (at.begin >= at.end) return;
    push({at, fresh, last});
    take(at, begin, data);
    owned_ += at.end - at.begin;
    result.owns_any = true;
  };
  const auto keep = [&](Extent at, const Piece& piece) {
    if (at.begin < at.end) push({at, piece.fragment, piece.last});
  };

  scratch_.clear();
  const auto touched = std::partition_point(pieces_.begin(), pieces_.end(),
                                            [&](const Piece& piece) { return piece.at.end <= fresh.begin; });
  std::uint32_t cursor = fresh.begin;  // bytes of `fresh` before it are decided
  auto piece = touched;
  for (; piece != pieces_.end() && piece->at.begin < fresh.end; ++piece) {
    result.overlap = true;
    own({cursor, piece->at.begin});
    const Extent shared{std::max(fresh.begin, piece->at.begin), std::min(fresh.end, piece->at.end)};
    keep({piece->at.begin, shared.begin}, *piece);
    if (fresh_wins(policy, piece->fragment, fresh)) {
      owned_ -= shared.end - shared.begin;
      own(shared);
    } else {
      keep(shared, *piece);
    }
    keep({shared.end, piece->at.end}, *piece);
    cursor = shared.end;
  }
  own({cursor, fresh.end});
  splice(static_cast<std::size_t>(touched - pieces_.begin()), static_cast<std::size_t>(piece - touched));
  if (last && result.owns_any) last_end_ = std::min(last_end_, fresh.end);
  return result;
}

std::uint32_t FragmentBuffer::complete_length() const {
  if (owned_ < last_end_) return 0;
  // The payload ends with the first fragment in order that says so, or with what overlaps that one.
  std::uint32_t position = 0, length = 0;
  bool found_last = false;
  for (const Piece& piece : pieces_) {
    if (found_last && position >= length) break;
    if (piece.at.begin != position) return 0;
    position = piece.at.end;
    if (found_last) continue;
    length = std::max(length, piece.fragment.end);
    found_last = piece.last;
  }
  return found_last && position >= length ? length : 0;
}

void FragmentBuffer::clear(std::size_t keep_bytes) {
  if (data_.capacity() > keep_bytes) {
    std::vector<Byte>().swap(data_);
  } else {
    data_.clear();
  }
  if (pieces_.capacity() > 64) std::vector<Piece>().swap(pieces_);
  if (scratch_.capacity() > 64) std::vector<Piece>().swap(scratch_);
  pieces_.clear();
  scratch_.clear();
  owned_ = 0;
  last_end_ = kNone;
}

}  // namespace bulkhead::defrag
