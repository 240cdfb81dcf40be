// What a rule says about itself, in little memory: texts that thousands of rules have in common are held once, and
// several texts stand in one piece.
//
// SharedText   one text; copies share it.
// TextList     several in order; TextPairs: keys and values in order. Copies share them.
//
// Thread   immutable; copies may be made by any thread.
// Limits   4 GB a list.
// Tests    tests/unit/datapath/event/packed_texts_test.cpp
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bulkhead::event {

class SharedText {
 public:
  SharedText() = default;
  SharedText(std::string text) : text_(text.empty() ? nullptr : std::make_shared<const std::string>(std::move(text))) {}
  SharedText(const char* text) : SharedText(std::string(text)) {}

  [[nodiscard]] const std::string& str() const {
    static const std::string kNone;
    return text_ ? *text_ : kNone;
  }
  operator std::string_view() const { return str(); }
  [[nodiscard]] bool empty() const { return text_ == nullptr; }
  template <std::convertible_to<std::string_view> Text>
  friend bool operator==(const SharedText& a, const Text& b) {
    return std::string_view(a) == std::string_view(b);
  }
  friend bool operator==(const SharedText& a, const SharedText& b) { return a.text_ == b.text_ || a.str() == b.str(); }

 private:
  std::shared_ptr<const std::string> text_;  // null: empty
};

// One piece of memory: how many, where each ends, the bytes.
class PackedTexts {
 public:
  PackedTexts() = default;
  explicit PackedTexts(std::span<const std::string_view> texts) {
    if (texts.empty()) return;
    std::size_t bytes = 0;
    for (const std::string_view text : texts) bytes += text.size();
    const std::size_t head = sizeof(std::uint32_t) * (texts.size() + 1);
    const std::shared_ptr<char[]> piece = std::make_shared<char[]>(head + bytes);
    put(piece.get(), 0, texts.size());
    std::size_t end = head;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (!texts[i].empty()) std::memcpy(piece.get() + end, texts[i].data(), texts[i].size());
      end += texts[i].size();
      put(piece.get(), i + 1, end);
    }
    piece_ = piece;
  }

  [[nodiscard]] std::size_t size() const { return piece_ ? get(0) : 0; }
  [[nodiscard]] std::string_view operator[](std::size_t i) const {
    const std::size_t begin = i == 0 ? sizeof(std::uint32_t) * (size() + 1) : get(i);
    return {piece_.get() + begin, get(i + 1) - begin};
  }
  // All of it, for comparing.
  [[nodiscard]] std::string_view bytes() const {
    return piece_ ? std::string_view(piece_.get(), get(size())) : std::string_view();
  }

 private:
  static void put(char* piece, std::size_t at, std::size_t number) {
    const auto value = static_cast<std::uint32_t>(number);
    std::memcpy(piece + at * sizeof(value), &value, sizeof(value));
  }
  [[nodiscard]] std::size_t get(std::size_t at) const {
    std::uint32_t value = 0;
    std::memcpy(&value, piece_.get() + at * sizeof(value), sizeof(value));
    return value;
  }

  std::shared_ptr<const char[]> piece_;  // null: none
};

// Over a list whose elements are made when they are asked for.
template <typename List>
class MadeIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = decltype(std::declval<const List&>()[0]);
  using difference_type = std::ptrdiff_t;
  using pointer = const value_type*;
  using reference = value_type;

  MadeIterator() = default;
  MadeIterator(const List* list, std::size_t at) : list_(list), at_(at) {}
  value_type operator*() const { return (*list_)[at_]; }
  MadeIterator& operator++() {
    ++at_;
    return *this;
  }
  MadeIterator operator++(int) {
    MadeIterator before = *this;
    ++at_;
    return before;
  }
  bool operator==(const MadeIterator& other) const { return at_ == other.at_; }

 private:
  const List* list_ = nullptr;
  std::size_t at_ = 0;
};

class TextList {
 public:
  TextList() = default;
  TextList(std::initializer_list<std::string_view> texts) : texts_(std::span(texts.begin(), texts.size())) {}
  TextList(const std::vector<std::string>& texts) : texts_(std::vector<std::string_view>(texts.begin(), texts.end())) {}
  explicit TextList(PackedTexts texts) : texts_(std::move(texts)) {}

  [[nodiscard]] std::size_t size() const { return texts_.size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::string_view operator[](std::size_t i) const { return texts_[i]; }
  [[nodiscard]] auto begin() const { return MadeIterator<TextList>(this, 0); }
  [[nodiscard]] auto end() const { return MadeIterator<TextList>(this, size()); }
  [[nodiscard]] const PackedTexts& packed() const { return texts_; }
  friend bool operator==(const TextList& a, const TextList& b) { return a.texts_.bytes() == b.texts_.bytes(); }

 private:
  PackedTexts texts_;
};

class TextPairs {
 public:
  using Pair = std::pair<std::string_view, std::string_view>;

  TextPairs() = default;
  TextPairs(std::initializer_list<Pair> pairs) : TextPairs(std::span(pairs.begin(), pairs.size())) {}
  TextPairs(const std::vector<std::pair<std::string, std::string>>& pairs)
      : TextPairs(std::vector<Pair>(pairs.begin(), pairs.end())) {}
  TextPairs(const std::vector<Pair>& pairs) : TextPairs(std::span<const Pair>(pairs)) {}
  explicit TextPairs(PackedTexts texts) : texts_(std::move(texts)) {}

  [[nodiscard]] std::size_t size() const { return texts_.size() / 2; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] Pair operator[](std::size_t i) const { return {texts_[2 * i], texts_[2 * i + 1]}; }
  [[nodiscard]] auto begin() const { return MadeIterator<TextPairs>(this, 0); }
  [[nodiscard]] auto end() const { return MadeIterator<TextPairs>(this, size()); }
  [[nodiscard]] const PackedTexts& packed() const { return texts_; }
  friend bool operator==(const TextPairs& a, const TextPairs& b) { return a.texts_.bytes() == b.texts_.bytes(); }

 private:
  explicit TextPairs(std::span<const Pair> pairs) {
    std::vector<std::string_view> texts;
    texts.reserve(pairs.size() * 2);
    for (const auto& [key, value] : pairs) {
      texts.push_back(key);
      texts.push_back(value);
    }
    texts_ = PackedTexts(texts);
  }

  PackedTexts texts_;
};

}  // namespace bulkhead::event
