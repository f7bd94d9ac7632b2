// SPDX-License-Identifier: Apache-2.0
// Reads two captures side by side, upstream first, and has each pair checked.
#include "tsaudit/verify.h"

#include <algorithm>
#include <map>
#include <memory>

#include "verify/checks.h"
#include "verify/feed.h"
#include "verify/latency.h"

namespace tsaudit {
namespace {

using namespace verify;

constexpr size_t kLookAhead = 4096;

struct Connection;
struct Way {
  Connection* connection;
  Side from;
};

struct Connection {
  Connection(Shared& shared, const Endpoint& client, const Endpoint& server) : checks(client, server) {
    for (const Side side : {Side::client, Side::server}) {
      ways[static_cast<size_t>(side)] = {this, side};
      pairing[static_cast<size_t>(side)] =
          std::make_unique<Pairing>(shared, &ways[static_cast<size_t>(side)]);
    }
  }
  Checks checks;
  std::array<Way, 2> ways;
  std::array<std::unique_ptr<Pairing>, 2> pairing;
  std::optional<SeqNum> isn;  ///< of the client: another one is another connection
  size_t place = 0;           ///< in the report
};

class Verifier {
 public:
  Verifier(PacketSource& inside, PacketSource& outside, const VerifyOptions& options,
           const std::atomic<bool>* stop)
      : feeds_{Feed(inside), Feed(outside)}, options_(options), stop_(stop) {
    if (options_.table) unused_.resize(options_.table->size(), true);
  }

  VerifyReport run() {
    for (Feed& feed : feeds_) {
      feed.stop_on(stop_);
      feed.look_ahead(kLookAhead);
    }
    shared_.clock_difference_ns = clock_difference_ns(feeds_[kInside], feeds_[kOutside]);
    while (!(stop_ && *stop_)) {
      const bool none[2] = {feeds_[0].empty(), feeds_[1].empty()};
      if (none[kInside] && none[kOutside]) break;
      const Point point = none[kInside]                                               ? kOutside
                          : none[kOutside] || front_ns(kInside) <= front_ns(kOutside) ? kInside
                                                                                      : kOutside;
      shared_.now_ns = std::max(shared_.now_ns, front_ns(point));
      read(point, feeds_[point].next());
      give_up_waiting();
    }
    return finish();
  }

 private:
  /// On the clock of the inside capture.
  TimeNs common_ns(Point point, TimeNs time_ns) const {
    return point == kInside ? time_ns : minus(time_ns, shared_.clock_difference_ns);
  }
  TimeNs front_ns(Point point) const { return common_ns(point, feeds_[point].ahead().front().item.time_ns); }

  Connection& connection_of(const Feed::Entry& entry) {
    const auto key = std::minmax(entry.from, entry.to);
    auto& found = connections_[key];
    if (!found) {
      const bool from_server = (entry.item.flags & (kSyn | kAck)) == (kSyn | kAck);
      found = from_server ? open(entry.to, entry.from) : open(entry.from, entry.to);
    }
    return *found;
  }

  std::unique_ptr<Connection> open(const Endpoint& client, const Endpoint& server) {
    auto made = std::make_unique<Connection>(shared_, client, server);
    made->place = report_.connections.size();
    report_.connections.emplace_back();
    apply_table(made->checks, client, server);
    return made;
  }

  void apply_table(Checks& checks, const Endpoint& client, const Endpoint& server) {
    if (!options_.table) return;
    for (size_t i = 0; i < options_.table->size(); ++i) {
      const OffsetEntry& entry = (*options_.table)[i];
      const bool of_client = entry.local == client && entry.remote == server;
      if (!of_client && !(entry.local == server && entry.remote == client)) continue;
      unused_[i] = false;
      checks.expect(of_client ? Side::client : Side::server, entry.offset);
    }
  }

  void read(Point point, const Feed::Entry& entry) {
    Connection& connection = connection_of(entry);
    const Side from = entry.from == connection.checks.report().client ? Side::client : Side::server;
    const bool first_syn = (entry.item.flags & (kSyn | kAck)) == kSyn;
    if (first_syn && (!connection.isn || *connection.isn != entry.item.seq)) reopen(connection, entry);
    connection.checks.count(from, point);
    if (connection.pairing[static_cast<size_t>(from)]->add(point, entry.item, match_))
      paired(connection, from);
  }

