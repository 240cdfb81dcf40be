#include "signatures/behaviour/observer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "datapath/pipeline/worker.h"
#include "tests/support/packet_builder.h"

namespace bulkhead::behaviour {
namespace {

using test::PacketBuilder;

class Kept final : public ObservationSink {
 public:
  void take(const Observation& observation) override { all.push_back(observation); }
  [[nodiscard]] std::vector<Observation> of(ObservationKind kind) const {
    std::vector<Observation> out;
    std::copy_if(all.begin(), all.end(), std::back_inserter(out), [&](const auto& o) { return o.kind == kind; });
    return out;
  }
  [[nodiscard]] bool finishes_texts() const override { return raw; }
  std::vector<Observation> all;
  bool raw = false;
};

class NoEvents final : public event::EventPublisher {
 public:
  void publish(event::Event&&) override {}
  void watermark(std::uint64_t) override {}
};

class ObserverTest : public testing::Test {
 protected:
  ObserverTest() {
    settings_.decode.verify_checksums = false;
    begin(std::make_shared<ObserverFactory>(kept));
  }
  void begin(std::shared_ptr<ObserverFactory> factory) {
    worker_ = std::make_unique<pipeline::Worker>(settings_, 0, nobody_, gate_, nullptr);
    auto snapshot = std::make_shared<pipeline::Snapshot>();
    snapshot->inspectors.push_back(std::move(factory));
    worker_->use(snapshot);
  }
  void send(const std::vector<Byte>& bytes) {
    io::RawPacket raw = test::raw_packet(bytes, now, number_++);
    worker_->process(raw);
  }
  void tcp(bool from_client, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack, std::string_view payload = {}) {
    PacketBuilder builder;
    builder.ethernet().ipv4(from_client ? "10.0.0.1" : "10.0.0.2", from_client ? "10.0.0.2" : "10.0.0.1");
    builder.tcp(
        from_client ? 40000 : 80, from_client ? 80 : 40000,
        {.flags = flags, .seq = (from_client ? 1000U : 5000U) + seq, .ack = (from_client ? 5000U : 1000U) + ack});
    send(builder.payload(payload).build());
    now = now + std::chrono::milliseconds(10);
  }
  void handshake() {
    tcp(true, 0x02, 0, 0);
    tcp(false, 0x12, 0, 1);
    tcp(true, 0x10, 1, 1);
  }
  void finish() { worker_->finish(now + std::chrono::seconds(600)); }

  Kept kept;
  Timestamp now{1'700'000'000'000'000'000};
  pipeline::PipelineSettings settings_;

