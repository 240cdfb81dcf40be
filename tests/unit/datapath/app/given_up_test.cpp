// Any transaction may be given up between any two calls of its parser: nothing looks at it afterwards. Conversations
// are the seeds of the fuzz targets; the address sanitizer (preset asan) sees what this test cannot.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/drive_parser.h"

namespace bulkhead::app {
namespace {

// By name of the target; UDP's and those that choose between protocols by their first byte are not among them.
constexpr std::pair<const char*, AppProtocol> kTargets[] = {
    {"http", AppProtocol::http1},      {"http2", AppProtocol::http2},         {"websocket", AppProtocol::websocket},
    {"ssh", AppProtocol::ssh},         {"redis", AppProtocol::redis},         {"mysql", AppProtocol::mysql},
    {"mongodb", AppProtocol::mongodb}, {"memcached", AppProtocol::memcached}, {"stratum", AppProtocol::stratum},
    {"kafka", AppProtocol::kafka},     {"amqp", AppProtocol::amqp},           {"nats", AppProtocol::nats},
    {"ldap", AppProtocol::ldap},       {"smtp", AppProtocol::smtp},           {"ftp", AppProtocol::ftp},
    {"mqtt", AppProtocol::mqtt},       {"pgsql", AppProtocol::pgsql},         {"tls", AppProtocol::tls},
};

TEST(GivenUp, NoParserLooksAtATransactionThatIsGone) {
  for (const auto& [target, protocol] : kTargets) {
    std::size_t seeds = 0;
    const std::filesystem::path folder = std::filesystem::path(BULKHEAD_SOURCE_DIR) / "tests/fuzz/corpus" / target;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      std::ifstream in(file.path(), std::ios::binary);
      std::string seed((std::istreambuf_iterator<char>(in)), {});
      if (protocol == AppProtocol::tls) seed.erase(0, 1);  // the target's choice
      ++seeds;
      for (std::size_t piece : {0U, 1U, 7U}) {  // as it is, or cut into pieces of so many bytes
        std::string cut = piece == 0 ? seed : std::string();
        for (std::size_t at = 0; piece != 0 && at + 2 <= seed.size();) {
          const std::size_t length =
              std::min<std::size_t>(static_cast<unsigned char>(seed[at + 1]), seed.size() - at - 2);
          for (std::size_t done = 0; done < length; done += piece) {
            const std::size_t part = std::min(piece, length - done);
            cut += seed[at];
            cut += static_cast<char>(part);
            cut += seed.substr(at + 2 + done, part);
          }
          at += 2 + length;
        }
        test::Drive drive;
        drive.give_up_all = true;
        test::drive_parser(protocol, {reinterpret_cast<const Byte*>(cut.data()), cut.size()}, drive);
      }
    }
    EXPECT_GT(seeds, 0U) << target;
  }
}

}  // namespace
}  // namespace bulkhead::app
