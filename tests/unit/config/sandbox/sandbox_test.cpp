#include "config/sandbox/sandbox.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>
#include <vector>

#include "config/sandbox/call_filter.h"
#include "config/sandbox/refused_calls.h"

namespace bulkhead::config::sandbox {
namespace {

namespace fs = std::filesystem;

// Seccomp, Landlock and capabilities are a thread's: one of its own for each test.
class Sandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    if (built_with_sanitizer()) GTEST_SKIP() << "sanitizers make calls of their own: nothing is confined with them";
    ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ASSERT_TRUE(watch_refused_calls());
    folder_ = ::testing::TempDir() + "sandbox_" + std::to_string(::getpid());
    for (const char* name : {"read", "write", "other"}) {
      fs::create_directories(folder_ + "/" + name);
      std::ofstream(folder_ + "/" + name + "/file") << "text\n";
    }
  }
  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }
  static void on_a_thread(const std::function<void()>& work) { std::thread(work).join(); }
  std::string folder_;
};

struct Try {
  const char* name;
  std::function<long()> call;
};

// Each of them must fail with EPERM, whoever asks.
TEST_F(Sandbox, AWorkerOpensNothingAndReachesNobody) {
  const int tcp = ::socket(AF_INET, SOCK_STREAM, 0);
  const int udp = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in nobody{};
  nobody.sin_family = AF_INET;
  nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  nobody.sin_port = htons(9);
  const auto* address = reinterpret_cast<const sockaddr*>(&nobody);
  const std::string file = folder_ + "/read/file", fresh = folder_ + "/write/fresh";
  void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  char* const arguments[] = {nullptr};
  const std::vector<Try> tries = {
      {"open a file to read", [&] { return ::open(file.c_str(), O_RDONLY); }},
      {"open a file to write", [&] { return ::open(fresh.c_str(), O_WRONLY | O_CREAT, 0600); }},
      {"open relative to a directory", [&] { return ::openat(AT_FDCWD, "x", O_RDONLY); }},
      {"openat2", [&] { return ::syscall(437, AT_FDCWD, file.c_str(), nullptr, 0); }},
      {"unlink", [&] { return ::unlink(file.c_str()); }},
      {"rename", [&] { return ::rename(file.c_str(), fresh.c_str()); }},
      {"link", [&] { return ::link(file.c_str(), fresh.c_str()); }},
      {"mkdir", [&] { return ::mkdir(fresh.c_str(), 0700); }},
      {"chmod", [&] { return ::chmod(file.c_str(), 0777); }},
      {"stat",
       [&] {
         struct stat s {};
         return ::stat(file.c_str(), &s);
       }},
      {"readlink",
       [&] {
         char b[8];
         return ::readlink("/proc/self/exe", b, sizeof b);
       }},
      {"memfd_create", [] { return ::syscall(SYS_memfd_create, "x", 0); }},
      {"inotify", [] { return ::syscall(SYS_inotify_init1, 0); }},
      {"TCP socket", [] { return ::socket(AF_INET, SOCK_STREAM, 0); }},
      {"unix socket", [] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }},
      {"packet socket", [] { return ::socket(AF_PACKET, SOCK_RAW, 0); }},
      {"netlink socket", [] { return ::socket(AF_NETLINK, SOCK_RAW, 0); }},
      {"socketpair",
       [] {
         int two[2];
         return ::socketpair(AF_UNIX, SOCK_STREAM, 0, two);
       }},
      {"connect", [&] { return ::connect(tcp, address, sizeof nobody); }},
      {"bind", [&] { return ::bind(udp, address, sizeof nobody); }},
      {"listen", [&] { return ::listen(tcp, 1); }},
      {"accept", [&] { return ::accept4(tcp, nullptr, nullptr, 0); }},
      {"dup", [&] { return ::dup(tcp); }},
      {"fcntl", [&] { return ::fcntl(tcp, F_DUPFD, 0); }},
      {"ioctl",
       [&] {
         int n = 0;
         return ::syscall(SYS_ioctl, tcp, 0x541B, &n);
       }},
      {"setsockopt SO_ATTACH_FILTER",
       [&] {
         int n = 0;
         return ::setsockopt(udp, SOL_SOCKET, SO_ATTACH_FILTER, &n, sizeof n);
       }},
      {"execve", [&] { return ::syscall(SYS_execve, "/bin/true", arguments, arguments); }},
      {"fork", [] { return ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }},
      {"ptrace", [] { return ::syscall(SYS_ptrace, 0, 0, 0, 0); }},
      {"process_vm_readv", [] { return ::syscall(SYS_process_vm_readv, ::getpid(), 0, 0, 0, 0, 0); }},
      {"kill", [] { return ::kill(::getpid(), 0); }},
      {"unshare", [] { return ::syscall(SYS_unshare, CLONE_NEWUSER); }},
      {"setns", [&] { return ::syscall(SYS_setns, tcp, 0); }},
      {"mount", [] { return ::syscall(SYS_mount, "x", "/", "tmpfs", 0, 0); }},
      {"bpf", [] { return ::syscall(SYS_bpf, 0, 0, 0); }},
      {"perf_event_open", [] { return ::syscall(SYS_perf_event_open, 0, 0, 0, 0, 0); }},
      {"io_uring_setup", [] { return ::syscall(SYS_io_uring_setup, 1, 0); }},
      {"init_module", [] { return ::syscall(SYS_init_module, 0, 0, 0); }},
      {"userfaultfd", [] { return ::syscall(SYS_userfaultfd, 0); }},
      {"keyctl", [] { return ::syscall(SYS_keyctl, 0, 0, 0, 0, 0); }},
      {"setuid", [] { return ::syscall(SYS_setuid, 0); }},
      {"capset", [] { return ::syscall(SYS_capset, nullptr, nullptr); }},
      {"prctl", [] { return ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }},
      {"memory with code",
       [] {
         return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
       }},
      {"memory to code", [&] { return ::mprotect(page, 4096, PROT_READ | PROT_EXEC); }},
  };
  struct Outcome {
    long answer;
    int error;
  };
  std::vector<Outcome> outcomes(tries.size());
  const std::uint64_t before = refused_calls();
  bool confined = false;
  on_a_thread([&] {
    confined = confine_worker(SandboxMode::kOn, 0).has_value();
    for (std::size_t i = 0; confined && i < tries.size(); ++i) {
      errno = 0;
      outcomes[i].answer = tries[i].call();
      outcomes[i].error = errno;
    }
  });
  ASSERT_TRUE(confined);
  for (std::size_t i = 0; i < tries.size(); ++i) {
    EXPECT_EQ(outcomes[i].answer, -1) << tries[i].name;
    EXPECT_EQ(outcomes[i].error, EPERM) << tries[i].name << ": " << std::strerror(outcomes[i].error);
  }
  EXPECT_EQ(refused_calls() - before, tries.size()) << "each is told";
  EXPECT_EQ(call_name(last_refused_call()), "mprotect");
  EXPECT_FALSE(fs::exists(fresh));
  ::munmap(page, 4096);
  ::close(tcp);
  ::close(udp);
}

