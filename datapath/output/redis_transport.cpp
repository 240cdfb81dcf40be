#include "datapath/output/redis_transport.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <utility>

#include "datapath/output/redis_reply.h"

namespace bulkhead::output {

namespace {

constexpr std::chrono::milliseconds kPatience{1000};
constexpr int kAnswerSeconds = 5;  // the socket waits for one at a time

// Refusals that are over after a while, by their first word.
bool passes(std::string_view error) {
  static constexpr std::array<std::string_view, 10> kWords = {
      "LOADING", "BUSY", "OOM", "MISCONF", "READONLY", "NOAUTH", "NOPERM", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN"};
  const std::string_view word = error.substr(0, error.find(' '));
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

}  // namespace

std::string RedisTransport::describe() const {
  return "redis " + settings_.server.to_string();
}

Error RedisTransport::broken(std::string text, int code) const {
  return Error{"redis", settings_.server.to_string(), code, std::move(text)};
}

Status RedisTransport::connect() {
  socket_.close();
  in_.clear();
  read_ = 0;
  auto connected = connect_to(settings_.server, kPatience);
  if (!connected) return connected.error();
  socket_ = std::move(*connected);
  return log_in();
}

Status RedisTransport::log_in() {
  out_.clear();
  if (settings_.password_file.empty()) {
    append_redis_command({"PING"}, out_);
  } else {
    // Read each time: who turns the password around need not restart anything.
    std::ifstream file(settings_.password_file);
    std::string password;
    if (!std::getline(file, password)) return errno_error("read password of redis", settings_.password_file, errno);
    if (settings_.user.empty()) {
      append_redis_command({"AUTH", password}, out_);
    } else {
      append_redis_command({"AUTH", settings_.user, password}, out_);
    }
  }
  if (Status wrote = write_all(out_); !wrote) return wrote;
  auto said = answer();
  if (!said) return said.error();
  if (!said->empty()) return broken(*said);
  return ok();
}

Status RedisTransport::write_all(std::string_view bytes) {
  int waited = 0;
  while (!bytes.empty()) {
    const ssize_t wrote = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (wrote < 0 && (errno == EAGAIN || errno == EINTR) && ++waited < kAnswerSeconds) continue;
    if (wrote < 0) return errno_error("send", settings_.server.to_string());
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return ok();
}

Result<std::string> RedisTransport::answer() {
  for (int waited = 0;;) {
    RedisReply reply = read_redis_reply(std::string_view(in_).substr(read_));
    if (reply.answer == RedisAnswer::kBad) return broken("the answer is no RESP");
    if (reply.answer != RedisAnswer::kMore) {
      read_ += reply.size;
      if (read_ == in_.size()) {
        in_.clear();
        read_ = 0;
      }
      return std::move(reply.error);
    }
    std::array<char, 16384> bytes{};
    const ssize_t got = ::recv(socket_.fd(), bytes.data(), bytes.size(), 0);
    if (got == 0) return broken("closed the connection");
    if (got < 0 && (errno == EAGAIN || errno == EINTR) && ++waited < kAnswerSeconds) continue;
    if (got < 0) return errno_error("receive", settings_.server.to_string());
    in_.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

void RedisTransport::append_command(const OutputRecord& record, std::string& out) const {
  using Mode = RedisSettings::Mode;
  const std::string most = std::to_string(settings_.most_entries);
  switch (settings_.mode) {
    case Mode::kStream:
      if (settings_.most_entries == 0) {
        append_redis_command({"XADD", settings_.key, "*", "event", record.json()}, out);
      } else {
        append_redis_command({"XADD", settings_.key, "MAXLEN", "~", most, "*", "event", record.json()}, out);
      }
      return;
    case Mode::kList: append_redis_command({"RPUSH", settings_.key, record.json()}, out); return;
    case Mode::kChannel: append_redis_command({"PUBLISH", settings_.key, record.json()}, out); return;
  }
}

SendResult RedisTransport::send(std::span<const OutputRecord> batch, Tally& tally) {
  out_.clear();
  for (const OutputRecord& record : batch) append_command(record, out_);
  SendResult out;
  if (const Status wrote = write_all(out_); !wrote) {
    out.broken = wrote.error();
    return out;
  }
  // A batch of 256 has about 8 KB of answers: they fit the socket while the batch is still being written.
  for (const OutputRecord& record : batch) {
    auto said = answer();
    if (!said) {
      out.broken = said.error();
      return out;
    }
    if (passes(*said)) {
      // Later records of the batch may have been taken meanwhile: they come again behind this one.
      out.broken = broken(*said);
      return out;
    }
    if (said->empty()) {
      tally.written(record.line->size());
    } else {
      tally.lost(LossReason::kRefused);
    }
    ++out.taken;
  }
  return out;
}

}  // namespace bulkhead::output
