import Contracts
import ServiceKit

/// The settings of conversation-svc, read once at startup.
///
/// | setting | type | default |
/// |---|---|---|
/// | `SERVICE_HOST` | address to bind | `127.0.0.1` |
/// | `CONVERSATION_PORT` | 0…65535, 0 for any | `8001` |
/// | `INFERENCE_URL` | URLs of inference-svc | `http://127.0.0.1:<INFERENCE_PORT>` |
/// | `DATA_DIR` | folder of `conversation.sqlite` and `conversationMemory` | `./data` |
/// | `MAX_CONCURRENT_RUNS` | concurrent runs per user, 0 for unlimited | `8` |
/// | `RUN_TIMEOUT` | maximum duration of a generation | `600s` |
/// | `USAGE_RETENTION_DAYS` | 32…100000 days, 0 for unlimited | `400` |
/// | `MEMORY_RECALL` | boolean | `true` |
/// | `MEMORY_EXTRACTION` | boolean | `false` |
/// | `MEMORY_EMBEDDING_MODEL` | `provider/model`, or `none` | `demo/hash-embedding` |
/// | `WEATHER_URL`, `WEB_SEARCH_URL`, `IMAGES_URL`, `IMAGES_API_KEY`, `IMAGES_MODEL` | see ``NetworkTools`` | off |
/// | `BUS_TOKEN` | secret | the file `bus-token` in `DATA_DIR` |
struct ConversationConfiguration: Sendable {
    var host: String
    var port: Int
    var inferenceURLs: [String]
    var databasePath: String
    var dataDirectory: String
    /// The folder of the readable transcripts, as seed 000 names it.
    var transcriptDirectory: String
    var concurrentRuns: Int
    /// Maximum duration of a generation.
    ///
    /// inference-svc enforces it too and returns the more specific error.
    var runLimit: Duration
    /// Number of days for which usage is stored; 0 for unlimited.
    var usageDays: Int
    /// Whether memories that are related to a message are added to the prompt.
    var isMemoryRecalled: Bool
    /// Whether facts are extracted from finished turns.
    var isMemoryExtracted: Bool
    /// The model that embeds memories; `nil` for none.
    var memoryModel: String?
    var networkTools: NetworkTools
    var busToken: String

    /// Throws `InvalidSetting` with a sentence that says which setting is wrong and what is allowed.
    init(settings: Settings) throws {
        host = settings.string("SERVICE_HOST") ?? "127.0.0.1"
        port = try settings.integer("CONVERSATION_PORT", default: 8001, in: 0...65_535)
        let inferencePort = try settings.integer("INFERENCE_PORT", default: 8002, in: 0...65_535)
        inferenceURLs = try settings.urls("INFERENCE_URL", default: "http://127.0.0.1:\(inferencePort)")
        dataDirectory = settings.dataDirectory
        databasePath = dataDirectory + "/conversation.sqlite"
        transcriptDirectory = dataDirectory + "/conversationMemory"
        concurrentRuns = try settings.integer("MAX_CONCURRENT_RUNS", default: 8, in: 0...1_000_000)
        runLimit = try settings.duration("RUN_TIMEOUT", default: .seconds(600))
        usageDays = try settings.integer("USAGE_RETENTION_DAYS", default: 400, in: 0...100_000)
        guard usageDays == 0 || usageDays >= 32 else {
            throw InvalidSetting(
                """
                USAGE_RETENTION_DAYS is \(usageDays). It must be 0 (unlimited) or at least 32, because a monthly \
                quota needs a whole month.
                """
            )
        }
        isMemoryRecalled = try settings.boolean("MEMORY_RECALL", default: true)
        isMemoryExtracted = try settings.boolean("MEMORY_EXTRACTION", default: false)
        memoryModel = settings.string("MEMORY_EMBEDDING_MODEL") ?? "demo/hash-embedding"
        if memoryModel == "none" { memoryModel = nil }
        networkTools = try NetworkTools(settings: settings)
        busToken = try settings.busToken()
    }
}
