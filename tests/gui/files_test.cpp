// SPDX-License-Identifier: GPL-3.0-or-later
// Bad files, huge files, and stopping in the middle.
#include <QFile>
#include <QLabel>
#include <QMessageBox>
#include <QProcess>
#include <QPushButton>
#include <QTimer>
#include <ctime>

#include "window.h"

using namespace tsaudit;
using namespace tsaudit::gui;
using namespace tsaudit::gui::test;

class FilesTest : public QObject {
  Q_OBJECT
  QTemporaryDir folder_;
  QString big_, many_;

  QString write(const char* name, const QByteArray& bytes) {
    QFile file(folder_.filePath(name));
    if (!file.open(QIODevice::WriteOnly)) qFatal("cannot write");
    file.write(bytes);
    return file.fileName();
  }
  static QMessageBox* complaint(MainWindow& window) {
    (void)QTest::qWaitFor([&] { return window.findChild<QMessageBox*>() != nullptr; }, 10'000);
    return window.findChild<QMessageBox*>();
  }

 private Q_SLOTS:
  void initTestCase() {
    own_settings(folder_);
    big_ = folder_.filePath("big.pcap");
    QCOMPARE(
        QProcess::execute(qEnvironmentVariable("TRAFFIC"), {"--packets", "1500000", "--flows", "200", big_}),
        0);
    many_ = folder_.filePath("many.pcap");
    QCOMPARE(
        QProcess::execute(qEnvironmentVariable("TRAFFIC"), {"--like", "B", "--packets", "300000", many_}), 0);
  }

  void bad_files_are_complained_about_data() {
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("word");
    QTest::newRow("missing") << folder_.filePath("missing.pcap") << "missing.pcap";
    QTest::newRow("not a capture") << write("text.pcap", "Dear reader, this is no capture at all.\n")
                                   << "text.pcap";
    QTest::newRow("empty") << write("empty.pcap", {}) << "empty.pcap";
    QTest::newRow("compressed") << write("packed.pcap.gz",
                                         QByteArray::fromHex("1f8b08000000000000ff0300000000000000000000"))
                                << "gz";
    QTest::newRow("a folder") << folder_.path() << folder_.path().section('/', -1);
  }
  void bad_files_are_complained_about() {
    QFETCH(QString, path);
    QFETCH(QString, word);
    MainWindow window;
    window.show();
    window.open({path});
    QMessageBox* box = complaint(window);
    QVERIFY(box);
    QVERIFY2(box->text().contains(word), qPrintable(box->text()));
    QVERIFY(!box->text().contains('\n'));
    QCOMPARE(window.document().state(), Document::State::failed);
  }

  void a_truncated_file_shows_what_came_before_the_end() {
    QFile whole(capture("naive-restore.pcap"));
    QVERIFY(whole.open(QIODevice::ReadOnly));
    const QString path = write("cut.pcap", whole.readAll().chopped(1000));
    MainWindow window;
    window.show();
    window.open({path});
    QVERIFY(complaint(window));
    QVERIFY(wait_for_flow(window));
    QVERIFY(window.plots().flow()->rows().size() > 10);
  }

  /// Whoever closes the message, or comes later, is still told that it is a part.
  void a_truncated_file_says_for_good_where_reading_stopped() {
    QFile whole(capture("healthy.pcap"));
    QVERIFY(whole.open(QIODevice::ReadOnly));
    const QString path = write("cut.pcap", whole.readAll().left(3000));  // before its host moves
    MainWindow window;
    window.show();
    window.open({path});
    QMessageBox* box = complaint(window);
    QVERIFY(box);
    box->close();
    QVERIFY(wait_for_flow(window));
    const auto last =
        static_cast<quint64>(window.plots().flow()->row(window.plots().flow()->rows().size() - 1).frame);
    const QString where = QString("reading stopped after frame %1").arg(last);
    const QString status = window.findChild<QLabel*>("status")->text();
    QVERIFY2(status.contains(where), qPrintable(status));
    QTRY_VERIFY2(window.plots().verdict().contains(where), qPrintable(window.plots().verdict()));
    QVERIFY2(window.plots().verdict().contains(", as far as the capture could be read"),
             qPrintable(window.plots().verdict()));
    window.open({capture("healthy.pcap")});
    QVERIFY(wait_for_flow(window));
    QVERIFY2(!window.plots().verdict().contains("read"), qPrintable(window.plots().verdict()));
  }

  void a_good_file_after_a_bad_one_is_shown() {
    MainWindow window;
    window.show();
    window.open({folder_.filePath("missing.pcap")});
    QVERIFY(complaint(window));
    window.open({capture("healthy.pcap")});
    QVERIFY(wait_for_flow(window));
  }

  void reading_can_be_stopped_and_what_came_is_shown() {
    MainWindow window;
    window.resize(1280, 800);
    window.show();
    window.open({big_});
    QVERIFY(QTest::qWaitFor([&] { return window.document().store()->segments() > 0; }, 10'000));
    QPushButton* stop = window.findChild<QPushButton*>("stop_reading");
    QVERIFY(stop);
    stop->click();
    QTRY_VERIFY_WITH_TIMEOUT(window.document().state() != Document::State::loading, 5000);
    QCOMPARE(window.document().state(), Document::State::stopped);
    const size_t seen = window.document().store()->segments();
    QVERIFY(seen > 0);
    QVERIFY(seen < 1'500'000);
    QVERIFY(window.document().summary().stopped_at_frame > 0);
    QVERIFY(wait_for_flow(window));
    QVERIFY(!window.plots().flow()->summary().empty());
  }

  void the_window_stays_alive_while_it_reads_data() {
    QTest::addColumn<QString>("path");
    QTest::newRow("1,500,000 segments") << big_;
    QTest::newRow("200,000 connections and more") << many_;
  }
  void the_window_stays_alive_while_it_reads() {
    QFETCH(QString, path);
    MainWindow window;
    window.resize(1280, 800);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    window.open({capture("healthy.pcap")});  // fonts and the like are loaded with the first picture
    QVERIFY(wait_for_flow(window));
    // By this thread's own processor time: how long a pause is beyond that is up to the machine's other work.
    const auto busy_ns = [] {
      timespec now{};
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
      return now.tv_sec * kSecond + now.tv_nsec;
    };
    TimeNs longest = 0, since = busy_ns();
    QTimer beat;
    beat.setInterval(1);
    connect(&beat, &QTimer::timeout, &beat, [&] {
      longest = std::max(longest, busy_ns() - since);
      since = busy_ns();
    });
    beat.start();
    window.open({path});
    QVERIFY(QTest::qWaitFor([&] { return window.document().state() == Document::State::complete; }, 60'000));
    const auto flows = static_cast<int>(window.document().summary().totals.flows);
    QVERIFY(path == big_ ? flows == 200 : flows > 200'000);
    QVERIFY(QTest::qWaitFor([&] { return window.flows().model().rowCount() == flows; }, 60'000));
    QTRY_VERIFY(window.flows().settled());
    beat.stop();
    qInfo("the event loop was busy for %.1f ms at a time at most", static_cast<double>(longest) / 1e6);
    QVERIFY2(longest < 50 * kMillisecond, "the event loop stood still");
    QCOMPARE(window.flows().model().all_rows(), flows);
  }

  void closing_in_the_middle_of_reading_is_no_trouble() {
    auto window = std::make_unique<MainWindow>();
    window->show();
    window->open({big_});
    QTest::qWait(60);
    window.reset();
    QVERIFY(true);
  }

  void opening_another_capture_forgets_the_first() {
    MainWindow window;
    window.show();
    window.open({big_});
    QTest::qWait(60);
    window.open({capture("naive-restore.pcap")});
    QVERIFY(wait_for_flow(window));
    QCOMPARE(window.document().store()->flows(), 1u);
    QTest::qWait(300);
    QCOMPARE(window.plots().flow()->store().flows(), 1u);
  }
};

QTEST_MAIN(FilesTest)
#include "files_test.moc"
