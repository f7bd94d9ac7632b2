// SPDX-License-Identifier: GPL-3.0-or-later
#include "document.h"

#include <QDateTime>
#include <QDir>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QSaveFile>
#include <chrono>
#include <thread>

#include "plot_content.h"
#include "qt_text.h"
#include "start_in.h"
#include "tsaudit/policy.h"
#include "tsaudit/writers.h"

namespace tsaudit::gui {
namespace {

constexpr int kTickMs = 30;      ///< a capture that is being read: how often it is looked at
constexpr int kFirstTickMs = 5;  ///< for its first picture, which is drawn beside the reading
constexpr int kPictureMs = 250;  ///< and how often all is shown anew; the first time at once
/// And how often the flow on show takes what has come: its last view then has little left to do.
constexpr std::chrono::milliseconds kFollow{4}, kFollowLive{30};
constexpr int kProgressMs = 100;  ///< between two moves of the bar: painting it takes from the reading
constexpr size_t kBeforeAPicture = 1 << 16;  ///< segments that it waits for; the others are in the next one
constexpr int kShareOfPictures = 5;  ///< reading goes first: a picture may cost a fifth of the time at most
constexpr qint64 kCopyBytes = 1 << 20;

/// The explanation of one segment, and then no more.
class ExplainSink : public Sink {
 public:
  ExplainSink(const CaptureStore& store, std::atomic<bool>& stop) : store_(store), stop_(stop) {}
  void explanation(const Explanation& explanation) override {
    result = explanation;
    // What the receiver did about it later is known already: the whole capture has been read before.
    const size_t at = store_.find_frame(explanation.row.frame);
    if (at < store_.segments()) {
      result->row.verdict = static_cast<Verdict>(store_.row(at).verdict);
      result->row.reason = static_cast<Reason>(store_.row(at).reason);
      result->row.evidence = static_cast<Evidence>(store_.row(at).evidence);
      result->row.evidence_frames = store_.evidence_frames(explanation.row.frame);
    }
    stop_ = true;
  }
  std::optional<Explanation> result;

