#include "datapath/output/queued_output.h"

#include <algorithm>
#include <utility>

namespace bulkhead::output {

namespace {
constexpr std::size_t kBatchRecords = 256;
constexpr std::size_t kBatchBytes = 1U << 20;
constexpr std::chrono::milliseconds kFirstPause{100}, kLongestPause{5000};
constexpr std::chrono::milliseconds kServe{50};  // how often a transport may look after itself
}  // namespace

QueuedOutput::QueuedOutput(std::unique_ptr<Transport> transport, QueueSettings settings)
    : transport_(std::move(transport)), settings_(settings) {}

QueuedOutput::~QueuedOutput() {
  finish();
}

Status QueuedOutput::start() {
  if (Status ready = transport_->prepare(); !ready) return ready;
  thread_ = std::thread([this] { run(); });
  return ok();
}

bool QueuedOutput::push(const OutputRecord& record) {
  pushed_.add();
  const std::size_t bytes = record.line->size();
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    const bool full = waiting_records_ >= settings_.records || waiting_bytes_ + bytes > settings_.bytes;
    if (full || ending()) {
      not_queued_.add(full ? LossReason::kQueueFull : LossReason::kUnsent);
      return false;
    }
    first = queue_.empty();
    queue_.push_back(record);
    waiting_bytes_ += bytes;
    ++waiting_records_;
  }
  if (first) filled_.notify_one();
  return true;
}

void QueuedOutput::finish() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    end_ = Clock::now() + settings_.drain;
    ending_.store(true, std::memory_order_release);
  }
  filled_.notify_one();
  thread_.join();
}

SinkHealth QueuedOutput::health() const {
  SinkHealth out;
  out.written = tally_.written_count();
  out.bytes = tally_.byte_count();
  tally_.losses().add_to(out.losses);
  not_queued_.add_to(out.losses);
  out.lost = sum_of(out.losses);
  const std::lock_guard lock(mutex_);
  out.waiting = waiting_records_ + transport_->in_flight();
  out.connected = connected_;
  out.last_error = error_;
  return out;
}

void QueuedOutput::run() {
  for (;;) {
    take_batch();
    if (ending() && (batch_.empty() || Clock::now() >= end_)) break;
    transport_->serve(tally_);
    if (!usable_ && !connect()) continue;
    if (!batch_.empty()) send_batch();
  }
  transport_->finish(tally_);
  lose_the_rest();
}

// Fills the batch up from the queue; waits a moment when there is nothing to do.
void QueuedOutput::take_batch() {
  std::unique_lock lock(mutex_);
  if (batch_.empty() && queue_.empty() && !ending()) {
    filled_.wait_for(lock, kServe, [this] { return !queue_.empty() || ending(); });
  }
  std::size_t bytes = 0;
  for (const OutputRecord& record : batch_) bytes += record.line->size();
  while (!queue_.empty() && batch_.size() < kBatchRecords && bytes < kBatchBytes) {
    bytes += queue_.front().line->size();
    batch_.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
}

bool QueuedOutput::connect() {
  if (const auto now = Clock::now(); now < retry_at_) {
    std::unique_lock lock(mutex_);
    const auto until = ending() ? std::min(retry_at_, end_) : std::min(retry_at_, now + kServe);
    filled_.wait_until(lock, until, [this, was = ending()] { return ending() != was; });
    return false;
  }
  const Status connected = transport_->connect();
  usable_ = static_cast<bool>(connected);
  if (usable_) {
    set_state(true, {});
    return true;
  }
  pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  retry_at_ = Clock::now() + pause_;
  set_state(false, connected.error().to_string());
  return false;
}

void QueuedOutput::send_batch() {
  const SendResult result = transport_->send(batch_, tally_);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < result.taken; ++i) bytes += batch_[i].line->size();
  batch_.erase(batch_.begin(), batch_.begin() + static_cast<std::ptrdiff_t>(result.taken));
  if (result.taken != 0) pause_ = {};
  {
    const std::lock_guard lock(mutex_);
    waiting_records_ -= result.taken;
    waiting_bytes_ -= bytes;
  }
  if (!result.broken) return;
  usable_ = false;
  retry_at_ = Clock::now() + (pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause));
  set_state(false, result.broken->to_string());
}

void QueuedOutput::lose_the_rest() {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = batch_.size() + queue_.size(); i != 0; --i) tally_.lost(LossReason::kUnsent);
  batch_.clear();
  queue_.clear();
  waiting_records_ = waiting_bytes_ = 0;
  connected_ = false;
}

void QueuedOutput::set_state(bool connected, const std::string& error) {
  const std::lock_guard lock(mutex_);
  connected_ = connected;
  if (!error.empty()) error_ = error;
}

}  // namespace bulkhead::output
