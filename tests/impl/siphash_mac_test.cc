#include "slabproof/siphash_mac.h"

#include <gtest/gtest.h>
#include <sys/random.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "slabproof/extendable_slab.h"
#include "slabproof/slab.h"
#include "tests/support/child_process.h"
#include "tests/support/slab_expectations.h"
#include "tests/support/system_calls.h"

namespace slabproof::testing {
namespace {

/// SipHash-c-d of an 8-byte message, written from the paper (section 2) apart from the library.
std::uint64_t siphash(int c, int d, SipHashMac::Key key, std::uint64_t message) {
  const auto [key0, key1] = key;
  std::array<std::uint64_t, 4> v = {key0 ^ 0x736f6d6570736575, key1 ^ 0x646f72616e646f6d,
                                    key0 ^ 0x6c7967656e657261, key1 ^ 0x7465646279746573};
  const auto round = [&v] {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = std::rotl(v[1], 13) ^ v[0];
    v[3] = std::rotl(v[3], 16) ^ v[2];
    v[0] = std::rotl(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = std::rotl(v[1], 17) ^ v[2];
    v[3] = std::rotl(v[3], 21) ^ v[0];
    v[2] = std::rotl(v[2], 32);
  };
  const std::uint64_t length_block = std::uint64_t{8} << 56;
  for (const std::uint64_t block : {message, length_block}) {
    v[3] ^= block;
    for (int i = 0; i < c; ++i) round();
    v[0] ^= block;
  }
  v[2] ^= 0xff;
  for (int i = 0; i < d; ++i) round();
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

constexpr SipHashMac::Key kPublishedKey = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

// Of the 64 vectors that the authors publish with their code, for SipHash-2-4, the one of 8 bytes.
TEST(SipHashMacTest, ReferenceAgreesWithThePublishedVector) {
  EXPECT_EQ(siphash(2, 4, kPublishedKey, 0x0706050403020100), 0x93f5f5799a932462);
}

TEST(SipHashMacTest, IsSipHash13OverTheLinkAndItsSlot) {
  const std::vector<SipHashMac::Key> keys = {
      kPublishedKey, {0, 0}, {~std::uint64_t{0}, 0x0123456789abcdef}};
  for (const SipHashMac::Key& key : keys) {
    const SipHashMac mac(key);
    for (const std::uint32_t next : {0U, 1U, 0x03020100U, 0xfffffffeU}) {
      for (const std::uint32_t slot : {0U, 7U, 0x07060504U, 0xfffffffdU}) {
        const std::uint64_t message = std::uint64_t{slot} << 32 | next;
        const std::uint64_t full = siphash(1, 3, key, message);
        EXPECT_EQ(mac.seal(next, slot), static_cast<std::uint32_t>(full));
      }
    }
  }
}

TEST(SipHashMacTest, VerifiesItsOwnSeal) {
  const SipHashMac mac = SipHashMac::make();
  EXPECT_TRUE(mac.verify(3, 5, mac.seal(3, 5)));
}

TEST(SipHashMacTest, RejectsAnotherLinkSlotTagAndKey) {
  const SipHashMac mac({1, 2});
  const SipHashMac::Tag tag = mac.seal(3, 5);
  EXPECT_FALSE(mac.verify(4, 5, tag));
  EXPECT_FALSE(mac.verify(3, 6, tag));
  EXPECT_FALSE(mac.verify(5, 3, tag));
  EXPECT_FALSE(mac.verify(3, 5, tag ^ 1));
  EXPECT_FALSE(SipHashMac({1, 3}).verify(3, 5, tag));
}

TEST(SipHashMacTest, EachMacDrawsAKeyOfItsOwn) {
  // Equal by chance once in 2^32.
  EXPECT_NE(SipHashMac::make().seal(1, 1), SipHashMac::make().seal(1, 1));
}

TEST(SipHashMacDeathTest, AKernelWithoutRandomKeysIsFatal) {
  EXPECT_DEATH(
      {
        if (refuse_system_call({SYS_getrandom}, ENOSYS)) static_cast<void>(SipHashMac::make());
      },
      "the kernel gave no random key");
}

TEST(SipHashMacTest, WaitsForAKernelThatHasNoRandomKeysYet) {
  const std::string failure = failure_of_child([] {
    constexpr SystemCall kImpatient{.number = SYS_getrandom, .argument = 2, .value = GRND_NONBLOCK};
    if (!refuse_system_call(kImpatient, EAGAIN)) return;
    const SipHashMac mac = SipHashMac::make();
    end_child(mac.verify(3, 5, mac.seal(3, 5)));
  });
  EXPECT_EQ(failure, "");
}

struct MacConfig : DefaultConfig {
  using Protection = SipHashMac;
};

struct StoredLink {
  std::uint32_t next;
  std::uint32_t tag;
};

StoredLink stored_link(const Block& free_block) {
  StoredLink link;
  std::memcpy(&link, free_block.data, sizeof(link));
  return link;
}
void store_link(const Block& free_block, StoredLink link) {
  std::memcpy(free_block.data, &link, sizeof(link));
}

/// A growable slab with one segment of ten slots, all handed out; the first six are then freed, so
/// that 5 is the head of the freelist and 0 its end.
class ForgedLinkTest : public ::testing::Test {
 protected:
  ForgedLinkTest() : blocks_(take_blocks(slab_, 10)) {
    for (std::size_t i = 0; i < 6; ++i) EXPECT_TRUE(slab_.deallocate(blocks_[i].data));
  }

  /// The slot with the bad link is served, being good itself; what was behind it is given up, and
  /// the slab grows and never serves a live or an abandoned slot again.
  void expect_link_of_head_not_followed() {
    EXPECT_EQ(slab_.allocate(), blocks_[5]);
    EXPECT_EQ(slab_.stats().corrupt_links, 1U);
    EXPECT_EQ(slab_.corruption_events(), 1U);
    EXPECT_EQ(slab_.stats().abandoned, 5U);
    expect_conserved(slab_.stats());
    for (const Block& block : take_blocks(slab_, 20)) {
      EXPECT_EQ(std::ranges::find(blocks_, block), blocks_.end());
    }
    EXPECT_EQ(slab_.corruption_events(), 1U);
    expect_conserved(slab_.stats());
  }

  ExtendableSlab<std::uint64_t, MacConfig> slab_{10};
  std::vector<Block> blocks_;
};

TEST_F(ForgedLinkTest, UntouchedLinksAreFollowedInOrder) {
  for (std::size_t i = 6; i-- > 0;) EXPECT_EQ(slab_.allocate(), blocks_[i]);
  EXPECT_EQ(slab_.corruption_events(), 0U);
}

TEST_F(ForgedLinkTest, LinkToALiveSlotIsNotFollowed) {
  const std::uint32_t live_slot = 8;
  store_link(blocks_[5], {live_slot + 1, stored_link(blocks_[5]).tag});
  expect_link_of_head_not_followed();
}

TEST_F(ForgedLinkTest, LinkToAnotherFreeSlotIsNotFollowed) {
  store_link(blocks_[5], {2, stored_link(blocks_[5]).tag});
  expect_link_of_head_not_followed();
}

TEST_F(ForgedLinkTest, ChangedTagIsNotAccepted) {
  const StoredLink link = stored_link(blocks_[5]);
  store_link(blocks_[5], {link.next, link.tag + 1});
  expect_link_of_head_not_followed();
}

TEST_F(ForgedLinkTest, LinkMovedFromAnotherSlotIsNotFollowed) {
  store_link(blocks_[5], stored_link(blocks_[3]));
  expect_link_of_head_not_followed();
}

TEST_F(ForgedLinkTest, LinkOfTheSameSlotInAnotherSlabIsNotFollowed) {
  ExtendableSlab<std::uint64_t, MacConfig> other(10);
  const std::vector<Block> theirs = take_blocks(other, 10);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_TRUE(other.deallocate(theirs[i].data));
  EXPECT_EQ(stored_link(theirs[5]).next, stored_link(blocks_[5]).next);
  store_link(blocks_[5], stored_link(theirs[5]));
  expect_link_of_head_not_followed();
}

TEST_F(ForgedLinkTest, ForgedEndOfTheListIsNotBelieved) {
  store_link(blocks_[5], {0, stored_link(blocks_[5]).tag});
  expect_link_of_head_not_followed();
}

TEST_F(ForgedLinkTest, LiveBlocksCanStillBeFreedAndServedAgain) {
  store_link(blocks_[5], {9, 9});
  EXPECT_EQ(slab_.allocate(), blocks_[5]);
  EXPECT_TRUE(slab_.deallocate(blocks_[7].data));
  EXPECT_TRUE(slab_.deallocate(blocks_[5].data));
  EXPECT_EQ(slab_.allocate(), blocks_[5]);
  EXPECT_EQ(slab_.allocate(), blocks_[7]);
  EXPECT_EQ(slab_.corruption_events(), 1U);
  expect_conserved(slab_.stats());
}

TEST_F(ForgedLinkTest, LinkDeepInTheListIsFoundWhenItsTurnComes) {
  store_link(blocks_[2], {9, 9});
  for (const std::size_t i : {5U, 4U, 3U}) EXPECT_EQ(slab_.allocate(), blocks_[i]);
  EXPECT_EQ(slab_.corruption_events(), 0U);
  EXPECT_EQ(slab_.allocate(), blocks_[2]);
  EXPECT_EQ(slab_.corruption_events(), 1U);
  EXPECT_EQ(slab_.stats().abandoned, 2U);
}

TEST(SlabWithMacTest, ForgedLinkIsNotFollowedAndIsCounted) {
  Slab<std::uint64_t, MacConfig> slab(4);
  const std::vector<Block> blocks = take_blocks(slab, 4);
  EXPECT_TRUE(slab.deallocate(blocks[0].data));
  EXPECT_TRUE(slab.deallocate(blocks[1].data));
  store_link(blocks[1], {3, stored_link(blocks[1]).tag});
  EXPECT_EQ(slab.allocate(), blocks[1]);
  EXPECT_EQ(slab.corruption_events(), 1U);
  EXPECT_EQ(slab.allocate().error(), AllocError::kOutOfMemory);
}

TEST(SlabWithMacTest, AFactoryCanSupplyTheKey) {
  ExtendableSlab<std::uint64_t, MacConfig> slab(4, [] noexcept { return SipHashMac({1, 2}); });
  const std::vector<Block> blocks = take_blocks(slab, 2);
  give_back(slab, blocks);
  EXPECT_EQ(stored_link(blocks[1]).tag, SipHashMac({1, 2}).seal(1, 1));
}

}  // namespace
}  // namespace slabproof::testing
