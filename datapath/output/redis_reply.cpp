#include "datapath/output/redis_reply.h"

#include <charconv>
#include <utility>

namespace bulkhead::output {

namespace {

struct Cursor {
  std::string_view bytes;
  std::size_t at = 0;
  std::size_t items = 0;
  std::string error;
};

// The line at the cursor without its end; kMore or kBad otherwise.
RedisAnswer read_line(Cursor& cursor, std::string_view& line) {
  const std::size_t end = cursor.bytes.find("\r\n", cursor.at);
  const std::size_t there = (end == std::string_view::npos ? cursor.bytes.size() : end) - cursor.at;
  if (there > RedisReply::kMostLine) return RedisAnswer::kBad;
  if (end == std::string_view::npos) return RedisAnswer::kMore;
  line = cursor.bytes.substr(cursor.at, there);
  cursor.at = end + 2;
  return RedisAnswer::kTaken;
}

bool read_number(std::string_view text, std::int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

RedisAnswer read_bulk(Cursor& cursor, std::int64_t size) {
  if (size == -1) return RedisAnswer::kTaken;
  if (size < 0 || static_cast<std::uint64_t>(size) > RedisReply::kMostBulk) return RedisAnswer::kBad;
  const auto bytes = static_cast<std::size_t>(size);
  if (cursor.bytes.size() - cursor.at < bytes + 2) return RedisAnswer::kMore;
  if (cursor.bytes.substr(cursor.at + bytes, 2) != "\r\n") return RedisAnswer::kBad;
  cursor.at += bytes + 2;
  return RedisAnswer::kTaken;
}

RedisAnswer read_value(Cursor& cursor, std::size_t depth) {  // NOLINT(misc-no-recursion): kMostDepth
  if (depth > RedisReply::kMostDepth || ++cursor.items > RedisReply::kMostItems) return RedisAnswer::kBad;
  std::string_view line;
  if (const RedisAnswer whole = read_line(cursor, line); whole != RedisAnswer::kTaken) return whole;
  if (line.empty()) return RedisAnswer::kBad;
  const std::string_view rest = line.substr(1);
  std::int64_t number = 0;
  switch (line[0]) {
    case '+': return RedisAnswer::kTaken;
    case '-':
      if (cursor.error.empty()) cursor.error = rest.empty() ? "an error without words" : rest;
      return RedisAnswer::kTaken;
    case ':': return read_number(rest, number) ? RedisAnswer::kTaken : RedisAnswer::kBad;
    case '$': return read_number(rest, number) ? read_bulk(cursor, number) : RedisAnswer::kBad;
    case '*':
      if (!read_number(rest, number)) return RedisAnswer::kBad;
      for (; number > 0; --number) {
        if (const RedisAnswer item = read_value(cursor, depth + 1); item != RedisAnswer::kTaken) return item;
      }
      return RedisAnswer::kTaken;
    default: return RedisAnswer::kBad;
  }
}

}  // namespace

RedisReply read_redis_reply(std::string_view bytes) {
  Cursor cursor{.bytes = bytes};
  RedisReply out;
  out.answer = read_value(cursor, 0);
  if (out.answer != RedisAnswer::kTaken) return out;
  out.size = cursor.at;
  if (!cursor.error.empty()) {
    out.answer = RedisAnswer::kRefused;
    out.error = std::move(cursor.error);
  }
  return out;
}

void append_redis_command(std::initializer_list<std::string_view> words, std::string& out) {
  out += "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    out += "$" + std::to_string(word.size()) + "\r\n";
    out += word;
    out += "\r\n";
  }
}

}  // namespace bulkhead::output
