import Testing

@testable import ConversationService

/// The lists of signatures in memory follow the commits.
struct SignatureCacheTests {
    private func list(_ memories: ClosedRange<Int64>, model: Int64 = 1) -> SignatureList {
        var list = SignatureList(model: model, wordCount: 1)
        for memory in memories { list.set([UInt64(memory)], of: memory) }
        return list
    }

    @Test func `the nearest signatures are found, and removed ones are not`() {
        var list = SignatureList(model: 1, wordCount: 2)
        for memory in Int64(0)..<100 {
            list.set([(1 << UInt64(memory % 50)) &- 1, memory < 50 ? 0 : .max], of: memory)
        }
        #expect(Set(list.nearest(to: [0, 0], count: 3)) == [0, 1, 2])
        #expect(list.nearest(to: [0, 0], count: 1000).count == 100)
        #expect(list.nearest(to: [0], count: 3) == [])
        for memory in [Int64(0), 99, 1, 42, 98] { list.remove(memory) }
        list.remove(1234)
        #expect(Set(list.nearest(to: [0, 0], count: 3)) == [2, 3, 4])
        #expect(list.memories.count == 95)
        list.set([0, 0], of: 60)
        #expect(list.nearest(to: [0, 0], count: 1) == [60])
        #expect(list.memories.count == 95)
    }

    @Test func `equal signatures do not exceed the requested number`() {
        var list = SignatureList(model: 1, wordCount: 1)
        for memory in Int64(1)...100 { list.set([memory == 7 ? 0 : 1], of: memory) }
        let nearest = list.nearest(to: [0], count: 10)
        #expect(nearest.count == 10)
        #expect(nearest.contains(7))
    }

    @Test func `a list that was read before a change is not used`() {
        let cache = SignatureCache()
        var version = cache.version
        cache.didEmbed([(memory: 9, words: [9])], of: 1, model: 1)
        cache.add(list(1...3), of: 1, readAt: version)
        #expect(cache.find(1, model: 1) == nil)
        cache.add(list(1...3), of: 2, readAt: version)
        #expect(cache.find(2, model: 1)?.memories == [1, 2, 3])
        version = cache.version
        cache.add(list(1...3), of: 1, readAt: version)
        cache.didEmbed([(memory: 9, words: [9])], of: 1, model: 1)
        cache.didRemove([1], of: 1)
        #expect(cache.find(1, model: 1).map { Set($0.memories) } == [2, 3, 9])
        #expect(cache.find(1, model: 2) == nil)
        // Embedded again by another model.
        cache.didEmbed([(memory: 9, words: [9])], of: 1, model: 2)
        #expect(cache.find(1, model: 1).map { Set($0.memories) } == [2, 3])
        cache.didClear(1)
        #expect(cache.find(1, model: 1) == nil)
        cache.add(list(1...3), of: 1, readAt: version)
        #expect(cache.find(1, model: 1) == nil)
    }

    @Test func `many changes do not make an old list valid`() {
        let cache = SignatureCache()
        let version = cache.version
        for owner in Int64(1)...10_000 { cache.didRemove([1], of: owner) }
        for owner in Int64(1)...10_001 {
            cache.add(list(1...1), of: owner, readAt: version)
            #expect(cache.find(owner, model: 1) == nil)
        }
    }

    @Test func `the size is limited`() {
        let cache = SignatureCache(limit: 40_000)
        for owner in Int64(1)...50 {
            cache.add(list(1...100), of: owner, readAt: cache.version)
            // Used more often than the others.
            _ = cache.find(1, model: 1)
        }
        #expect(cache.bytes <= 40_000)
        #expect(cache.bytes > 10_000)
        #expect(cache.find(1, model: 1) != nil)
        #expect(cache.find(2, model: 1) == nil)
        for owner in Int64(1)...50 { cache.didClear(owner) }
        #expect(cache.bytes == 0)
    }

    @Test func `the filter of users is never wrong about one that was added`() {
        let filter = MemoryOwnerFilter()
        #expect(!filter.mayContain("user-1"))
        for number in 0..<20_000 { filter.insert("user-\(number)") }
        #expect((0..<20_000).allSatisfy { filter.mayContain("user-\($0)") })
        #expect((0..<20_000).count { filter.mayContain("other-\($0)") } < 20)
    }
}
