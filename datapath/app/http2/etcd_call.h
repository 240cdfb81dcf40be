// What a gRPC call asks of etcd v3: operation, keys, user; read from the messages of the request.
//
//   KV.Range {key 1, range_end 2}   KV.Put {key 1, value 2}   KV.DeleteRange {key 1, range_end 2}
//   KV.Txn {compare 1 {key 3}, success 2, failure 3 {range 1 | put 2 | delete_range 3 | txn 4}}
//   Watch.Watch {create 1 {key 1, range_end 2}}   Auth.* {name 1, ...}   Lease, Cluster, Maintenance: the operation
//   alone
//
// Thread   the worker owning the flow.
// In       messages, each cut at kMaxShown bytes; passwords and values are not kept.
// Limits   kMaxKeys keys and ranges of kMaxKey bytes; transactions are nested kMaxDepth deep.
// Errors   fields that cannot be read end their message; what was read before holds.
// Source   https://etcd.io/docs/v3.5/dev-guide/api_reference_v3/, https://protobuf.dev/programming-guides/encoding/
// Tests    tests/unit/datapath/app/http2/etcd_call_test.cpp
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/http2/grpc.h"
#include "datapath/base/json_text.h"

namespace bulkhead::app::http2 {

class EtcdCall final : public GrpcReader {
 public:
  static constexpr std::size_t kMaxKeys = 32, kMaxKey = 512;

  // Null: not a call of etcd.
  [[nodiscard]] static std::unique_ptr<EtcdCall> of(std::string_view service, std::string_view method);

  void message(ByteSpan shown) override;

  struct Range {
    std::string key;
    std::string end;  // "" one key; "\0": every key from `key` on
  };
  std::string operation;  // "put", "delete_range", "user_add", ...
  std::vector<Range> ranges;
  std::string user;  // or the role that Auth is asked about
  std::uint64_t value_bytes = 0;

  void write(JsonText& json) const;

 private:
  explicit EtcdCall(std::string_view method);
  void range(ByteSpan message);
  void put(ByteSpan message);
  void transaction(ByteSpan message, unsigned depth);
  void add(ByteSpan key, ByteSpan end);
};

}  // namespace bulkhead::app::http2
