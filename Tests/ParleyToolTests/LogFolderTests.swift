import Foundation
import ServiceKit
import TestSupport
import Testing

@testable import ParleyTool

@Suite struct LogFolderTests {
    @Test func `a log that has grown long is put aside, and its writer goes on`() async throws {
        try await withTemporaryDirectory { directory in
            let plan = try ServicePlan(
                settings: Settings(values: ["DATA_DIR": directory]),
                only: "media",
                options: [],
                folder: ParleyProcess.products
            )
            let folder = LogFolder(plan: plan)
            try folder.prepare()
            let path = plan.logPath(of: .media)
            let writer = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            defer { close(writer) }
            let line = Array("a line\n".utf8)
            #expect(write(writer, line, line.count) == line.count)
            try folder.shorten(path)
            #expect(!FileManager.default.fileExists(atPath: path + ".1"))

            #expect(ftruncate(writer, off_t(LogFolder.limit) + 1) == 0)
            try folder.shorten(path)
            #expect(write(writer, line, line.count) == line.count)
            #expect(try Data(contentsOf: URL(filePath: path)) == Data(line))
            #expect(FileManager.default.contents(atPath: path + ".1")?.count == Int(LogFolder.limit) + 1)
        }
    }
}
