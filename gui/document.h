// SPDX-License-Identifier: GPL-3.0-or-later
// The capture that is open. It alone talks to the library, always in other threads; the window never waits.
#pragma once

#include <QObject>
#include <QStringList>
#include <QTemporaryFile>
#include <QThreadPool>
#include <QTimer>
#include <atomic>
#include <memory>

#include "capture_store.h"
#include "comparison.h"
#include "flow_follower.h"

namespace tsaudit::gui {

class Document : public QObject {
  Q_OBJECT

 public:
  enum class State : uint8_t { empty, loading, complete, stopped, failed };
  Q_ENUM(State)

  explicit Document(QObject* parent = nullptr);
  ~Document() override;

  /// Reads files as one capture. What was open before is gone.
  void open(const QStringList& paths);
  void open_live(const QString& interface, const QString& filter);
  /// The same once more, for example with another profile. Not while a live capture goes on.
  void reload();
  /// Ends reading; what has come so far stays and can be looked at.
  void cancel();
  void close();

  /// "auto" or the name of a receiver profile; reads the capture anew when it is another one.
  void set_profile(const QString& name);
  QString profile() const { return profile_; }

  State state() const { return state_; }
  bool is_live() const { return !interface_.isEmpty() && state_ == State::loading; }
  /// What was captured live is in a file that goes with this document.
  bool is_temporary() const { return recording_ != nullptr; }
  /// And more came than was saved.
  bool is_unsaved() const { return is_temporary() && store_ && store_->segments() > saved_segments_; }
  const QStringList& paths() const { return paths_; }
  QString title() const;
  std::shared_ptr<const CaptureStore> store() const { return store_; }
  const Summary& summary() const { return summary_; }
  /// One sentence on what was read: packets, connections, what was passed over.
  QString summary_text() const;
  /// Where a damaged capture could not be read any further: "after frame 20"; empty: it could.
  QString stopped_by_damage() const;

  /// Prepares a flow; flow_ready() follows. A request that is still open is dropped.
  void request_flow(quint64 id);
  quint64 requested_flow() const { return follower_ ? follower_->id() : 0; }
  /// The text of `tsaudit explain CAPTURE --frame N`; explained() follows.
  void request_explanation(quint64 frame);
  /// Holds the capture against another one; compared() follows, or comparison_failed(). Reads both for it:
  /// that costs less than to keep, of each capture that is opened, what a comparison needs.
  void request_comparison(const QStringList& baseline);
  /// Keeps what was captured live, so far; saved() follows.
  void save_recording(const QString& path);
  /// As failed(), if nothing was told of this capture yet: what there is no memory for fails again and again.
  void tell_once(const QString& message);
  static QStringList profiles();
  static QStringList interfaces();  ///< for open_live()

 Q_SIGNALS:
  void opened();                                      ///< a new store, still empty
  void progressed(double fraction, quint64 packets);  ///< fraction < 0: nobody knows
  void updated();                                     ///< more rows or flows than before
  void finished();                                    ///< complete, stopped or failed
  void failed(const QString& message);                ///< one line; what was read before stays
  void flow_ready(std::shared_ptr<const tsaudit::gui::FlowView> flow);
  void flow_lost();  ///< what was requested is given up
  void explained(quint64 frame, const QString& text);
  void saved(const QString& path, const QString& error);  ///< no error: it is there
  void compared(std::shared_ptr<const tsaudit::gui::Comparison> comparison);
  void comparison_failed(const QString& message);

 private:
  using Stop = std::shared_ptr<std::atomic<bool>>;
  /// All that a thread needs to know of what is open.
  struct Job {
    std::vector<std::string> paths;
    std::string interface, filter;  ///< of what is captured now, into the file of `paths`, if there is one
    AnalysisOptions options;
    std::shared_ptr<CaptureStore> store;
    Stop stop;
    quint64 generation = 0;
    Result<std::unique_ptr<PacketSource>> source() const;
  };
  Job job(const Stop& stop) const;
  void start(bool live);
  void run(const Job& job);
  void ended(quint64 generation, const Summary& summary, const QString& error);
  void start_flow();
  void stop_following();
  void tick();
  void stop_all();

  QThreadPool pool_;
  QTimer ticks_;
  State state_ = State::empty;
  QStringList paths_;
  QString interface_, filter_, profile_ = "auto";
  std::unique_ptr<QTemporaryFile> recording_;
  size_t saved_segments_ = 0;
  QString recording_error_;  ///< why it ends before what was captured
  std::shared_ptr<CaptureStore> store_;
  Summary summary_;
  bool told_ = false;  ///< failed(), of this capture
  Stop load_stop_, follow_stop_, flow_stop_, explain_stop_, compare_stop_;
  quint64 generation_ = 0;
  size_t seen_segments_ = 0, seen_judgements_ = 0;
  qint64 updated_ms_ = 0;
  std::shared_ptr<FlowFollower> follower_;  ///< of the flow that was asked for
  bool viewing_ = false;                    ///< a view is being made
  bool flow_stale_ = false;                 ///< and another one is wanted
  qint64 flow_cost_ms_ = 0, flow_made_ms_ = 0;
};

}  // namespace tsaudit::gui
