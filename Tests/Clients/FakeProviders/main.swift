try await FakeProviders.run()
