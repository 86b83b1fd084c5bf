import Contracts
import Testing

@testable import GatewayService

/// The two forms of times of seed 001.
struct ChatAITimestampTests {
    @Test(
        arguments: [
            (1_701_710_932_678_004, "2023-12-04T17:28:52.678004Z", "2023-12-04T17:28:52.678000"),
            (1_701_710_932_678_999, "2023-12-04T17:28:52.678999Z", "2023-12-04T17:28:52.678000"),
            (1_701_710_932_000_999, "2023-12-04T17:28:52.000999Z", "2023-12-04T17:28:52"),
            (1_701_710_932_000_000, "2023-12-04T17:28:52Z", "2023-12-04T17:28:52"),
            (1_701_710_932_100_000, "2023-12-04T17:28:52.100000Z", "2023-12-04T17:28:52.100000"),
            (-1, "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999000"),
        ] as [(Int64, String, String)]
    )
    func `precise and stored times`(_ microseconds: Int64, _ precise: String, _ stored: String) {
        let time = Timestamp(microseconds: microseconds)
        #expect(ChatAITimestamp.precise(time) == precise)
        #expect(ChatAITimestamp.stored(time) == stored)
    }
}
