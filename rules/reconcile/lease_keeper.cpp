#include "rules/reconcile/lease_keeper.h"

#include <cerrno>
#include <utility>

namespace bulkhead::rules {

namespace {

NftCommand element_command(NftOp op, NftFamily family, const LeaseSettings& settings) {
  NftCommand command;
  command.op = op;
  command.family = family;
  command.table = settings.table;
  command.name = "lease";
  NftElement element;
  element.key = {1, 0, 0, 0};
  element.timeout_ms = static_cast<std::uint64_t>(settings.lease.count());
  command.set.elements.push_back(std::move(element));
  return command;
}

}  // namespace

LeaseKeeper::LeaseKeeper(std::unique_ptr<NftTransport> transport, LeaseSettings settings)
    : transport_(std::move(transport)), settings_(std::move(settings)) {}

LeaseKeeper::~LeaseKeeper() {
  stop();
}

// The kernel keeps the time to live of an element that is there: out and in again, in one transaction.
Status LeaseKeeper::renew() {
  for (const NftFamily family : {NftFamily::kInet, NftFamily::kBridge}) {
    const NftCommand add = element_command(NftOp::kAddElements, family, settings_);
    Status status = transport_->apply({element_command(NftOp::kDeleteElements, family, settings_), add});
    if (!status && status.error().code == ENOENT) status = transport_->apply({add});  // it had ended
    if (!status) return status;
  }
  ++renewals_;
  return ok();
}

bool LeaseKeeper::is_silent() const {
  const Clock::time_point last{Clock::duration(last_beat_.load())};
  return Clock::now() - last > settings_.patience;
}

Status LeaseKeeper::start() {
  beat();
  if (auto status = renew(); !status) return status;
  thread_ = std::thread([this] { run(); });
  return ok();
}

void LeaseKeeper::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, settings_.lease / 3, [this] { return stop_; })) {
    if (is_silent()) continue;
    lock.unlock();
    const Status status = renew();
    lock.lock();
    failed_ = status ? std::nullopt : std::optional<Error>(status.error());
  }
}

void LeaseKeeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::optional<Error> LeaseKeeper::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

}  // namespace bulkhead::rules
