#include "config/daemon/queue_books.h"

#include <gtest/gtest.h>

namespace bulkhead::config {
namespace {

TEST(QueueBooks, WhatNobodyGotPassedUnseen) {
  QueueBooks books;
  books.look(100, 90, 0, 0);  // of an earlier run: not ours
  EXPECT_EQ(books.value(), 0U);
  books.look(200, 150, 30, 5);
  EXPECT_EQ(books.value(), 5U) << "100 came, 60 were taken, 30 wait, 5 were lost";
  books.look(200, 180, 0, 5);
  EXPECT_EQ(books.value(), 5U);
}

TEST(QueueBooks, PacketsOnTheirWayAreEvenedOut) {
  QueueBooks books;
  books.look(0, 0, 0, 0);
  books.look(10, 12, 0, 0);  // two came between the looks at the two
  EXPECT_EQ(books.value(), 0U);
  books.look(20, 20, 0, 0);
  EXPECT_EQ(books.value(), 0U);
  books.look(30, 27, 0, 0);
  EXPECT_EQ(books.value(), 3U);
}

TEST(QueueBooks, ARuleThatBeginsAnewIsNoLoss) {
  QueueBooks books;
  books.look(1000, 1000, 0, 0);
  books.look(50, 1060, 0, 0);
  EXPECT_EQ(books.value(), 0U);
  books.look(60, 1068, 0, 0);
  EXPECT_EQ(books.value(), 2U);
}

}  // namespace
}  // namespace bulkhead::config