TEST_F(Sandbox, AWorkerReadsJudgesAndSendsPackets) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
  const int wake = ::eventfd(0, 0);
  std::string problem;
  const std::uint64_t before = refused_calls();
  on_a_thread([&] {
    if (!confine_worker(SandboxMode::kOn, 0)) problem += "confine ";
    timeval wait{0, 1000};
    if (::setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0) problem += "timeout ";
    char text[8] = "packet";
    if (::send(pair[0], text, sizeof text, 0) < 0 || ::recv(pair[1], text, sizeof text, 0) < 0) problem += "packets ";
    if (::recv(pair[0], text, sizeof text, 0) >= 0 || errno != EAGAIN) problem += "waiting ";
    const std::uint64_t one = 1;
    if (::write(wake, &one, sizeof one) != sizeof one) problem += "waking ";
    std::vector<std::vector<char>> memory;
    for (int i = 0; i < 50; ++i) memory.emplace_back(1 << 20, 'x');
    memory.clear();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::tm local{};
    const std::time_t now = ::time(nullptr);
    if (::localtime_r(&now, &local) == nullptr) problem += "time ";
  });
  EXPECT_EQ(problem, "");
  EXPECT_EQ(refused_calls(), before);
  for (const int fd : {pair[0], pair[1], wake}) ::close(fd);
}

