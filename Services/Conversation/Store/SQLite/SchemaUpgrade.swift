struct SchemaUpgrade { let path: String; func run() throws {} }
