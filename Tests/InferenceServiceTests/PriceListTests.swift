import Contracts
import Testing

@testable import InferenceService

struct PriceListTests {
    @Test func `the most specific price counts, and built-in models are free`() {
        let (one, two, three) = (
            Model.Price(prompt: 1, completion: 1), Model.Price(prompt: 2, completion: 2),
            Model.Price(prompt: 3, completion: 3)
        )
        let prices = PriceList(["a/m": one, "m": two, "a/*": three])
        #expect(prices.price(of: "m", from: "a") == one)
        #expect(prices.price(of: "m", from: "b") == two)
        #expect(prices.price(of: "n", from: "a") == three)
        #expect(prices.price(of: "n", from: "b") == nil)
        #expect(prices.price(of: "demo", from: "demo") == Model.Price(prompt: 0, completion: 0))
        #expect(PriceList(["demo/*": one]).price(of: "demo", from: "demo") == one)
    }
}