 private:
  NoEvents nobody_;
  pipeline::UnorderedGate gate_;
  std::unique_ptr<pipeline::Worker> worker_;
  std::uint64_t number_ = 1;
};

TEST_F(ObserverTest, ANameIsToldWithTheTypeOfItsQuestion) {
  const std::string header("\x12\x34\x01\0\0\x01\0\0\0\0\0\0", 12), type_and_class("\0\x10\0\x01", 4);
  const std::string asked = header + '\4' + "shop" + '\7' + "example" + '\0' + type_and_class;
  PacketBuilder builder;
  send(builder.ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(40000, 53).payload(asked).build());
  finish();
  const auto facts = kept.of(ObservationKind::kFact);
  ASSERT_EQ(facts.size(), 1U);
  EXPECT_EQ(facts[0].fact, FactKind::kName);
  EXPECT_EQ(facts[0].text(), "shop.example");
  EXPECT_EQ(facts[0].operation, 16);
}

TEST_F(ObserverTest, AConnectionOpensIsAnsweredAndEnds) {
  handshake();
  finish();
  ASSERT_EQ(kept.of(ObservationKind::kOpen).size(), 1U);
  ASSERT_EQ(kept.of(ObservationKind::kAnswered).size(), 1U);
  const auto milestones = kept.of(ObservationKind::kMilestone);
  ASSERT_EQ(milestones.size(), 1U);
  EXPECT_EQ(milestones[0].cause, MilestoneCause::kEnd);
  EXPECT_TRUE(milestones[0].answered);
  EXPECT_FALSE(milestones[0].asked);
  EXPECT_EQ(milestones[0].packets[0], 2U);
  EXPECT_EQ(milestones[0].packets[1], 1U);
  EXPECT_EQ(milestones[0].client.destination_port, 80);
}

TEST_F(ObserverTest, AnOpeningThatIsRefused) {
  tcp(true, 0x02, 0, 0);
  tcp(false, 0x14, 0, 1);
  finish();
  EXPECT_TRUE(kept.of(ObservationKind::kAnswered).empty());
  const auto milestones = kept.of(ObservationKind::kMilestone);
  ASSERT_EQ(milestones.size(), 1U);
  EXPECT_TRUE(milestones[0].refused);
}

TEST_F(ObserverTest, MilestonesAtEightPacketsAtThreeSecondsAndEveryThirty) {
  handshake();
  const std::string text = "x";
  std::uint32_t at = 1;
  for (int i = 0; i < 5; ++i, ++at) tcp(true, 0x18, at, 1, text);
  now = now + std::chrono::seconds(3);
  tcp(true, 0x18, at++, 1, text);
  now = now + std::chrono::seconds(31);
  tcp(true, 0x18, at++, 1, text);
  finish();
  const auto milestones = kept.of(ObservationKind::kMilestone);
  ASSERT_EQ(milestones.size(), 4U);
  EXPECT_EQ(milestones[0].cause, MilestoneCause::kPackets);
  EXPECT_EQ(milestones[1].cause, MilestoneCause::kAge);
  EXPECT_EQ(milestones[2].cause, MilestoneCause::kPeriod);
  EXPECT_EQ(milestones[3].cause, MilestoneCause::kEnd);
  EXPECT_TRUE(milestones[1].asked);
  EXPECT_FALSE(milestones[1].replied);
}

TEST_F(ObserverTest, AnExchangeBecomesItsShapeAndItsOutcome) {
  handshake();
  const std::string request = "GET /items/17?x=1 HTTP/1.1\r\nHost: shop\r\nX: ${jndi:ldap://a}\r\n\r\n";
  const std::string answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
  tcp(true, 0x18, 1, 1, request);
  tcp(false, 0x18, 1, 1 + static_cast<std::uint32_t>(request.size()), answer);
  tcp(true, 0x10, 1 + static_cast<std::uint32_t>(request.size()), 1 + static_cast<std::uint32_t>(answer.size()));
  finish();
  std::vector<std::string> facts;
  for (const Observation& fact : kept.of(ObservationKind::kFact)) {
    facts.push_back(std::to_string(static_cast<int>(fact.fact)) + " " + std::string(fact.text()));
  }
  const auto kind = [](FactKind k) { return std::to_string(static_cast<int>(k)) + " "; };
  const std::vector<std::string> want = {kind(FactKind::kClientError) + "GET /items/*",
                                         kind(FactKind::kVerb) + "header x with ${",
                                         kind(FactKind::kServerName) + "shop", kind(FactKind::kVerb) + "GET /items/*"};
  EXPECT_EQ(facts, want) << "once, however many packets follow";
}

TEST_F(ObserverTest, AShapeMadeByTheReaderIsTheSame) {
  const std::string longer = "/" + std::string(200, 'x') + "/7";
  const auto talk = [&] {
    kept.all.clear();
    handshake();
    std::uint32_t asked = 1, said = 1;
    for (const auto& [uri, status] : std::vector<std::pair<std::string, int>>{
             {"/api/items/17?full=1", 200}, {"/api/items/18", 404}, {longer, 200}, {"/cart;v=2/x", 301}}) {
      const std::string request = "GET " + uri + " HTTP/1.1\r\nHost: shop\r\nX-A: ${jndi}\r\n\r\n";
      const std::string answer = "HTTP/1.1 " + std::to_string(status) + " Because\r\nContent-Length: 0\r\n\r\n";
      tcp(true, 0x18, asked, said, request);
      asked += static_cast<std::uint32_t>(request.size());
      tcp(false, 0x18, said, asked, answer);
      said += static_cast<std::uint32_t>(answer.size());
    }
    finish();
    return kept.of(ObservationKind::kFact);
  };
  const std::vector<Observation> at_once = talk();
  kept.raw = true;
  begin(std::make_shared<ObserverFactory>(kept));
  std::vector<Observation> later = talk();
  ASSERT_EQ(later.size(), at_once.size());
  std::vector<std::string> raw;
  for (std::size_t i = 0; i < later.size(); ++i) {
    if (later[i].form != TextForm::kDone) raw.emplace_back(later[i].text());
    std::array<Byte, sizeof(Observation)> bytes{};
    later[i].pack(bytes.data());
    Observation read;
    read.unpack(bytes.data());
    finish_text(read);
    EXPECT_EQ(read.form, TextForm::kDone);
    EXPECT_EQ(read.fact, at_once[i].fact);
    EXPECT_EQ(read.text(), at_once[i].text());
    EXPECT_EQ(read.operation, at_once[i].operation);
    EXPECT_EQ(read.whole_hash(), at_once[i].whole_hash());
  }
  EXPECT_EQ(raw, (std::vector<std::string>{"GET/api/items/17?full=1", "GET/cart;v=2/x"}));
  const auto verb = [&](const char* text) {
    return std::any_of(at_once.begin(), at_once.end(),
                       [&](const Observation& o) { return o.fact == FactKind::kVerb && o.text() == text; });
  };
  EXPECT_TRUE(verb("GET /api/items/*") && verb("GET /cart") && verb("header x-a with ${"));
}

TEST_F(ObserverTest, AHalfRequestIsToldAtTheEnd) {
  handshake();
  tcp(true, 0x18, 1, 1, "GET /items/17 HTTP/1.1\r\nHost: sh");
  EXPECT_TRUE(kept.of(ObservationKind::kFact).empty());
  finish();
  const auto facts = kept.of(ObservationKind::kFact);
  ASSERT_EQ(facts.size(), 1U);
  EXPECT_EQ(facts[0].text(), "GET /items/* (no answer)");
}

// A watch that stays open (etcd, Kubernetes) hides nothing that comes behind it.
TEST_F(ObserverTest, AStreamWithoutAnswerHoldsUpNoOther) {
  const auto frame = [](std::uint8_t type, std::uint8_t flags, std::uint8_t stream, std::string_view body) {
    std::string out = {0, 0, static_cast<char>(body.size()), static_cast<char>(type), static_cast<char>(flags)};
    return out + std::string(3, '\0') + static_cast<char>(stream) + std::string(body);
  };
  const auto get = [](std::string_view path) {  // :method GET, :scheme http, :path not indexed
    return std::string("\x82\x86\x04", 3) + static_cast<char>(path.size()) + std::string(path);
  };
  handshake();
  const std::string asked = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, "") + frame(1, 5, 1, get("/watch")) +
                            frame(1, 5, 3, get("/items"));
  const std::string answer = frame(4, 0, 0, "") + frame(1, 5, 3, "\x88");  // :status 200
  tcp(true, 0x18, 1, 1, asked);
  tcp(false, 0x18, 1, 1 + static_cast<std::uint32_t>(asked.size()), answer);
  tcp(true, 0x10, 1 + static_cast<std::uint32_t>(asked.size()), 1 + static_cast<std::uint32_t>(answer.size()));
  const auto texts = [this] {
    std::vector<std::string> out;
    for (const Observation& fact : kept.of(ObservationKind::kFact)) out.emplace_back(fact.text());
    return out;
  };
  EXPECT_EQ(texts(), std::vector<std::string>{"GET /items"});
  finish();
  EXPECT_EQ(texts(), (std::vector<std::string>{"GET /items", "GET /watch (no answer)"}));
}

// One packet, no answer: the whole record comes from the flow itself.
TEST_F(ObserverTest, AFlowOfOnePacketIsToldAtItsEnd) {
  tcp(true, 0x02, 0, 0);
  finish();
  const auto milestones = kept.of(ObservationKind::kMilestone);
  ASSERT_EQ(milestones.size(), 1U);
  EXPECT_EQ(milestones[0].cause, MilestoneCause::kEnd);
  EXPECT_FALSE(milestones[0].answered || milestones[0].refused || milestones[0].asked || milestones[0].replied);
  EXPECT_EQ(milestones[0].packets, (std::array<std::uint32_t, 2>{1, 0}));
  EXPECT_EQ(milestones[0].text(), "");
  EXPECT_EQ(milestones[0].first_entropy, 0);
}

TEST_F(ObserverTest, WithoutModelsEntropyIsToldWhereTheProtocolIsNotKnown) {
  auto moment = stream::InspectMoment::kArrival;
  const auto last_of = [&](bool models, std::string_view words) {
    const auto sink = [&] { return std::shared_ptr<ObservationSink>(std::shared_ptr<void>(), &kept); };
    settings_.stream.inspect_moment = moment;
    begin(std::make_shared<ObserverFactory>(sink, ObserverNeeds{.models = models}));
    kept.all.clear();
    handshake();
    tcp(true, 0x18, 1, 1, words);
    tcp(false, 0x18, 1, 1 + static_cast<std::uint32_t>(words.size()), "x");
    finish();
    return kept.of(ObservationKind::kMilestone).at(0);
  };
  constexpr std::string_view kRequest = "GET /items HTTP/1.1\r\nHost: shop\r\n\r\n", kStrange = "\x01\x7f who knows\n";
  const Observation request = last_of(true, kRequest);
  EXPECT_GT(request.first_entropy, 0);
  EXPECT_EQ(request.text(), kRequest);
  EXPECT_EQ(last_of(false, kRequest).first_entropy, 0);
  const Observation strange = last_of(false, kStrange);
  EXPECT_EQ(strange.first_entropy, last_of(true, kStrange).first_entropy);
  EXPECT_GT(strange.first_entropy, 0);
  EXPECT_EQ(strange.text(), "");
  moment = stream::InspectMoment::kAcknowledged;  // nobody has read the words when they are heard
  EXPECT_EQ(last_of(false, kRequest).first_entropy, request.first_entropy);
}

TEST_F(ObserverTest, ArpHasNoFlow) {
  std::vector<Byte> frame = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0,    0,  0x10, 8, 6,
                             0,    1,    8,    0,    6,    4,    0, 2, 2, 0,    0,  0,    0, 0x10,
                             10,   0,    0,    10,   2,    0,    0, 0, 0, 0x11, 10, 0,    0, 11};
  send(frame);
  const auto links = kept.of(ObservationKind::kLink);
  ASSERT_EQ(links.size(), 1U);
  EXPECT_EQ(links[0].sender.to_string(), "10.0.0.10");
  EXPECT_EQ(links[0].target.to_string(), "10.0.0.11");
  EXPECT_EQ(links[0].sender_mac.to_string(), "02:00:00:00:00:10");
  EXPECT_EQ(links[0].operation, 2);
}

}  // namespace
}  // namespace bulkhead::behaviour
