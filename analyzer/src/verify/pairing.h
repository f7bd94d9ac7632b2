// SPDX-License-Identifier: Apache-2.0
// Finds the same segments in two captures. Segments are named by SEG.SEQ and SEG.ACK; retransmissions, which
// share both, are told apart by IP ID, by their timestamps and by time. One segment may be several on the
// other side (TSO, GSO, GRO, LRO): then groups that begin and end at the same byte are paired.
#pragma once

#include <compare>
#include <list>
#include <map>
#include <memory_resource>
#include <vector>

#include "verify/item.h"

namespace tsaudit::verify {

class Pairing;

/// Everything that waits at one point, oldest first, whatever its connection.
struct Waiting {
  Pairing* where;
  const Item* item;
  TimeNs since_ns;  ///< how far reading had come; the packet's own time may be damaged
};
using WaitingList = std::pmr::list<Waiting>;

struct Shared {
  std::pmr::unsynchronized_pool_resource pool;
  WaitingList waiting[2]{WaitingList(&pool), WaitingList(&pool)};
  TimeNs now_ns = INT64_MIN;        ///< the latest time that was read, by the clock of the inside capture
  int64_t clock_difference_ns = 0;  ///< outside less inside
};

/// Segments that are the same: one each, or groups in the order of their data.
struct Match {
  std::vector<Item> items[2];
  void clear() { items[0].clear(), items[1].clear(); }
};

/// One direction of one connection.
class Pairing {
 public:
  Pairing(Shared& shared, void* owner) : shared_(shared), owner_(owner) {}
  Pairing(const Pairing&) = delete;
  Pairing& operator=(const Pairing&) = delete;

  /// True when `item` completed a match, whose items wait no longer. Otherwise it waits.
  bool add(Point point, const Item& item, Match& match);
  /// The same for one that has waited long: a last look for a group.
  bool complete(Point point, const Waiting& one, Match& match);
  /// Takes it out of those that wait.
  Item remove(Point point, const Waiting& one);

  void* owner() const { return owner_; }
  /// The offsets that pairs of this direction had last: a hint which of several retransmissions it is.
  void expect(uint32_t tsval_offset) { expected_ = tsval_offset; }

 private:
  struct Held {
    Item item;
    WaitingList::iterator place;
  };
  /// All that must be equal of twins, so that nothing else is in the way of finding one.
  struct Key {
    uint64_t place;  ///< SEG.ACK, and SEG.SEQ below it
    uint64_t kind;   ///< length, and flags below it
    auto operator<=>(const Key&) const = default;
  };
  using Map = std::pmr::multimap<Key, Held>;

  static Key key_of(const Item& item);
  Map::iterator best(Point point, const Key& first, const Key& last, const Item& twin);
  bool data_begin_at(Point point, SeqNum seq, SeqNum ack) const;
  Map::iterator container(Point point, SeqNum seq, SeqNum ack);
  bool assemble(SeqNum from, SeqNum ack, Match& match);
  bool assemble_around(Point point, SeqNum seq, SeqNum ack, Match& match);
  void take(Point point, Map::iterator which, Match& match);

  Shared& shared_;
  void* owner_;
  Map held_[2]{Map(&shared_.pool), Map(&shared_.pool)};
  uint32_t expected_ = 0;
  int looks_ = 0;
};

}  // namespace tsaudit::verify
