using BenchmarkDotNet.Running;
using KadOrleans.Benchmarks;
using KadOrleans.Benchmarks.Http;
using KadOrleans.Benchmarks.Libtorrent;
using KadOrleans.Benchmarks.Networks;
using KadOrleans.Benchmarks.Storage;
using KadOrleans.Hostile.Tables;

if (args is ["storage", "put" or "open", ..])
{
    await StorageBenchmark.RunAsync(args);
    return 0;
}

if (args is ["storage", "room"])
{
    RoomBenchmark.Run();
    return 0;
}

if (args is ["memory"])
{
    ContactMemory.Print();
    return 0;
}

if (args is ["http", .. var http])
{
    return await HttpBenchmark.RunAsync(http);
}

if (args is ["libtorrent", .. var afterVerb])
{
    return await LibtorrentBenchmark.RunAsync(afterVerb);
}

if (args is ["hostile", .. var attacks])
{
    return await HostileTables.RunAsync(attacks, Console.Out, Console.Error);
}

return args is ["network", .. var rest]
    ? await NetworkBenchmark.RunAsync(rest)
    : BenchmarkSwitcher.FromAssembly(typeof(QuickConfig).Assembly).Run(args, QuickConfig.Create()).Any(s => s.HasCriticalValidationErrors) ? 1 : 0;
