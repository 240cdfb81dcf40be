// Several short texts in one: the words of a command. The first few cost no allocation beyond their bytes.
//
// Thread   the worker owning the flow.
// Lifetime what it shows is good until the next word is added.
// Limits   4 GB of text.
// Tests    tests/unit/datapath/app/word_list_test.cpp
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::app {

class WordList {
 public:
  void push_back(std::string_view word) {
    text_.append(word);
    const auto end = static_cast<std::uint32_t>(text_.size());
    if (size_ < kFew) {
      few_[size_] = end;
    } else {
      more_.push_back(end);
    }
    ++size_;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::string_view operator[](std::size_t index) const {
    const std::uint32_t begin = index == 0 ? 0 : end_of(index - 1);
    return std::string_view(text_).substr(begin, end_of(index) - begin);
  }

 private:
  static constexpr std::size_t kFew = 4;
  [[nodiscard]] std::uint32_t end_of(std::size_t index) const {
    return index < kFew ? few_[index] : more_[index - kFew];
  }

  std::string text_;
  std::array<std::uint32_t, kFew> few_;  // where each ends
  std::vector<std::uint32_t> more_;
  std::uint32_t size_ = 0;
};

}  // namespace bulkhead::app
