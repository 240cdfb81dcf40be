// The daemon under a service manager: what it tells it, and that edits of a mounted directory of settings take effect.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/netns/daemon_folder.h"
#include "tests/netns/net_lab.h"

namespace bulkhead {
namespace {

using testing::comes_true;
using testing::DaemonFolder;
using testing::NetLab;
using testing::Process;

constexpr const char* kRule = "alert ip any any -> any any (msg:\"m\"; content:\"never seen\"; sid:1; rev:1;)\n";

class ServiceNetns : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = NetLab::missing(); !reason.empty()) GTEST_SKIP() << reason;
    lab_ = std::make_unique<NetLab>(std::vector<std::string>{"a"}, true);
    if (!lab_->problem().empty()) GTEST_SKIP() << lab_->problem();
    folder_.make(::testing::TempDir(), "service");
    const std::string name = folder_.path() + "/notify";
    manager_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    ASSERT_EQ(::bind(manager_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "1000000", 1);
  }
  void TearDown() override {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    daemon_.reset();
    lab_.reset();
    if (manager_ >= 0) ::close(manager_);
  }
  // Comes, among signs of life and other news.
  bool hears(const std::string& word) {
    return comes_true([&] {
      std::array<char, 512> text{};
      ssize_t size = 0;
      while ((size = ::recv(manager_, text.data(), text.size(), 0)) > 0)
        heard_ += std::string(text.data(), static_cast<std::size_t>(size)) + "\n";
      const std::size_t at = heard_.find(word);
      if (at == std::string::npos) return false;
      heard_.erase(0, at + word.size());
      return true;
    });
  }
  // What kubelet does with an edit of a ConfigMap: a new directory, and the link to it swapped.
  void mount(const std::string& version, const std::string& rules) {
    const std::filesystem::path folder(folder_.path());
    std::filesystem::create_directories(folder / version);
    std::ofstream(folder / version / "local.rules") << rules;
    std::filesystem::create_directory_symlink(version, folder / "next");
    std::filesystem::rename(folder / "next", folder / "data");
  }

  std::unique_ptr<NetLab> lab_;
  DaemonFolder folder_;
  std::unique_ptr<Process> daemon_;
  std::string heard_;
  int manager_ = -1;
};

TEST_F(ServiceNetns, ReadyAliveReloadingStopping) {
  mount("v1", kRule);
  daemon_ = folder_.start("capture: {interfaces: [br0]}\nsignatures: [data/*.rules]\nreload: {watch: yes}\n");
  ASSERT_TRUE(hears("READY=1\nSTATUS=1 signature")) << folder_.log();
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(hears("WATCHDOG=1")) << folder_.log();
  std::string two = std::string(kRule) + kRule;
  two.replace(two.rfind("sid:1"), 5, "sid:2");
  mount("v2", two);
  EXPECT_TRUE(hears("RELOADING=1\nMONOTONIC_USEC=")) << folder_.log();
  EXPECT_TRUE(hears("READY=1\nSTATUS=generation 2")) << folder_.log();
  EXPECT_NE(folder_.log().find("generation 2, 2 signatures"), std::string::npos) << folder_.log();
  daemon_->signal(SIGTERM);
  EXPECT_TRUE(hears("STOPPING=1")) << folder_.log();
  daemon_->end(SIGTERM);
}

}  // namespace
}  // namespace bulkhead
