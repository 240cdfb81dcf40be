#include "datapath/app/body_window.h"

#include <gtest/gtest.h>

#include "datapath/app/text.h"

namespace bulkhead::app {
namespace {

std::string kept(const BodyWindow& body) {
  return std::string(text_of(body.bytes()));
}

TEST(BodyWindow, IsLookedAtOnceEnoughIsThereOrAll) {
  const BodySettings settings{100, 4, 2};
  BodyWindow body;
  EXPECT_FALSE(body.ready(settings, true, true)) << "nothing came";
  body.append(bytes_of("abc"), settings);
  EXPECT_FALSE(body.ready(settings, false, false));
  EXPECT_TRUE(body.ready(settings, true, false)) << "inline";
  EXPECT_TRUE(body.ready(settings, false, true)) << "complete";
  body.append(bytes_of("d"), settings);
  EXPECT_TRUE(body.ready(settings, false, false));
}

TEST(BodyWindow, WhatWasLookedAtGoesButForTheWindow) {
  const BodySettings settings{100, 4, 2};
  BodyWindow body;
  body.append(bytes_of("abcdef"), settings);
  body.looked_at(settings);
  EXPECT_EQ(kept(body), "ef");
  EXPECT_EQ(body.begin(), 4U);
  body.append(bytes_of("gh"), settings);
  EXPECT_EQ(kept(body), "efgh");
  body.drop();
  EXPECT_EQ(kept(body), "");
  EXPECT_EQ(body.begin(), 8U);
}

TEST(BodyWindow, TakesNoMoreThanItsLimit) {
  const BodySettings settings{5, 4, 2};
  BodyWindow body;
  body.append(bytes_of("abcdefgh"), settings);
  EXPECT_EQ(kept(body), "abcde");
  EXPECT_TRUE(body.over_limit(settings));
  EXPECT_EQ(body.room(10, settings), 0U);
}

}  // namespace
}  // namespace bulkhead::app