TEST_F(Sandbox, TheProcessStartsThreadsAndNothingElse) {
  std::string problem;
  on_a_thread([&] {
    if (!install(assemble(process_calls()))) problem += "install ";
    const auto refused = [&](const char* name, long answer) {
      if (answer != -1 || errno != EPERM) problem += std::string(name) + " ";
    };
    char* const arguments[] = {nullptr};
    refused("execve", ::syscall(SYS_execve, "/bin/true", arguments, arguments));
    refused("fork", ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
    refused("ptrace", ::syscall(SYS_ptrace, 0, 0, 0, 0));
    refused("unshare", ::syscall(SYS_unshare, CLONE_NEWNET));
    refused("mount", ::syscall(SYS_mount, "x", "/", "tmpfs", 0, 0));
    refused("setuid", ::syscall(SYS_setuid, 0));
    if (::syscall(SYS_clone3, nullptr, 0) != -1 || errno != ENOSYS) problem += "clone3 ";
    bool ran = false;
    std::thread([&] { ran = true; }).join();
    if (!ran) problem += "thread ";
    const int fd = ::open((folder_ + "/read/file").c_str(), O_RDONLY);
    if (fd < 0) problem += "open ";
    ::close(fd);
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    if (socket < 0) problem += "socket ";
    ::close(socket);
  });
  EXPECT_EQ(problem, "");
}

TEST_F(Sandbox, FilesOfThePlanAlone) {
  if (landlock_version() == 0) GTEST_SKIP() << "this kernel has no Landlock";
  std::string problem;
  on_a_thread([&] {
    const auto confined =
        confine_files({.read = {folder_ + "/read", folder_ + "/not-there"}, .write = {folder_ + "/write"}});
    if (!confined) problem += confined.error().to_string();
    const auto opens = [](const std::string& path, int how) {
      const int fd = ::open(path.c_str(), how, 0600);
      if (fd >= 0) ::close(fd);
      return fd >= 0;
    };
    if (!opens(folder_ + "/read/file", O_RDONLY)) problem += "read ";
    if (opens(folder_ + "/read/file", O_WRONLY)) problem += "written ";
    if (opens(folder_ + "/read/fresh", O_WRONLY | O_CREAT)) problem += "made ";
    if (!opens(folder_ + "/write/file", O_RDWR)) problem += "write ";
    if (!opens(folder_ + "/write/fresh", O_WRONLY | O_CREAT)) problem += "make ";
    if (::rename((folder_ + "/write/fresh").c_str(), (folder_ + "/write/moved").c_str()) != 0) problem += "rename ";
    if (::unlink((folder_ + "/write/moved").c_str()) != 0) problem += "remove ";
    if (opens(folder_ + "/other/file", O_RDONLY)) problem += "other ";
    if (opens("/etc/passwd", O_RDONLY)) problem += "passwd ";
  });
  EXPECT_EQ(problem, "");
}

TEST_F(Sandbox, WithoutNetworkNoConnection) {
  if (landlock_version() < 4) GTEST_SKIP() << "this kernel's Landlock does not know TCP";
  int error = 0;
  on_a_thread([&] {
    static_cast<void>(confine_files({.network = false}));
    const int tcp = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(9);
    error = ::connect(tcp, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ? 0 : errno;
    ::close(tcp);
  });
  EXPECT_EQ(error, EACCES);
}

TEST_F(Sandbox, CapabilitiesAreGivenUpForGood) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  std::string before, kept, none, again;
  on_a_thread([&] {
    const auto words = [] {
      const auto now = effective_capabilities();
      return now ? to_words(*now) : now.error().to_string();
    };
    static_cast<void>(keep_capabilities(capability(CAP_NET_RAW) | capability(CAP_NET_ADMIN)));
    kept = words();
    static_cast<void>(keep_capabilities(0));
    none = words();
    static_cast<void>(keep_capabilities(capability(CAP_NET_RAW)));
    again = words();
  });
  EXPECT_EQ(kept, "CAP_NET_ADMIN, CAP_NET_RAW");
  EXPECT_EQ(none, "none");
  EXPECT_EQ(again, "none");
}

TEST_F(Sandbox, OffDoesNothing) {
  bool opened = false;
  on_a_thread([&] {
    EXPECT_TRUE(confine_worker(SandboxMode::kOff, 0));
    const int fd = ::open("/etc/passwd", O_RDONLY);
    opened = fd >= 0;
    ::close(fd);
  });
  EXPECT_TRUE(opened);
  SandboxPlan plan;
  plan.mode = SandboxMode::kOff;
  EXPECT_EQ(confine_process(plan).off_because, "sandbox.mode is off");
}

}  // namespace
}  // namespace bulkhead::config::sandbox
