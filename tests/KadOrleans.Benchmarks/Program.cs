using BenchmarkDotNet.Running;
using KadOrleans.Benchmarks;

return BenchmarkSwitcher.FromAssembly(typeof(QuickConfig).Assembly).Run(args, QuickConfig.Create())
    .Any(summary => summary.HasCriticalValidationErrors) ? 1 : 0;
