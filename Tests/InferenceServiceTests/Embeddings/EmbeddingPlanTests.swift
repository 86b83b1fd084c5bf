import Contracts
import Foundation
import Testing

@testable import InferenceService

/// The pure parts of embeddings: sizes of batches, shares of tokens, the cache, the vocabulary.
struct EmbeddingPlanTests {
    private static func texts(_ count: Int, bytes: Int = 3) -> [EmbeddingItem] {
        (0..<count).map { _ in .text(String(repeating: "a", count: bytes)) }
    }

    @Test(
        arguments: [
            (5000, 3, EmbeddingLimits(texts: 2048, bytesPerNumber: 6), 256, 2048),
            (5000, 3, EmbeddingLimits(texts: 100), nil, 100), (7, 3, EmbeddingLimits(texts: 100), nil, 7),
            // An answer of 28 MiB has 298 vectors of 4096 numbers in digits.
            (5000, 3, EmbeddingLimits(texts: 2048), nil, 298), (5000, 3, EmbeddingLimits(texts: 2048), 1024, 1194),
            // Four tokens a text and one for three bytes.
            (100, 30, EmbeddingLimits(texts: 100, tokens: 140), nil, 10),
            (3, 3000, EmbeddingLimits(texts: 100, tokens: 10), nil, 1),
            (20, 1 << 20, EmbeddingLimits(texts: 100), nil, 8), (2, 30 << 20, EmbeddingLimits(texts: 100), nil, 1),
        ] as [(Int, Int, EmbeddingLimits, Int?, Int)]
    )
    func `a batch is as large as the provider and the answer permit`(
        _ count: Int,
        _ bytes: Int,
        _ limits: EmbeddingLimits,
        _ dimensions: Int?,
        _ size: Int
    ) {
        #expect(EmbeddingBatches.size(of: Self.texts(count, bytes: bytes), limits, dimensions: dimensions) == size)
    }

    @Test func `shares of tokens add up, and repeated texts count each time`() throws {
        let items: [EmbeddingItem] = [.text("a"), .text("bbbbbbbbbbbb"), .text("a"), .tokens([1, 2])]
        var job = EmbeddingJob(items: items, dimensions: nil, target: "x/y")
        #expect(job.missing == [0, 1, 2])
        #expect(job.position(of: 2) == 3)
        try job.take(EmbeddingAnswer(vectors: ["A", "B", "C"], dimensions: 4, promptTokens: 17), for: [0, 1, 2])
        let embeddings = try job.embeddings(model: "x/y")
        #expect(embeddings.vectors == ["A", "B", "A", "C"])
        let shares = job.entries(of: [0, 1, 2]).map(\.0.tokens)
        #expect(shares.reduce(0, +) == 17 && shares.allSatisfy { $0 > 0 })
        #expect(embeddings.promptTokens == 17 + shares[0] && !embeddings.isEstimated)
        var other = EmbeddingJob(items: items, dimensions: nil, target: "x/y")
        try other.take(EmbeddingAnswer(vectors: ["A", "B", "C"], dimensions: 4), for: [0, 1, 2])
        #expect(try other.embeddings(model: "x/y").isEstimated)
    }

    @Test func `vectors of different lengths are an error, and outdated ones are noticed`() throws {
        var job = EmbeddingJob(items: [.text("a"), .text("b")], dimensions: nil, target: "x/y")
        try job.take(EmbeddingAnswer(vectors: ["A"], dimensions: 4), for: [0])
        try job.take(EmbeddingAnswer(vectors: ["B"], dimensions: 5), for: [1])
        #expect(!job.hasOutdatedEntries)
        #expect(throws: Fault.self) { try job.embeddings(model: "x/y") }
        let old = EmbeddingCache.Entry(vector: "A", dimensions: 4, tokens: 1, isEstimated: false)
        job.clear()
        job.take([old, nil])
        #expect(!job.hasOutdatedEntries)
        try job.take(EmbeddingAnswer(vectors: ["B"], dimensions: 5), for: [1])
        #expect(job.hasOutdatedEntries)
    }

    @Test func `an answer that would be too large is refused before all of it is paid for`() throws {
        let items = (0..<2048).map { EmbeddingItem.text("text \($0)") }
        var job = EmbeddingJob(items: items, dimensions: nil, target: "x/y")
        try job.checkSize()
        try job.take(EmbeddingAnswer(vectors: ["A"], dimensions: 8192), for: [0])
        let fault = #expect(throws: Fault.self) { try job.checkSize() }
        #expect(fault?.code == .tooLarge && fault?.message.contains("at most 1280 texts") == true)
    }

