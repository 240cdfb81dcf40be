// Turns the workers' block requests into kernel state, on a thread of its own.
//
//   worker --request()--> queue --> guards --> set element over netlink --> TCP resets --> BlockEvent
//
// Thread   request() by workers (a short lock, no allocation in steady state); the rest on the block thread.
// Limits   kQueueLimit requests wait; beyond that they are counted as lost (response.queue_full). A flow is
//          asked for once until its block has ended.
// Guards   what is blocked, and for how long, is the ladder's decision alone (rules/block/response_ladder.h); behind it
//          stand those of rules::BlockManager, which also hold for operators.
// Errors   a refusal by guard or kernel is a BlockEvent with the reason and a counter.
// Tests    tests/unit/config/daemon/block_thread_test.cpp, tests/netns/
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/load/engine_settings.h"
#include "datapath/base/result.h"
#include "datapath/event/event_publisher.h"
#include "datapath/pipeline/response.h"
#include "rules/block/block_manager.h"
#include "rules/block/tcp_reset.h"

namespace bulkhead::config {

class BlockThread final : public pipeline::ResponseSink {
 public:
  static constexpr std::size_t kQueueLimit = 16384;

  // `manager` and `publisher` are used by the block thread alone once start() has been called.
  // `nice`: of the packet threads; unless 0, the block thread goes before them.
  BlockThread(const ResponseSettings& settings, rules::BlockManager& manager, event::EventPublisher& publisher,
              rules::Neighbourhood neighbourhood = {}, int nice = 0);
  ~BlockThread() override;

  void start();
  void stop();
  void request(const pipeline::BlockRequest& request) override;
  // A finding that no packet's worker has: of the flow with this id, whose client came in by this interface.
  void answer(rules::ResponseEvidence evidence, std::uint64_t flow_id, std::uint32_t interface);
  // Its sender's packets are limited, whatever the ladder says.
  void limit(rules::ResponseEvidence evidence, std::uint64_t flow_id, std::uint32_t interface);
  // Who is limited without an incident, for as long as it is in the list: asked for often, renewed before it ends, told
  // when something changes. Who is let go by undo or panic stays free until it has left the list.
  struct Standing {
    std::string workload;
    rules::ResponseEvidence evidence;
  };
  void keep_limited(std::vector<Standing> all);
  // What limits of posture lead to, on the block thread; before start(). `made`: a workload, why, for how long, whether
  // in force or only said; `ended`: by undo, panic or the workload's end.
  struct LimitHooks {
    std::function<void(const rules::Owner&, const std::string& reason, bool in_force)> made;
    std::function<void(const std::vector<IpAddress>&)> ended;
  };
  void on_limits(LimitHooks hooks) { limit_hooks_ = std::move(hooks); }
  // From the control thread: BlockManager::forget() and restore(), in the order of the calls.
  void forget(std::vector<IpAddress> addresses);
  void restore();
  // What an operator asks for: a block is made or removed as any other, with an event; `done` is called on the block
  // thread with the outcome.
  using Outcome = Result<rules::BlockOutcome>;
  void add(rules::Block block, std::function<void(const Outcome&)> done);
  void remove(rules::Block block, std::function<void(const Result<bool>&)> done);
  // The last blocks, or all of them; panic: all, and for a while nothing but words. `done` gets what was removed.
  using Undone = std::function<void(const Result<std::vector<rules::Block>>&)>;
  void undo(std::size_t most, Undone done);
  void panic(Undone done);
  void list(std::function<void(const Result<std::vector<rules::ActiveBlock>>&)> done);
  void add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const;

 private:
  using Task = std::function<void()>;  // on the block thread
  void run();
  void post(Task task);
  void report(const rules::Block& block, std::string_view action, std::string error);
  void act(const pipeline::BlockRequest& request);
  void follow(const pipeline::BlockRequest& request);
  [[nodiscard]] rules::ResponseEvidence evidence_of(const pipeline::BlockRequest& request) const;
  // Nothing to tell: it is cut already.
  [[nodiscard]] std::optional<event::BlockEvent> respond(const rules::ResponseEvidence& evidence);
  [[nodiscard]] std::optional<event::BlockEvent> respond_by_limit(const rules::ResponseEvidence& evidence);
  [[nodiscard]] std::optional<event::BlockEvent> outcome_of(const rules::ResponseDecision& decision,
                                                            const rules::ResponseEvidence& evidence,
                                                            rules::BlockKind kind);
  // Nothing, where there is nothing to tell.
  void tell(std::optional<event::BlockEvent> e, std::uint64_t flow_id = 0, std::uint32_t interface = 0);
  void renew(const Standing& standing);
  // Makes the decision's blocks; the event has what became of the first that failed, or of the last.
  void carry_out(const rules::ResponseDecision& decision, event::BlockEvent& e);
  void take_out(std::size_t most, const Undone& done);
  void send_resets(const pipeline::BlockRequest& request);
  void forget_old(std::int64_t now_seconds);

  const ResponseSettings settings_;
  rules::BlockManager& manager_;
  event::EventPublisher& publisher_;
  const rules::Neighbourhood neighbourhood_;
  rules::ResponseLadder ladder_;
  const int nice_;
  rules::TcpResetSender resets_;
  bool resets_open_ = false;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<pipeline::BlockRequest> queue_;
  std::deque<Task> tasks_;
  bool stop_ = false;
  struct Asked {
    std::int64_t until = 0;  // second in which it may be asked again
    bool in_force = false;
  };
  std::unordered_map<std::uint64_t, Asked> asked_;  // by flow id
  std::uint64_t sequence_ = 0;
  LimitHooks limit_hooks_;
  struct Stand {
    std::string told;  // the last event's action
    bool let_go = false;
    IpAddress source;
  };
  std::unordered_map<std::string, Stand> standing_;  // by workload
  Counter requests_, added_, refused_, failed_, repeated_, queue_full_, resets_sent_, reset_errors_, forgeable_,
      breaker_opened_, breaker_open_;
};

}  // namespace bulkhead::config
