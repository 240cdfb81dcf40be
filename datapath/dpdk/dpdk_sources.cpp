#include "datapath/dpdk/dpdk_sources.h"

#include <dlfcn.h>

#include <filesystem>
#include <system_error>

#include "datapath/dpdk/module_interface.h"

namespace bulkhead::dpdk {

namespace {

constexpr const char* kBuild = BULKHEAD_VERSION " " __VERSION__;
constexpr const char* kFile = "bulkhead_dpdk.so";

const ModuleInterface* loaded = nullptr;  // NOLINT: the EAL is one for the process, and so is its module

// Beside the program (as built), or where an installation puts it.
std::string find_module(const DpdkSettings& settings) {
  if (!settings.module.empty()) return settings.module;
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (const std::filesystem::path& at : {folder / kFile, folder.parent_path() / "lib" / "bulkhead" / kFile}) {
    if (std::filesystem::exists(at, error)) return at.string();
  }
  return {};
}

Status load(const DpdkSettings& settings) {
  if (loaded != nullptr) return ok();
  const std::string file = find_module(settings);
  if (file.empty()) {
    return Error{"DPDK", kFile, 0,
                 "is neither beside the program nor in ../lib/bulkhead; builds with libdpdk-dev have it "
                 "(cmake -DBULKHEAD_DPDK=ON)"};
  }
  void* handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* why = ::dlerror();
    return Error{"dlopen", file, 0, why != nullptr ? why : "no reason given"};
  }
  using Entry = const ModuleInterface* (*)();
  const auto entry = reinterpret_cast<Entry>(::dlsym(handle, kModuleEntry));  // NOLINT: what dlsym() is for
  if (entry == nullptr) return Error{"dlsym", file, 0, std::string("has no ") + kModuleEntry};
  const ModuleInterface* module = entry();
  if (!same_build(*module, kBuild)) {
    return Error{
        "DPDK", file, 0,
        "is of another build than the program (" + std::string(module->build) + ", the program " + kBuild + ")"};
  }
  loaded = module;
  return ok();
}

}  // namespace

Result<DpdkSources> open_dpdk(const DpdkSettings& settings) {
  if (const Status done = load(settings); !done) return done.error();
  return loaded->open(settings);
}

std::vector<std::string> take_dpdk_lines() {
  return loaded == nullptr ? std::vector<std::string>{} : loaded->take_lines();
}

}  // namespace bulkhead::dpdk