    @Test func `the cache is bounded, forgets the oldest, and expires`() {
        func key(_ text: String, _ target: String = "x/y", _ dimensions: Int? = nil) -> EmbeddingCache.Key {
            EmbeddingCache.Key(target: target, dimensions: dimensions, item: .text(text))
        }
        #expect(key("a") == key("a"))
        #expect(Set([key("a"), key("b"), key("a", "x/z"), key("a", "x/y", 3)]).count == 4)
        #expect(key("1") != EmbeddingCache.Key(target: "x/y", dimensions: nil, item: .tokens([1])))
        let entry = EmbeddingCache.Entry(vector: "AAAA", dimensions: 1, tokens: 1, isEstimated: false)
        let cache = EmbeddingCache(limit: 3 * 260)
        let now = ContinuousClock.now
        for text in ["a", "b", "c"] { cache.store(entry, of: key(text), at: now) }
        #expect(cache.entries([key("a")], at: now).first ?? nil != nil)
        cache.store(entry, of: key("d"), at: now)
        #expect(
            cache.entries(["a", "b", "c", "d"].map { key($0) }, at: now).map { $0 != nil } == [true, false, true, true]
        )
        #expect(cache.entries([key("a")], at: now + .seconds(3601)).map { $0 != nil } == [false])
        let none = EmbeddingCache(limit: 0)
        none.store(entry, of: key("a"), at: now)
        #expect(none.entries([key("a")], at: now).map { $0 != nil } == [false])
    }

    @Test func `recent entries keep their order through many changes`() {
        var entries = RecentEntries<Int, Int>(limit: 50)
        for number in 0..<1000 {
            entries.set(number, of: number % 60, size: 1 + number % 3)
            _ = entries.use(number % 7)
            if number.isMultiple(of: 11) { entries.remove(number % 13) }
            #expect(entries.size <= 50)
        }
        #expect(entries.use(999 % 60) == 999)
        entries.set(1, of: 1, size: 51)
        #expect(entries.use(1) == nil)
    }

    @Test func `tokens are joined before characters are decoded`() throws {
        let lines = [("Gr", 0), ("\u{C3}", 1), ("\u{BC}", 2), ("e", 5)].map { text, number in
            let bytes = text.unicodeScalars.map { UInt8($0.value) }
            return "\(Data(bytes).base64EncodedString()) \(number)\n"
        }
        let vocabulary = try TokenVocabulary(Data(lines.joined().utf8))
        #expect(try vocabulary.text(of: [0, 1, 2, 5], index: 0) == "Grüe")
        #expect(try vocabulary.text(of: [0, 1], index: 0) == "Gr\u{FFFD}")
        #expect(try vocabulary.text(of: [100_257], index: 0) == "<|endoftext|>")
        for wrong in [3, 6, -1, 100_256, Int.max] {
            let fault = #expect(throws: Fault.self) { try vocabulary.text(of: [0, wrong], index: 4) }
            #expect(fault?.code == .invalid)
            #expect(fault?.message.contains("input[4][1] is \(wrong)") == true)
        }
    }

    @Test(arguments: ["", "IQ== x\n", "IQ==\n", "!!! 1\n", "IQ== -1\n", "IQ== 99999999999\n", "{}"])
    func `a file that is no vocabulary is refused`(_ text: String) {
        #expect(throws: TokenVocabulary.Invalid.self) { try TokenVocabulary(Data(text.utf8)) }
    }

    @Test func `only targets with the same model stand in for each other`() throws {
        let names = [
            ("openai", "text-embedding-3-small"), ("demo", "hash-embedding"), ("azure", "text-embedding-3-small"),
            ("router", "openai/text-embedding-3-small"), ("openai", "text-embedding-3-large"),
        ]
        let targets = names.map { Target(server: $0.0, model: $0.1) }
        let same = try EmbeddingTargets.ofOneModel(targets, requested: "any-alias", nil)
        #expect(same.map(\.server) == ["openai", "azure", "router"])
        let ollama = [Target(server: "a", model: "e"), Target(server: "b", model: "e:latest")]
        #expect(try EmbeddingTargets.ofOneModel(ollama, requested: "a/e", nil).count == 2)
        let earlier = ProviderError(.modelMissing, Fault(.missing, "There is no such model."))
        let left = try EmbeddingTargets.ofOneModel(targets, requested: "other/text-embedding-3-large", earlier)
        #expect(left.map(\.name) == ["openai/text-embedding-3-large"])
        #expect(throws: Fault.self) { try EmbeddingTargets.ofOneModel(targets, requested: "other/e", earlier) }
    }

    @Test func `options that a dialect does not write are named`() {
        var options = Inference.Options(maxTokens: 1, temperature: 0)
        options.topK = 3
        options.extra = RawJSON(#"{"logit_bias":{"1":2},"odd":"x"}"#)
        #expect(OptionSupport(["max_tokens", "temperature"]).ignored(in: options) == ["top_k", "logit_bias", "odd"])
        #expect(OptionSupport([], passesUnknown: true).ignored(in: options) == nil)
        #expect(OptionSupport([]).ignored(in: Inference.Options()) == nil)
    }
}
