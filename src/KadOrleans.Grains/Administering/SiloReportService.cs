using Orleans.CodeGeneration;
using Orleans.Services;

namespace KadOrleans.Grains;

[Alias("kad.ISiloReportService")]
[Version(0)]
[OpenTo(Callers.Silos)]
internal interface ISiloReportService : IGrainService
{
    /// <summary>How long a silo may take. An operator waits for the slowest one.</summary>
    const string CallTimeout = "00:00:02";

    [Alias("Get")]
    [ResponseTimeout(CallTimeout)]
    Task<SiloReport> GetAsync(GrainId grain);
}

// A silo's report on itself. Reason: why it is not ready, or what slows it. ClockDifference: how far the cluster's time is ahead of its
// clock; null before the silos agreed with it. HasGrain: whether the grain that was asked about is active on it. Node: where it runs; null if
// it was not told. Shards: how many are active on it. ResidentBytes: the memory of its process.
[GenerateSerializer]
[Alias("kad.SiloReport")]
internal sealed record SiloReport(
    [property: Id(0)] string Name,
    [property: Id(1)] string Version,
    [property: Id(2)] bool IsReady,
    [property: Id(3)] string? Reason,
    [property: Id(4)] TimeSpan Uptime,
    [property: Id(5)] TimeSpan? ClockDifference,
    [property: Id(6)] bool HasGrain,
    [property: Id(7)] string? Node = null,
    [property: Id(8)] int Shards = 0,
    [property: Id(9)] long ResidentBytes = 0);

internal sealed class SiloReportService(GrainId id, Silo silo, ILoggerFactory loggers, SiloReporter reporter)
    : GrainService(id, silo, loggers), ISiloReportService
{
    public Task<SiloReport> GetAsync(GrainId grain) => Task.FromResult(reporter.Report(grain));
}

internal delegate Task<SiloReport> AskReport(SiloAddress silo, GrainId grain);
