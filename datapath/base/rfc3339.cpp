#include "datapath/base/rfc3339.h"

namespace bulkhead {

namespace {

// `count` digits at the start of `text`, taken off; -1: they are not there.
int take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return -1;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// "Z", "+02:00" as seconds east of UTC.
std::optional<std::chrono::seconds> take_zone(std::string_view& text) {
  if (take(text, "Zz")) return std::chrono::seconds{0};
  const bool west = text.starts_with('-');
  if (!take(text, "+-")) return std::nullopt;
  const int hours = take_digits(text, 2);
  if (!take(text, ":")) return std::nullopt;
  const int minutes = take_digits(text, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  const std::chrono::seconds east = std::chrono::hours{hours} + std::chrono::minutes{minutes};
  return west ? -east : east;
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_rfc3339(std::string_view text) {
  const int year = take_digits(text, 4);
  if (!take(text, "-")) return std::nullopt;
  const int month = take_digits(text, 2);
  if (!take(text, "-")) return std::nullopt;
  const int day = take_digits(text, 2);
  if (!take(text, "Tt ")) return std::nullopt;
  const int hour = take_digits(text, 2);
  if (!take(text, ":")) return std::nullopt;
  const int minute = take_digits(text, 2);
  if (!take(text, ":")) return std::nullopt;
  const int second = take_digits(text, 2);
  if (take(text, ".")) {
    if (take_digits(text, 1) < 0) return std::nullopt;
    while (take_digits(text, 1) >= 0) {
    }
  }
  const auto zone = take_zone(text);
  if (!zone || !text.empty() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (year < 0 || month < 0 || day < 0 || !date.ok()) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second} - *zone;
}

}  // namespace bulkhead