 private:
  const CaptureStore& store_;
  std::atomic<bool>& stop_;
};

}  // namespace

Document::Document(QObject* parent) : QObject(parent) {
  pool_.setMaxThreadCount(5);
  connect(&ticks_, &QTimer::timeout, this, &Document::tick);
}

Document::~Document() {
  stop_all();
  pool_.waitForDone();
}

void Document::stop_all() {
  stop_following();
  for (const Stop& stop : {load_stop_, flow_stop_, explain_stop_, compare_stop_})
    if (stop) *stop = true;
}

QStringList Document::profiles() {
  QStringList names{"auto"};
  for (const ReceiverProfile& profile : receiver_profiles()) names << text_of(profile.name);
  return names;
}

QStringList Document::interfaces() {
  QStringList names;
  for (const std::string& name : live_interfaces()) names << text_of(name);
  return names;
}

QString Document::title() const {
  if (!interface_.isEmpty()) return tr("live on %1").arg(interface_);
  if (paths_.isEmpty()) return {};
  const QString name = QFileInfo(paths_.front()).fileName();
  return paths_.size() == 1 ? name
                            : tr("%1 and %n more", nullptr, static_cast<int>(paths_.size() - 1)).arg(name);
}

Document::Job Document::job(const Stop& stop) const {
  Job job{.paths = {},
          .interface = {},
          .filter = {},
          .options = {},
          .store = store_,
          .stop = stop,
          .generation = generation_};
  for (const QString& path : paths_) job.paths.push_back(path.toStdString());
  if (profile_ != "auto") job.options.profile = find_profile(profile_.toStdString());
  return job;
}

Result<std::unique_ptr<PacketSource>> Document::Job::source() const {
  if (!interface.empty())
    return tsaudit::open_live(interface, {.filter = filter, .record = paths.empty() ? "" : paths.front()});
  return tsaudit::open_captures(paths);
}

void Document::open(const QStringList& paths) {
  paths_ = paths;
  interface_.clear();
  recording_.reset();
  start(false);
}

void Document::open_live(const QString& interface, const QString& filter) {
  paths_.clear();
  interface_ = interface;
  filter_ = filter;
  saved_segments_ = 0;
  recording_error_.clear();
  recording_ = std::make_unique<QTemporaryFile>(QDir::tempPath() + "/tsaudit-XXXXXX.pcap");
  if (recording_->open())
    paths_ << recording_->fileName();
  else
    recording_.reset();  // then its segments cannot be explained, and no more
  start(true);
}

void Document::reload() {
  if (!is_live() && !paths_.isEmpty()) start(false);
}

void Document::close() {
  stop_all();
  ++generation_;
  ticks_.stop();
  paths_.clear();
  interface_.clear();
  recording_.reset();
  store_.reset();
  state_ = State::empty;
  follower_.reset();
  Q_EMIT opened();
}

void Document::set_profile(const QString& name) {
  if (name == profile_) return;
  profile_ = name;
  reload();
}

void Document::start(bool live) {
  stop_all();
  load_stop_ = std::make_shared<std::atomic<bool>>(false);
  store_ = std::make_shared<CaptureStore>();
  summary_ = {};
  told_ = false;
  seen_segments_ = seen_judgements_ = 0;
  updated_ms_ = 0;
  follower_.reset();
  viewing_ = flow_stale_ = false;
  state_ = State::loading;
  ++generation_;
  Job reading = job(load_stop_);
  if (live) {
    reading.interface = interface_.toStdString();
    reading.filter = filter_.toStdString();
    reading.options.look_every = kSecond;
  }
  // The window gets ready beside it.
  start_in(
      pool_, this, [this, reading = std::move(reading)] { run(reading); },
      [this, store = store_, of = generation_](const QString& why) {
        ended(of, {}, tr("%1: what is shown ends at packet %2").arg(why).arg(store->segments()));
      });
  ticks_.start(kFirstTickMs);
  Q_EMIT opened();
}

// In a thread of the pool, from here...

void Document::run(const Job& job) {
  Summary summary;
  QString error;
  auto source = job.source();
  if (source) {
    QElapsedTimer since;
    since.start();
    const auto progress = [&](const Progress& now) {
      if (since.elapsed() < kProgressMs) return;
      since.start();
      const double fraction =
          now.total_bytes == 0 ? -1 : static_cast<double>(now.bytes) / static_cast<double>(now.total_bytes);
      QMetaObject::invokeMethod(this, [this, fraction, packets = now.packets, of = job.generation] {
        if (of == generation_) Q_EMIT progressed(fraction, packets);
      });
    };
    summary = analyze(**source, job.options, *job.store, progress, job.stop.get());
    job.store->moved();
    for (const CaptureInfo& capture : summary.captures)
      if (capture.error) error += (error.isEmpty() ? "" : "\n") + text_of(capture.error->message);
  } else {
    error = text_of(source.error().message);
  }
  QMetaObject::invokeMethod(
      this, [this, summary = std::move(summary), error, of = job.generation] { ended(of, summary, error); });
}

// ... to here.

void Document::ended(quint64 generation, const Summary& summary, const QString& error) {
  if (generation != generation_) return;
  ticks_.stop();
  summary_ = summary;
  const bool nothing = store_->segments() == 0;
  state_ = !error.isEmpty() && nothing     ? State::failed
           : summary.stopped_at_frame != 0 ? State::stopped
                                           : State::complete;
  stop_following();
  if (follower_) request_flow(follower_->id());  // in its thread, while the others are put in order here
  Q_EMIT updated();
  Q_EMIT finished();
  for (const CaptureInfo& capture : summary.captures)
    if (capture.error && capture.error->code == Errc::write_failed)
      recording_error_ = text_of(capture.error->message);
  if (error.isEmpty()) return;
  told_ = true;
  Q_EMIT failed(error);
}

void Document::tell_once(const QString& message) {
  if (!std::exchange(told_, true)) Q_EMIT failed(message);
}

void Document::cancel() {
  if (state_ == State::loading) *load_stop_ = true;
}

void Document::tick() {
  if (!store_) return;
  const qint64 now = QDateTime::currentMSecsSinceEpoch();
  const bool news = store_->segments() != seen_segments_ || store_->judgements() != seen_judgements_;
  if (news && now - updated_ms_ >= kPictureMs) {
    seen_segments_ = store_->segments();
    seen_judgements_ = store_->judgements();
    updated_ms_ = now;
    ticks_.setInterval(kTickMs);
    flow_stale_ = follower_ != nullptr;
    Q_EMIT updated();
  }
  if (now - flow_made_ms_ >= flow_cost_ms_ * kShareOfPictures) start_flow();
}

void Document::request_flow(quint64 id) {
  if (!store_ || id == 0 || id > store_->flows()) return;
  if (flow_stop_) *flow_stop_ = true;
  if (!follower_ || follower_->id() != id) {
    stop_following();
    follower_ = std::make_shared<FlowFollower>(store_, id);
  }
  flow_stale_ = true;
  viewing_ = false;  // what still runs is for nobody
  start_flow();
}

void Document::start_flow() {
  if (viewing_ || !flow_stale_ || !follower_) return;
  viewing_ = true;
  flow_stale_ = false;
  flow_stop_ = std::make_shared<std::atomic<bool>>(false);
  const bool loading = state_ == State::loading;
  const size_t most = loading ? kBeforeAPicture : SIZE_MAX;
  Stop following;
  if (loading && !follow_stop_) following = follow_stop_ = std::make_shared<std::atomic<bool>>(false);
  const auto pause = is_live() ? kFollowLive : kFollow;
  const auto show = [this, follower = follower_, stop = flow_stop_, of = generation_, most, following,
                     pause] {
    follower->follow(stop.get(), most);
    QElapsedTimer timer;
    timer.start();
    auto view = follower->view(stop.get());
    const qint64 cost = timer.elapsed();
    QMetaObject::invokeMethod(this, [this, view = std::move(view), stop, of, cost] {
      if (of != generation_ || *stop || !view) return;  // asked for something else meanwhile
      viewing_ = false;
      flow_cost_ms_ = cost;
      flow_made_ms_ = QDateTime::currentMSecsSinceEpoch();
      Q_EMIT flow_ready(view);
      if (state_ != State::loading) start_flow();
    });
    // While the window draws the first picture and on, until the capture is read or another flow is on show.
    while (following && follower->follow(following.get()) && !*following) std::this_thread::sleep_for(pause);
  };
  start_in(pool_, this, show, [this, follower = follower_, of = generation_](const QString& why) {
    if (of != generation_ || follower != follower_) return;
    stop_following();
    follower_.reset();
    viewing_ = false;
    tell_once(tr("%1: this connection cannot be shown").arg(why));
    Q_EMIT flow_lost();
  });
}

void Document::stop_following() {
  if (follow_stop_) *follow_stop_ = true;
  follow_stop_.reset();
}

void Document::request_explanation(quint64 frame) {
  if (!store_) return;
  if (explain_stop_) *explain_stop_ = true;
  if (paths_.isEmpty()) {
    Q_EMIT explained(frame, tr("This live capture could not be kept in a temporary file."));
    return;
  }
  explain_stop_ = std::make_shared<std::atomic<bool>>(false);
  Job explain = job(explain_stop_);
  explain.options.explain_frame = frame;
  const auto read = [this, explain = std::move(explain), frame] {
    QString text;
    auto source = explain.source();
    if (source) {
      ExplainSink sink(*explain.store, *explain.stop);
      const Summary summary = analyze(**source, explain.options, sink, {}, explain.stop.get());
      if (!sink.result && *explain.stop) return;  // another frame was asked for
      WriterOptions writer;
      if (explain.paths.size() == 1) writer.command_hint.capture = explain.paths.front();
      if (sink.result)
        text = text_of(explain_text(*sink.result, writer));
      else if (summary.copy_of_frame != 0)
        text = tr("Frame %1 is a copy; another point of the capture showed that segment in frame %2 or soon "
                  "after.")
                   .arg(frame)
                   .arg(summary.copy_of_frame);
      else
        text = tr("Frame %1 is no TCP segment that could be read.").arg(frame);
    } else {
      text = text_of(source.error().message);
    }
    QMetaObject::invokeMethod(this, [this, frame, text, stop = explain.stop, of = explain.generation] {
      if (of == generation_ && stop == explain_stop_) Q_EMIT explained(frame, text);
    });
  };
  start_in(pool_, this, read, [this, frame, stop = explain_stop_, of = generation_](const QString& why) {
    if (of == generation_ && stop == explain_stop_) Q_EMIT explained(frame, why);
  });
}

void Document::save_recording(const QString& path) {
  if (!is_temporary()) return;
  const auto copy = [this, from = paths_.front(), path, segments = store_->segments(),
                     cut = recording_error_] {
    QFile source(from);
    QSaveFile target(path);
    QString error;
    if (!source.open(QIODevice::ReadOnly))
      error = source.errorString();
    else if (target.open(QIODevice::WriteOnly))
      for (QByteArray part = source.read(kCopyBytes); !part.isEmpty(); part = source.read(kCopyBytes))
        if (target.write(part) < 0) break;  // commit() says why
    if (source.error() != QFileDevice::NoError) error = source.errorString();
    if (error.isEmpty() && !target.commit()) error = target.errorString();
    if (error.isEmpty() && !cut.isEmpty()) error = tr("written, but its end is missing: %1").arg(cut);
    if (!error.isEmpty()) error = tr("%1: %2").arg(path, error);
    QMetaObject::invokeMethod(this, [this, path, error, segments] {
      if (error.isEmpty()) saved_segments_ = segments;
      Q_EMIT saved(path, error);
    });
  };
  start_in(pool_, this, copy,
           [this, path](const QString& why) { Q_EMIT saved(path, tr("%1: %2").arg(path, why)); });
}

void Document::request_comparison(const QStringList& baseline) {
  if (compare_stop_) *compare_stop_ = true;
  if (is_live() || paths_.isEmpty() || baseline.isEmpty()) return;
  compare_stop_ = std::make_shared<std::atomic<bool>>(false);
  Job candidate = job(compare_stop_), other = candidate;
  other.paths.clear();
  for (const QString& path : baseline) other.paths.push_back(path.toStdString());
  const auto read = [this, candidate = std::move(candidate), other = std::move(other)] {
    const auto comparison = std::make_shared<Comparison>();
    QString error;
    for (const auto& [side, digest] :
         {std::pair{&other, &comparison->baseline}, {&candidate, &comparison->candidate}}) {
      auto source = side->source();
      if (source)
        digest->finish(analyze(**source, side->options, *digest, {}, side->stop.get()));
      else
        error = text_of(source.error().message);
      if (*side->stop || !error.isEmpty()) break;
    }
    const auto today = date_of(QDateTime::currentSecsSinceEpoch());
    if (error.isEmpty() && !*candidate.stop)
      comparison->summary = compare(comparison->baseline, comparison->candidate, {}, today, *comparison);
    QMetaObject::invokeMethod(this,
                              [this, comparison, error, stop = candidate.stop, of = candidate.generation] {
                                if (of != generation_ || *stop) return;
                                if (error.isEmpty())
                                  Q_EMIT compared(comparison);
                                else
                                  Q_EMIT comparison_failed(error);
                              });
  };
  start_in(pool_, this, read, [this, stop = compare_stop_, of = generation_](const QString& why) {
    if (of == generation_ && !*stop) Q_EMIT comparison_failed(why);
  });
}

QString Document::summary_text() const {
  if (!store_) return {};
  const auto number = [](uint64_t n) { return text_of(grouped(n)); };
  const auto counted = [&](uint64_t n, const QString& one, const QString& many) {
    return number(n) + " " + (n == 1 ? one : many);
  };
  if (state_ == State::loading)
    return tr("%1, %2 so far")
        .arg(counted(store_->segments(), tr("segment"), tr("segments")),
             counted(store_->flows(), tr("connection"), tr("connections")));
  const Totals& totals = summary_.totals;
  // Where one side alone is seen, or answers with timestamps, no connection is known to use them.
  const bool one_way = totals.ts_flows == 0 && totals.ts_segments > 0;
  const QString using_them = one_way ? tr("none with timestamps of both sides")
                                     : tr("%1 with timestamps").arg(number(totals.ts_flows));
  QString text = tr("%1, %2, %3, %4 discarded by timestamps")
                     .arg(counted(totals.packets, tr("packet"), tr("packets")),
                          counted(totals.flows, tr("connection"), tr("connections")), using_them,
                          counted(totals.dropped, tr("segment"), tr("segments")));
  if (summary_.stopped_at_frame) text += tr("; stopped at frame %1").arg(number(summary_.stopped_at_frame));
  if (const QString stopped = stopped_by_damage(); !stopped.isEmpty())
    text += tr("; incomplete: reading stopped %1").arg(stopped);
  uint64_t skipped = 0, out_of_order = 0;
  QStringList reasons;
  for (const CaptureInfo& capture : summary_.captures) {
    out_of_order += capture.out_of_order;
    for (const auto& [reason, count] : capture.skipped) {
      skipped += count;
      reasons << QString("%1 %2").arg(number(count), text_of(reason));
    }
  }
  if (skipped) text += tr("; passed over: %1").arg(reasons.join(", "));
  for (const CaptureClockStep& step : summary_.capture_clock_steps)
    text += (step.step_ns > 0 ? tr("; the capture's clock was set forward by %1 at frame %2")
                              : tr("; the capture's clock was set back by %1 at frame %2"))
                .arg(text_of(duration_text(std::llabs(step.step_ns))), number(step.frame));
  if (out_of_order) text += tr("; %1 out of order in time").arg(number(out_of_order));
  if (store_->rows_lost())
    text += tr("; %1 segments beyond what can be shown").arg(number(store_->rows_lost()));
  return text;
}

QString Document::stopped_by_damage() const {
  QStringList places;
  for (const CaptureInfo& capture : summary_.captures) {
    if (!capture.error) continue;
    const QString frame = text_of(grouped(capture.frames));
    places << (summary_.captures.size() == 1 ? tr("after frame %1").arg(frame)
                                             : tr("after frame %1 of %2").arg(frame, text_of(capture.name)));
  }
  return places.join(", ");
}

}  // namespace tsaudit::gui