  /// The same ports again: what was true of the offset is true no longer.
  void reopen(Connection& connection, const Feed::Entry& syn) {
    if (connection.isn) {
      close(connection);
      connection.checks = Checks(syn.from, syn.to);
      connection.place = report_.connections.size();
      report_.connections.emplace_back();
      apply_table(connection.checks, syn.from, syn.to);
    }
    connection.isn = syn.item.seq;
  }

  void close(Connection& connection) {
    connection.checks.finish();
    report_.connections[connection.place] = connection.checks.report();
    if (connection.checks.has_timestamps()) ++report_.ts_connections;
  }

  void paired(Connection& connection, Side from) {
    Checks& checks = connection.checks;
    checks.pair(from, match_);
    const Item &inside = match_.items[kInside].front(), &outside = match_.items[kOutside].front();
    connection.pairing[static_cast<size_t>(from)]->expect(outside.tsval.raw - inside.tsval.raw);
    const int64_t apart = minus(minus(outside.time_ns, inside.time_ns), shared_.clock_difference_ns);
    if (apart != 0) checks.guess_local(apart > 0 ? from : other(from));
    if (!checks.local()) return;
    *checks.local() == from ? outward_.add(apart) : inward_.add(-apart);
  }

  /// Whether the other side had its chance, and when that was.
  void give_up(Point point, const Waiting one) {
    Pairing& pairing = *one.where;
    const Way& way = *static_cast<const Way*>(pairing.owner());
    if (pairing.complete(point, one, match_)) return paired(*way.connection, way.from);
    Item item = pairing.remove(point, one);
    item.time_ns = common_ns(point, item.time_ns);
    const Point there = verify::other(point);
    const TimeNs first = feeds_[there].first_ns(), last = feeds_[there].last_ns();
    const int64_t on_the_way = std::max({outward_.max_ns(), inward_.max_ns(), int64_t{0}});
    const bool over = feeds_[there].finished() && feeds_[there].ahead().empty();
    way.connection->checks.missing(way.from, point, item,
                                   first == INT64_MAX ? first : common_ns(there, first),
                                   over ? minus(common_ns(there, last), on_the_way) : INT64_MAX);
  }

  void give_up_waiting() {
    for (const Point point : {kInside, kOutside}) {
      WaitingList& waiting = shared_.waiting[point];
      while (!waiting.empty()) {
        const bool too_many = waiting.size() > options_.max_pending;
        if (!too_many && waiting.front().since_ns >= minus(shared_.now_ns, options_.max_wait_ns)) break;
        if (too_many) ++report_.gave_up;
        give_up(point, waiting.front());
      }
    }
  }

  VerifyReport finish() {
    report_.interrupted = stop_ && *stop_;
    for (const Point point : {kInside, kOutside})
      while (!shared_.waiting[point].empty()) give_up(point, shared_.waiting[point].front());
    for (auto& [key, connection] : connections_) close(*connection);
    for (VerifyConnection& connection : report_.connections) {
      report_.pairs += connection.from_client.pairs + connection.from_server.pairs;
      report_.missing += connection.from_client.missing + connection.from_server.missing;
    }
    for (VerifyConnection& connection : report_.connections) {
      connection.worst = Severity::none;
      for (VerifyFinding& finding : connection.findings) {
        if (finding.rule == RuleId::packet_missing && report_.missing <= options_.allow_loss)
          finding.severity = Severity::note;
        connection.worst = std::max(connection.worst, finding.severity);
      }
      report_.worst = std::max(report_.worst, connection.worst);
    }
    for (size_t i = 0; i < unused_.size(); ++i)
      if (unused_[i]) report_.unused_entries.push_back((*options_.table)[i]);
    report_.not_compared = feeds_[kInside].not_segments() + feeds_[kOutside].not_segments();
    report_.clock_difference_ns = shared_.clock_difference_ns;
    report_.outward = outward_.report();
    report_.inward = inward_.report();
    return std::move(report_);
  }

  Feed feeds_[2];
  const VerifyOptions& options_;
  const std::atomic<bool>* stop_;
  Shared shared_;
  std::map<std::pair<Endpoint, Endpoint>, std::unique_ptr<Connection>> connections_;
  std::vector<bool> unused_;
  Latency outward_, inward_;
  VerifyReport report_;
  Match match_;
};

}  // namespace

VerifyReport verify_offset(PacketSource& inside, PacketSource& outside, const VerifyOptions& options,
                           const std::atomic<bool>* stop) {
  VerifyReport report = std::make_unique<Verifier>(inside, outside, options, stop)->run();
  report.inside = inside.captures();
  report.outside = outside.captures();
  return report;
}

}  // namespace tsaudit
