// The other end of the control socket: one request, one reply, or events until one side has enough.
//
// Thread   one.
// Errors   the environment lane; no daemon there is ECONNREFUSED or ENOENT. A refusal is a reply, not an error.
// Tests    tests/unit/config/control/control_server_test.cpp
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "config/control/control_protocol.h"
#include "datapath/base/result.h"

namespace bulkhead::config::control {

class ControlClient {
 public:
  [[nodiscard]] static Result<ControlClient> connect(const std::string& path);
  ~ControlClient();
  ControlClient(ControlClient&& other) noexcept : path_(std::move(other.path_)), fd_(other.fd_), id_(other.id_) {
    other.fd_ = -1;
  }
  ControlClient& operator=(ControlClient&&) = delete;
  ControlClient(const ControlClient&) = delete;
  ControlClient& operator=(const ControlClient&) = delete;

  // The whole reply object: "ok" with "result", or "error".
  [[nodiscard]] Result<nlohmann::json> ask(const std::string& command,
                                           const nlohmann::json& arguments = nlohmann::json::object());
  // Calls `take` for each event until it answers false or the daemon ends; the reply, when it was a refusal.
  // `idle` is asked twice a second whether to go on.
  [[nodiscard]] Result<nlohmann::json> follow(const std::string& command, const nlohmann::json& arguments,
                                              const std::function<bool(const nlohmann::json&)>& take,
                                              const std::function<bool()>& idle);
  void set_patience(std::chrono::milliseconds patience) { patience_ = patience; }

 private:
  ControlClient(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  [[nodiscard]] Status send(const std::string& command, const nlohmann::json& arguments);
  // Null: nothing came within `wait`.
  [[nodiscard]] Result<nlohmann::json> receive(std::chrono::milliseconds wait);

  std::string path_;
  int fd_;
  std::uint64_t id_ = 0;
  std::string input_;
  std::chrono::milliseconds patience_{120000};
};

}  // namespace bulkhead::config::control
