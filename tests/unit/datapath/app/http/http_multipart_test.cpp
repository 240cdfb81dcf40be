#include "datapath/app/http/http_multipart.h"

#include <gtest/gtest.h>

#include <vector>

namespace bulkhead::app::http {
namespace {

class Files final : public MultipartSink {
 public:
  void begin_file(std::string_view name) override { list.push_back(std::string(name) + "="); }
  void file_bytes(ByteSpan bytes) override { list.back().append(bytes.begin(), bytes.end()); }
  void end_file(bool whole) override { list.back() += whole ? "." : "!"; }
  std::vector<std::string> list;
};

const std::string kBody =
    "preamble\r\n--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n"
    "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"e;\\\"v.txt\"\r\nContent-Type: text/plain\r\n\r\n"
    "line\r\n--X\r\nmore\r\n--XX\r\nContent-Disposition: form-data; filename=empty\r\n\r\n\r\n--XX--\r\n";

TEST(HttpMultipart, FilesWhateverThePieces) {
  for (std::size_t step = 1; step < kBody.size(); step += 5) {
    Multipart parts("XX");
    Files files;
    for (std::size_t at = 0; at < kBody.size(); at += step) {
      const std::string piece = kBody.substr(at, step);
      parts.write({reinterpret_cast<const Byte*>(piece.data()), piece.size()}, files);
    }
    parts.finish(files);
    EXPECT_EQ(files.list, (std::vector<std::string>{"e;\"v.txt=line\r\n--X\r\nmore.", "empty=."})) << step;
    EXPECT_FALSE(parts.bad_header());
  }
}

TEST(HttpMultipart, AFileThatIsCutOffIsToldSo) {
  Multipart parts("XX");
  Files files;
  const std::string start = kBody.substr(0, kBody.find("more"));
  parts.write({reinterpret_cast<const Byte*>(start.data()), start.size()}, files);
  parts.finish(files);
  EXPECT_EQ(files.list, std::vector<std::string>{"e;\"v.txt=line\r\n--X\r\n!"});
}

TEST(HttpMultipart, ParametersOfHeaders) {
  EXPECT_EQ(multipart_boundary("multipart/form-data; charset=x; Boundary=\"a b\""), "a b");
  EXPECT_EQ(multipart_boundary("text/plain; boundary=x"), "");
  EXPECT_EQ(header_parameter("attachment; filename=eicar.txt", "filename"), "eicar.txt");
  EXPECT_EQ(header_parameter("attachment; x=\"filename=no;\"; filename=y", "filename"), "y");
}

}  // namespace
}  // namespace bulkhead::app::http
