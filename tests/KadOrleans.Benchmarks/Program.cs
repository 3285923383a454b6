using BenchmarkDotNet.Running;
using KadOrleans.Benchmarks;
using KadOrleans.Hostile;

return args switch
{
    ["storage", .. var rest] => await StorageBenchmark.RunAsync(rest),
    ["memory"] => ContactMemory.Print(),
    ["http", .. var rest] => await HttpBenchmark.RunAsync(rest),
    ["libtorrent", .. var rest] => await LibtorrentBenchmark.RunAsync(rest),
    ["hostile", .. var rest] => await HostileTables.RunAsync(rest, Console.Out, Console.Error),
    ["network", .. var rest] => await NetworkBenchmark.RunAsync(rest),
    _ => BenchmarkSwitcher.FromAssembly(typeof(QuickConfig).Assembly).Run(args, QuickConfig.Create())
        .Any(summary => summary.HasCriticalValidationErrors) ? 1 : 0,
};
