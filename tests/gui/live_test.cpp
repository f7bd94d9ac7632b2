// SPDX-License-Identifier: GPL-3.0-or-later
// A live capture: the loopback device of a network namespace that is this test's alone.
#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <QAbstractButton>
#include <QMessageBox>
#include <QTimer>
#include <csignal>
#include <cstdio>
#include <vector>

#include "actions.h"
#include "own_network.h"
#include "window.h"

using namespace tsaudit;
using namespace tsaudit::gui;
using namespace tsaudit::gui::test;

namespace {

constexpr int kSkipped = 77;
constexpr uint16_t kPort = 4433;

struct Connection {
  int listener = -1, client = -1, server = -1;
  bool open() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(kPort);
    const auto* to = reinterpret_cast<const sockaddr*>(&address);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    client = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, to, sizeof address) != 0 || listen(listener, 1) != 0) return false;
    if (connect(client, to, sizeof address) != 0) return false;
    server = accept(listener, nullptr, nullptr);
    return server >= 0;
  }
  void say(int times) {
    char text[100] = {};
    for (int i = 0; i < times; ++i) {
      if (write(client, text, sizeof text) < 0 || read(server, text, sizeof text) < 0) return;
      QTest::qWait(2);
    }
  }
  /// Until the server has no room for more.
  void fill() {
    const std::vector<char> text(1 << 20);
    while (send(client, text.data(), text.size(), MSG_DONTWAIT) > 0) QTest::qWait(2);
  }
  ~Connection() {
    for (const int fd : {listener, client, server})
      if (fd >= 0) ::close(fd);
  }
};

}  // namespace

class LiveTest : public QObject {
  Q_OBJECT
  QTemporaryDir settings_;

  /// What the window says of a capture that cannot begin; nothing, if it begins.
  static QString refusal(const QString& interface, const QString& filter) {
    MainWindow window;
    window.show();
    QSignalSpy failed(&window.document(), &Document::failed);
    window.document().open_live(interface, filter);
    return failed.wait(5000) ? failed.front().front().toString() : QString();
  }

  /// Does the window close, when that is answered to what it asks?
  static bool answer(MainWindow& window, QMessageBox::StandardButton button) {
    bool asked = false;
    QTimer::singleShot(100, &window, [&] {
      auto* box = window.findChild<QMessageBox*>("unsaved");
      asked = box != nullptr;
      if (asked) box->button(button)->click();
    });
    const bool closed = window.close();
    return asked && closed;
  }

 private Q_SLOTS:
  void initTestCase() { own_settings(settings_); }

