// Records and receivers for tests of outputs.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "datapath/output/output_record.h"

namespace bulkhead::test {

inline output::OutputRecord record_of(const std::string& json, std::uint64_t flow = 0) {
  output::OutputRecord out;
  out.line = std::make_shared<const std::string>(json + "\n");
  out.time = {1'468'449'727'388'030'000};
  out.flow_id = flow;
  return out;
}

template <typename Condition>
bool soon(Condition condition, std::chrono::milliseconds patience = std::chrono::seconds(10)) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

class ScratchFolder {
 public:
  ScratchFolder() : path_((std::filesystem::temp_directory_path() / "bulkhead_out_XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// The receiving end of a unix socket, as a log shipper has it.
class UnixReceiver {
 public:
  UnixReceiver(const std::string& path, int type) : type_(type), listener_(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ::unlink(path.c_str());
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
    if (type == SOCK_STREAM && ::listen(listener_, 4) != 0) std::abort();
  }
  ~UnixReceiver() { close(); }
  UnixReceiver(const UnixReceiver&) = delete;
  UnixReceiver& operator=(const UnixReceiver&) = delete;

  void accept() {
    if (type_ == SOCK_STREAM) connection_ = ::accept(listener_, nullptr, nullptr);
  }
  void close() {
    if (connection_ >= 0) ::close(connection_);
    if (listener_ >= 0) ::close(listener_);
    connection_ = listener_ = -1;
  }
  // One datagram, or what a stream has; empty at its end.
  std::string read() {
    std::string out(1 << 20, '\0');
    const ssize_t got = ::recv(type_ == SOCK_STREAM ? connection_ : listener_, out.data(), out.size(), 0);
    out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return out;
  }
  std::string read_until(const std::string& end) {
    std::string out;
    while (!out.ends_with(end)) {
      const std::string more = read();
      if (more.empty()) break;
      out += more;
    }
    return out;
  }

 private:
  const int type_;
  int listener_ = -1, connection_ = -1;
};

}  // namespace bulkhead::test
