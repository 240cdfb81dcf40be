#include "datapath/dpdk/ports/environment.h"

#include <fcntl.h>
#include <pthread.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <sched.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <string_view>
#include <utility>

namespace bulkhead::dpdk {

namespace {

constexpr std::size_t kLongestLine = 512;

// The stream that DPDK writes to, cut into lines.
class Lines {
 public:
  static Lines& instance() {
    static Lines lines;
    return lines;
  }

  // DPDK writes here from now on, for the life of the process.
  void capture() {
    const cookie_io_functions_t calls = {.read = nullptr, .write = &Lines::write, .seek = nullptr, .close = nullptr};
    stream_ = ::fopencookie(this, "w", calls);
    if (stream_ == nullptr) return;  // it writes to stderr then
    std::setvbuf(stream_, nullptr, _IOLBF, 0);
    ::rte_openlog_stream(stream_);
  }

  void add(std::string line) {
    const std::lock_guard lock(mutex_);
    keep(std::move(line));
  }

  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out(kept_.begin(), kept_.end());
    kept_.clear();
    return out;
  }

  std::string last(std::size_t count) {
    const std::lock_guard lock(mutex_);
    std::string out;
    for (std::size_t i = kept_.size() - std::min(count, kept_.size()); i < kept_.size(); ++i) {
      out += (out.empty() ? "" : "; ") + kept_[i];
    }
    return out;
  }

 private:
  static ssize_t write(void* cookie, const char* text, std::size_t size) {
    static_cast<Lines*>(cookie)->append(std::string_view(text, size));
    return static_cast<ssize_t>(size);
  }

  void append(std::string_view text) {
    const std::lock_guard lock(mutex_);
    for (const char c : text) {
      if (c != '\n') {
        if (line_.size() < kLongestLine) line_ += std::isprint(static_cast<unsigned char>(c)) != 0 ? c : ' ';
        continue;
      }
      keep(std::move(line_));
      line_.clear();
    }
  }

  void keep(std::string line) {
    while (!line.empty() && line.back() == ' ') line.pop_back();
    if (line.empty()) return;
    if (kept_.size() == kKeptLines) kept_.pop_front();
    kept_.push_back(std::move(line));
  }

  std::mutex mutex_;
  std::FILE* stream_ = nullptr;
  std::deque<std::string> kept_;
  std::string line_;  // not yet at its end
};

// The EAL answers a wrong argument with pages of usage on the standard output.
class WithoutOutput {
 public:
  WithoutOutput() : before_(::dup(STDOUT_FILENO)) {
    std::fflush(stdout);
    const int nothing = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (before_ >= 0 && nothing >= 0) ::dup2(nothing, STDOUT_FILENO);
    if (nothing >= 0) ::close(nothing);
  }
  ~WithoutOutput() {
    std::fflush(stdout);
    if (before_ < 0) return;
    ::dup2(before_, STDOUT_FILENO);
    ::close(before_);
  }
  WithoutOutput(const WithoutOutput&) = delete;
  WithoutOutput& operator=(const WithoutOutput&) = delete;

 private:
  const int before_;
};

int initialise(std::vector<char*>& argv) {
  const WithoutOutput quiet;
  return ::rte_eal_init(static_cast<int>(argv.size() - 1), argv.data());
}

bool started = false;  // NOLINT: the EAL is one for the process
cpu_set_t own_cores;   // NOLINT: as it was before the EAL started

}  // namespace

void add_line(std::string line) {
  Lines::instance().add(std::move(line));
}

std::vector<std::string> take_lines() {
  return Lines::instance().take();
}

std::string last_lines(std::size_t count) {
  return Lines::instance().last(count);
}

bool core_is_there(unsigned core) {
  return core < CPU_SETSIZE && CPU_ISSET(core, &own_cores);
}

