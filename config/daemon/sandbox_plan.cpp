#include "config/daemon/sandbox_plan.h"

#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace bulkhead::config {

namespace {

namespace fs = std::filesystem;

void add(std::vector<std::string>& to, const std::string& path) {
  if (!path.empty() && std::find(to.begin(), to.end(), path) == to.end()) to.push_back(path);
}

// The directory that a file is in, as named and as it is behind links: other files come beside it at a reload. Of the
// root directory the file alone.
void add_beside(std::vector<std::string>& to, const std::string& file) {
  if (file.empty()) return;
  std::error_code error;
  for (const fs::path& path : {fs::absolute(file, error), fs::weakly_canonical(file, error)}) {
    if (path.empty()) continue;
    const bool at_root = path.parent_path() == path.root_path();
    add(to, at_root ? path.string() : path.parent_path().string());
  }
}

// A directory to write in, made where it is not there. Never the root directory.
void add_written(std::vector<std::string>& to, const std::string& directory) {
  if (directory.empty()) return;
  std::error_code error;
  fs::create_directories(directory, error);
  const fs::path path = fs::weakly_canonical(directory, error);
  if (!path.empty() && path != path.root_path()) add(to, path.string());
}

std::string parent_of(const std::string& file) {
  const fs::path parent = fs::path(file).parent_path();
  return file.empty() ? "" : parent.empty() ? "." : parent.string();
}

// Root without CAP_DAC_OVERRIDE is an account like others. The first of the paths that it could not use as owner, group
// or anybody; access() would answer what root may.
std::string foreign(const std::vector<std::string>& paths, bool write) {
  for (const std::string& path : paths) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) continue;
    const unsigned shift = status.st_uid == ::geteuid() ? 6 : status.st_gid == ::getegid() ? 3 : 0;
    const unsigned has = (status.st_mode >> shift) & 7;
    const unsigned needs = (write ? 2U : 4U) | (S_ISDIR(status.st_mode) ? 1U : 0U);
    if ((has & needs) != needs) return path;
  }
  return {};
}

// The port of "127.0.0.1:9477"; 0: none.
unsigned port_of(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  return colon == std::string::npos ? 0 : static_cast<unsigned>(std::strtoul(listen.c_str() + colon + 1, nullptr, 10));
}

// The module, devices of the kernel that drivers use, and files and sockets that ports are named with
// ("net_vhost0,iface=/run/vm.sock").
void add_dpdk(sandbox::FileAccess& out, const dpdk::DpdkSettings& settings) {
  if (!settings.enabled()) return;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  add(out.read, program.string());
  add(out.read, (program.parent_path() / "lib").string());
  add_beside(out.read, settings.module);
  for (const char* device : {"/dev/vfio", "/dev/hugepages", "/dev/vhost-net", "/dev/net"}) {
    if (fs::exists(device, error)) add(out.write, device);
  }
  for (const std::string& port : settings.ports) {
    for (std::size_t at = port.find("=/"); at != std::string::npos; at = port.find("=/", at + 1)) {
      add_written(out.write, parent_of(port.substr(at + 1, port.find(',', at) - at - 1)));
    }
  }
}

sandbox::FileAccess files_of(const EngineSettings& settings, const BooksSettings& books) {
  sandbox::FileAccess out;
  // What the C library, OpenSSL and librdkafka read by themselves: names, accounts, certificates, time zones.
  for (const char* system : {"/etc", "/usr", "/lib", "/lib64", "/proc", "/sys", "/run", "/dev/urandom"})
    add(out.read, system);
  add(out.write, "/dev/null");
  add_beside(out.read, settings.file);
  const SignatureSettings& signatures = settings.signatures;
  for (const auto* files : {&signatures.files, &signatures.reputation_files, &settings.policy.files}) {
    for (const std::string& file : *files) add_beside(out.read, file);
  }
  for (const std::string* file :
       {&signatures.classification_file, &signatures.reference_file, &signatures.threshold_file,
        &signatures.reputation_categories, &signatures.geoip_database, &settings.policy.inventory}) {
    add_beside(out.read, *file);
  }
  add(out.read, books.behaviour.intel.directory);
  add(out.read, settings.patches.reports);
  add(out.read, settings.discovery.kubernetes_credentials);
  add_beside(out.read, settings.patches.exploited);
  for (const std::string& directory : settings.sandbox.read) add(out.read, directory);
  add_dpdk(out, settings.dpdk);
  // Certificates and keys of librdkafka's own settings.
  for (const auto& [name, value] : settings.outputs.kafka.kafka.properties) {
    if (value.starts_with('/')) add(out.read, value);
  }

  add_written(out.write, settings.log_dir);
  add_written(out.write, signatures.cache_dir);
  add_written(out.write, signatures.data_dir);
  if (settings.eve_enabled) add_written(out.write, parent_of(settings.eve_file));
  if (settings.file_store.enabled) add_written(out.write, settings.file_store.directory);
  if (books.control.enabled) add_written(out.write, parent_of(books.control.socket));
  if (books.audit.enabled) add_written(out.write, parent_of(books.audit.file));
  if (books.behaviour.enabled) add_written(out.write, parent_of(books.behaviour.state_file));
  if (settings.response.auto_limit.resources)
    add_written(out.write, parent_of(settings.response.auto_limit.state_file));
  return out;
}

}  // namespace

sandbox::SandboxPlan sandbox_plan(const EngineSettings& settings, const BooksSettings& books) {
  sandbox::SandboxPlan out;
  out.mode = settings.sandbox.mode;
  out.files = files_of(settings, books);
  auto& keep = out.capabilities;
  keep.push_back({CAP_NET_ADMIN, "nftables, conntrack, queues, links"});
  keep.push_back({CAP_NET_RAW, "packets of interfaces, resets of blocked connections"});
  if (settings.dpdk.enabled() && !settings.dpdk.no_huge) keep.push_back({CAP_IPC_LOCK, "dpdk.huge-pages"});
  if (settings.pipeline.nice < 0) keep.push_back({CAP_SYS_NICE, "boost"});
  if (books.control.enabled && !books.control.group.empty()) keep.push_back({CAP_CHOWN, "control.group"});
  if (const unsigned port = port_of(books.metrics.listen); books.metrics.enabled && port > 0 && port < 1024)
    keep.push_back({CAP_NET_BIND_SERVICE, "metrics.listen"});
  std::string other = foreign(out.files.write, true);
  if (other.empty()) other = foreign(out.files.read, false);
  if (::geteuid() == 0 && !other.empty()) keep.push_back({CAP_DAC_OVERRIDE, other + " belongs to somebody else"});
  return out;
}

}  // namespace bulkhead::config
