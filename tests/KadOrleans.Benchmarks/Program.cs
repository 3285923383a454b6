using KadOrleans.Benchmarks;

return await ShardBenchmark.RunAsync(args);
