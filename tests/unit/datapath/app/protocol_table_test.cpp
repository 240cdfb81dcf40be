#include "datapath/app/protocol_table.h"

#include <gtest/gtest.h>

#include <set>

#include "datapath/app/app_settings.h"

namespace bulkhead::app {
namespace {

TEST(ProtocolTable, EveryProtocolIsComplete) {
  for (const Protocol* protocol : all_protocols()) {
    EXPECT_EQ(find_protocol(protocol->id), protocol);
    EXPECT_TRUE(protocol->over_tcp || protocol->over_udp) << name_of(protocol->id);
    EXPECT_NE(protocol->make, nullptr) << name_of(protocol->id);
    EXPECT_NE(protocol->make(AppSettings()), nullptr);
    std::set<std::string_view> keywords;
    for (const BufferDef& buffer : protocol->buffers) {
      EXPECT_TRUE(keywords.insert(buffer.keyword).second) << buffer.keyword;
      EXPECT_NE(buffer.get, nullptr) << buffer.keyword;
      EXPECT_FALSE(buffer.help.empty()) << buffer.keyword;
      EXPECT_TRUE(buffer.has(Direction::kToServer) || buffer.has(Direction::kToClient)) << buffer.keyword;
    }
  }
}

TEST(ProtocolTable, BuffersAreFoundByEverySpelling) {
  const BufferEntry* uri = find_buffer("http.uri");
  ASSERT_NE(uri, nullptr);
  EXPECT_EQ(find_buffer_by_modifier("http_uri"), uri);
  EXPECT_EQ(find_buffer_by_pcre_flag('U'), uri);
  EXPECT_EQ(&buffer_entry(uri->number), uri);
  EXPECT_TRUE(uri->directions[0]);
  EXPECT_FALSE(uri->directions[1]);
  EXPECT_EQ(find_buffer("file_data"), find_buffer("file.data"));
  EXPECT_EQ(find_buffer(""), nullptr);
  EXPECT_EQ(find_buffer_by_modifier(""), nullptr);
  const Protocol& http = *find_protocol(AppProtocol::http1);
  EXPECT_EQ(buffer_of(http, uri->number), uri->def);
}

TEST(ProtocolTable, EventsHaveTheirProtocolInFront) {
  const auto event = find_event("http.request_body_unexpected");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->protocol->events[event->event].record, "REQUEST_BODY_UNEXPECTED");
  EXPECT_FALSE(find_event("request_body_unexpected"));
  EXPECT_FALSE(find_event("http.nonsense"));
}

}  // namespace
}  // namespace bulkhead::app
