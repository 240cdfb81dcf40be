// Records into Redis: XADD to a stream, RPUSH to a list, or PUBLISH to a channel; a batch at a time, and a record
// counts as written when Redis has said so.
//
//   XADD bulkhead MAXLEN ~ 1000000 * event {"timestamp":...}
//
// Thread   as Transport.
// Errors   what passes (loading, out of memory, read-only, no rights yet) is tried again; every other refusal, such as
// a
//          key that holds another type, loses the record (refused). An answer that stays out breaks the connection;
//          records without an answer are sent again, so a stream may hold them twice.
// Tests    tests/unit/datapath/output/redis_transport_test.cpp, against a real redis-server where there is one
#pragma once

#include <string>

#include "datapath/output/endpoint.h"
#include "datapath/output/transport.h"

namespace bulkhead::output {

struct RedisSettings {
  enum class Mode : std::uint8_t { kStream, kList, kChannel };
  Endpoint server;
  Mode mode = Mode::kStream;
  std::string key = "bulkhead";
  std::uint64_t most_entries = 1'000'000;  // of a stream, about; 0: without end
  std::string user;                        // empty: the default user
  std::string password_file;               // its first line; empty: none is asked for
};

class RedisTransport final : public Transport {
 public:
  explicit RedisTransport(RedisSettings settings) : settings_(std::move(settings)) {}

  [[nodiscard]] Status connect() override;
  [[nodiscard]] SendResult send(std::span<const OutputRecord> batch, Tally& tally) override;
  [[nodiscard]] std::string describe() const override;

 private:
  Status log_in();
  Status write_all(std::string_view bytes);
  // The next answer; an Error when there is none.
  Result<std::string> answer();  // empty: taken; else why not
  void append_command(const OutputRecord& record, std::string& out) const;
  [[nodiscard]] Error broken(std::string text, int code = 0) const;

  const RedisSettings settings_;
  Socket socket_;
  std::string out_, in_;
  std::size_t read_ = 0;  // bytes of in_ that are read
};

}  // namespace bulkhead::output