bool is_pci_address(const std::string& port) {
  // dddd:bb:dd.f or bb:dd.f
  const std::string name = port_name(port);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos || std::count(name.begin(), name.end(), ':') == 0) return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isxdigit(c) != 0 || c == ':' || c == '.'; });
}

std::string port_name(const std::string& port) {
  return port.substr(0, port.find(','));
}

std::uint32_t memory_needed_mb(const DpdkSettings& settings) {
  // 384: headroom, the mbuf itself, the pool's header of an object. Descriptors have up to 64 bytes. A quarter more
  // for what does not fit between pages, and what the EAL and drivers keep.
  constexpr std::uint64_t kBeside = 384, kDescriptor = 64, kOwn = 64;
  const std::uint64_t packets = static_cast<std::uint64_t>(settings.mbufs) * (settings.max_frame + kBeside);
  const std::uint64_t queues = static_cast<std::uint64_t>(settings.workers) * kDescriptor *
                               (settings.receive_descriptors + settings.send_descriptors);
  const std::uint64_t bytes = (packets + queues) * settings.ports.size() * 5 / 4;
  return static_cast<std::uint32_t>(bytes / (1024 * 1024) + kOwn);
}

Result<std::vector<std::string>> environment_arguments(const DpdkSettings& settings, unsigned core) {
  // Nothing of it in the file system: it may run beside other programs of DPDK. One thread of its own is enough: the
  // workers are told to it as they begin (and 128 is all it can tell apart, which many machines have cores for).
  std::vector<std::string> out = {"bulkhead", "--no-telemetry", "--iova-mode=va", "--lcores",
                                  "0@" + std::to_string(core)};
  if (settings.no_huge) {
    out.insert(out.end(), {"--no-huge", "--no-shconf"});
  } else {
    out.emplace_back("--in-memory");
  }
  const std::uint32_t memory = settings.memory_mb != 0 ? settings.memory_mb : memory_needed_mb(settings);
  out.insert(out.end(), {"-m", std::to_string(memory)});
  bool pci = false;
  for (const std::string& port : settings.ports) {
    if (!is_pci_address(port)) continue;
    out.insert(out.end(), {"-a", port});
    pci = true;
  }
  if (!pci) out.emplace_back("--no-pci");
  for (const std::string& more : settings.eal) {
    for (const char* ends : {"-h", "--help", "-v", "--version"}) {
      if (more == ends) return Error{"EAL", more, 0, "is no setting: it would only print and end"};
    }
    out.push_back(more);
  }
  return out;
}

Status start_environment(const DpdkSettings& settings) {
  if (started) return ok();
  CPU_ZERO(&own_cores);
  const bool known = ::pthread_getaffinity_np(::pthread_self(), sizeof own_cores, &own_cores) == 0;
  unsigned core = 0;
  while (core + 1 < CPU_SETSIZE && !CPU_ISSET(core, &own_cores)) ++core;
  auto arguments = environment_arguments(settings, core);
  if (!arguments) return arguments.error();
  std::vector<char*> argv;
  for (std::string& one : *arguments) argv.push_back(one.data());
  argv.push_back(nullptr);
  Lines::instance().capture();
  const int done = initialise(argv);
  const int code = rte_errno;
  if (known) ::pthread_setaffinity_np(::pthread_self(), sizeof own_cores, &own_cores);
  if (done < 0) {
    Error error{"rte_eal_init", "", code, ::rte_strerror(code)};
    for (const std::string& one : *arguments) error.object += (error.object.empty() ? "" : " ") + one;
    if (const std::string said = last_lines(3); !said.empty()) error.text += ": " + said;
    if (!settings.no_huge) {
      error.text += " (huge pages: sysctl vm.nr_hugepages=" + std::to_string(memory_needed_mb(settings) / 2 + 1) +
                    ", or dpdk.huge-pages: no)";
    }
    return error;
  }
  started = true;
  return ok();
}

}  // namespace bulkhead::dpdk