  void segments_come_as_they_are_sent_until_it_is_stopped() {
    MainWindow window;
    window.show();
    window.document().open_live("lo", QString("tcp port %1").arg(kPort));
    QTest::qWait(500);  // no sign tells that the device listens
    Connection connection;
    QVERIFY(connection.open());
    connection.say(50);
    QTRY_VERIFY_WITH_TIMEOUT(window.document().store() && window.document().store()->segments() > 50, 10'000);
    QVERIFY(window.document().state() == Document::State::loading);
    QTRY_VERIFY(window.plots().flow());
    QCOMPARE(window.plots().flow()->server().port, kPort);
    const size_t before = window.document().store()->segments();
    connection.say(50);
    QTRY_VERIFY_WITH_TIMEOUT(window.document().store()->segments() >= before + 50, 10'000);
    // Then it is silent: what came last is on show all the same.
    for (int pause = 0; pause < 300; pause += 50) {
      connection.say(1);
      QTest::qWait(pause);
      QTRY_COMPARE_WITH_TIMEOUT(window.plots().flow()->rows().size(), window.document().store()->segments(),
                                5'000);
    }
    window.document().cancel();
    QTRY_VERIFY_WITH_TIMEOUT(window.document().state() == Document::State::stopped, 10'000);
    QVERIFY(wait_for_flow(window));
    QVERIFY(window.plots().flow()->worst() < Severity::warning);
    QVERIFY(window.document().title().contains("lo"));
  }

  void what_stands_still_is_judged_while_it_does() {
    MainWindow window;
    window.show();
    window.document().open_live("lo", {});
    QTest::qWait(500);
    Connection connection;
    QVERIFY(connection.open());
    connection.fill();
    const auto judged = [&] { return window.plots().flow() && window.plots().flow()->judged(); };
    QTRY_VERIFY_WITH_TIMEOUT(judged(), 10'000);
    QCOMPARE(window.document().state(), Document::State::loading);
    const QString findings = window.explanation().findings();
    QVERIFY2(findings.contains("so far: zero window"), qPrintable(findings));
    QVERIFY(window.plots().flow()->worst() == Severity::note);
  }

  /// A disk that is full: here its very first block.
  void a_recording_that_was_cut_is_not_saved_in_silence() {
    QTemporaryDir folder;
    rlimit whole{};
    getrlimit(RLIMIT_FSIZE, &whole);
    signal(SIGXFSZ, SIG_IGN);
    Document document;
    QSignalSpy failed(&document, &Document::failed), saved(&document, &Document::saved);
    document.open_live("lo", {});
    QTest::qWait(500);
    const rlimit small{1000, whole.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    Connection connection;
    QVERIFY(connection.open());
    connection.say(50);
    QTRY_COMPARE_WITH_TIMEOUT(failed.size(), 1, 10'000);
    setrlimit(RLIMIT_FSIZE, &whole);
    QVERIFY2(failed.front()[0].toString().contains("File too large"),
             qPrintable(failed.front()[0].toString()));
    document.save_recording(folder.filePath("saved.pcap"));
    QVERIFY(saved.wait(5'000));
    QVERIFY2(saved.front()[1].toString().contains("its end is missing"),
             qPrintable(saved.front()[1].toString()));
    QVERIFY(QFile::exists(folder.filePath("saved.pcap")));
    QVERIFY(document.is_unsaved());
  }

  void what_was_captured_is_a_capture() {
    QTemporaryDir folder;
    MainWindow window;
    window.show();
    Document& document = window.document();
    document.open_live("lo", {});
    QTest::qWait(500);
    Connection connection;
    QVERIFY(connection.open());
    connection.say(10);
    QTRY_VERIFY_WITH_TIMEOUT(document.store()->segments() >= 13, 10'000);

    // While it goes on a segment can be explained, and all be saved.
    QSignalSpy explained(&document, &Document::explained);
    document.request_explanation(2);
    QVERIFY(explained.wait(5'000));
    QVERIFY2(explained.front()[1].toString().contains("SYN"), qPrintable(explained.front()[1].toString()));
    QVERIFY(!window.actions().action("reload")->isEnabled());
    QSignalSpy saved(&document, &Document::saved);
    document.save_recording(folder.filePath("saved.pcap"));
    QVERIFY(saved.wait(5'000));
    QCOMPARE(saved.front()[1].toString(), QString());
    auto capture = open_capture(folder.filePath("saved.pcap").toStdString());
    QVERIFY(bool(capture));
    QVERIFY((*capture)->next_batch().size() >= 13);
    document.save_recording(folder.filePath("no/folder.pcap"));
    QVERIFY(saved.wait(5'000));
    QVERIFY(saved.back()[1].toString().contains("folder.pcap: "));
    window.findChild<QMessageBox*>()->close();

    // When it is over it can be read again.
    document.cancel();
    QTRY_VERIFY_WITH_TIMEOUT(document.state() == Document::State::stopped, 10'000);
    const size_t before = document.store()->segments();
    const QString file = document.paths().front();
    QVERIFY(window.actions().action("reload")->isEnabled());
    window.set_profile("freebsd");
    QTRY_VERIFY_WITH_TIMEOUT(document.state() == Document::State::complete, 10'000);
    QCOMPARE(document.store()->segments(), before);
    QVERIFY(document.title().contains("lo"));

    // What was saved is all that there is; of another capture nothing is.
    document.save_recording(folder.filePath("saved.pcap"));
    QVERIFY(saved.wait(5'000));
    QVERIFY(!document.is_unsaved());
    document.open_live("lo", {});
    QTest::qWait(500);
    connection.say(10);
    QTRY_VERIFY_WITH_TIMEOUT(document.is_unsaved(), 10'000);
    QVERIFY(!answer(window, QMessageBox::Cancel));
    QVERIFY(window.isVisible());
    const QString other = document.paths().front();
    QVERIFY(QFile::exists(other) && !QFile::exists(file));
    QVERIFY(answer(window, QMessageBox::Discard));
    QVERIFY(!window.isVisible());
  }

  void a_device_that_is_not_there_is_named() {
    const QString said = refusal("nowhere0", "tcp");
    QVERIFY2(said.contains("nowhere0"), qPrintable(said));
  }

  void a_filter_that_makes_no_sense_is_named() {
    const QString said = refusal("lo", "tcp prot 443");
    QVERIFY2(said.contains("prot"), qPrintable(said));
  }
};

int main(int argc, char** argv) {
  if (!enter_own_network()) {
    std::puts("SKIPPED: no right to make a network namespace");
    return kSkipped;
  }
  QApplication app(argc, argv);
  LiveTest test;
  return QTest::qExec(&test, argc, argv);
}
#include "live_test.moc"
