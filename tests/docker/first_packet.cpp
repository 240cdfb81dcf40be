// A container that sends from its first instruction: UDP broadcasts and raw Ethernet frames, each with a mark, for
// half a second. Linked statically, so that nothing runs before main() but the C library's start.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

namespace {

constexpr char kMark[] = "sent-by-the-first-instruction";

void send_frame(int raw, unsigned index) {
  unsigned char frame[14 + sizeof kMark] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 0x88, 0xb5};
  std::memcpy(frame + 14, kMark, sizeof kMark);
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(index);
  static_cast<void>(sendto(raw, frame, sizeof frame, 0, reinterpret_cast<sockaddr*>(&to), sizeof to));
}

}  // namespace

int main() {
  const int udp = socket(AF_INET, SOCK_DGRAM, 0);
  const int raw = socket(AF_PACKET, SOCK_RAW, 0);
  const int on = 1;
  setsockopt(udp, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  sockaddr_in everyone{};
  everyone.sin_family = AF_INET;
  everyone.sin_port = htons(9999);
  everyone.sin_addr.s_addr = htonl(INADDR_BROADCAST);
  const unsigned index = if_nametoindex("eth0");
  for (int i = 0; i < 500; ++i) {
    // The interface of a broadcast is that of the default route; once there is one.
    setsockopt(udp, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5);
    static_cast<void>(sendto(udp, kMark, sizeof kMark, 0, reinterpret_cast<sockaddr*>(&everyone), sizeof everyone));
    send_frame(raw, index != 0 ? index : if_nametoindex("eth0"));
    const timespec pause{0, 1'000'000};
    nanosleep(&pause, nullptr);
  }
  return 0;
}
