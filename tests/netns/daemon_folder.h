// What a test of the real daemon needs around it: a folder of its own with its files, its log, patience.
#pragma once

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/netns/process.h"

namespace bulkhead::testing {

class DaemonFolder {
 public:
  // "/tmp/bulkhead_NAME_PID", removed at the end.
  void make(const std::string& base, const std::string& name) {
    path_ = base + "bulkhead_" + name + "_" + std::to_string(::getpid());
    std::filesystem::create_directories(path_);
  }
  DaemonFolder() = default;
  DaemonFolder(const DaemonFolder&) = delete;
  DaemonFolder& operator=(const DaemonFolder&) = delete;
  ~DaemonFolder() {
    if (!path_.empty()) std::filesystem::remove_all(path_);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path_ + "/" + name) << text; }
  // A daemon with bulkhead.yaml: one worker, its records here, and these settings.
  [[nodiscard]] std::unique_ptr<Process> start(const std::string& settings) const {
    std::filesystem::remove(path_ + "/stderr");
    write("bulkhead.yaml", "workers: 1\nlog-dir: " + path_ + "\ncache-dir: ''\n" + settings);
    return std::make_unique<Process>(std::vector<std::string>{BULKHEAD_BINARY, "run", "-c", path_ + "/bulkhead.yaml"},
                                     path_ + "/stderr");
  }
  [[nodiscard]] std::string log() const {
    std::ifstream file(path_ + "/stderr");
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::string path_;
};

// Within 20 s.
template <typename Condition>
bool comes_true(Condition&& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace bulkhead::testing
