using BenchmarkDotNet.Running;
using KadOrleans.Benchmarks;

// Words are a verb against a running cluster, options are those of BenchmarkDotNet.
if (args is [[not '-', ..], ..])
{
    return await ShardBenchmark.RunAsync(args);
}

return BenchmarkSwitcher.FromAssembly(typeof(QuickConfig).Assembly).Run(args, QuickConfig.Create())
    .Any(summary => summary.HasCriticalValidationErrors) ? 1 : 0;
