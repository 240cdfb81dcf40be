#include "datapath/app/http2/etcd_call.h"

#include <gtest/gtest.h>

#include <string>

namespace bulkhead::app::http2 {
namespace {

using namespace std::string_literals;

std::string field(int number, const std::string& bytes) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  std::size_t length = bytes.size();
  for (; length > 127; length >>= 7) out += static_cast<char>((length & 0x7f) | 0x80);
  return out + static_cast<char>(length) + bytes;
}

void read(EtcdCall& call, const std::string& message) {
  call.message({reinterpret_cast<const Byte*>(message.data()), message.size()});
}

std::string record(const EtcdCall& call) {
  JsonText json;
  call.write(json);
  return json.take();
}

TEST(EtcdCall, OnlyItsOwnServices) {
  EXPECT_EQ(EtcdCall::of("helloworld.Greeter", "SayHello"), nullptr);
  ASSERT_NE(EtcdCall::of("etcdserverpb.Maintenance", "Snapshot"), nullptr);
  EXPECT_EQ(EtcdCall::of("etcdserverpb.Cluster", "MemberAdd")->operation, "member_add");
}

TEST(EtcdCall, KeysOfReadsWritesAndRemovals) {
  const auto range = EtcdCall::of("etcdserverpb.KV", "Range");
  read(*range, field(1, "/registry/secrets/") + field(2, "/registry/secrets0") + "\x18\x05");
  EXPECT_EQ(record(*range), R"({"operation":"range","keys":["/registry/secrets/"],"range_end":"/registry/secrets0"})");
  const auto put = EtcdCall::of("etcdserverpb.KV", "Put");
  read(*put, field(1, "a") + field(2, std::string(300, 'v')));
  EXPECT_EQ(record(*put), R"({"operation":"put","keys":["a"],"value_bytes":300})");
}

TEST(EtcdCall, TransactionsNameTheKeysOfTheirOperations) {
  const auto txn = EtcdCall::of("etcdserverpb.KV", "Txn");
  const std::string put = field(2, field(1, "k1") + field(2, "v")), remove = field(3, field(1, "k2"));
  const std::string inner = field(4, field(2, field(1, field(1, "k3"))));
  read(*txn, field(1, field(3, "compared")) + field(2, put) + field(3, remove) + field(2, inner));
  EXPECT_EQ(record(*txn), R"({"operation":"txn","keys":["k1","k2","k3"],"value_bytes":1})");
}

TEST(EtcdCall, UsersWithoutTheirPasswords) {
  const auto login = EtcdCall::of("etcdserverpb.Auth", "Authenticate");
  read(*login, field(1, "root") + field(2, "secret"));
  EXPECT_EQ(record(*login), R"({"operation":"authenticate","user":"root"})");
  const auto grant = EtcdCall::of("etcdserverpb.Auth", "RoleGrantPermission");
  read(*grant, field(1, "role") + field(2, "\x08\x02"s + field(2, "\0"s) + field(3, "\0"s)));
  EXPECT_EQ(grant->ranges.size(), 1U);
  EXPECT_EQ(grant->user, "role");
}

TEST(EtcdCall, WatchesAndMessagesThatAreCut) {
  const auto watch = EtcdCall::of("etcdserverpb.Watch", "Watch");
  read(*watch, field(1, field(1, "w")));
  read(*watch, field(1, field(1, "x")));
  ASSERT_EQ(watch->ranges.size(), 2U);
  EXPECT_EQ(watch->ranges[1].key, "x");
  const auto cut = EtcdCall::of("etcdserverpb.KV", "Put");
  read(*cut, (field(1, "key") + field(2, std::string(5000, 'v'))).substr(0, 40));
  EXPECT_EQ(cut->ranges[0].key, "key");
  EXPECT_EQ(cut->value_bytes, 5000U);
  for (const std::string& broken : {"\x0a"s, "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"s, "\x0b"s, "\x09\1"s}) {
    const auto call = EtcdCall::of("etcdserverpb.KV", "Range");
    read(*call, broken);
    EXPECT_LE(call->ranges.size(), 1U);
  }
}

TEST(EtcdCall, KeysAreBounded) {
  const auto txn = EtcdCall::of("etcdserverpb.KV", "Txn");
  std::string many;
  for (int i = 0; i < 100; ++i) many += field(2, field(1, field(1, std::string(1000, 'k'))));
  read(*txn, many);
  EXPECT_EQ(txn->ranges.size(), EtcdCall::kMaxKeys);
  EXPECT_EQ(txn->ranges[0].key.size(), EtcdCall::kMaxKey);
}

}  // namespace
}  // namespace bulkhead::app::http2
