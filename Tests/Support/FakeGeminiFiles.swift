import Foundation
import Synchronization

/// The files of a fake Gemini: uploaded by the resumable protocol, and ready after one status request.
///
/// Processing a file of the type `image/heif` fails.
final class FakeGeminiFiles: Sendable {
    private struct File {
        var id: String
        var title: String
        var type: String
        var size: Int
        var bytes: [UInt8] = []
        var uri = ""
        var state = "PROCESSING"
    }

    /// Files by id, and unfinished ones by the id of their upload.
    private let state = Mutex<(files: [String: File], uploads: [String: File])>(([:], [:]))

    func isReady(_ uri: String) -> Bool {
        state.withLock { $0.files.values.contains { $0.uri == uri && $0.state == "ACTIVE" } }
    }

    /// Starts or continues an upload.
    func upload(_ request: FakeRequest) -> FakeResponse {
        let base = "http://\(request.headers["host"] ?? "127.0.0.1")"
        guard let id = FakeGemini.parameter("upload_id", request) else { return start(request, base) }
        return state.withLock { state in
            let command = request.headers["x-goog-upload-command"] ?? ""
            guard var file = state.uploads[id],
                request.headers["x-goog-upload-offset"].flatMap({ Int($0) }) == file.bytes.count
            else { return .geminiError(400, "INVALID_ARGUMENT", "Upload has already been terminated.") }
            file.bytes += request.bytes
            state.uploads[id] = file
            guard command.contains("finalize") else {
                return .json(200, "", headers: ["X-Goog-Upload-Status: active"])
            }
            guard file.bytes.count == file.size else {
                return .geminiError(400, "INVALID_ARGUMENT", "Size does not match the announced one.")
            }
            state.uploads[id] = nil
            file.uri = "\(base)/v1beta/files/\(file.id)"
            state.files[file.id] = file
            let body = "{\n  \"file\": \(Self.text(file))\n}\n"
            return .json(200, body, headers: ["X-Goog-Upload-Status: final"])
        }
    }

    private func start(_ request: FakeRequest, _ base: String) -> FakeResponse {
        guard request.headers["x-goog-upload-command"] == "start",
            request.headers["x-goog-upload-protocol"] == "resumable",
            let size = request.headers["x-goog-upload-header-content-length"].flatMap({ Int($0) }), size > 0,
            let type = request.headers["x-goog-upload-header-content-type"]
        else { return .geminiError(400, "INVALID_ARGUMENT", "Invalid upload request.") }
        let id = state.withLock { state in
            let id = String(format: "q%011x", state.files.count + state.uploads.count + 1)
            state.uploads["up-" + id] = File(id: id, title: Self.title(request), type: type, size: size)
            return id
        }
        let path = request.path
        return .json(
            200,
            "",
            headers: [
                "X-Goog-Upload-Status: active", "X-Goog-Upload-Chunk-Granularity: 8388608",
                "X-Goog-Upload-Control-URL: \(base)\(path)?upload_id=up-\(id)&upload_protocol=resumable",
                "X-Goog-Upload-URL: \(base)\(path)?upload_id=up-\(id)&upload_protocol=resumable",
            ]
        )
    }

    /// Lists files, or returns or deletes one.
    func answer(_ request: FakeRequest, name: String?) -> FakeResponse {
        state.withLock { state in
            guard let name else {
                let files = state.files.values.map(Self.text).joined(separator: ",\n")
                return .json(200, files.isEmpty ? "{}\n" : "{\n  \"files\": [\n\(files)\n  ]\n}\n")
            }
            guard var file = state.files[name] else {
                return .geminiError(
                    403,
                    "PERMISSION_DENIED",
                    "You do not have permission to access the File \(name) or it may not exist."
                )
            }
            if request.method == "DELETE" {
                state.files[name] = nil
                return .json(200, "{}\n")
            }
            let text = Self.text(file)
            // Ready after the first status request.
            file.state = file.type == "image/heif" ? "FAILED" : "ACTIVE"
            state.files[name] = file
            return .json(200, text + "\n")
        }
    }

    private static func title(_ request: FakeRequest) -> String {
        do {
            let body = try JSONSerialization.jsonObject(with: Data(request.bytes)) as? [String: [String: Any]]
            return (body?["file"]?["displayName"] ?? body?["file"]?["display_name"]) as? String ?? ""
        } catch {
            return ""
        }
    }

    private static func text(_ file: File) -> String {
        """
        {
          "name": "files/\(file.id)",
          "displayName": \(FakeResponse.jsonText(file.title)),
          "mimeType": "\(file.type)",
          "sizeBytes": "\(file.size)",
          "createTime": "2026-11-21T08:00:00.123456Z",
          "updateTime": "2026-11-21T08:00:00.123456Z",
          "expirationTime": "2026-11-23T08:00:00.123456789Z",
          "sha256Hash": "ZTNiMGM0NDI5OGZjMWMxNDlhZmJmNGM4OTk2ZmI5MjQ=",
          "uri": "\(file.uri)",
          "state": "\(file.state)",
          "source": "UPLOADED"\(file.state == "FAILED" ? ",\n  \"error\": {\n    \"code\": 3,\n    \"message\": \"The file could not be decoded.\"\n  }" : "")
        }
        """
    }
}
